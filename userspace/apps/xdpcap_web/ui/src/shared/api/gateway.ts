// What the gateway and its sensors say of themselves, asked each second for the whole page. Plain
// questions and no stream: a browser opens six connections to a server, and the feed holds one.
import { getJson, isAbort } from './client';
import type { Stats } from './types';
import { Store } from '../lib/store';

const every_ms = 1000;
const pointsMax = 600;

export interface StatsPoint {
  readonly time: number;
  // By sensor and counter, added up over interfaces and queues.
  readonly rates: Readonly<Record<string, number>>;
}

export interface GatewayState {
  readonly stats: Stats | null;
  readonly error: unknown;
  readonly points: readonly StatsPoint[];
}

export const gateway = new Store<GatewayState>({ stats: null, error: null, points: [] });

// The key of a rate in a StatsPoint.
export function rateKey(sensor: string, counter: string): string {
  return `${sensor}\n${counter}`;
}

export function pointOf(stats: Stats, time: number): StatsPoint {
  const rates: Record<string, number> = {};
  for (const sensor of stats.sensors) {
    // Its last figures are repeated until it reports again.
    if (sensor.stale || sensor.ended) continue;
    for (const counter of sensor.counters) {
      const key = rateKey(sensor.sensor, counter.name);
      rates[key] = (rates[key] ?? 0) + counter.rate;
    }
  }
  return { time, rates };
}

async function ask(): Promise<void> {
  try {
    const { data } = await getJson<{ data: Stats }>('api/stats');
    const { points } = gateway.get();
    gateway.set({
      stats: data,
      error: null,
      points: [...points, pointOf(data, Date.now())].slice(-pointsMax),
    });
  } catch (error) {
    if (!isAbort(error)) gateway.update({ error });
  }
}

// The time where the captures run, within a second or two: the clock of a browser elsewhere may be
// minutes off.
export function captureNow(): number {
  const times = (gateway.get().stats?.sensors ?? [])
    .filter((sensor) => !sensor.stale && !sensor.ended)
    .map((sensor) => sensor.at);
  return times.length === 0 ? Date.now() : Math.max(...times);
}

export function startGateway(): void {
  const turn = async (): Promise<void> => {
    if (!document.hidden || gateway.get().stats === null) await ask();
    setTimeout(() => void turn(), every_ms);
  };
  void turn();
}
