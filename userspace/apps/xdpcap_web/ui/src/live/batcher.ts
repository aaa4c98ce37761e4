// Gathers what comes one by one and hands it on together: with an animation frame, and no more
// often than each `pause_ms`, so that thousands of events a second are some renders a second. A
// hidden page has no frames; there it goes on by timer, so that what is gathered stays small.
export class Batcher<Item> {
  private items: Item[] = [];
  private waiting = false;
  private last = 0;

  constructor(
    private readonly deliver: (items: Item[]) => void,
    private readonly pause_ms: number,
  ) {}

  add(item: Item): void {
    this.items.push(item);
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(
      () => {
        if (document.hidden) this.flush();
        else requestAnimationFrame(() => this.flush());
      },
      Math.max(0, this.last + this.pause_ms - performance.now()),
    );
  }

  clear(): void {
    this.items = [];
  }

  private flush(): void {
    this.waiting = false;
    this.last = performance.now();
    const items = this.items;
    this.items = [];
    if (items.length > 0) this.deliver(items);
  }
}
