// The account of where every frame, segment and message went: the equations of
// userspace/engine/ledger.cpp, over the counters of /api/stats. Each stage has what went in and the
// parts it went to; a part is a loss, an error in what was received, a thing set aside on purpose,
// or what goes on.
import type { Counter } from '../shared/api/types';

export type PartKind = 'on' | 'aside' | 'bad' | 'loss';

interface PartRule {
  readonly names: readonly string[];
  readonly label: string;
  readonly kind: PartKind;
}

interface StageRule {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly total: readonly string[];
  readonly totalLabel: string;
  readonly parts: readonly PartRule[];
  // Counters come for each interface (or queue of it); the others are of the whole process.
  readonly per: 'process' | 'interface' | 'queue';
  // Left out while nothing went its way: UDP is reported only where it was asked for.
  readonly onRequest?: boolean;
}

const one = (name: string, label: string, kind: PartKind): PartRule => ({
  names: [name],
  label,
  kind,
});

const decodeParts: readonly PartRule[] = [
  one('decode_segments', 'TCP segments', 'on'),
  one('decode_not_ip', 'not IP', 'aside'),
  one('decode_udp', 'UDP', 'aside'),
  one('decode_other_protocol', 'another protocol', 'aside'),
  one('decode_fragment_held', 'fragments kept to be joined', 'aside'),
  one('decode_fragment_repeated', 'repeated fragments', 'aside'),
  one('decode_fragment_overlap', 'overlapping fragments', 'bad'),
  one('decode_fragment_no_room', 'no room for a fragment', 'loss'),
  one('decode_fragment_too_large', 'fragments too large', 'bad'),
  one('decode_fragment_malformed', 'malformed fragments', 'bad'),
  one('decode_cut_by_snaplen', 'cut by a snap length', 'bad'),
  one('decode_truncated', 'truncated', 'bad'),
  one('decode_bad_ip', 'bad IP header', 'bad'),
  one('decode_bad_tcp', 'bad TCP header', 'bad'),
  one('decode_bad_tunnel', 'bad tunnel header', 'bad'),
  one('decode_bad_ip_checksum', 'wrong IP checksum', 'bad'),
  one('decode_bad_tcp_checksum', 'wrong TCP checksum', 'bad'),
  one('decode_too_deep', 'too many headers', 'bad'),
  one('decode_tunnel_off', 'in a tunnel, not wanted', 'aside'),
  one('decode_unsupported_link', 'unknown link type', 'bad'),
];

const verdictParts: readonly PartRule[] = [
  one('segments_delivered', 'delivered in order', 'on'),
  one('segments_control', 'without payload', 'on'),
  one('segments_opening', 'opening a connection', 'on'),
  one('segments_reset', 'resets', 'on'),
  one('segments_held', 'early, held', 'on'),
  one('segments_duplicate', 'retransmitted, seen before', 'aside'),
  one('segments_conflict', 'retransmitted with other bytes', 'bad'),
  one('segments_keep_alive', 'keep-alive', 'aside'),
  one('frames_filtered', 'not asked for (filter)', 'aside'),
  one('segments_after_close', 'after the close', 'aside'),
  one('segments_beyond_end', 'behind the FIN', 'bad'),
  one('segments_bad_checksum', 'wrong TCP checksum', 'bad'),
  one('segments_old_timestamp', 'old timestamp (PAWS)', 'bad'),
  one('segments_reset_ignored', 'reset outside the window', 'bad'),
  one('segments_no_connection', 'of no known connection', 'aside'),
  one('segments_hand_over_full', 'no room to hand over', 'loss'),
  one('segments_out_of_order_full', 'no room for early bytes', 'loss'),
  one('segments_flow_table_full', 'no room for the connection', 'loss'),
];

export const stageRules: readonly StageRule[] = [
  {
    id: 'tap',
    title: 'Tap program',
    unit: 'frames',
    per: 'interface',
    total: ['tap_seen'],
    totalLabel: 'on the interface',
    parts: [
      one('tap_cloned', 'cloned', 'on'),
      one('tap_not_ip', 'not IP', 'aside'),
      one('tap_not_tcp', 'not TCP', 'aside'),
      one('tap_filtered', 'not asked for (filter)', 'aside'),
      one('tap_malformed', 'malformed', 'bad'),
      one('tap_clone_errors', 'clone failed', 'loss'),
    ],
  },
  {
    id: 'wire',
    title: 'Tap wire',
    unit: 'frames',
    per: 'interface',
    total: ['tap_sent'],
    totalLabel: 'sent through the tap',
    parts: [one('xdp_seen', 'seen by XDP, cut to wire size', 'on')],
  },
  {
    id: 'xdp',
    title: 'XDP program',
    unit: 'frames',
    per: 'queue',
    total: ['xdp_seen'],
    totalLabel: 'seen by XDP',
    parts: [
      one('xdp_redirected', 'redirected to us', 'on'),
      one('xdp_not_ip', 'not IP', 'aside'),
      one('xdp_not_tcp', 'not TCP', 'aside'),
      one('xdp_filtered', 'not asked for (filter)', 'aside'),
      one('xdp_malformed', 'malformed', 'bad'),
      one('xdp_no_socket', 'no socket on the queue', 'loss'),
    ],
  },
  {
    id: 'socket',
    title: 'AF_XDP socket',
    unit: 'frames',
    per: 'queue',
    total: ['xdp_redirected'],
    totalLabel: 'redirected',
    parts: [
      one('xsk_delivered', 'delivered', 'on'),
      one('xsk_oversize', 'too large for a chunk', 'loss'),
      one('xsk_rx_dropped', 'fill ring empty', 'loss'),
      one('xsk_rx_ring_full', 'RX ring full', 'loss'),
    ],
  },
  {
    id: 'decode',
    title: 'Decoder',
    unit: 'frames',
    per: 'process',
    total: ['frames_received'],
    totalLabel: 'received',
    parts: decodeParts,
  },
  {
    id: 'tcp',
    title: 'TCP',
    unit: 'segments',
    per: 'process',
    total: ['decode_segments'],
    totalLabel: 'decoded',
    parts: verdictParts,
  },
  {
    id: 'early',
    title: 'Early segments',
    unit: 'segments',
    per: 'process',
    total: ['segments_held'],
    totalLabel: 'held',
    parts: [
      one('tcp_held_delivered', 'delivered later', 'on'),
      one('tcp_held_dropped', 'not wanted any more', 'aside'),
    ],
  },
  {
    id: 'udp',
    title: 'UDP',
    unit: 'datagrams',
    per: 'process',
    total: ['decode_udp'],
    totalLabel: 'decoded',
    onRequest: true,
    parts: [
      one('publish_datagrams_published', 'published', 'on'),
      one('datagrams_filtered', 'not asked for (filter)', 'aside'),
      one('publish_datagrams_discarded', 'set aside, as asked for', 'aside'),
      one('publish_datagrams_dropped', 'no room in time', 'loss'),
    ],
  },
  {
    id: 'sockets',
    title: 'Sockets',
    unit: 'records',
    per: 'process',
    total: ['host_sockets_published'],
    totalLabel: 'reported by the kernel',
    onRequest: true,
    parts: [
      one('publish_sockets_published', 'published', 'on'),
      one('publish_sockets_dropped', 'no room in time', 'loss'),
    ],
  },
  {
    id: 'http',
    title: 'HTTP',
    unit: 'messages',
    per: 'process',
    total: ['http_requests', 'http_responses', 'http_interim_responses'],
    totalLabel: 'messages',
    parts: [
      one('publish_messages_published', 'published', 'on'),
      one('publish_messages_discarded', 'set aside (--sink null)', 'aside'),
      one('publish_messages_dropped_no_room', 'no room in time', 'loss'),
      one('publish_messages_dropped_too_large', 'too large for a batch', 'loss'),
    ],
  },
];

export interface Part {
  readonly label: string;
  readonly names: readonly string[];
  readonly kind: PartKind;
  readonly value: number;
  readonly rate: number;
}

// 'closes': both sides are equal. 'moving': they differ while traffic runs, for the counters are
// read one after the other and some of it is under way. 'off': they differ and nothing moves.
export type Verdict = 'closes' | 'moving' | 'off';

export interface Stage {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly where: string | null; // an interface, a queue of it; null: all of it
  readonly total: number;
  readonly totalLabel: string;
  readonly totalRate: number;
  readonly parts: readonly Part[];
  readonly sum: number;
  readonly difference: number;
  readonly verdict: Verdict;
}

function pick(
  counters: readonly Counter[],
  names: readonly string[],
): { value: number; rate: number; found: boolean } {
  let value = 0;
  let rate = 0;
  let found = false;
  for (const counter of counters) {
    if (!names.includes(counter.name)) continue;
    value += counter.value;
    rate += counter.rate;
    found = true;
  }
  return { value, rate, found };
}

function stageOf(
  rule: StageRule,
  counters: readonly Counter[],
  where: string | null,
): Stage | null {
  const total = pick(counters, rule.total);
  if (!total.found) return null;
  const parts: Part[] = rule.parts.map((part) => ({ ...part, ...pick(counters, part.names) }));
  const sum = parts.reduce((all, part) => all + part.value, 0);
  if (rule.onRequest && sum === 0) return null;
  const difference = total.value - sum;
  const moves = total.rate > 0 || parts.some((part) => part.rate > 0);
  // Early segments are held for a moment; what is held now is in neither part.
  const mayRest = rule.id === 'early' && difference > 0;
  const verdict: Verdict = difference === 0 ? 'closes' : moves || mayRest ? 'moving' : 'off';
  return {
    id: rule.id,
    title: rule.title,
    unit: rule.unit,
    where,
    total: total.value,
    totalLabel: rule.totalLabel,
    totalRate: total.rate,
    parts,
    sum,
    difference,
    verdict,
  };
}

function placesOf(counters: readonly Counter[], per: StageRule['per']): Map<string, Counter[]> {
  const places = new Map<string, Counter[]>();
  for (const counter of counters) {
    if (counter.interface === null) continue;
    const place =
      per === 'queue' && counter.queue !== null
        ? `${counter.interface} queue ${counter.queue}`
        : counter.interface;
    places.set(place, [...(places.get(place) ?? []), counter]);
  }
  return places;
}

// The stages of a whole capture, added up over interfaces and queues. Stages without counters are
// left out.
export function stagesOf(counters: readonly Counter[]): Stage[] {
  return stageRules
    .map((rule) => {
      const used = rule.per === 'process' ? counters : onlyWhere(counters, rule);
      return stageOf(rule, used, null);
    })
    .filter((stage): stage is Stage => stage !== null);
}

// xdp_seen is of a tap's XDP program as well as of a mirror's; the tap's wire compares only
// interfaces with a tap.
function onlyWhere(counters: readonly Counter[], rule: StageRule): readonly Counter[] {
  const places = new Set(
    counters
      .filter((counter) => rule.total.includes(counter.name))
      .map((counter) => counter.interface),
  );
  return counters.filter((counter) => places.has(counter.interface));
}

// The same for each interface and queue, where there is more to say than the sum says.
export function stagesByPlace(counters: readonly Counter[]): Stage[] {
  const stages: Stage[] = [];
  for (const rule of stageRules) {
    if (rule.per === 'process') continue;
    for (const [place, of] of placesOf(counters, rule.per)) {
      const stage = stageOf(rule, of, place);
      if (stage) stages.push(stage);
    }
  }
  return stages;
}

const explained = new Map<string, PartKind>();
for (const rule of stageRules) {
  for (const name of rule.total) explained.set(name, 'on');
  for (const part of rule.parts) for (const name of part.names) explained.set(name, part.kind);
}

// Losses that no equation holds: before the capture, or inside a stream.
const otherLosses: Readonly<Record<string, string>> = {
  nic_missed: 'the NIC had no room',
  tap_dropped: 'dropped on the tap wire',
  tap_queue_dropped: 'the tap\u2019s queue was full',
  log_dropped: 'not in the file of -w: its disk was full or slow',
  publish_flows_dropped: 'records of connections: no room in time',
  publish_segments_dropped: 'records of segments: no room in time',
  publish_messages_cut_no_room: 'bodies cut: no room in time',
  tcp_gaps_capture: 'gaps that this capture made',
};

export function isExplained(name: string): boolean {
  return explained.has(name) || name in otherLosses;
}

export interface Loss {
  readonly label: string;
  readonly unit: string;
  readonly name: string;
  readonly where: string | null;
  readonly value: number;
  readonly rate: number;
}

// What a loss counts. A gap is the mark that lost frames leave in a stream: they are not added up.
function unitOf(name: string): string {
  if (name === 'tcp_gaps_capture') return 'gaps';
  if (name === 'publish_messages_cut_no_room') return 'bodies';
  return (
    stageRules.find((rule) => rule.parts.some((part) => part.names.includes(name)))?.unit ??
    (name.startsWith('publish_') ? 'records' : 'frames')
  );
}

// How much was lost, by unit: the frames first.
export function lostByUnit(losses: readonly Loss[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const unit of ['frames', 'segments', 'messages']) {
    if (losses.some((loss) => loss.unit === unit)) sums.set(unit, 0);
  }
  for (const { unit, value } of losses) sums.set(unit, (sums.get(unit) ?? 0) + value);
  return sums;
}

// Everything that was wanted and lost here, with its cause; none is the aim.
export function lossesOf(counters: readonly Counter[]): Loss[] {
  const labels = new Map<string, string>(Object.entries(otherLosses));
  for (const rule of stageRules) {
    for (const part of rule.parts)
      if (part.kind === 'loss') for (const name of part.names) labels.set(name, part.label);
  }
  return counters
    .filter((counter) => labels.has(counter.name) && counter.value > 0)
    .map((counter) => ({
      label: labels.get(counter.name)!,
      unit: unitOf(counter.name),
      name: counter.name,
      where:
        counter.interface === null
          ? null
          : counter.queue === null
            ? counter.interface
            : `${counter.interface} queue ${counter.queue}`,
      value: counter.value,
      rate: counter.rate,
    }));
}

export function totalOf(counters: readonly Counter[], name: string): number {
  return pick(counters, [name]).value;
}

export function rateOf(counters: readonly Counter[], ...names: string[]): number {
  return pick(counters, names).rate;
}

// How the whole stands: one verdict for all stages, the worst of them. Sockets are reported each
// second, traffic or not, so that their counters never rest; only that they do not add up would be
// news.
export function verdictOf(stages: readonly Stage[]): Verdict {
  if (stages.some((stage) => stage.verdict === 'off')) return 'off';
  return stages.some((stage) => stage.verdict === 'moving' && stage.id !== 'sockets')
    ? 'moving'
    : 'closes';
}

// Every counter that is a loss.
export const lossNames: readonly string[] = [
  ...stageRules.flatMap((rule) =>
    rule.parts.filter((part) => part.kind === 'loss').flatMap((part) => part.names),
  ),
  ...Object.keys(otherLosses),
];
