// Answers of the API, as plain as they come; tests name what they are about.
import type {
  Body,
  ConnectionDetail,
  Counter,
  Exchange,
  GraphEdge,
  GraphNode,
  Half,
  Side,
  Socket,
  Stats,
} from '../../src/shared/api/types';

export const exchange = (more: Partial<Exchange> = {}): Exchange => ({
  ...({ id: 'a-1', sensor: 's', time: 0, method: 'GET', host: 'shop.test', target: '/' } as const),
  ...({ status: 200, reason: 'OK', version: '1.1', latency_ms: 2, duration_ms: 3 } as const),
  ...({ client: '10.0.0.1:4000', server: '10.0.0.2:80', content_type: 'text/html' } as const),
  ...({ request_bytes: 10, response_bytes: 1400, complete: true, connection: 'a' } as const),
  flags: [],
  client_process: null,
  server_process: null,
  ...more,
});

export const body = (more: Partial<Body> = {}): Body => ({
  bytes: 5,
  encoding: [],
  decoded: true,
  decoded_bytes: 5,
  cut: false,
  error: null,
  text: 'hello',
  base64: null,
  ...more,
});

export const half = (more: Partial<Half> = {}): Half => ({
  ...({
    start_line: 'HTTP/1.1 200 OK',
    head: '',
    version: '1.1',
    framing: 'content_length',
  } as const),
  ...({ declared_length: 5, body_length: 5, first: 0, last: 0, complete: true } as const),
  headers: [['Content-Type', 'text/plain']],
  trailers: [],
  end: 'complete',
  flags: [],
  gaps: [],
  masked: false,
  body: body(),
  ...more,
});

export const side = (more: Partial<Side> = {}): Side => ({
  ...({ state: 'established', packets: 4, payload_bytes: 1400, rate: 0, retransmits: 0 } as const),
  ...({ out_of_order: 0, zero_windows: 0, gaps: 0, gaps_by_capture: 0, gap_bytes: 0 } as const),
  ...({ window: 65_535, in_flight: 0, rtt_ms: null, delivery_rate: null } as const),
  ...more,
});

export const socket = (more: Partial<Socket> = {}): Socket => ({
  ...({
    state: 'established',
    rtt_ms: 1.5,
    rtt_var_ms: 0.5,
    min_rtt_ms: null,
    rto_ms: 200,
  } as const),
  ...({ cwnd: 10, ssthresh: null, mss: 1448, send_window: 1, receive_window: 1 } as const),
  ...({ unacked: 0, lost: 0, retransmits: 0, delivery_rate: 0, pacing_rate: null } as const),
  ...({ bytes_sent: 0, bytes_acked: 0, bytes_received: 0, receive_queue: 0 } as const),
  ...({ send_queue: 0, memory: 0, congestion_control: 'cubic', at: 0 } as const),
  ...more,
});

export const connection = (more: Partial<ConnectionDetail> = {}): ConnectionDetail => ({
  ...({ id: 'c1', sensor: 's', client: '10.0.0.1:4000', server: '10.0.0.2:80' } as const),
  ...({
    opened: 0,
    last: 1000,
    duration_ms: 1000,
    closed: true,
    close: 'fin',
    messages: 2,
  } as const),
  ...({ wire_rtt_ms: 1, kernel_rtt_ms: null } as const),
  ...({ handshake_server_ms: null, handshake_client_ms: null } as const),
  flags: [],
  to_server: side(),
  to_client: side(),
  client_socket: null,
  server_socket: null,
  client_process: null,
  server_process: null,
  series: {
    ...{ time: [], wire_rtt_ms: [], kernel_rtt_ms: [], to_server_rate: [], to_client_rate: [] },
    ...{ to_server_window: [], to_client_window: [], to_server_in_flight: [] },
    ...{ to_client_in_flight: [], cwnd: [], retransmits: [] },
  },
  ...more,
});

export const counter = (name: string, value: number, more: Partial<Counter> = {}): Counter => ({
  name,
  value,
  rate: 0,
  interface: null,
  queue: null,
  ...more,
});

export function stats(counters: Counter[], more: Partial<Stats> = {}): Stats {
  const sensor = { sensor: 'web1', epoch: 0, at: 0, stale: false, ended: false, counters };
  return {
    sensors: [{ ...sensor, publishes: [], lost_batches: 0, endpoints: [] }],
    health: { status: 'ok', reason: null, problems: [] },
    gateway: {
      ...{ exchanges: 0, connections: 0, bytes: 0, memory_max: 1, oldest: null, streams: 0 },
      ...{ lost_batches: 0, damaged: 0, dropped_exchanges: 0, history: null },
    },
    ...more,
  };
}

export const node = (id: string, more: Partial<GraphNode> = {}): GraphNode => ({
  ...({ kind: 'process', type: null, icon: null, pid: 1, command: null, container: null } as const),
  ...({ address: null, sensor: 's', active: true, last: 0 } as const),
  id,
  label: id,
  name: id,
  ports: [],
  ...more,
});

export const edge = (from: string, to: string, more: Partial<GraphEdge> = {}): GraphEdge => ({
  id: `${from}>${to}`,
  from,
  to,
  ...({ protocol: 'tcp', port: 80, connections: 3, active: 2, bytes_to_server: 0 } as const),
  ...({ bytes_to_client: 0, messages: 0, errors: 0, latency_ms: null, rtt_ms: null } as const),
  last: 0,
  ...more,
});
