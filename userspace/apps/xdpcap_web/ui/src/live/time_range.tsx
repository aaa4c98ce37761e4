// From when to when the history is searched.
import { useState, type ReactNode } from 'react';
import type { Parameters } from '../api/client';

export interface Range {
  readonly from: string; // as <input type="datetime-local"> has it; empty: no limit
  readonly to: string;
  readonly parameters: Parameters;
  readonly set: (change: { from?: string; to?: string }) => void;
}

function parameter(name: string, value: string): [string, string][] {
  const at = value === '' ? NaN : new Date(value).getTime();
  return Number.isFinite(at) ? [[name, String(at)]] : [];
}

export function useTimeRange(): Range {
  const [range, setRange] = useState({ from: '', to: '' });
  return {
    ...range,
    parameters: [...parameter('from', range.from), ...parameter('to', range.to)],
    set: (change) => setRange((before) => ({ ...before, ...change })),
  };
}

export function TimeRange({ range }: { readonly range: Range }): ReactNode {
  return (
    <div className="time-range">
      <label>from <input type="datetime-local" step="1" value={range.from} onChange={(event) => range.set({ from: event.target.value })} /></label>
      <label>to <input type="datetime-local" step="1" value={range.to} onChange={(event) => range.set({ to: event.target.value })} /></label>
    </div>
  );
}
