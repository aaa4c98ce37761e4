// Made by schemas/generate.py of schemas/xdpcap.fbs: types of the API that are those of records.

export type Anomaly =
  | 'interim'
  | 'te_cl_conflict'
  | 'duplicate_content_length'
  | 'bad_content_length'
  | 'bad_transfer_encoding'
  | 'te_in_http10'
  | 'obs_fold'
  | 'space_before_colon'
  | 'bare_lf'
  | 'bare_cr'
  | 'nul_in_head'
  | 'bad_field_name'
  | 'missing_colon'
  | 'chunk_extension'
  | 'bad_chunk_size'
  | 'missing_chunk_crlf'
  | 'host_mismatch'
  | 'host_missing'
  | 'host_repeated'
  | 'leading_empty_lines'
  | 'bad_start_line'
  | 'unknown_version'
  | 'data_after_close'
  | 'body_on_bodyless'
  | 'head_too_large'
  | 'truncated'
  | 'resynchronised'
  | 'partial_connection'
  | 'one_sided'
  | 'unpaired'
  | 'tunnel'
  | 'h2_preface'
  | 'overlap_conflict'
  | 'head_cut'
  | 'unproved';

export type CloseReason = 'open' | 'fin' | 'rst' | 'timeout' | 'evicted' | 'capture';

export type Direction = 'to_server' | 'to_client';

export type End =
  'complete' | 'fin' | 'rst' | 'timeout' | 'gap' | 'evicted' | 'malformed' | 'capture';

export type FlowEvent = 'opened' | 'update' | 'closed';

export type FlowFlag =
  | 'partial'
  | 'one_sided'
  | 'overlap_conflict'
  | 'paws'
  | 'reset_ignored'
  | 'tunnel'
  | 'urgent'
  | 'beyond_window'
  | 'unproved';

export type Framing = 'none' | 'content_length' | 'chunked' | 'until_close';

export type GapCause = 'network' | 'capture' | 'snaplen' | 'fragment' | 'unknown';

export type Kind = 'request' | 'response';

export type Pairing = 'counted' | 'realigned' | 'none';

export type SocketEvent = 'seen' | 'opened' | 'closed';

export type SocketProtocol = 'tcp' | 'udp';

export type TcpFlag = 'fin' | 'syn' | 'rst' | 'psh' | 'ack' | 'urg' | 'ece' | 'cwr';

export type TcpState =
  | 'closed'
  | 'listen'
  | 'syn_sent'
  | 'syn_received'
  | 'established'
  | 'fin_wait_1'
  | 'fin_wait_2'
  | 'close_wait'
  | 'closing'
  | 'last_ack'
  | 'time_wait';

export type Verdict =
  | 'in_order'
  | 'retransmit'
  | 'out_of_order'
  | 'keep_alive'
  | 'out_of_window'
  | 'paws_rejected'
  | 'bad_checksum'
  | 'dropped'
  | 'no_connection'
  | 'conflict';

export interface FlowHalf {
  state: TcpState;
  packets: number;
  payload_bytes: number;
  retransmits: number;
  out_of_order: number;
  zero_windows: number;
  gaps: number;
  gaps_by_capture: number;
  gap_bytes: number;
  rtt_ms: number | null;
  window: number;
  in_flight: number;
  delivery_rate: number | null;
}

export interface Process {
  pid: number;
  name: string;
  command: string;
  cgroup: string | null;
  container: string | null;
  uid: number;
}

export interface TcpInfo {
  rtt_ms: number | null;
  rtt_var_ms: number | null;
  min_rtt_ms: number | null;
  rto_ms: number | null;
  cwnd: number | null;
  ssthresh: number | null;
  mss: number;
  send_window: number;
  receive_window: number;
  unacked: number;
  lost: number;
  retransmits: number;
  delivery_rate: number;
  pacing_rate: number | null;
  bytes_sent: number;
  bytes_acked: number;
  bytes_received: number;
  congestion_control: string;
}
