// One exchange in the list. All of it is text: captured octets never become markup.
import { memo, type ReactNode } from 'react';
import type { Exchange } from '../api/types';
import { clock, duration, octets } from '../lib/format';
import { Status } from '../parts/bits';

export const rowHeight = 26;

export function rowId(id: string): string {
  return `row-${id}`;
}

interface Props {
  readonly exchange: Exchange;
  readonly index: number;
  readonly selected: boolean;
  readonly onOpen: (id: string) => void;
}

function names(exchange: Exchange): string {
  const { client_process: client, server_process: server } = exchange;
  if (!client && !server) return '';
  return `${client?.name ?? exchange.client} → ${server?.name ?? exchange.server}`;
}

function Cell({ className, children }: { readonly className: string; readonly children: ReactNode }): ReactNode {
  return <span role="gridcell" className={className}>{children}</span>;
}

export const Row = memo(function Row({ exchange, index, selected, onOpen }: Props): ReactNode {
  const time = clock(exchange.time);
  const slow = exchange.latency_ms !== null && exchange.latency_ms >= 500;
  return (
    <div
      id={rowId(exchange.id)} role="row" aria-rowindex={index + 1} aria-selected={selected}
      className={`row live-row${selected ? ' selected' : ''}${exchange.complete ? '' : ' incomplete'}`}
      onClick={() => onOpen(exchange.id)}
    >
      <Cell className="time">{time.slice(0, -4)}<span className="ms">{time.slice(-4)}</span></Cell>
      <Cell className="code"><Status status={exchange.status} /></Cell>
      <Cell className="method">{exchange.method ?? '–'}</Cell>
      <Cell className="host">{exchange.host ?? ''}</Cell>
      <Cell className="target">{exchange.target ?? '(the request was not seen)'}</Cell>
      <Cell className="latency number">{slow ? <b>{duration(exchange.latency_ms)}</b> : duration(exchange.latency_ms)}</Cell>
      <Cell className="size number">{octets(exchange.response_octets)}</Cell>
      <Cell className="type">{exchange.content_type?.split(';')[0] ?? ''}</Cell>
      <Cell className="who">{names(exchange)}</Cell>
    </div>
  );
});

export function Heading(): ReactNode {
  return (
    <div className="row live-row heading" aria-hidden="true">
      <span className="time">Time</span>
      <span className="code">Status</span>
      <span className="method">Method</span>
      <span className="host">Host</span>
      <span className="target">Target</span>
      <span className="latency number">Latency</span>
      <span className="size number">Size</span>
      <span className="type">Type</span>
      <span className="who">Processes</span>
    </div>
  );
}
