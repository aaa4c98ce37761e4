// The segments of a connection between client and server, one row each, as arrows.
import { useMemo, type ReactNode } from 'react';
import type { SegmentPage, TcpSegment } from '../api/types';
import { duration, count } from '../lib/format';
import { placeSegments, type PlacedSegment } from '../lib/seq';
import { Empty, Notice } from './bits';
import { VirtualList } from './virtual_list';

const rowHeight = 30;

export function NotPublished(): ReactNode {
  return (
    <Notice>
      Segments are not published by this engine. Start it with <code>xdpcap-run --segments headers</code> (or <code>--segments payload --reveal</code>) to see them here.
    </Notice>
  );
}

const words: Readonly<Record<string, string>> = {
  retransmit: 'retransmission', out_of_order: 'out of order', keep_alive: 'keep-alive', out_of_window: 'out of window', paws_rejected: 'old timestamp',
};

function Arrow({ right, bad }: { readonly right: boolean; readonly bad: boolean }): ReactNode {
  const colour = bad ? 'var(--bad)' : right ? 'var(--blue)' : 'var(--good)';
  return (
    <svg className="arrow" aria-hidden="true" width="100%" height="9">
      <line x1="0" y1="4.5" x2="100%" y2="4.5" stroke={colour} strokeWidth="1.5" />
      <svg x={right ? '100%' : '0'} overflow="visible"><path d={right ? 'M-8 0L0 4.5L-8 9Z' : 'M8 0L0 4.5L8 9Z'} fill={colour} /></svg>
    </svg>
  );
}

function label({ segment, seq, ack }: PlacedSegment<TcpSegment>): string {
  const parts = [segment.flags.replaceAll(',', ' ') || 'no flags', `seq ${count(seq)}`];
  if (ack !== null) parts.push(`ack ${count(ack)}`);
  parts.push(`len ${count(segment.length)}`, `win ${count(segment.window)}`);
  return parts.join('  ');
}

function Rung({ placed, begin, index }: { readonly placed: PlacedSegment<TcpSegment>; readonly begin: number; readonly index: number }): ReactNode {
  const { segment } = placed;
  const right = segment.direction === 'to_server';
  const verdict = words[segment.verdict];
  return (
    <div role="row" aria-rowindex={index + 1} className="rung">
      <span role="gridcell" className="time">{duration(segment.time - begin)}</span>
      <span role="gridcell" className="rung-arrow">
        <span className="rung-label">{label(placed)}{verdict && <b className="bad"> {verdict}</b>}</span>
        <span className="visually-hidden">{right ? 'to the server' : 'to the client'}</span>
        <Arrow right={right} bad={verdict !== undefined} />
      </span>
    </div>
  );
}

interface Props {
  readonly page: SegmentPage;
  readonly client: string;
  readonly server: string;
  // Only segments between these times (ms since 1970).
  readonly from?: number;
  readonly to?: number;
}

export function Ladder({ page, client, server, from = -Infinity, to = Infinity }: Props): ReactNode {
  // Placed before they are picked: relative numbers begin at the connection's first segment.
  const placed = useMemo(() => placeSegments(page.data).filter(({ segment }) => segment.time >= from && segment.time <= to), [page, from, to]);
  if (!page.published && page.data.length === 0) return <NotPublished />;
  if (placed.length === 0) return <Empty>No segment of it is kept.</Empty>;
  const begin = placed[0]!.segment.time;
  return (
    <div className="ladder">
      <div className="ladder-ends"><span>{client}</span><span>{server}</span></div>
      <VirtualList
        className="ladder-list" label="Segments" count={placed.length} rowHeight={rowHeight}
        row={(index) => <Rung key={index} placed={placed[index]!} begin={begin} index={index} />}
      />
      <p className="dim">Sequence numbers are relative to the first segment kept of each direction.</p>
    </div>
  );
}
