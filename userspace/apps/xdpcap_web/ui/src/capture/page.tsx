// The capture's own account: where every frame and message went, in a picture and in numbers that
// add up.
import { useMemo, type ReactNode } from 'react';
import { captureNow, gateway } from '../shared/api/gateway';
import type { Counter, GatewayStats, SensorStats } from '../shared/api/types';
import { ago, bitRate, count, date, memory, bytes, plural, rate } from '../shared/lib/format';
import {
  lossesOf,
  lostByUnit,
  rateOf,
  stagesByPlace,
  stagesOf,
  totalOf,
  verdictOf,
  type Verdict,
} from './ledger';
import { useStore } from '../shared/lib/store';
import { Empty, Facts, Failure, Notice } from '../shared/parts/bits';
import { change, useRoute } from '../shared/route';
import { AllCounters, Losses, StageCard } from './account';
import { FlowPicture } from './flow';
import { Rates } from './rates';

const sentences: Readonly<Record<Verdict, string>> = {
  closes: '✓ The ledger adds up: every frame and message is in exactly one line.',
  moving: '… Counting: traffic runs while the counters are read. At rest both sides are equal.',
  off: '✕ The ledger does not add up: see the stages marked so.',
};

function Tile({
  name,
  value,
  more,
}: {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
}): ReactNode {
  return (
    <div className="tile">
      <span className="tile-name">{name}</span>
      <b>{value}</b>
      <span className="dim">{more ?? ''}</span>
    </div>
  );
}

function Tiles({
  counters,
  lost,
}: {
  readonly counters: readonly Counter[];
  readonly lost: ReadonlyMap<string, number>;
}): ReactNode {
  const [first, ...others] = [...lost].filter(([, value]) => value > 0);
  const messages = ['http_requests', 'http_responses', 'http_interim_responses'];
  const open =
    totalOf(counters, 'flows_opened') -
    ['fin', 'rst', 'timeout', 'capture', 'evicted', 'reused'].reduce(
      (sum, why) => sum + totalOf(counters, `flows_closed_${why}`),
      0,
    );
  return (
    <div className="tiles">
      <Tile
        name="Frames"
        value={rate(rateOf(counters, 'frames_received'))}
        more={`${count(totalOf(counters, 'frames_received'))} received`}
      />
      <Tile
        name="Traffic"
        value={bitRate(rateOf(counters, 'bytes_received'))}
        more={bytes(totalOf(counters, 'bytes_received'))}
      />
      <Tile
        name="Messages"
        value={rate(rateOf(counters, ...messages))}
        more={`${count(messages.reduce((sum, name) => sum + totalOf(counters, name), 0))} in all`}
      />
      <Tile
        name="Connections"
        value={count(Math.max(0, open))}
        more={`${count(totalOf(counters, 'flows_opened'))} seen`}
      />
      <Tile
        name="Lost"
        value={first ? plural(first[1], first[0].slice(0, -1)) : '0'}
        more={
          first
            ? [
                ...others.map(([unit, value]) => plural(value, unit.slice(0, -1))),
                'see below',
              ].join(', ')
            : 'nothing'
        }
      />
    </div>
  );
}

function SensorState({ sensor }: { readonly sensor: SensorStats }): ReactNode {
  if (sensor.ended)
    return (
      <Notice kind="warn">
        This engine has ended; these are its last figures, of {date(sensor.at)}.
      </Notice>
    );
  if (sensor.stale)
    return (
      <Notice kind="warn">
        This engine has not reported since {date(sensor.at)} ({ago(sensor.at, captureNow())}).
      </Notice>
    );
  return null;
}

function GatewayFacts({ of }: { readonly of: GatewayStats }): ReactNode {
  const { history } = of;
  return (
    <section>
      <h2>Gateway</h2>
      <Facts
        rows={[
          ['Memory', `${memory(of.bytes)} of ${memory(of.memory_max)}`],
          [
            'Kept',
            `${plural(of.exchanges, 'exchange')}, ${plural(of.connections, 'connection')}` +
              (of.oldest === null ? '' : ` since ${date(of.oldest)}`),
          ],
          ['Event streams', count(of.streams)],
          ['Batches lost, damaged', `${count(of.lost_batches)}, ${count(of.damaged)}`],
          ['Exchanges dropped', `${count(of.dropped_exchanges)} (memory was full)`],
          [
            'History',
            history
              ? `${history.file}: ${plural(history.exchanges, 'exchange')}, ` +
                `${bytes(history.bytes)} of ${bytes(history.size_max)}, ` +
                `${count(history.dropped)} dropped`
              : 'off',
          ],
        ]}
      />
      {history?.error && <Notice kind="bad">History: {history.error}</Notice>}
    </section>
  );
}

function SensorAccount({ sensor }: { readonly sensor: SensorStats }): ReactNode {
  const { points } = useStore(gateway);
  const account = useMemo(() => {
    // The last figures of an engine that does not report are no rates of now; whether they close is
    // shown as they were.
    const silent = sensor.stale || sensor.ended;
    const counters = silent
      ? sensor.counters.map((counter) => ({ ...counter, rate: 0 }))
      : sensor.counters;
    const losses = lossesOf(counters);
    return {
      counters,
      losses,
      stages: stagesOf(counters),
      places: stagesByPlace(counters),
      verdict: verdictOf(stagesOf(sensor.counters)),
      lost: lostByUnit(losses),
    };
  }, [sensor]);
  const { counters, stages, places, losses, verdict } = account;
  return (
    <>
      <SensorState sensor={sensor} />
      <Tiles counters={counters} lost={account.lost} />
      <p
        className={`ledger-verdict ${verdict}`}
        data-verdict={verdict}
        data-lossy={losses.length > 0}
        role="status"
      >
        {sentences[verdict]}
        {losses.length > 0 && ' Some of them were lost: see below.'}
      </p>
      <h2>Where every frame went</h2>
      {stages.length === 0 ? (
        <Empty>This engine has reported no counters yet.</Empty>
      ) : (
        <FlowPicture stages={stages} />
      )}
      <h2>Losses</h2>
      <Losses losses={losses} />
      <h2>Rates</h2>
      <Rates points={points} sensor={sensor.sensor} />
      <h2>The account</h2>
      <div className="stages">
        {stages.map((stage) => (
          <StageCard key={stage.id} stage={stage} />
        ))}
      </div>
      {places.length > 0 && (
        <details className="places">
          <summary>By interface and queue</summary>
          <div className="stages">
            {places.map((stage) => (
              <StageCard key={`${stage.id} ${stage.where}`} stage={stage} />
            ))}
          </div>
        </details>
      )}
      <AllCounters counters={counters} />
      <h2>Engine</h2>
      <Facts
        rows={[
          ['Sensor', sensor.sensor],
          ['Started', date(sensor.epoch)],
          ['Publishes', sensor.publishes.join(', ') || 'nothing yet'],
          ['Batches lost on the way here', count(sensor.lost_batches)],
          [
            'Endpoints',
            <ul key="e" className="plain">
              {sensor.endpoints.map((one) => (
                <li key={one.endpoint}>
                  <code>{one.endpoint}</code>{' '}
                  {`${count(one.published)} batches, ${count(one.dropped)} dropped`}
                </li>
              ))}
            </ul>,
          ],
        ]}
      />
    </>
  );
}

export function CapturePage(): ReactNode {
  const { values } = useRoute();
  const { stats, error } = useStore(gateway);
  if (!stats)
    return (
      <div className="scroll">
        <Failure error={error} />
        {!error && <Empty>loading…</Empty>}
      </div>
    );
  const sensor = stats.sensors.find((one) => one.sensor === values['sensor']) ?? stats.sensors[0];
  return (
    <div className="scroll">
      <Failure error={error} />
      {(stats.health?.problems ?? []).map((problem) => (
        <Notice key={`${problem.name} ${problem.sensor} ${problem.interface}`} kind="bad">
          {[problem.sensor, problem.interface].filter((one) => one !== null).join(' ')}
          {(problem.sensor ?? problem.interface) ? ': ' : ''}
          {problem.message}
        </Notice>
      ))}
      {stats.sensors.length > 1 && (
        <label className="sensor-choice">
          Engine{' '}
          <select
            value={sensor?.sensor ?? ''}
            onChange={(event) => change({ sensor: event.target.value })}
          >
            {stats.sensors.map((one) => (
              <option key={one.sensor} value={one.sensor}>
                {one.sensor}
              </option>
            ))}
          </select>
        </label>
      )}
      {sensor ? (
        <SensorAccount sensor={sensor} />
      ) : (
        <Empty>
          No engine reports. Start one: <code>xdpcap-run -i eth0</code>
        </Empty>
      )}
      <GatewayFacts of={stats.gateway} />
    </div>
  );
}
