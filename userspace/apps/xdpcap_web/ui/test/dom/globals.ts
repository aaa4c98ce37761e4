// A page for components to be drawn into. Imported before anything that looks for a document.
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><title>test</title>', {
  url: 'http://gateway.test/',
});

// Node.js has some of these too; those of the page go together with its elements.
const replaced = ['Event', 'EventTarget', 'CustomEvent', 'navigator'];
for (const name of Object.getOwnPropertyNames(window)) {
  if (name in globalThis && !replaced.includes(name)) continue;
  Object.defineProperty(globalThis, name, {
    configurable: true,
    writable: true,
    value: window[name as keyof typeof window],
  });
}
for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'] as const) {
  Object.defineProperty(globalThis, name, { configurable: true, value: window[name].bind(window) });
}

// What jsdom does not have.
const observers = new Set<() => void>();
class Observer {
  constructor(private readonly callback: () => void) {}
  observe(): void {
    observers.add(this.callback);
  }
  unobserve(): void {
    this.disconnect();
  }
  disconnect(): void {
    observers.delete(this.callback);
  }
}
// React's act() waits with one and never closes it: that of Node.js would keep the process alive.
class Channel {
  readonly port1: { onmessage: () => void } = { onmessage: () => undefined };
  readonly port2 = { postMessage: (): unknown => setImmediate(() => this.port1.onmessage()) };
}
class NoStream {
  addEventListener(): void {
    // Nothing ever comes.
  }
  close(): void {
    // Nothing is open.
  }
}
const still = { matches: true, addEventListener: () => undefined, addListener: () => undefined };
Object.assign(globalThis, {
  IS_REACT_ACT_ENVIRONMENT: true,
  ResizeObserver: Observer,
  EventSource: NoStream,
  MessageChannel: Channel,
  // Those of jsdom would keep the process alive.
  requestAnimationFrame: (step: (now: number) => void) => setTimeout(() => step(Date.now()), 16),
  cancelAnimationFrame: clearTimeout,
  matchMedia: () => still,
});

Object.assign(window.HTMLDialogElement.prototype, {
  showModal(this: HTMLDialogElement) {
    this.open = true;
  },
  close(this: HTMLDialogElement) {
    this.open = false;
  },
});

// A page that is looked at.
Object.defineProperty(document, 'hidden', { configurable: true, value: false });

// To those who observe a size.
export function reportSizes(): void {
  for (const callback of [...observers]) callback();
}
