import { createRoot } from 'react-dom/client';
import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/parts.css';
import './style/pages.css';
import { startGateway } from './api/gateway';
import { App } from './app';
import { startTheme } from './lib/theme';
import { feed } from './live/feed';

startTheme();
startGateway();
feed.watchVisibility();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
