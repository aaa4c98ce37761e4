// Where the reader is, in the part of the address behind '#': '#/live?q=status%3A5xx&open=ID'. It
// is no part of what is asked of the server, so every page can be shared and reloaded without the
// gateway knowing of pages.
import { useSyncExternalStore } from 'react';

export const pages = ['live', 'connections', 'map', 'capture'] as const;
export type Page = (typeof pages)[number];

export interface Route {
  readonly page: Page;
  readonly values: Readonly<Record<string, string>>;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const page = pages.find((one) => one === path) ?? 'live';
  return { page, values: Object.fromEntries(new URLSearchParams(query)) };
}

export function formatRoute(page: Page, values: Readonly<Record<string, string | null>>): string {
  const kept = Object.entries(values).filter(
    (pair): pair is [string, string] => pair[1] !== null && pair[1] !== '',
  );
  const query = new URLSearchParams(kept).toString();
  return `#/${page}${query === '' ? '' : `?${query}`}`;
}

let current = parseRoute(location.hash);
const listeners = new Set<() => void>();
// Where each page was left: the bar leads back to it.
const left = new Map<Page, string>([
  [current.page, location.hash === '' ? `#/${current.page}` : location.hash],
]);

function follow(): void {
  current = parseRoute(location.hash);
  left.set(current.page, location.hash);
  for (const listener of listeners) listener();
}
addEventListener('hashchange', follow);
addEventListener('popstate', follow);

export function route(): Route {
  return current;
}

export function addressOf(page: Page): string {
  return left.get(page) ?? `#/${page}`;
}

// A page change is a step back's worth; a changed filter replaces where one stood.
export function go(page: Page, values: Readonly<Record<string, string | null>> = {}): void {
  const hash = formatRoute(page, values);
  if (hash === formatRoute(current.page, current.values)) return;
  history.pushState(null, '', hash);
  follow();
}

export function change(values: Readonly<Record<string, string | null>>, keepStep = false): void {
  const hash = formatRoute(current.page, { ...current.values, ...values });
  if (keepStep) history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
  follow();
}

export function useRoute(): Route {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, route);
}
