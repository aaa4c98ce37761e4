// The last `capacity` items, each with a key. An item that comes again under its key replaces
// the old one; a new one past the capacity pushes out the oldest. Positions count from the
// first item ever added, so that a view can stay where it is while items leave at the front.
export class Ring<Item> {
  private readonly items: (Item | undefined)[];
  private readonly places = new Map<string, number>();
  private begin = 0;
  private end = 0;

  constructor(
    readonly capacity: number,
    private readonly keyOf: (item: Item) => string,
  ) {
    this.items = new Array<Item | undefined>(capacity);
  }

  get length(): number {
    return this.end - this.begin;
  }

  // The position of item 0: how many were pushed out since clear().
  get origin(): number {
    return this.begin;
  }

  // Whether the item is new.
  put(item: Item): boolean {
    const key = this.keyOf(item);
    const place = this.places.get(key);
    if (place !== undefined) {
      this.items[place % this.capacity] = item;
      return false;
    }
    if (this.length === this.capacity) {
      const oldest = this.items[this.begin % this.capacity];
      if (oldest !== undefined) this.places.delete(this.keyOf(oldest));
      this.begin += 1;
    }
    this.items[this.end % this.capacity] = item;
    this.places.set(key, this.end);
    this.end += 1;
    return true;
  }

  // `index` from 0, the oldest, to length - 1.
  at(index: number): Item | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return this.items[(this.begin + index) % this.capacity];
  }

  // Where the item is, or -1.
  indexOf(key: string): number {
    const place = this.places.get(key);
    return place === undefined ? -1 : place - this.begin;
  }

  toArray(): Item[] {
    return Array.from({ length: this.length }, (_, index) => this.at(index)!);
  }

  clear(): void {
    this.items.fill(undefined);
    this.places.clear();
    this.begin = 0;
    this.end = 0;
  }
}
