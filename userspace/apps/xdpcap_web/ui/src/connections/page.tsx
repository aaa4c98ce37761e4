// All connections as a table; one of them opened beside.
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Parameters } from '../shared/api/client';
import type { Connection, ConnectionPage } from '../shared/api/types';
import { usePoll } from '../shared/api/use_poll';
import { connectionWords, parseFilter } from '../shared/lib/filter';
import { classes } from '../shared/lib/classes';
import { bitRate, clock, count, date, duration, bytes, plural } from '../shared/lib/format';
import { useKeys } from '../shared/lib/keys';
import { Empty, Failure } from '../shared/parts/bits';
import { FilterBar } from '../shared/parts/filter_bar';
import { VirtualList } from '../shared/parts/virtual_list';
import { isSelecting } from '../shared/lib/selection';
import { change, useRoute } from '../shared/route';
import { ConnectionView } from './detail';
import {
  processesOf,
  rateOfConnection,
  retransmitsOf,
  sorted,
  sortParameter,
  type Column,
  type Order,
} from './sort';

const rowHeight = 26;
const poll_ms = 2000;
const rowsMost = 1000;

interface ColumnView {
  readonly id: Column;
  readonly title: string;
  readonly number?: boolean;
  readonly cell: (connection: Connection) => ReactNode;
}

// For narrow places.
function shortState({ closed, close }: Connection): string {
  return closed ? close : 'open';
}

function stateText({ closed, close, to_server, to_client }: Connection): string {
  if (closed) return `closed: ${close}`;
  const [client, server] = [to_server.state, to_client.state].map((state) =>
    state.replaceAll('_', ' '),
  );
  return client === server ? client! : `${client} / ${server}`;
}

const views: readonly ColumnView[] = [
  { id: 'client', title: 'Client', cell: (one) => one.client },
  { id: 'server', title: 'Server', cell: (one) => one.server },
  {
    id: 'state',
    title: 'State',
    cell: (one) => (
      <>
        <span className="long">{stateText(one)}</span>
        <span className="short">{shortState(one)}</span>
      </>
    ),
  },
  { id: 'opened', title: 'Opened', cell: (one) => clock(one.opened) },
  { id: 'last', title: 'Last', cell: (one) => clock(one.last) },
  { id: 'messages', title: 'Messages', number: true, cell: (one) => count(one.messages) },
  { id: 'up', title: 'Up', number: true, cell: (one) => bytes(one.to_server.payload_bytes) },
  { id: 'down', title: 'Down', number: true, cell: (one) => bytes(one.to_client.payload_bytes) },
  {
    id: 'rate',
    title: 'Rate',
    number: true,
    cell: (one) => (one.closed ? '–' : bitRate(rateOfConnection(one))),
  },
  { id: 'rtt', title: 'RTT wire', number: true, cell: (one) => duration(one.wire_rtt_ms) },
  { id: 'kernel', title: 'RTT kernel', number: true, cell: (one) => duration(one.kernel_rtt_ms) },
  {
    id: 'retransmits',
    title: 'Retrans.',
    number: true,
    cell: (one) => {
      const value = retransmitsOf(one);
      return value > 0 ? <b className="warn">{count(value)}</b> : '0';
    },
  },
  { id: 'process', title: 'Processes', cell: processesOf },
];

// Of cells that may be cut.
function titleOf(id: Column, connection: Connection): string | undefined {
  switch (id) {
    case 'client':
      return connection.client;
    case 'server':
      return connection.server;
    case 'state':
      return stateText(connection);
    case 'process':
      return `${processesOf(connection)} (engine: ${connection.sensor})`;
    case 'opened':
      return date(connection.opened);
    case 'last':
      return date(connection.last);
    default:
      return undefined;
  }
}

function HeadingRow({
  order,
  onOrder,
}: {
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}): ReactNode {
  return (
    <div className="row connection-row heading" role="row">
      {views.map(({ id, title, number }) => {
        const chosen = order.column === id;
        return (
          <span
            key={id}
            role="columnheader"
            className={`${id}${number ? ' number' : ''}`}
            aria-sort={chosen ? (order.falling ? 'descending' : 'ascending') : 'none'}
          >
            <button
              type="button"
              onClick={() =>
                onOrder({
                  column: id,
                  falling: chosen
                    ? !order.falling
                    : number === true || id === 'last' || id === 'opened',
                })
              }
            >
              {title}
              {chosen ? (order.falling ? ' ↓' : ' ↑') : ''}
            </button>
          </span>
        );
      })}
    </div>
  );
}

function Row(props: {
  readonly connection: Connection;
  readonly index: number;
  readonly selected: boolean;
  readonly onOpen: (id: string) => void;
}): ReactNode {
  const { connection, index, selected, onOpen } = props;
  return (
    // The list has the focus and the keys, and names the row (aria-activedescendant).
    <div
      id={`row-${connection.id}`}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      onClick={() => isSelecting() || onOpen(connection.id)}
      className={classes('row connection-row', { selected, closed: connection.closed })}
    >
      {views.map(({ id, number, cell }) => (
        <span
          key={id}
          role="gridcell"
          className={`${id}${number ? ' number' : ''}`}
          title={titleOf(id, connection)}
        >
          {cell(connection)}
        </span>
      ))}
    </div>
  );
}

function useSelection(
  rows: readonly Connection[],
  opened: string | null,
): {
  selected: string | null;
  reveal: { index: number; number: number };
  move: (by: number) => void;
  set: (id: string) => void;
} {
  const [selected, set] = useState<string | null>(opened);
  const [reveal, setReveal] = useState({ index: -1, number: 0 });
  const move = (by: number): void => {
    const at = rows.findIndex((row) => row.id === selected);
    const index = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by));
    const row = rows[index];
    if (!row) return;
    set(row.id);
    setReveal((before) => ({ index, number: before.number + 1 }));
    if (opened !== null) change({ open: row.id });
  };
  return { selected, reveal, move, set };
}

export function ConnectionsPage(): ReactNode {
  const { values } = useRoute();
  const text = values['q'] ?? '';
  const opened = values['open'] ?? null;
  const input = useRef<HTMLInputElement>(null);
  const [order, setOrder] = useState<Order>({ column: 'last', falling: true });
  const filter = useMemo(() => parseFilter(text, connectionWords, 'address'), [text]);
  const parameters: Parameters = [
    ...filter.parameters,
    ...sortParameter(order),
    ['limit', String(rowsMost)],
  ];
  const { answer, error } = usePoll<ConnectionPage>(
    filter.error === null ? 'api/connections' : null,
    parameters,
    poll_ms,
  );
  const rows = useMemo(() => sorted(answer?.data ?? [], order), [answer, order]);
  const { selected, reveal, move, set } = useSelection(rows, opened);
  const open = useCallback(
    (id: string) => {
      set(id);
      change({ open: id }, opened === null);
    },
    [opened, set],
  );
  const enter = (): void => {
    if (selected !== null) open(selected);
  };
  useKeys({
    '/': () => input.current?.focus(),
    Escape: () => change({ open: null }),
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Enter: enter,
    o: enter,
  });
  return (
    <div className={`split${opened ? ' open' : ''}`}>
      <section className="list" aria-label="Connections">
        <div className="tools">
          <FilterBar
            value={text}
            onChange={(value) => change({ q: value })}
            words={connectionWords}
            plain="address"
            input={input}
            placeholder="Filter: state: process: address: or a part of an address"
          />
          <div className="figures">
            <span>{plural(answer?.total ?? 0, 'connection')}</span>
            {answer && answer.total > rows.length && (
              <span className="warn">the first {count(rows.length)} are shown</span>
            )}
          </div>
        </div>
        <Failure error={error} />
        <VirtualList
          className="connection-list"
          label="Connections"
          heading={<HeadingRow order={order} onOrder={setOrder} />}
          count={rows.length}
          rowHeight={rowHeight}
          reveal={reveal}
          activeId={selected === null ? undefined : `row-${selected}`}
          row={(index) => {
            const connection = rows[index];
            return (
              connection && (
                <Row
                  key={connection.id}
                  connection={connection}
                  index={index}
                  selected={connection.id === (opened ?? selected)}
                  onOpen={open}
                />
              )
            );
          }}
        />
        {rows.length === 0 && !error && (
          <Empty>
            {answer
              ? filter.parameters.length > 0
                ? 'No connection fits the filter.'
                : 'No connection was seen yet.'
              : filter.error !== null
                ? `This filter is not understood: ${filter.error}.`
                : 'loading…'}
          </Empty>
        )}
      </section>
      {opened && <ConnectionView key={opened} id={opened} onClose={() => change({ open: null })} />}
    </div>
  );
}
