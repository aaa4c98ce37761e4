// One exchange in the list. All of it is text: captured bytes never become markup.
import { memo, type ReactNode } from 'react';
import type { Exchange } from '../shared/api/types';
import type { Anomaly } from '../shared/api/records';
import { classes } from '../shared/lib/classes';
import { clock, date, day, duration, bytes } from '../shared/lib/format';
import { isSelecting } from '../shared/lib/selection';
import { Status } from '../shared/parts/bits';

export const rowHeight = 26;

export function rowId(id: string): string {
  return `row-${id}`;
}

interface Props {
  readonly exchange: Exchange;
  readonly index: number;
  readonly selected: boolean;
  readonly sensors: boolean; // there are several: whose it is stands in a column
  readonly onOpen: (id: string) => void;
}

function names(exchange: Exchange): string {
  const { client_process: client, server_process: server } = exchange;
  if (!client && !server) return '';
  return `${client?.name ?? exchange.client} → ${server?.name ?? exchange.server}`;
}

function Cell({
  className,
  title,
  children,
}: {
  readonly className: string;
  readonly title?: string | undefined;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <span role="gridcell" className={className} title={title}>
      {children}
    </span>
  );
}

const malformed: readonly Anomaly[] = [
  'bad_start_line',
  'bad_field_name',
  'missing_colon',
  'head_too_large',
];

// What is not as it should be, in a word before the target.
function remark({ flags, request_bytes }: Exchange): string {
  if (flags.includes('head_cut')) return 'head not ended';
  return request_bytes !== null && malformed.some((flag) => flags.includes(flag))
    ? 'malformed'
    : '';
}

export const Row = memo(function Row({
  exchange,
  index,
  selected,
  sensors,
  onOpen,
}: Props): ReactNode {
  const time = clock(exchange.time);
  const note = remark(exchange);
  // Where the request could not be read, that is said already.
  const isCut = exchange.status !== null && !exchange.complete && note === '';
  const slow = exchange.latency_ms !== null && exchange.latency_ms >= 500;
  return (
    // The list has the focus and the keys, and names the row (aria-activedescendant).
    <div
      id={rowId(exchange.id)}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      className={classes('row live-row', { selected, incomplete: !exchange.complete })}
      onClick={() => isSelecting() || onOpen(exchange.id)}
    >
      <Cell className="time" title={date(exchange.time)}>
        <span className="day">{day(exchange.time)} </span>
        {time.slice(0, -4)}
        <span className="ms">{time.slice(-4)}</span>
      </Cell>
      <Cell className="code">
        <Status status={exchange.status} />
      </Cell>
      <Cell className="method">{exchange.method || '–'}</Cell>
      <Cell className="host" title={exchange.host ?? undefined}>
        {exchange.host ?? ''}
      </Cell>
      <Cell className="target" title={exchange.target ?? undefined}>
        {note !== '' && <b className="remark">{note} </b>}
        {exchange.target ?? '(no request was seen)'}
        {exchange.target === '' && '(open it for its bytes)'}
      </Cell>
      <Cell className="latency number">
        {slow ? <b>{duration(exchange.latency_ms)}</b> : duration(exchange.latency_ms)}
      </Cell>
      <Cell className="size number" title={isCut ? 'Not whole: open it for the reason' : undefined}>
        {isCut ? (
          <b className="bad">✕ {bytes(exchange.response_bytes)}</b>
        ) : (
          bytes(exchange.response_bytes)
        )}
      </Cell>
      <Cell className="type" title={exchange.content_type ?? undefined}>
        {exchange.content_type?.split(';')[0] ?? ''}
      </Cell>
      <Cell className="who" title={names(exchange)}>
        {names(exchange)}
      </Cell>
      {sensors && (
        <Cell className="sensor" title={exchange.sensor}>
          {exchange.sensor}
        </Cell>
      )}
    </div>
  );
});

const columns = [
  'time',
  'code',
  'method',
  'host',
  'target',
  'latency',
  'size',
  'type',
  'who',
  'sensor',
] as const;
const titles: Readonly<Record<(typeof columns)[number], string>> = {
  time: 'Time',
  code: 'Status',
  method: 'Method',
  host: 'Host',
  target: 'Target',
  latency: 'Latency',
  size: 'Size',
  type: 'Type',
  who: 'Processes',
  sensor: 'Engine',
};

export function Heading({ sensors }: { readonly sensors: boolean }): ReactNode {
  return (
    <div className="row live-row heading" role="row">
      {columns
        .filter((column) => sensors || column !== 'sensor')
        .map((column) => (
          <span
            key={column}
            role="columnheader"
            className={`${column}${column === 'latency' || column === 'size' ? ' number' : ''}`}
          >
            {titles[column]}
          </span>
        ))}
    </div>
  );
}
