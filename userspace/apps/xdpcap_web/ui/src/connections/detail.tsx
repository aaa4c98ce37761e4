// One connection, opened: its course over time, its segments, both its ends.
import { useState, type ReactNode } from 'react';
import { connectionPath } from '../shared/api/client';
import type { ConnectionDetail, SegmentPage } from '../shared/api/types';
import { usePoll } from '../shared/api/use_poll';
import { bitRate, count, duration, bytes, plural, short } from '../shared/lib/format';
import { captureNow } from '../shared/api/gateway';
import { quoteWord } from '../shared/lib/filter';
import { Empty, Failure, Flags, Tabs, type Tab } from '../shared/parts/bits';
import { Chart } from '../shared/parts/chart';
import { Ladder } from '../shared/parts/ladder';
import { ageOf, Processes, TcpFacts } from '../shared/parts/tcp_facts';
import { formatRoute } from '../shared/route';
import { SequenceDiagram } from './sequence';

const poll_ms = 1000;

function Graphs({ connection }: { readonly connection: ConnectionDetail }): ReactNode {
  const { series } = connection;
  if (series.time.length < 2)
    return (
      <Empty>
        A graph needs two points, and there is one for each second with a segment; this connection
        has {series.time.length === 1 ? 'one' : 'none'} yet.
      </Empty>
    );
  return (
    <div className="charts">
      <Chart
        title="Round trip"
        time={series.time}
        format={duration}
        series={[
          { label: 'wire', colour: '--blue', values: series.wire_rtt_ms },
          { label: 'kernel', colour: '--violet', values: series.kernel_rtt_ms },
        ]}
      />
      <Chart
        title="Rate"
        time={series.time}
        format={bitRate}
        series={[
          { label: 'to server', colour: '--blue', values: series.to_server_rate },
          { label: 'to client', colour: '--good', values: series.to_client_rate },
        ]}
      />
      <Chart
        title="In flight and window"
        time={series.time}
        format={bytes}
        whole
        series={[
          { label: 'to server in flight', colour: '--blue', values: series.to_server_in_flight },
          { label: 'to client in flight', colour: '--good', values: series.to_client_in_flight },
          // A window limits what the other side sends: the server's stands beside what goes to the
          // server.
          {
            label: 'server’s window',
            colour: '--blue',
            values: series.to_client_window,
            dashed: true,
          },
          {
            label: 'client’s window',
            colour: '--good',
            values: series.to_server_window,
            dashed: true,
          },
        ]}
      />
      <Chart
        title="Congestion window, segments"
        time={series.time}
        format={short}
        whole
        series={[{ label: 'cwnd', colour: '--amber', values: series.cwnd }]}
      />
      <Chart
        title="Retransmits"
        time={series.time}
        format={count}
        whole
        series={[{ label: 'retransmits', colour: '--bad', values: series.retransmits }]}
      />
    </div>
  );
}

function Segments({
  id,
  connection,
  view,
}: {
  readonly id: string;
  readonly connection: ConnectionDetail;
  readonly view: 'ladder' | 'sequence';
}): ReactNode {
  const { answer, error } = usePoll<SegmentPage>(
    connectionPath(id, '/segments'),
    [],
    connection.closed ? 0 : 2000,
  );
  if (error && !answer) return <Failure error={error} />;
  if (!answer) return <Empty>loading…</Empty>;
  return view === 'ladder' ? (
    <Ladder page={answer} connection={connection} />
  ) : (
    <SequenceDiagram page={answer} />
  );
}

function tabsOf(id: string, connection: ConnectionDetail): Tab[] {
  return [
    { id: 'graphs', label: 'Graphs', content: () => <Graphs connection={connection} /> },
    {
      id: 'sequence',
      label: 'Sequence',
      content: () => <Segments id={id} connection={connection} view="sequence" />,
    },
    {
      id: 'ladder',
      label: 'Ladder',
      content: () => <Segments id={id} connection={connection} view="ladder" />,
    },
    { id: 'tcp', label: 'TCP', content: () => <TcpFacts connection={connection} /> },
    { id: 'process', label: 'Process', content: () => <Processes ends={connection} /> },
  ];
}

export function ConnectionView({
  id,
  onClose,
}: {
  readonly id: string;
  readonly onClose: () => void;
}): ReactNode {
  const [tab, setTab] = useState('graphs');
  const [ended, setEnded] = useState(false);
  const { answer, error } = usePoll<{ data: ConnectionDetail }>(
    connectionPath(id),
    [],
    ended ? 0 : poll_ms,
  );
  const connection = answer?.data ?? null;
  if (connection?.closed && !ended) setEnded(true);
  return (
    <aside className="detail" aria-label="Connection">
      <header className="detail-head">
        <div className="detail-title">
          <span className="detail-target">
            {connection ? `${connection.client} → ${connection.server}` : id}
          </span>
          <button
            type="button"
            className="icon close"
            aria-label="Close"
            title="Close (Esc)"
            onClick={onClose}
          >
            ×
          </button>
        </div>
        {connection && (
          <>
            <p className="dim">
              {connection.closed ? `closed by ${connection.close}` : 'open'} ·{' '}
              {duration(ageOf(connection, captureNow()))} ·{' '}
              {bytes(connection.to_server.payload_bytes)} up,{' '}
              {bytes(connection.to_client.payload_bytes)} down <Flags flags={connection.flags} />
            </p>
            <div className="buttons">
              <a
                className="button small"
                href={formatRoute('live', { q: quoteWord('connection', connection.id) })}
              >
                {plural(connection.messages, 'message')}
              </a>
            </div>
          </>
        )}
      </header>
      <Failure error={error} />
      {!connection && !error && <Empty>loading…</Empty>}
      {connection && (
        <Tabs
          label="Parts of the connection"
          tabs={tabsOf(id, connection)}
          chosen={tab}
          onChoose={setTab}
        />
      )}
    </aside>
  );
}
