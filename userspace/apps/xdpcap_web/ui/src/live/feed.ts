// The live feed: one event stream for the whole page, into a ring that keeps the last exchanges. It
// lives outside React; components read its state, which changes at most some times a second however
// much comes in.
import { getJson, type ApiError, type Parameters } from '../shared/api/client';
import { MessageStream } from '../shared/api/stream';
import type { Exchange, ExchangePage } from '../shared/api/types';
import { Batcher } from './batcher';
import { Ring } from './ring';
import { Store } from '../shared/lib/store';
import { FrozenView, type View } from './view';

export const rowsMax = 10_000;
const seedRows = 300;
const pause_ms = 100;
// A page nobody looks at gives its stream back after this: a browser has few connections to one
// server.
const hidden_ms = 60_000;

export type Link = 'idle' | 'connecting' | 'live' | 'stale' | 'down' | 'refused';

export interface FeedState {
  readonly link: Link;
  readonly error: ApiError | null;
  readonly retry_at: number | null;
  readonly sensors: number;
  readonly lost_batches: number;
  readonly lost_at: number | null; // when that grew last, as this page saw it
  readonly kept: number; // how many fit, of those the gateway keeps; as far as it looked
  readonly counted: boolean; // it looked at all
  readonly view: View;
  readonly version: number; // another one: the view has other rows
  readonly dropped: number; // rows pushed out of the view
  readonly skipped: number; // left out by the gateway to keep to the rate
  readonly lost: number; // lost because this page was slow
  readonly paused: boolean;
  readonly fresh: number; // rows that came while paused
}

const nothing: FeedState = {
  link: 'idle',
  error: null,
  retry_at: null,
  sensors: 0,
  lost_batches: 0,
  lost_at: null,
  kept: 0,
  counted: true,
  view: new FrozenView([]),
  version: 0,
  dropped: 0,
  skipped: 0,
  lost: 0,
  paused: false,
  fresh: 0,
};

export class Feed {
  readonly state = new Store<FeedState>(nothing);
  private readonly ring = new Ring<Exchange>(rowsMax, (exchange) => exchange.id);
  private readonly batcher = new Batcher<Exchange>((items) => this.addRows(items), pause_ms);
  private stream: MessageStream | null = null;
  private parameters: Parameters = [];
  rate = 500;
  private held: Exchange[] | null = null; // what came before the first rows were there
  private turn = 0;
  private closeTimer: ReturnType<typeof setTimeout> | undefined;

  // Shows what passes and fits the filter. The same question again changes nothing.
  ask(parameters: Parameters, rate: number): void {
    const same =
      this.stream &&
      this.rate === rate &&
      JSON.stringify(parameters) === JSON.stringify(this.parameters);
    if (same) return;
    this.parameters = parameters;
    this.rate = rate;
    this.clear();
    this.open();
  }

  clear(): void {
    this.ring.clear();
    this.batcher.clear();
    const { version } = this.state.get();
    this.state.update({
      view: this.ring,
      version: version + 1,
      dropped: 0,
      skipped: 0,
      lost: 0,
      kept: 0,
      counted: true,
      paused: false,
      fresh: 0,
    });
  }

  pause(): void {
    if (this.state.get().paused) return;
    this.state.update({
      paused: true,
      fresh: 0,
      view: new FrozenView(this.ring.toArray(), this.ring.origin),
      version: this.state.get().version + 1,
    });
  }

  goOn(): void {
    if (!this.state.get().paused) return;
    this.state.update({
      paused: false,
      fresh: 0,
      view: this.ring,
      version: this.state.get().version + 1,
    });
  }

  // Pauses, and puts the page before the oldest row in front. Answers how many came.
  async loadOlder(): Promise<number> {
    this.pause();
    const { view } = this.state.get();
    const oldest = view.at(0);
    const until: Parameters = oldest ? [['to', String(oldest.time)]] : [];
    const page = await getJson<ExchangePage>('api/messages', [
      ...this.parameters,
      ...until,
      ['limit', '500'],
    ]);
    const { view: now, version, paused } = this.state.get();
    if (!paused || !(now instanceof FrozenView)) return 0;
    const wider = now.withOlder([...page.data].reverse(), rowsMax);
    this.state.update({ view: wider, version: version + 1 });
    return wider.length - now.length;
  }

  retryNow(): void {
    this.state.update({ link: 'connecting', retry_at: null });
    if (this.stream) this.stream.retryNow();
    else this.open();
  }

  watchVisibility(): void {
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.closeTimer);
      if (document.hidden) this.closeTimer = setTimeout(() => this.close(), hidden_ms);
      else if (!this.stream && this.turn > 0) this.open();
    });
  }

  private close(): void {
    this.stream?.close();
    this.stream = null;
  }

  private open(): void {
    this.close();
    this.turn += 1;
    const { turn } = this;
    this.state.update({ link: 'connecting', error: null, retry_at: null });
    this.stream = new MessageStream([...this.parameters, ['rate', String(this.rate)]], {
      onOpen: () => {
        this.held = [];
        this.state.update({ link: 'live', error: null, retry_at: null });
        void this.seed(turn);
      },
      onMessage: (exchange) => {
        if (this.held) this.held.push(exchange);
        else this.batcher.add(exchange);
      },
      onSkipped: (skipped, lost) => {
        const state = this.state.get();
        this.state.update({ skipped: state.skipped + skipped, lost: state.lost + lost });
      },
      onState: ({ sensors, stale, lost_batches }) => {
        const state = this.state.get();
        const link: Link = stale ? 'stale' : 'live';
        if (
          state.link !== link ||
          state.sensors !== sensors ||
          state.lost_batches !== lost_batches
        ) {
          // What was lost before this page was there has no time.
          const lost_at =
            state.sensors > 0 && lost_batches > state.lost_batches ? Date.now() : state.lost_at;
          this.state.update({ link, sensors, lost_batches, lost_at });
        }
      },
      onDown: (error, retry_at) =>
        this.state.update({ link: retry_at === null ? 'refused' : 'down', error, retry_at }),
    });
  }

  // The rows that passed before the stream began, then those it brought meanwhile.
  private async seed(turn: number): Promise<void> {
    let rows: Exchange[] = [];
    let page: ExchangePage | null = null;
    try {
      page = await getJson<ExchangePage>('api/messages', [
        ...this.parameters,
        ['limit', String(seedRows)],
        ['count', '1'],
      ]);
      rows = page.data.reverse();
    } catch {
      // The stream goes on without them; where the gateway is gone, the stream says so.
    }
    if (turn !== this.turn) return;
    const held = this.held ?? [];
    this.held = null;
    if (page) this.state.update({ kept: page.matched - page.data.length, counted: page.counted });
    this.addRows([...rows, ...held]);
  }

  private addRows(items: readonly Exchange[]): void {
    let fresh = 0;
    for (const item of items) if (this.ring.put(item)) fresh += 1;
    const state = this.state.get();
    const kept = state.kept + fresh;
    if (state.paused)
      this.state.update({ kept, fresh: state.fresh + fresh, dropped: this.ring.origin });
    else
      this.state.update({
        kept,
        view: this.ring,
        version: state.version + 1,
        dropped: this.ring.origin,
      });
  }
}

export const feed = new Feed();
