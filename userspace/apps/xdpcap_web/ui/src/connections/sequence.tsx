// Time against sequence number, one line for each direction: slopes are rates, steps back are
// retransmissions, flat stretches are waits.
import { useMemo, type ReactNode } from 'react';
import type { SegmentPage } from '../shared/api/types';
import { duration, bytes } from '../shared/lib/format';
import { placeSegments } from '../shared/lib/seq';
import { Empty } from '../shared/parts/bits';
import { Chart } from '../shared/parts/chart';
import { NotPublished } from '../shared/parts/ladder';
import { sequenceColumns, type Columns } from './sequence_columns';

function Direction({
  title,
  columns,
}: {
  readonly title: string;
  readonly columns: Columns;
}): ReactNode {
  return (
    <Chart
      title={title}
      time={columns.time}
      format={bytes}
      xFormat={duration}
      height={230}
      whole
      series={[
        { label: 'acknowledged', colour: '--dim', values: columns.acked, stepped: true },
        { label: 'sent', colour: '--blue', values: columns.sent, stepped: true },
        {
          label: 'retransmitted or out of order',
          colour: '--bad',
          values: columns.again,
          dots: true,
        },
      ]}
    />
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
