// The row that j and k move, and how to bring it into sight.
import { useState } from 'react';
import type { View } from './view';

export interface Cursor {
  readonly id: string | null;
  readonly reveal: { readonly index: number; readonly number: number };
  // Both answer the id of the row they came to; null where there is none.
  readonly move: (by: number) => string | null;
  readonly to: (index: number) => string | null;
  readonly set: (id: string | null) => void;
}

export function useCursor(view: View, first: string | null): Cursor {
  const [id, set] = useState<string | null>(first);
  const [reveal, setReveal] = useState({ index: -1, number: 0 });
  const to = (index: number): string | null => {
    const row = view.at(index);
    if (!row) return null;
    set(row.id);
    setReveal((before) => ({ index, number: before.number + 1 }));
    return row.id;
  };
  const move = (by: number): string | null => {
    const at = id === null ? -1 : view.indexOf(id);
    const from = at < 0 ? (by > 0 ? -1 : view.length) : at;
    return to(Math.min(view.length - 1, Math.max(0, from + by)));
  };
  return { id, reveal, move, to, set };
}
