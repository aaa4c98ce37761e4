// The frame of all pages: the bar on top, the state of the connection, the help.
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { ApiError } from '../shared/api/client';
import { gateway, type GatewayState } from '../shared/api/gateway';
import { CapturePage } from '../capture/page';
import { ConnectionsPage } from '../connections/page';
import { Help } from './help';
import { plural } from '../shared/lib/format';
import { healthOf, isAlive, type Health } from './health';
import { useKeys } from '../shared/lib/keys';
import { useStore } from '../shared/lib/store';
import { chooseTheme, theme, type Theme } from '../shared/lib/theme';
import { feed, type FeedState, type Link } from '../live/feed';
import { LivePage } from '../live/page';
import { MapPage } from '../map/page';
import { addressOf, pages, useRoute, type Page } from '../shared/route';

const titles: Readonly<Record<Page, string>> = {
  live: 'Live',
  connections: 'Connections',
  map: 'Map',
  capture: 'Capture',
};

function seconds(at: number, now: number): string {
  const left = Math.max(0, Math.ceil((at - now) / 1000));
  return left === 0 ? 'now' : `in ${left} s`;
}

// Pages without a stream know of the connection by what they ask each second.
function linkText(
  state: FeedState,
  { stats, error }: GatewayState,
  now: number,
): { link: Link; word: string; more: string } {
  const seen: Link = error
    ? 'down'
    : stats === null
      ? 'connecting'
      : isAlive(stats)
        ? 'live'
        : 'stale';
  const link = state.link === 'idle' ? seen : state.link;
  const engines = state.link === 'idle' ? (stats?.sensors.length ?? 0) : state.sensors;
  switch (link) {
    case 'connecting':
      return { link, word: 'connecting', more: '' };
    case 'live':
      return { link, word: 'connected', more: engines === 0 ? '' : plural(engines, 'engine') };
    case 'stale':
      return {
        link,
        word: 'no engine',
        more: stats?.health?.reason ?? 'none reports; is xdpcap-run running?',
      };
    case 'refused':
      return {
        link,
        word: state.error?.parameter ? 'filter refused' : 'refused',
        more: state.error?.message ?? '',
      };
    case 'down':
      return {
        link,
        word: 'disconnected',
        more: state.retry_at ? `tries again ${seconds(state.retry_at, now)}` : '',
      };
  }
}

function LinkState(): ReactNode {
  const state = useStore(feed.state);
  const asked = useStore(gateway);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (state.link !== 'down') return undefined;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [state.link]);
  const { link, word, more } = linkText(state, asked, now);
  return (
    <div className={`link ${link}`} title={more}>
      <span className="dot" aria-hidden="true" />
      <span role="status" aria-live="polite">
        {word}
      </span>
      <span className="more">{more}</span>
      {state.link === 'down' && (
        <button type="button" className="small" onClick={() => feed.retryNow()}>
          Reconnect
        </button>
      )}
    </div>
  );
}

// On every page: what was lost, and what keeps the capture from seeing all. Leads to the account of
// it.
function HealthState({ health }: { readonly health: Health }): ReactNode {
  const [first, ...others] = health.words;
  if (first === undefined) return null;
  return (
    <a
      className={`health ${health.level}`}
      href={addressOf('capture')}
      title={health.words.join('\n')}
    >
      <span role="status" aria-live="polite">
        <span aria-hidden="true">⚠ </span>
        {first}
        {others.length > 0 && ` (+${others.length})`}
      </span>
    </a>
  );
}

function ThemeButton(): ReactNode {
  const { chosen } = useStore(theme);
  const next: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };
  const sign: Readonly<Record<Theme, string>> = { system: '◐', dark: '☾', light: '☀' };
  return (
    <button
      type="button"
      className="icon"
      aria-label={`Theme: ${chosen}`}
      title={`Theme: ${chosen} (t)`}
      onClick={() => chooseTheme(next[chosen])}
    >
      {sign[chosen]}
    </button>
  );
}

// The gateway wants a token: it is brought once by the address and kept as a cookie.
function TokenGate(): ReactNode {
  const [token, setToken] = useState('');
  const enter = (): void =>
    location.assign(`./?token=${encodeURIComponent(token.trim())}${location.hash}`);
  return (
    <main className="gate">
      <h1>xdpcap</h1>
      <p>
        This gateway wants a token. It printed one with its address when it started; with{' '}
        <code>--token-file</code> it is the first line of that file.
      </p>
      <label>
        Token{' '}
        <input
          type="password"
          // eslint-disable-next-line jsx-a11y/no-autofocus -- there is nothing else on this page
          autoFocus
          value={token}
          autoComplete="off"
          onChange={(event) => setToken(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && token.trim() !== '' && enter()}
        />
      </label>
      <button type="button" disabled={token.trim() === ''} onClick={enter}>
        Open
      </button>
    </main>
  );
}

function PageContent({ page }: { readonly page: Page }): ReactNode {
  switch (page) {
    case 'live':
      return <LivePage />;
    case 'connections':
      return <ConnectionsPage />;
    case 'map':
      return <MapPage />;
    case 'capture':
      return <CapturePage />;
  }
}

export function App(): ReactNode {
  const { page } = useRoute();
  const [help, setHelp] = useState(false);
  const { error } = useStore(feed.state);
  const { stats, error: refused } = useStore(gateway);
  const { chosen } = useStore(theme);
  const health = useMemo(
    (): Health => (stats ? healthOf(stats) : { level: 'ok', words: [] }),
    [stats],
  );
  useEffect(() => {
    document.title = `${health.level === 'bad' ? '⚠ ' : ''}${titles[page]} · xdpcap`;
  }, [page, health.level]);
  useKeys({
    '?': () => setHelp((open) => !open),
    '1': () => location.assign(addressOf('live')),
    '2': () => location.assign(addressOf('connections')),
    '3': () => location.assign(addressOf('map')),
    '4': () => location.assign(addressOf('capture')),
    t: () => chooseTheme(chosen === 'dark' ? 'light' : 'dark'),
  });
  if ([error, refused].some((one) => one instanceof ApiError && one.status === 401))
    return <TokenGate />;
  return (
    <div className="app">
      <header className="bar">
        <span className="brand" aria-hidden="true">
          xdpcap
        </span>
        <nav aria-label="Pages">
          {pages.map((one) => (
            <a key={one} href={addressOf(one)} aria-current={one === page ? 'page' : undefined}>
              {titles[one]}
            </a>
          ))}
        </nav>
        <HealthState health={health} />
        <LinkState />
        <ThemeButton />
        <button
          type="button"
          className="icon"
          aria-label="Keyboard help"
          title="Keyboard help (?)"
          onClick={() => setHelp(true)}
        >
          ?
        </button>
      </header>
      <main className={`page ${page}`} aria-label={titles[page]}>
        <h1 className="visually-hidden">{titles[page]}</h1>
        <PageContent page={page} />
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}
