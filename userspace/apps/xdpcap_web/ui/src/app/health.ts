// One word for the whole: is what the pages show all there was to see? From the gateway's own
// account of it; losses of frames are added, for they stay true when the moment is over.
import type { Stats } from '../shared/api/types';
import { plural } from '../shared/lib/format';
import { lossesOf, lostByUnit } from '../capture/ledger';

export interface Health {
  readonly level: 'ok' | 'warn' | 'bad';
  readonly words: readonly string[]; // the most important first
}

export function healthOf(stats: Stats): Health {
  const words = (stats.health?.problems ?? []).map(({ message, sensor, interface: where }) => {
    const place = [stats.sensors.length > 1 ? sensor : null, where]
      .filter((one) => one !== null)
      .join(' ');
    return place === '' ? message : `${place}: ${message}`;
  });
  const bad = words.length > 0;
  for (const sensor of stats.sensors) {
    const [first] = lostByUnit(lossesOf(sensor.counters));
    if (!first || first[1] === 0) continue;
    const [unit, value] = first;
    const whose = stats.sensors.length > 1 ? `${sensor.sensor}: ` : '';
    words.push(`${whose}${plural(value, unit.slice(0, -1))} lost since its start`);
  }
  return { level: bad ? 'bad' : words.length > 0 ? 'warn' : 'ok', words };
}

// Whether an engine reports.
export function isAlive(stats: Stats): boolean {
  return stats.sensors.some((sensor) => !sensor.stale && !sensor.ended);
}
