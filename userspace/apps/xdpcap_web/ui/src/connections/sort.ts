// The columns that the table of connections can be sorted by. The gateway sorts by some of them,
// and then chooses which rows it answers; the others sort what it answered.
import type { Connection } from '../shared/api/types';
import type { Parameters } from '../shared/api/client';

export const columns = [
  'client',
  'server',
  'state',
  'opened',
  'last',
  'messages',
  'up',
  'down',
  'rate',
  'rtt',
  'kernel',
  'retransmits',
  'process',
] as const;
export type Column = (typeof columns)[number];

export interface Order {
  readonly column: Column;
  readonly falling: boolean;
}

const asked: Readonly<Partial<Record<Column, string>>> = {
  last: 'last',
  opened: 'opened',
  up: 'bytes',
  down: 'bytes',
  rtt: 'rtt',
  retransmits: 'retransmits',
};

export function sortParameter({ column }: Order): Parameters {
  return [['sort', asked[column] ?? 'last']];
}

export function processesOf(connection: Connection): string {
  const names = [connection.client_process?.name, connection.server_process?.name];
  return names.some(Boolean) ? `${names[0] ?? '?'} → ${names[1] ?? '?'}` : '';
}

export function retransmitsOf({ to_server, to_client }: Connection): number {
  return to_server.retransmits + to_client.retransmits;
}

export function rateOfConnection({ to_server, to_client }: Connection): number {
  return to_server.rate + to_client.rate;
}

function keyOf(connection: Connection, column: Column): number | string | null {
  switch (column) {
    case 'client':
      return connection.client;
    case 'server':
      return connection.server;
    case 'state':
      return connection.closed ? `closed ${connection.close}` : connection.to_server.state;
    case 'opened':
      return connection.opened;
    case 'last':
      return connection.last;
    case 'messages':
      return connection.messages;
    case 'up':
      return connection.to_server.payload_bytes;
    case 'down':
      return connection.to_client.payload_bytes;
    case 'rate':
      return connection.closed ? null : rateOfConnection(connection);
    case 'rtt':
      return connection.wire_rtt_ms;
    case 'kernel':
      return connection.kernel_rtt_ms;
    case 'retransmits':
      return retransmitsOf(connection);
    case 'process':
      return processesOf(connection);
  }
}

// What is not known comes last either way; equals stay in order of their ids, so that a poll moves
// nothing by chance.
export function sorted(
  connections: readonly Connection[],
  { column, falling }: Order,
): Connection[] {
  const sign = falling ? -1 : 1;
  return [...connections].sort((a, b) => {
    const left = keyOf(a, column);
    const right = keyOf(b, column);
    if (left === null || right === null)
      return left === right ? a.id.localeCompare(b.id) : left === null ? 1 : -1;
    const order =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : String(left).localeCompare(String(right), undefined, { numeric: true });
    return order === 0 ? a.id.localeCompare(b.id) : order * sign;
  });
}
