// A request or a response: its start line, headers, body.
import type { ReactNode } from 'react';
import type { Half } from '../shared/api/types';
import { BodyView } from '../shared/parts/body';
import { Flags, Notice } from '../shared/parts/bits';
import { clock, duration } from '../shared/lib/format';
import { whyCut } from './outcome';

function Fields({
  label,
  fields,
}: {
  readonly label: string;
  readonly fields: readonly (readonly [string, string])[];
}): ReactNode {
  return (
    <table className="fields" aria-label={label}>
      <tbody>
        {fields.map(([name, value], index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function HalfView({
  half,
  missing,
}: {
  readonly half: Half | null;
  readonly missing: string;
}): ReactNode {
  if (half === null) return <p className="dim">{missing}</p>;
  const cut = whyCut(half);
  return (
    <>
      <p className="start-line">{half.start_line}</p>
      <p className="dim">
        {clock(half.first)}
        {half.last > half.first ? `, ${duration(half.last - half.first)} long` : ''} · framing{' '}
        {half.framing.replaceAll('_', ' ')} <Flags flags={half.flags} />
      </p>
      {cut !== null && <Notice kind={half.end === 'rst' ? 'bad' : 'warn'}>{cut}</Notice>}
      {half.masked && (
        <Notice>
          Secret values are masked with * before they leave the engine (xdpcap-run --reveal shows
          them).
        </Notice>
      )}
      <Fields label="Headers" fields={half.headers} />
      <BodyView half={half} />
      {half.trailers.length > 0 && (
        <>
          <h3>Trailers</h3>
          <Fields label="Trailers" fields={half.trailers} />
        </>
      )}
    </>
  );
}

// The head byte for byte, as Latin-1 characters. Whether the start line is part of `head` or
// beside it, it is shown once.
function headOf(half: Half): string {
  return half.head.startsWith(half.start_line) ? half.head : `${half.start_line}\r\n${half.head}`;
}

export function RawView({
  halves,
}: {
  readonly halves: readonly (readonly [string, Half | null])[];
}): ReactNode {
  return halves.map(
    ([name, half], index) =>
      half && (
        <section key={index}>
          <h3>{name}</h3>
          <pre className="raw" tabIndex={0}>
            {headOf(half)}
          </pre>
          <BodyView half={half} />
        </section>
      ),
  );
}
