// What a list shows: rows by number, oldest first.
import type { Exchange } from '../shared/api/types';

export interface View {
  readonly length: number;
  readonly origin: number; // of row 0; smaller where rows came in front, larger where they left
  at(index: number): Exchange | undefined;
  indexOf(id: string): number;
}

// A view that stands still: a paused list, an answer of the history.
export class FrozenView implements View {
  private readonly places: Map<string, number>;

  constructor(
    readonly rows: readonly Exchange[],
    readonly origin = 0,
  ) {
    this.places = new Map(rows.map((row, index) => [row.id, index]));
  }

  get length(): number {
    return this.rows.length;
  }

  at(index: number): Exchange | undefined {
    return this.rows[index];
  }

  indexOf(id: string): number {
    return this.places.get(id) ?? -1;
  }

  // With older rows before, those that are there already left out; at most `most` in all, the
  // newest give way.
  withOlder(older: readonly Exchange[], most: number): FrozenView {
    const fresh = older.filter((row) => !this.places.has(row.id));
    return new FrozenView([...fresh, ...this.rows].slice(0, most), this.origin - fresh.length);
  }
}
