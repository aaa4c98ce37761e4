// The columns of the sequence diagram: one row for each segment, of either direction.
import type { TcpSegment } from '../shared/api/types';
import type { PlacedSegment } from '../shared/lib/seq';

export interface Columns {
  readonly time: number[]; // ms since the first segment
  readonly sent: (number | null)[]; // the end of each segment
  readonly acked: (number | null)[]; // what the other side had acknowledged
  readonly again: (number | null)[]; // sent again, or out of order
}

export function sequenceColumns(
  placed: readonly PlacedSegment<TcpSegment>[],
  direction: TcpSegment['direction'],
): Columns {
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
