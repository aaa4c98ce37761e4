// One event stream that reconnects by itself. EventSource gives no reason when it is refused, so
// the same question is then asked once without a stream, for the gateway's sentence.
import { ApiError, getJson, urlOf, type Parameters } from './client';
import type { Exchange, ViewState } from './types';

export interface StreamHandlers {
  onOpen(): void;
  onMessage(exchange: Exchange): void;
  onSkipped(skipped: number, lost: number): void;
  onState(state: ViewState): void;
  // `retry_at` is a time (ms since 1970); null: it makes no sense to try again, as with a parameter
  // that is wrong.
  onDown(error: ApiError, retry_at: number | null): void;
}

const retry_ms = { first: 1000, most: 15_000 };

export class MessageStream {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait_ms = retry_ms.first;
  private closed = false;

  constructor(
    private readonly parameters: Parameters,
    private readonly handlers: StreamHandlers,
  ) {
    this.connect();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.source?.close();
  }

  retryNow(): void {
    if (this.closed) return;
    clearTimeout(this.timer);
    this.source?.close();
    this.connect();
  }

  private connect(): void {
    const source = new EventSource(urlOf('api/messages', this.parameters));
    this.source = source;
    const on = <Data>(name: string, handle: (data: Data) => void): void => {
      source.addEventListener(name, (event) =>
        handle(JSON.parse((event as MessageEvent<string>).data) as Data),
      );
    };
    source.onopen = () => {
      this.wait_ms = retry_ms.first;
      this.handlers.onOpen();
    };
    on<Exchange>('message', (exchange) => this.handlers.onMessage(exchange));
    on<{ skipped: number; lost: number }>('skipped', (data) =>
      this.handlers.onSkipped(data.skipped, data.lost),
    );
    on<ViewState>('state', (state) => this.handlers.onState(state));
    source.onerror = () => {
      source.close();
      if (!this.closed && this.source === source) void this.explain();
    };
  }

  private async explain(): Promise<void> {
    let error = new ApiError('the stream ended', 0);
    try {
      const parameters = this.parameters.filter(([name]) => name !== 'rate');
      await getJson('api/messages', [...parameters, ['limit', '1']]);
    } catch (reason) {
      if (reason instanceof ApiError) error = reason;
    }
    if (this.closed) return;
    const final = error.status === 400 || error.status === 401;
    if (final) {
      this.handlers.onDown(error, null);
      return;
    }
    this.handlers.onDown(error, Date.now() + this.wait_ms);
    this.timer = setTimeout(() => this.connect(), this.wait_ms);
    this.wait_ms = Math.min(this.wait_ms * 2, retry_ms.most);
  }
}
