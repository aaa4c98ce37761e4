// Dark, light, or as the system has it; remembered in this browser.
import { Store } from './store';

export type Theme = 'system' | 'dark' | 'light';

const key = 'xdpcap.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

function remembered(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === 'dark' || value === 'light' ? value : 'system';
  } catch {
    return 'system'; // storage is forbidden here
  }
}

export const theme = new Store<{ chosen: Theme; shown: 'dark' | 'light' }>({
  chosen: 'system',
  shown: 'dark',
});

function show(chosen: Theme): void {
  const shown = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
  document.documentElement.dataset['theme'] = shown;
  theme.set({ chosen, shown });
}

export function chooseTheme(chosen: Theme): void {
  try {
    if (chosen === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, chosen);
  } catch {
    // Not remembered, then.
  }
  show(chosen);
}

export function startTheme(): void {
  dark.addEventListener('change', () => show(theme.get().chosen));
  show(remembered());
}
