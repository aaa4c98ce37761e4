// Where the time of an exchange went, as bars on one scale.
import type { ReactNode } from 'react';
import type { ExchangeDetail, Half } from '../shared/api/types';
import { clock, duration } from '../shared/lib/format';
import { isFirst } from './outcome';
import { Facts } from '../shared/parts/bits';

interface Span {
  readonly name: string;
  readonly what: string;
  readonly ms: number | null;
  readonly kind: string;
}

function began({ first, last }: Half): string {
  return last > first ? `${clock(first)}, ${duration(last - first)} long` : clock(first);
}

export function Timing({ exchange }: { readonly exchange: ExchangeDetail }): ReactNode {
  const { timing, request, response, tcp } = exchange;
  // The handshake was for the first exchange; those after it on the same connection did not wait
  // for it.
  const handshake: readonly Span[] = isFirst(exchange)
    ? [
        {
          name: 'Handshake, server',
          what: 'SYN to SYN-ACK; at the start of the connection',
          ms: timing.handshake_server_ms,
          kind: 'setup',
        },
        {
          name: 'Handshake, client',
          what: 'SYN-ACK to ACK',
          ms: timing.handshake_client_ms,
          kind: 'setup',
        },
      ]
    : [];
  const spans: readonly Span[] = [
    ...handshake,
    { name: 'Send', what: 'first to last byte of the request', ms: timing.send_ms, kind: 'send' },
    {
      name: 'Wait',
      what: 'last byte of the request to first of the response',
      ms: timing.wait_ms,
      kind: 'wait',
    },
    {
      name: 'Receive',
      what: 'first to last byte of the response',
      ms: timing.receive_ms,
      kind: 'receive',
    },
  ];
  const all = spans.reduce((sum, span) => sum + Math.max(0, span.ms ?? 0), 0) || 1;
  let begin = 0;
  return (
    <>
      <div className="timing" role="list" aria-label="Timing">
        {spans.map((span) => {
          const width = (Math.max(0, span.ms ?? 0) / all) * 100;
          const left = begin;
          begin += width;
          return (
            <div key={span.name} className="timing-row" role="listitem">
              <span className="timing-name" title={span.what}>
                {span.name}
              </span>
              <span className="timing-track">
                <span
                  className={`timing-bar ${span.kind}`}
                  style={{
                    left: `${left}%`,
                    width: `max(2px, ${width}%)`,
                    visibility: span.ms === null ? 'hidden' : 'visible',
                  }}
                />
              </span>
              <span className="number">{duration(span.ms)}</span>
            </div>
          );
        })}
      </div>
      <Facts
        rows={[
          ['Total', duration(timing.total_ms)],
          ['Request', request ? began(request) : 'not seen'],
          ['Response', response ? began(response) : 'not seen'],
          ['Round trip, wire', duration(tcp?.wire_rtt_ms)],
          ['Round trip, kernel', duration(tcp?.kernel_rtt_ms)],
        ]}
      />
    </>
  );
}
