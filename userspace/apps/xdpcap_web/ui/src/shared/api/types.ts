// What the API answers, word for word as ../../../README.md has it. Times are milliseconds since
// 1970, durations milliseconds, lengths bytes; what is not known is null. What is a record's comes
// from records.ts, which schemas/generate.py makes.
import type {
  Anomaly,
  CloseReason,
  Direction,
  End,
  FlowFlag,
  FlowHalf,
  Framing,
  GapCause,
  Process,
  TcpInfo,
  TcpState,
  Verdict,
} from './records';

export type { Process };

export interface Exchange {
  id: string;
  sensor: string;
  time: number;
  method: string | null;
  host: string | null;
  target: string | null;
  status: number | null;
  reason: string | null;
  version: string | null;
  request_bytes: number | null;
  response_bytes: number | null;
  latency_ms: number | null;
  duration_ms: number | null;
  client: string;
  server: string;
  content_type: string | null;
  complete: boolean;
  flags: Anomaly[];
  connection: string;
  client_process: Process | null;
  server_process: Process | null;
}

export interface ExchangePage {
  data: Exchange[];
  next: string | null;
  searched: number;
  total: number;
  matched: number;
  counted: boolean; // all that are kept were looked at, so `matched` is how many there are
  oldest: number | null;
}

export interface Body {
  bytes: number;
  encoding: string[];
  decoded: boolean;
  decoded_bytes: number;
  cut: boolean;
  error: string | null;
  text: string | null;
  base64: string | null;
}

export interface Half {
  start_line: string;
  head: string;
  headers: [string, string][];
  trailers: [string, string][];
  version: string;
  framing: Framing;
  declared_length: number | null;
  body_length: number;
  first: number;
  last: number;
  complete: boolean;
  end: End;
  flags: Anomaly[];
  gaps: { offset: number; length: number; cause: GapCause }[];
  masked: boolean;
  body: Body;
}

export interface Timing {
  send_ms: number | null;
  wait_ms: number | null;
  receive_ms: number | null;
  total_ms: number | null;
  handshake_client_ms: number | null;
  handshake_server_ms: number | null;
}

export interface ExchangeDetail extends Exchange {
  request: Half | null;
  response: Half | null;
  interim: Half[];
  timing: Timing;
  tcp: Connection | null;
}

export interface Side extends FlowHalf {
  rate: number;
}

export interface Socket extends TcpInfo {
  state: TcpState;
  receive_queue: number;
  send_queue: number;
  memory: number;
  at: number;
}

export interface Connection {
  id: string;
  sensor: string;
  client: string;
  server: string;
  opened: number;
  last: number;
  duration_ms: number;
  closed: boolean;
  close: CloseReason;
  flags: FlowFlag[];
  messages: number;
  wire_rtt_ms: number | null;
  kernel_rtt_ms: number | null;
  handshake_server_ms: number | null;
  handshake_client_ms: number | null;
  to_server: Side;
  to_client: Side;
  client_socket: Socket | null;
  server_socket: Socket | null;
  client_process: Process | null;
  server_process: Process | null;
}

type Course = (number | null)[];

export interface Series {
  time: number[];
  wire_rtt_ms: Course;
  kernel_rtt_ms: Course;
  to_server_rate: Course;
  to_client_rate: Course;
  to_server_window: Course;
  to_client_window: Course;
  to_server_in_flight: Course;
  to_client_in_flight: Course;
  cwnd: Course;
  retransmits: Course;
}

export interface ConnectionDetail extends Connection {
  series: Series;
}

export interface ConnectionPage {
  data: Connection[];
  total: number;
  searched: number;
}

export interface TcpSegment {
  time: number;
  direction: Direction;
  seq: number;
  ack: number;
  flags: string;
  window: number;
  length: number;
  verdict: Verdict;
}

export interface SegmentPage {
  data: TcpSegment[];
  published: boolean;
}

export interface GraphNode {
  id: string;
  kind: 'process' | 'host' | 'listener';
  label: string;
  type: string | null;
  icon: string | null;
  pid: number | null;
  name: string | null;
  command: string | null;
  container: string | null;
  address: string | null;
  ports: number[];
  sensor: string;
  active: boolean;
  last: number;
}

export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  protocol: 'tcp' | 'udp';
  port: number;
  connections: number;
  active: number;
  bytes_to_server: number;
  bytes_to_client: number;
  messages: number;
  errors: number;
  latency_ms: number | null;
  rtt_ms: number | null;
  last: number;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface Counter {
  name: string;
  value: number;
  rate: number;
  interface: string | null;
  queue: number | null;
}

export interface SensorStats {
  sensor: string;
  epoch: number;
  at: number;
  stale: boolean;
  ended: boolean;
  counters: Counter[];
  publishes: string[];
  lost_batches: number;
  endpoints: { endpoint: string; published: number; dropped: number }[];
}

export interface History {
  file: string;
  bytes: number;
  size_max: number;
  exchanges: number;
  oldest: number | null;
  dropped: number;
  error: string | null;
}

export interface GatewayStats {
  exchanges: number;
  connections: number;
  bytes: number;
  memory_max: number;
  oldest: number | null;
  streams: number;
  lost_batches: number;
  damaged: number;
  dropped_exchanges: number;
  history: History | null;
}

export interface Problem {
  name: string;
  sensor: string | null;
  interface: string | null;
  value: number;
  message: string;
}

export interface GatewayHealth {
  status: 'ok' | 'degraded' | 'stale';
  reason: string | null;
  problems: Problem[];
}

export interface Stats {
  sensors: SensorStats[];
  health?: GatewayHealth;
  gateway: GatewayStats;
}

export interface ViewState {
  sensors: number;
  stale: boolean;
  lost_batches: number;
}
