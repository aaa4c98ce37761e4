// What is known of a connection: both sides as the wire shows them, both sockets as their kernel
// does.
import type { ReactNode } from 'react';
import type { Connection, Process, Socket } from '../api/types';
import { captureNow } from '../api/gateway';
import { ago, bitRate, clock, count, date, duration, bytes } from '../lib/format';
import { Facts, Flags } from './bits';

type Row = readonly [string, ReactNode, ReactNode];

function Pairs({
  rows,
  label,
}: {
  readonly rows: readonly Row[];
  readonly label: string;
}): ReactNode {
  return (
    <table className="pairs" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{label}</th>
          <th scope="col">client</th>
          <th scope="col">server</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, client, server]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{client}</td>
            <td>{server}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// How long a connection has been there: an open one grows older while nothing passes.
export function ageOf(connection: Connection, now: number): number {
  return connection.closed
    ? connection.duration_ms
    : Math.max(connection.duration_ms, now - connection.opened);
}

function sideRows({ to_server: client, to_client: server, closed }: Connection): Row[] {
  const both = (name: string, value: (side: Connection['to_server']) => string): Row => [
    name,
    value(client),
    value(server),
  ];
  return [
    both('State', (side) => side.state.replaceAll('_', ' ')),
    both('Sent', (side) => bytes(side.payload_bytes)),
    both('Rate', (side) => (closed ? '–' : bitRate(side.rate))),
    both('Delivery rate', (side) => bitRate(side.delivery_rate)),
    both('Segments', (side) => count(side.packets)),
    both('Retransmits', (side) => count(side.retransmits)),
    both('Out of order', (side) => count(side.out_of_order)),
    both('Window it announces', (side) => bytes(side.window)),
    both('In flight', (side) => bytes(side.in_flight)),
    both('Zero windows', (side) => count(side.zero_windows)),
    both(
      'Gaps (by capture)',
      (side) => `${count(side.gaps)} (${count(side.gaps_by_capture)}), ${bytes(side.gap_bytes)}`,
    ),
    both('Round trip, wire', (side) => duration(side.rtt_ms)),
  ];
}

function socketRows(client: Socket | null, server: Socket | null): Row[] {
  const both = (name: string, value: (socket: Socket) => string): Row => [
    name,
    client ? value(client) : '–',
    server ? value(server) : '–',
  ];
  return [
    both('State', (socket) => socket.state.replaceAll('_', ' ')),
    both('Round trip', (socket) =>
      socket.rtt_ms === null ? '–' : `${duration(socket.rtt_ms)} ± ${duration(socket.rtt_var_ms)}`,
    ),
    both('Smallest', (socket) => duration(socket.min_rtt_ms)),
    both('Retransmit timeout', (socket) => duration(socket.rto_ms)),
    both('Congestion window', (socket) =>
      socket.cwnd === null ? '–' : `${count(socket.cwnd)} segments`,
    ),
    both('Slow start until', (socket) =>
      socket.ssthresh === null ? 'no limit yet' : `${count(socket.ssthresh)} segments`,
    ),
    both('Congestion control', (socket) => socket.congestion_control || '–'),
    both('MSS', (socket) => bytes(socket.mss)),
    both(
      'Send, receive window',
      (socket) => `${bytes(socket.send_window)}, ${bytes(socket.receive_window)}`,
    ),
    both('Unacknowledged, lost', (socket) => `${count(socket.unacked)}, ${count(socket.lost)}`),
    both('Retransmits', (socket) => count(socket.retransmits)),
    both('Delivery rate', (socket) => bitRate(socket.delivery_rate)),
    both('Pacing rate', (socket) =>
      socket.pacing_rate === null ? 'not paced' : bitRate(socket.pacing_rate),
    ),
    both(
      'Sent, acknowledged',
      (socket) => `${bytes(socket.bytes_sent)}, ${bytes(socket.bytes_acked)}`,
    ),
    both('Received', (socket) => bytes(socket.bytes_received)),
    both(
      'Queues, in and out',
      (socket) => `${bytes(socket.receive_queue)}, ${bytes(socket.send_queue)}`,
    ),
    both('Memory', (socket) => bytes(socket.memory)),
    both('Asked', (socket) => clock(socket.at)),
  ];
}

export function TcpFacts({ connection }: { readonly connection: Connection }): ReactNode {
  const { client_socket: client, server_socket: server } = connection;
  return (
    <>
      <Facts
        rows={[
          ['Client', connection.client],
          ['Server', connection.server],
          [
            'Opened',
            `${date(connection.opened)}, ${connection.closed ? 'for' : 'open for'} ` +
              duration(ageOf(connection, captureNow())),
          ],
          ['Last segment', ago(connection.last, captureNow())],
          ['End', connection.closed ? connection.close : 'open'],
          ['Messages', count(connection.messages)],
          [
            'Handshake',
            `server ${duration(connection.handshake_server_ms)}, ` +
              `client ${duration(connection.handshake_client_ms)}`,
          ],
          [
            'Round trip',
            `wire ${duration(connection.wire_rtt_ms)}, ` +
              `kernel ${duration(connection.kernel_rtt_ms)}`,
          ],
          ['Sensor', connection.sensor],
        ]}
      />
      <Flags flags={connection.flags} />
      <Pairs label="On the wire" rows={sideRows(connection)} />
      {client || server ? (
        <Pairs label="In the kernel" rows={socketRows(client, server)} />
      ) : (
        <p className="dim">No end of it is a socket of a watched host (xdpcap-run --sockets-of).</p>
      )}
    </>
  );
}

function OneProcess({
  title,
  process,
  address,
  onFilter,
}: {
  readonly title: string;
  readonly process: Process | null;
  readonly address: string;
  readonly onFilter: ((pid: string) => void) | undefined;
}): ReactNode {
  return (
    <section>
      <h3>
        {title} <span className="dim">{address}</span>
      </h3>
      {process === null ? (
        <p className="dim">Not known: no process of a watched host, or it had ended.</p>
      ) : (
        <>
          <Facts
            rows={[
              ['Name', process.name],
              ['Pid', process.pid],
              ['Command', <code key="command">{process.command}</code>],
              ['Container', process.container ?? 'none'],
              ['Control group', process.cgroup],
              ['User', process.uid],
            ]}
          />
          {onFilter && (
            <button type="button" className="small" onClick={() => onFilter(String(process.pid))}>
              only this process
            </button>
          )}
        </>
      )}
    </section>
  );
}

interface Ends {
  readonly client: string;
  readonly server: string;
  readonly client_process: Process | null;
  readonly server_process: Process | null;
}

export function Processes({
  ends,
  onFilter,
}: {
  readonly ends: Ends;
  readonly onFilter?: (pid: string) => void;
}): ReactNode {
  return (
    <>
      <OneProcess
        title="Client"
        process={ends.client_process}
        address={ends.client}
        onFilter={onFilter}
      />
      <OneProcess
        title="Server"
        process={ends.server_process}
        address={ends.server}
        onFilter={onFilter}
      />
    </>
  );
}
