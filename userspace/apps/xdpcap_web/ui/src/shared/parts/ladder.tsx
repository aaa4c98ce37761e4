// The segments of a connection between client and server, one row each, as arrows.
import { useMemo, type ReactNode } from 'react';
import type { Connection, SegmentPage, TcpSegment } from '../api/types';
import { count, bytes, plural, precise } from '../lib/format';
import { placeSegments, type PlacedSegment } from '../lib/seq';
import { Empty, Notice } from './bits';
import { VirtualList } from './virtual_list';

const rowHeight = 30;

export function NotPublished(): ReactNode {
  return (
    <Notice>
      Segments are not published by this engine. Start it with{' '}
      <code>xdpcap-run --segments headers</code> (or <code>--segments payload --reveal</code>) to
      see them here.
    </Notice>
  );
}

const words: Readonly<Record<string, string>> = {
  retransmit: 'retransmission',
  out_of_order: 'out of order',
  keep_alive: 'keep-alive',
  out_of_window: 'out of window',
  paws_rejected: 'old timestamp',
  bad_checksum: 'wrong checksum',
  dropped: 'no room in the capture',
  no_connection: 'of no known connection',
  conflict: 'other bytes than before',
};

function Arrow({ right, bad }: { readonly right: boolean; readonly bad: boolean }): ReactNode {
  const colour = bad ? 'var(--bad)' : right ? 'var(--blue)' : 'var(--good)';
  return (
    <svg className="arrow" aria-hidden="true" width="100%" height="9">
      <line x1="0" y1="4.5" x2="100%" y2="4.5" stroke={colour} strokeWidth="1.5" />
      <svg x={right ? '100%' : '0'} overflow="visible">
        <path d={right ? 'M-8 0L0 4.5L-8 9Z' : 'M8 0L0 4.5L8 9Z'} fill={colour} />
      </svg>
    </svg>
  );
}

// By how much a side's window is shifted (RFC 7323, 2.2); not known, it follows from the scaled
// window of the same side.
export function scaleOf(
  segments: readonly TcpSegment[],
  direction: TcpSegment['direction'],
  window: number,
): number {
  let last: TcpSegment | undefined;
  for (const segment of segments)
    if (segment.direction === direction && !segment.flags.includes('SYN')) last = segment;
  if (!last || last.window === 0 || window === 0) return 1;
  const scale = window / last.window;
  return Number.isInteger(Math.log2(scale)) && scale >= 1 && scale <= 16_384 ? scale : 1;
}

function label({ segment, seq, ack }: PlacedSegment<TcpSegment>, scale: number): string {
  const parts = [segment.flags.replaceAll(',', ' ') || 'no flags', `seq ${count(seq)}`];
  if (ack !== null) parts.push(`ack ${count(ack)}`);
  parts.push(
    `len ${count(segment.length)}`,
    `win ${bytes(segment.window * (segment.flags.includes('SYN') ? 1 : scale))}`,
  );
  return parts.join('  ');
}

function Rung({
  placed,
  begin,
  index,
  scale,
}: {
  readonly placed: PlacedSegment<TcpSegment>;
  readonly begin: number;
  readonly index: number;
  readonly scale: number;
}): ReactNode {
  const { segment } = placed;
  const right = segment.direction === 'to_server';
  const verdict = words[segment.verdict];
  return (
    <div role="row" aria-rowindex={index + 1} className="rung">
      <span role="gridcell" className="time">
        {precise(segment.time - begin)}
      </span>
      <span role="gridcell" className="rung-arrow">
        <span className="rung-label">
          {label(placed, scale)}
          {verdict && <b className="bad"> {verdict}</b>}
        </span>
        <span className="visually-hidden">{right ? 'to the server' : 'to the client'}</span>
        <Arrow right={right} bad={verdict !== undefined} />
      </span>
    </div>
  );
}

interface Props {
  readonly page: SegmentPage;
  readonly connection: Connection | null;
  // Where the connection is not kept any more.
  readonly ends?: Pick<Connection, 'client' | 'server'>;
  // Only segments between these times (ms since 1970).
  readonly from?: number;
  readonly to?: number;
}

export function Ladder({
  page,
  connection,
  ends = connection ?? undefined,
  from = -Infinity,
  to = Infinity,
}: Props): ReactNode {
  // Placed before they are picked: relative numbers begin at the connection's first segment.
  const placed = useMemo(
    () =>
      placeSegments(page.data).filter(({ segment }) => segment.time >= from && segment.time <= to),
    [page, from, to],
  );
  if (!page.published && page.data.length === 0) return <NotPublished />;
  if (placed.length === 0) return <Empty>No segment of it is kept.</Empty>;
  const begin = placed[0]!.segment.time;
  const scales = {
    to_server: scaleOf(page.data, 'to_server', connection?.to_server.window ?? 0),
    to_client: scaleOf(page.data, 'to_client', connection?.to_client.window ?? 0),
  };
  const passed = connection ? connection.to_server.packets + connection.to_client.packets : 0;
  return (
    <div className="ladder">
      <div className="ladder-ends">
        <span>{ends?.client}</span>
        <span>{ends?.server}</span>
      </div>
      {passed > page.data.length && (
        <p className="dim">
          Of {plural(passed, 'segment')} the last {count(page.data.length)} are kept.
        </p>
      )}
      <VirtualList
        className="ladder-list"
        label="Segments"
        count={placed.length}
        rowHeight={rowHeight}
        row={(index) => (
          <Rung
            key={index}
            placed={placed[index]!}
            begin={begin}
            index={index}
            scale={scales[placed[index]!.segment.direction]}
          />
        )}
      />
      <p className="dim">
        Sequence numbers are relative to the first segment kept of each direction.
      </p>
    </div>
  );
}
