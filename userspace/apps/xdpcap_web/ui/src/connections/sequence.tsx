// Time against sequence number, one line for each direction: slopes are rates, steps back are retransmissions, flat
// stretches are waits.
import { useMemo, type ReactNode } from 'react';
import type { SegmentPage, TcpSegment } from '../api/types';
import { duration, octets } from '../lib/format';
import { placeSegments, type PlacedSegment } from '../lib/seq';
import { Empty } from '../parts/bits';
import { Chart } from '../parts/chart';
import { NotPublished } from '../parts/ladder';

interface Columns {
  readonly time: number[]; // ms since the first segment
  readonly sent: (number | null)[]; // the end of each segment
  readonly acked: (number | null)[]; // what the other side had acknowledged
  readonly again: (number | null)[]; // sent again, or out of order
}

export function sequenceColumns(placed: readonly PlacedSegment<TcpSegment>[], direction: TcpSegment['direction']): Columns {
  const begin = placed[0]?.segment.time ?? 0;
  const columns: Columns = { time: [], sent: [], acked: [], again: [] };
  for (const { segment, seq, ack } of placed) {
    const own = segment.direction === direction;
    const bad = own && (segment.verdict === 'retransmit' || segment.verdict === 'out_of_order');
    columns.time.push(segment.time - begin);
    columns.sent.push(own && !bad ? seq + segment.length : null);
    columns.again.push(bad ? seq + segment.length : null);
    columns.acked.push(own ? null : ack);
  }
  return columns;
}

function Direction({ title, columns }: { readonly title: string; readonly columns: Columns }): ReactNode {
  return (
    <Chart title={title} time={columns.time} format={octets} xFormat={duration} height={230} series={[
      { label: 'acknowledged', colour: '--dim', values: columns.acked },
      { label: 'sent', colour: '--blue', values: columns.sent },
      { label: 'again or early', colour: '--bad', values: columns.again, dots: true },
    ]} />
  );
}

export function SequenceDiagram({ page }: { readonly page: SegmentPage }): ReactNode {
  const directions = useMemo(() => {
    const placed = placeSegments(page.data);
    return { up: sequenceColumns(placed, 'to_server'), down: sequenceColumns(placed, 'to_client') };
  }, [page]);
  if (!page.published && page.data.length === 0) return <NotPublished />;
  if (page.data.length === 0) return <Empty>No segment of it is kept.</Empty>;
  return (
    <div className="charts">
      <Direction title="To the server" columns={directions.up} />
      <Direction title="To the client" columns={directions.down} />
    </div>
  );
}
