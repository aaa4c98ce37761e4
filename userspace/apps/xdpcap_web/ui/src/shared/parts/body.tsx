// A body: as text, pretty where it is JSON; a picture of four known formats; else bytes as hexdump
// shows them.
import { useMemo, useState, type ReactNode } from 'react';
import type { Body, Half } from '../api/types';
import { count, bytes, plural } from '../lib/format';
import { bytesOfBase64, hexRow, hexRows, imageType, prettyJson } from '../lib/hex';
import { CopyButton, Notice } from './bits';
import { VirtualList } from './virtual_list';

const shownFirst = 200_000; // characters; more on request
const prettyMost = 1_000_000;

function Hex({ bytes }: { readonly bytes: Uint8Array }): ReactNode {
  const rows = hexRows(bytes);
  return (
    <VirtualList
      className="hex"
      label="Bytes"
      count={rows}
      rowHeight={18}
      row={(index) => {
        const row = hexRow(bytes, index);
        return (
          <div key={index} role="row" className="hex-row">
            <span role="gridcell" className="offset">
              {row.offset}
            </span>
            <span role="gridcell">{row.hex}</span>
            <span role="gridcell" className="ascii">
              {row.text}
            </span>
          </div>
        );
      }}
    />
  );
}

function Text({ text }: { readonly text: string }): ReactNode {
  const [all, setAll] = useState(false);
  const cut = !all && text.length > shownFirst;
  return (
    <>
      <pre className="body-text" tabIndex={0}>
        {cut ? text.slice(0, shownFirst) : text}
      </pre>
      {cut && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {count(text.length)} characters
        </button>
      )}
    </>
  );
}

type Way = 'pretty' | 'text' | 'picture' | 'hex';

interface Shown {
  readonly ways: readonly Way[];
  readonly pretty: string | null;
  readonly picture: string | null; // a data: address
  readonly bytes: Uint8Array;
}

function shownOf(body: Body): Shown {
  if (body.text !== null) {
    const pretty = body.text.length <= prettyMost ? prettyJson(body.text) : null;
    return {
      ways: pretty === null ? ['text', 'hex'] : ['pretty', 'text', 'hex'],
      pretty,
      picture: null,
      bytes: new TextEncoder().encode(body.text),
    };
  }
  const bytes = bytesOfBase64(body.base64 ?? '');
  const type = imageType(bytes);
  return {
    ways: type === null ? ['hex'] : ['picture', 'hex'],
    pretty: null,
    bytes,
    picture: type === null ? null : `data:${type};base64,${body.base64 ?? ''}`,
  };
}

function about(body: Body): string {
  const coded = body.encoding.length > 0 ? `${body.encoding.join(', ')}: ` : '';
  return body.decoded && body.encoding.length > 0
    ? `${coded}${bytes(body.bytes)} → ${bytes(body.decoded_bytes)}`
    : `${coded}${bytes(body.bytes)}`;
}

export function BodyView({ half }: { readonly half: Half }): ReactNode {
  const { body } = half;
  const shown = useMemo(() => shownOf(body), [body]);
  const [chosen, setChosen] = useState<Way | null>(null);
  const empty = (body.text ?? body.base64 ?? '') === '';
  if (empty && half.body_length === 0) return <p className="dim">no body</p>;
  const way = chosen !== null && shown.ways.includes(chosen) ? chosen : shown.ways[0]!;
  return (
    <section className="body" aria-label="Body">
      <div className="body-bar">
        <h3>
          Body <span className="dim">{about(body)}</span>
        </h3>
        <div className="buttons">
          {shown.ways.map((one) => (
            <button
              key={one}
              type="button"
              className="small"
              aria-pressed={one === way}
              onClick={() => setChosen(one)}
            >
              {one}
            </button>
          ))}
          {body.text !== null && (
            <CopyButton
              label="copy"
              text={() => (way === 'pretty' ? shown.pretty : null) ?? body.text ?? ''}
            />
          )}
        </div>
      </div>
      {body.error !== null && <Notice kind="warn">Shown as it came: {body.error}</Notice>}
      {half.flags.includes('truncated') && (
        <Notice kind="warn">
          The engine kept the first {bytes(body.bytes)} of {bytes(half.body_length)} (
          <code>xdpcap-run --max-body</code>).
        </Notice>
      )}
      {body.cut && (
        <Notice kind="warn">Only the first {bytes(body.decoded_bytes)} are shown.</Notice>
      )}
      {half.gaps.length > 0 && (
        <Notice kind="bad">
          {plural(half.gaps.length, 'gap')}:{' '}
          {half.gaps
            .slice(0, 8)
            .map((gap) => `${bytes(gap.length)} at ${count(gap.offset)} (${gap.cause})`)
            .join(', ')}
        </Notice>
      )}
      {way === 'pretty' && <Text text={shown.pretty ?? ''} />}
      {way === 'text' && <Text text={body.text ?? ''} />}
      {way === 'hex' && <Hex bytes={shown.bytes} />}
      {way === 'picture' && shown.picture !== null && (
        <img className="picture" src={shown.picture} alt={`Body of ${bytes(body.bytes)}`} />
      )}
    </section>
  );
}
