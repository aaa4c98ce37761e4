// One exchange, opened: everything that is known of it.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { connectionPath, getText, messagePath } from '../shared/api/client';
import type { ExchangeDetail, SegmentPage } from '../shared/api/types';
import { usePoll } from '../shared/api/use_poll';
import { captureNow } from '../shared/api/gateway';
import { date, duration, bytes } from '../shared/lib/format';
import { whyNoRequest, whyNoResponse } from './outcome';
import { CopyButton, Empty, Failure, Flags, Status, Tabs, type Tab } from '../shared/parts/bits';
import { Ladder } from '../shared/parts/ladder';
import { Processes, TcpFacts } from '../shared/parts/tcp_facts';
import { formatRoute } from '../shared/route';
import { HalfView, RawView } from './half';
import { Timing } from './timing';

// Asked again while its response is on the way, and some times more: who sent it may be known only
// after it was.
const again_ms = 1000;
const answersMin = 5;

function Packets({ exchange }: { readonly exchange: ExchangeDetail }): ReactNode {
  const { answer, error } = usePoll<SegmentPage>(
    connectionPath(exchange.connection, '/segments'),
    [],
    0,
  );
  if (error) return <Failure error={error} />;
  if (!answer) return <Empty>loading…</Empty>;
  const { request, response } = exchange;
  // A hair more on both ends: times are rounded.
  const from = (request?.first ?? response?.first ?? exchange.time) - 0.01;
  const to = (response?.last ?? request?.last ?? Infinity) + 0.01;
  return <Ladder page={answer} connection={exchange.tcp} ends={exchange} from={from} to={to} />;
}

type OnWord = (name: string, value: string) => void;

function Words({
  exchange,
  onWord,
}: {
  readonly exchange: ExchangeDetail;
  readonly onWord: OnWord;
}): ReactNode {
  const words: [string, string][] = [];
  if (exchange.host) words.push(['host', exchange.host]);
  if (exchange.target) words.push(['path', exchange.target.split('?')[0] ?? exchange.target]);
  if (exchange.status) words.push(['status', String(exchange.status)]);
  words.push(['connection', exchange.connection], ['sensor', exchange.sensor]);
  return (
    <div className="chips" aria-label="Add to the filter">
      {words.map(([name, value]) => (
        <button
          key={name}
          type="button"
          className="chip"
          title={`Filter by ${name}:${value}`}
          onClick={() => onWord(name, value)}
        >
          + {name}
        </button>
      ))}
    </div>
  );
}

function Head({
  exchange,
  onClose,
  onWord,
}: {
  readonly exchange: ExchangeDetail;
  readonly onClose: () => void;
  readonly onWord: OnWord;
}): ReactNode {
  return (
    <header className="detail-head">
      <div className="detail-title">
        <Status status={exchange.status} />
        <b>{exchange.method || '–'}</b>
        <span className="detail-target">
          {exchange.host ?? ''}
          {exchange.target ?? ''}
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
      <p className="dim">
        {date(exchange.time)} · latency {duration(exchange.latency_ms)} ·{' '}
        {bytes(exchange.request_bytes)} up, {bytes(exchange.response_bytes)} down{' '}
        <Flags flags={exchange.flags} />
      </p>
      <div className="buttons">
        {exchange.request && exchange.method !== '' && (
          <>
            <CopyButton
              label="Copy as curl"
              text={() => getText(messagePath(exchange.id, '/curl'))}
            />
            <a
              className="button small"
              href={messagePath(exchange.id, '.har')}
              download={`${exchange.id}.har`}
            >
              HAR
            </a>
          </>
        )}
        <a
          className="button small"
          href={formatRoute('connections', { open: exchange.connection })}
        >
          Connection
        </a>
        <Words exchange={exchange} onWord={onWord} />
      </div>
    </header>
  );
}

function tabsOf(exchange: ExchangeDetail, onWord: OnWord): Tab[] {
  const interim = exchange.interim.map((half, index): [string, typeof half] => [
    `Interim response ${index + 1}`,
    half,
  ]);
  return [
    {
      id: 'request',
      label: 'Request',
      content: () => <HalfView half={exchange.request} missing={whyNoRequest(exchange)} />,
    },
    {
      id: 'response',
      label: 'Response',
      content: () => (
        <>
          {interim.map(([name, half]) => (
            <details key={name}>
              <summary>
                {name}: {half.start_line}
              </summary>
              <HalfView half={half} missing="" />
            </details>
          ))}
          <HalfView half={exchange.response} missing={whyNoResponse(exchange, captureNow())} />
        </>
      ),
    },
    { id: 'timing', label: 'Timing', content: () => <Timing exchange={exchange} /> },
    {
      id: 'tcp',
      label: 'TCP',
      content: () =>
        exchange.tcp ? (
          <TcpFacts connection={exchange.tcp} />
        ) : (
          <Empty>The connection is not kept any more.</Empty>
        ),
    },
    { id: 'packets', label: 'Packets', content: () => <Packets exchange={exchange} /> },
    {
      id: 'process',
      label: 'Process',
      content: () => <Processes ends={exchange} onFilter={(pid) => onWord('process', pid)} />,
    },
    {
      id: 'raw',
      label: 'Raw',
      content: () => (
        <RawView
          halves={[['Request', exchange.request], ...interim, ['Response', exchange.response]]}
        />
      ),
    },
  ];
}

let lastTab = 'response';

export function Detail({
  id,
  onClose,
  onWord,
}: {
  readonly id: string;
  readonly onClose: () => void;
  readonly onWord: OnWord;
}): ReactNode {
  const [tab, setTab] = useState(lastTab);
  const [whole, setWhole] = useState(false);
  const { answer, error } = usePoll<{ data: ExchangeDetail }>(
    messagePath(id),
    [],
    whole ? 0 : again_ms,
  );
  const exchange = answer?.data ?? null;
  const answers = useRef(0);
  useEffect(() => {
    if (!exchange) return;
    answers.current += 1;
    if ((exchange.response?.complete || exchange.tcp?.closed) && answers.current >= answersMin)
      setWhole(true);
  }, [exchange]);
  const choose = (chosen: string): void => {
    lastTab = chosen;
    setTab(chosen);
  };
  return (
    <aside className="detail" aria-label="Exchange">
      {!exchange && (
        <header className="detail-head">
          <div className="detail-title">
            <span className="detail-target">{id}</span>
            <button type="button" className="icon close" aria-label="Close" onClick={onClose}>
              ×
            </button>
          </div>
        </header>
      )}
      <Failure error={error} />
      {!exchange && !error && <Empty>loading…</Empty>}
      {exchange && (
        <>
          <Head exchange={exchange} onClose={onClose} onWord={onWord} />
          <Tabs
            label="Parts of the exchange"
            tabs={tabsOf(exchange, onWord)}
            chosen={tab}
            onChoose={choose}
          />
        </>
      )}
    </aside>
  );
}
