// From when to when the history is searched: in the address, as milliseconds since 1970, so that it
// survives a reload and means the same to a reader elsewhere.
import { useMemo, type ReactNode } from 'react';
import type { Parameters } from '../shared/api/client';
import { change, useRoute } from '../shared/route';

const limits = ['from', 'to'] as const;
type Limit = (typeof limits)[number];

// What <input type="datetime-local"> accepts: local time, to the second.
export function inputOf(value: string | undefined): string {
  const at = Number(value ?? NaN);
  if (!Number.isFinite(at)) return '';
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

export function msOf(input: string): string | null {
  const at = new Date(input).getTime();
  return Number.isFinite(at) ? String(at) : null;
}

export function useTimeRange(): Parameters {
  const { values } = useRoute();
  const { from, to } = values;
  return useMemo(() => {
    const given: [Limit, string | undefined][] = [
      ['from', from],
      ['to', to],
    ];
    return given.filter(
      (pair): pair is [Limit, string] => pair[1] !== undefined && Number.isFinite(Number(pair[1])),
    );
  }, [from, to]);
}

export function TimeRange(): ReactNode {
  const { values } = useRoute();
  return (
    <div className="time-range">
      {limits.map((limit) => (
        <label key={limit}>
          {limit}{' '}
          <input
            type="datetime-local"
            step="1"
            value={inputOf(values[limit])}
            onChange={(event) => change({ [limit]: msOf(event.target.value) })}
          />
        </label>
      ))}
    </div>
  );
}
