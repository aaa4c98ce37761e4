// The ledger in numbers: each stage with its parts, their sum, and whether it closes.
import type { ReactNode } from 'react';
import type { Counter } from '../shared/api/types';
import { count, rate } from '../shared/lib/format';
import { isExplained, type Loss, type Stage, type Verdict } from './ledger';

const verdictWords: Readonly<Record<Verdict, string>> = {
  closes: 'adds up',
  moving: 'counting',
  off: 'does not add up',
};

function VerdictMark({ stage }: { readonly stage: Stage }): ReactNode {
  const { verdict, difference } = stage;
  const title =
    verdict === 'moving'
      ? 'Counters are read one after the other while traffic runs; at rest both sides are equal'
      : '';
  return (
    <span className={`verdict ${verdict}`} title={title}>
      {verdict === 'closes' ? '✓ ' : verdict === 'off' ? '✕ ' : '… '}
      {verdictWords[verdict]}
      {difference === 0 ? '' : ` (${difference > 0 ? '+' : ''}${count(difference)})`}
    </span>
  );
}

function Bar({ stage }: { readonly stage: Stage }): ReactNode {
  const most = Math.max(stage.total, stage.sum, 1);
  return (
    <div className="stage-bar" aria-hidden="true">
      {stage.parts
        .filter((part) => part.value > 0)
        .map((part) => (
          <span
            key={part.label}
            className={part.kind}
            style={{ width: `max(2px, ${(part.value / most) * 100}%)` }}
          />
        ))}
    </div>
  );
}

export function StageCard({ stage }: { readonly stage: Stage }): ReactNode {
  const quiet = stage.parts.filter((part) => part.value === 0);
  return (
    <section className="stage" aria-label={`${stage.title}${stage.where ? ` ${stage.where}` : ''}`}>
      <h3>
        {stage.title} {stage.where && <span className="dim">{stage.where}</span>}{' '}
        <VerdictMark stage={stage} />
      </h3>
      <Bar stage={stage} />
      <table className="sum">
        <tbody>
          <tr className="total">
            <th scope="row">{stage.totalLabel}</th>
            <td>{count(stage.total)}</td>
            <td className="dim">{rate(stage.totalRate)}</td>
          </tr>
          {stage.parts
            .filter((part) => part.value > 0)
            .map((part) => (
              <tr key={part.label} className={part.kind}>
                <th scope="row">
                  <span className="key" aria-hidden="true" />
                  {part.label}
                  {part.kind === 'loss' ? ' (lost)' : part.kind === 'bad' ? ' (faulty)' : ''}
                </th>
                <td>{count(part.value)}</td>
                <td className="dim">{rate(part.rate)}</td>
              </tr>
            ))}
          <tr className="total">
            <th scope="row">sum of the parts</th>
            <td>{count(stage.sum)}</td>
            <td />
          </tr>
        </tbody>
      </table>
      {quiet.length > 0 && (
        <p className="dim zeroes">none: {quiet.map((part) => part.label).join(', ')}</p>
      )}
    </section>
  );
}

export function Losses({ losses }: { readonly losses: readonly Loss[] }): ReactNode {
  if (losses.length === 0)
    return (
      <p className="no-loss">
        <span aria-hidden="true">✓</span> Nothing was lost by this capture.
      </p>
    );
  return (
    <table className="losses" aria-label="Losses">
      <thead>
        <tr>
          <th scope="col">Lost here</th>
          <th scope="col">Where</th>
          <th scope="col" className="number">
            Total
          </th>
          <th scope="col" className="number">
            Now
          </th>
        </tr>
      </thead>
      <tbody>
        {losses.map((loss) => (
          <tr key={`${loss.name} ${loss.where}`}>
            <th scope="row">✕ {loss.label}</th>
            <td>{loss.where ?? 'engine'}</td>
            <td className="number">{count(loss.value)}</td>
            <td className="number">{rate(loss.rate)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function AllCounters({ counters }: { readonly counters: readonly Counter[] }): ReactNode {
  const rows = [...counters].sort(
    (a, b) =>
      a.name.localeCompare(b.name) ||
      (a.interface ?? '').localeCompare(b.interface ?? '') ||
      (a.queue ?? -1) - (b.queue ?? -1),
  );
  return (
    <details className="all-counters">
      <summary>All {count(rows.length)} counters</summary>
      <table aria-label="All counters">
        <thead>
          <tr>
            <th scope="col">Counter</th>
            <th scope="col">Where</th>
            <th scope="col" className="number">
              Value
            </th>
            <th scope="col" className="number">
              Rate
            </th>
            <th scope="col">In the picture</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={`${row.name} ${row.interface} ${row.queue}`}
              className={row.value === 0 ? 'dim' : ''}
            >
              <th scope="row">
                <code>{row.name}</code>
              </th>
              <td>
                {row.interface === null
                  ? 'engine'
                  : row.queue === null
                    ? row.interface
                    : `${row.interface} queue ${row.queue}`}
              </td>
              <td className="number">{count(row.value)}</td>
              <td className="number">{rate(row.rate)}</td>
              <td>{isExplained(row.name) ? 'yes' : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
