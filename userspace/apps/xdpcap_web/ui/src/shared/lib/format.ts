// Numbers and times for people: short, of even width, and the same everywhere.

const missing = '–';

function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

// "85 µs", "1.25 ms", "3.10 s".
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return missing;
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms === 0) return '0';
  if (ms < 0.9995) return `${(ms * 1000).toFixed(ms < 0.00995 ? 1 : 0)} µs`;
  if (ms < 999.5) return `${significant(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 99.95) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  // Rounded before it is parted: no minute has 60 seconds.
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// "133.041 ms", "2.000133 s": for rows of which many fall into one millisecond.
export function precise(ms: number): string {
  return Math.abs(ms) < 1000 ? `${ms.toFixed(3)} ms` : `${(ms / 1000).toFixed(6)} s`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let at = 0;
  let rest = value;
  while (rest >= base * 0.9995 && at + 1 < units.length) {
    rest /= base;
    at += 1;
  }
  return `${at === 0 ? String(Math.round(rest)) : significant(rest)} ${units[at]!}`.trim();
}

// "812 B", "1.40 kB", "23.0 MB".
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return missing;
  return scaled(count, 1000, ['B', 'kB', 'MB', 'GB', 'TB']);
}

// "96.0 MiB": memory is asked for in these.
export function memory(count: number): string {
  return scaled(count, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
}

export function byteRate(perSecond: number | null | undefined): string {
  return perSecond === null || perSecond === undefined ? missing : `${bytes(perSecond)}/s`;
}

// "12 bit/s", "1.40 Gbit/s", of bytes.
export function bitRate(bytesPerSecond: number | null | undefined): string {
  if (bytesPerSecond === null || bytesPerSecond === undefined) return missing;
  return scaled(bytesPerSecond * 8, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

// "1,234,567".
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return missing;
  const digits = String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, ',');
  return value < 0 ? `-${digits}` : digits;
}

// "12", "3.40 k", "1.20 M": for axes and narrow places.
export function short(value: number | null | undefined): string {
  return value === null || value === undefined
    ? missing
    : scaled(value, 1000, ['', 'k', 'M', 'G', 'T']);
}

export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return missing;
  return `${perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : short(perSecond)}/s`;
}

function two(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

// "2026-01-31", local time.
export function day(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

// "12:00:00.123", local time.
export function clock(ms: number): string {
  const at = new Date(ms);
  const seconds = `${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
  return `${two(at.getHours())}:${two(at.getMinutes())}:${seconds}`;
}

export function date(ms: number): string {
  return `${day(ms)} ${clock(ms)}`;
}

// "just now", "12 s ago".
export function ago(ms: number, now: number): string {
  return now - ms < 1500 ? 'just now' : `${duration(now - ms)} ago`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
