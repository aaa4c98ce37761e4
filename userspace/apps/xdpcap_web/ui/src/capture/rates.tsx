// Rates of one sensor over the last ten minutes that this page was open.
import { useMemo, type ReactNode } from 'react';
import { rateKey, type StatsPoint } from '../shared/api/gateway';
import { bitRate, rate } from '../shared/lib/format';
import { lossNames } from './ledger';
import { Empty } from '../shared/parts/bits';
import { Chart } from '../shared/parts/chart';

export function Rates({
  points,
  sensor,
}: {
  readonly points: readonly StatsPoint[];
  readonly sensor: string;
}): ReactNode {
  const columns = useMemo(() => {
    const of = (...names: string[]): (number | null)[] =>
      points.map((point) => {
        const known = names
          .map((name) => point.rates[rateKey(sensor, name)])
          .filter((value) => value !== undefined);
        return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
      });
    return {
      time: points.map((point) => point.time),
      frames: of('frames_received'),
      segments: of('decode_segments'),
      seen: of('xdp_seen'),
      bytes: of('bytes_received'),
      requests: of('http_requests'),
      responses: of('http_responses'),
      published: of('publish_messages_published'),
      lost: of(...lossNames),
    };
  }, [points, sensor]);
  if (points.length < 2) return <Empty>collecting…</Empty>;
  return (
    <div className="charts">
      <Chart
        title="Frames"
        time={columns.time}
        format={rate}
        series={[
          { label: 'seen by XDP', colour: '--dim', values: columns.seen },
          { label: 'received', colour: '--blue', values: columns.frames },
          { label: 'TCP segments', colour: '--good', values: columns.segments },
        ]}
      />
      <Chart
        title="Bytes received"
        time={columns.time}
        format={bitRate}
        series={[{ label: 'bytes', colour: '--blue', values: columns.bytes }]}
      />
      <Chart
        title="Messages"
        time={columns.time}
        format={rate}
        series={[
          { label: 'requests', colour: '--blue', values: columns.requests },
          { label: 'responses', colour: '--good', values: columns.responses },
          { label: 'published', colour: '--violet', values: columns.published, dashed: true },
        ]}
      />
      <Chart
        title="Lost, of any cause"
        time={columns.time}
        format={rate}
        series={[{ label: 'lost', colour: '--bad', values: columns.lost }]}
      />
    </div>
  );
}
