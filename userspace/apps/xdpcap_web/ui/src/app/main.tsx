import { createRoot } from 'react-dom/client';
import 'uplot/dist/uPlot.min.css';
import '../shared/style/base.css';
import '../shared/style/parts.css';
import '../shared/style/pages.css';
import { startGateway } from '../shared/api/gateway';
import { App } from './app';
import { startTheme } from '../shared/lib/theme';
import { feed } from '../live/feed';

startTheme();
startGateway();
feed.watchVisibility();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
