// The frame of all pages: the bar on top, the state of the connection, the help.
import { useEffect, useState, type ReactNode } from 'react';
import { ApiError } from './api/client';
import { CapturePage } from './capture/page';
import { ConnectionsPage } from './connections/page';
import { Help } from './help';
import { plural } from './lib/format';
import { useKeys } from './lib/keys';
import { useStore } from './lib/store';
import { chooseTheme, theme, type Theme } from './lib/theme';
import { feed, type FeedState } from './live/feed';
import { LivePage } from './live/page';
import { MapPage } from './map/page';
import { addressOf, pages, useRoute, type Page } from './route';

const titles: Readonly<Record<Page, string>> = { live: 'Live', connections: 'Connections', map: 'Map', capture: 'Capture' };

function seconds(at: number, now: number): string {
  const left = Math.max(0, Math.ceil((at - now) / 1000));
  return left === 0 ? 'now' : `in ${left} s`;
}

function linkText(state: FeedState, now: number): { word: string; more: string } {
  switch (state.link) {
    case 'connecting': return { word: 'connecting', more: '' };
    case 'live': return { word: 'connected', more: state.sensors === 0 ? '' : plural(state.sensors, 'engine') };
    case 'stale': return { word: 'stale', more: 'no engine was heard of; is xdpcap-run running?' };
    case 'refused': return { word: state.error?.parameter ? 'filter refused' : 'refused', more: state.error?.message ?? '' };
    case 'down': return { word: 'disconnected', more: state.retry_at ? `tries again ${seconds(state.retry_at, now)}` : '' };
  }
}

function LinkState(): ReactNode {
  const state = useStore(feed.state);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (state.link !== 'down') return undefined;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [state.link]);
  const { word, more } = linkText(state, now);
  return (
    <div className={`link ${state.link}`} title={more}>
      <span className="dot" aria-hidden="true" />
      <span role="status" aria-live="polite">{word}</span>
      <span className="more">{more}</span>
      {state.link === 'down' && <button type="button" className="small" onClick={() => feed.retryNow()}>Reconnect</button>}
    </div>
  );
}

function ThemeButton(): ReactNode {
  const { chosen } = useStore(theme);
  const next: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };
  const sign: Readonly<Record<Theme, string>> = { system: '◐', dark: '☾', light: '☀' };
  return (
    <button type="button" className="icon" aria-label={`Theme: ${chosen}`} title={`Theme: ${chosen} (t)`} onClick={() => chooseTheme(next[chosen])}>
      {sign[chosen]}
    </button>
  );
}

// The gateway wants a token: it is brought once by the address and kept as a cookie.
function TokenGate(): ReactNode {
  const [token, setToken] = useState('');
  const enter = (): void => location.assign(`./?token=${encodeURIComponent(token.trim())}${location.hash}`);
  return (
    <main className="gate">
      <h1>xdpcap</h1>
      <p>This gateway wants a token. It is the first line of its <code>--token</code> file, or was printed when it started.</p>
      <label>Token <input
        type="password" value={token} autoComplete="off" onChange={(event) => setToken(event.target.value)}
        onKeyDown={(event) => event.key === 'Enter' && token.trim() !== '' && enter()}
      /></label>
      <button type="button" disabled={token.trim() === ''} onClick={enter}>Open</button>
    </main>
  );
}

function PageContent({ page }: { readonly page: Page }): ReactNode {
  switch (page) {
    case 'live': return <LivePage />;
    case 'connections': return <ConnectionsPage />;
    case 'map': return <MapPage />;
    case 'capture': return <CapturePage />;
  }
}

export function App(): ReactNode {
  const { page } = useRoute();
  const [help, setHelp] = useState(false);
  const { error } = useStore(feed.state);
  const { chosen } = useStore(theme);
  useEffect(() => {
    document.title = `${titles[page]} · xdpcap`;
  }, [page]);
  useKeys({
    '?': () => setHelp((open) => !open),
    '1': () => location.assign(addressOf('live')),
    '2': () => location.assign(addressOf('connections')),
    '3': () => location.assign(addressOf('map')),
    '4': () => location.assign(addressOf('capture')),
    t: () => chooseTheme(chosen === 'dark' ? 'light' : 'dark'),
  });
  if (error instanceof ApiError && error.status === 401) return <TokenGate />;
  return (
    <div className="app">
      <header className="bar">
        <span className="brand" aria-hidden="true">xdpcap</span>
        <nav aria-label="Pages">
          {pages.map((one) => (
            <a key={one} href={addressOf(one)} aria-current={one === page ? 'page' : undefined}>{titles[one]}</a>
          ))}
        </nav>
        <LinkState />
        <ThemeButton />
        <button type="button" className="icon" aria-label="Keyboard help" title="Keyboard help (?)" onClick={() => setHelp(true)}>?</button>
      </header>
      <main className={`page ${page}`} aria-label={titles[page]}><PageContent page={page} /></main>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}
