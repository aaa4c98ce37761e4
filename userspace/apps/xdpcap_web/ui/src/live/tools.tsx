// The row above the list: filter, switches, figures.
import { useEffect, useState, type ReactNode, type RefObject } from 'react';
import { clock, count, plural } from '../shared/lib/format';
import { messageWords } from '../shared/lib/filter';
import { FilterBar } from '../shared/parts/filter_bar';
import { change } from '../shared/route';
import { feed, type FeedState } from './feed';
import { TimeRange } from './time_range';

const rates = [500, 2000, 5000];

interface Props {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly state: FeedState;
  readonly shown: number;
  readonly hasHistory: boolean;
  readonly inHistory: boolean;
  readonly past: {
    readonly searched: number;
    readonly total: number;
    readonly next: string | null;
  };
  readonly rate: number;
  readonly onRate: (rate: number) => void;
  readonly follow: boolean;
  readonly onFollow: () => void;
  readonly canOlder: boolean;
  readonly onOlder: () => void;
}

// How long a loss between engine and gateway is news.
const news_ms = 60_000;

function useIsNews(at: number | null): boolean {
  const [old, setOld] = useState<number | null>(null);
  useEffect(() => {
    if (at === null) return undefined;
    const timer = setTimeout(() => setOld(at), at + news_ms - Date.now());
    return () => clearTimeout(timer);
  }, [at]);
  return at !== null && at !== old;
}

function lossTitle(lost_at: number | null): string {
  const when = lost_at === null ? 'none while this page was open' : `the last at ${clock(lost_at)}`;
  return `Between engine and gateway, since the gateway began; ${when}`;
}

function Figures({ state, shown, inHistory, past }: Props): ReactNode {
  const isNews = useIsNews(state.lost_at);
  return (
    <div className="figures">
      <span title="Of those the gateway keeps and that fit; Load older brings the others">
        {plural(shown, 'row')}
        {!inHistory &&
          state.kept > shown &&
          state.dropped === 0 &&
          ` of ${state.counted ? '' : 'at least '}${count(state.kept)}`}
      </span>
      {inHistory && (
        <span>
          {past.next === null
            ? `all of ${count(past.total)}`
            : `${count(past.searched)} of ${count(past.total)}`}{' '}
          searched
        </span>
      )}
      {!inHistory && (
        <>
          {state.dropped > 0 && (
            <span title="The view keeps the newest 10,000 rows">
              {count(state.dropped)} dropped from view
            </span>
          )}
          {state.skipped > 0 && (
            <span
              className="warn"
              title="The record is whole; only this view is thinned to its rate"
            >
              {count(state.skipped)} skipped (view is sampled)
            </span>
          )}
          {state.lost > 0 && (
            <span className="bad" title="This page was too slow for its stream">
              {count(state.lost)} lost
            </span>
          )}
        </>
      )}
      {state.lost_batches > 0 && (
        <span className={isNews ? 'bad' : ''} title={lossTitle(state.lost_at)}>
          {plural(state.lost_batches, 'batch', 'batches')} lost
        </span>
      )}
    </div>
  );
}

function LiveButtons({ state, follow, onFollow, rate, onRate }: Props): ReactNode {
  return (
    <>
      <button
        type="button"
        aria-pressed={state.paused}
        onClick={() => (state.paused ? feed.goOn() : feed.pause())}
      >
        {state.paused ? `Resume${state.fresh > 0 ? ` (+${count(state.fresh)})` : ''}` : 'Pause'}
      </button>
      <button type="button" aria-pressed={follow && !state.paused} onClick={onFollow}>
        Follow
      </button>
      <label className="rate">
        at most{' '}
        <select value={rate} onChange={(event) => onRate(Number(event.target.value))}>
          {rates.map((one) => (
            <option key={one} value={one}>
              {count(one)}/s
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

export function Tools(props: Props): ReactNode {
  const { inHistory, hasHistory } = props;
  return (
    <div className="tools">
      <FilterBar
        value={props.text}
        onChange={props.onText}
        words={messageWords}
        plain="text"
        input={props.input}
        placeholder="Filter: host: method: status: path: latency: or any text"
      />
      <div className="buttons">
        {!inHistory && <LiveButtons {...props} />}
        <button type="button" onClick={props.onOlder} disabled={!props.canOlder}>
          {inHistory && props.past.next !== null ? 'Search on' : 'Load older'}
        </button>
        {(hasHistory || inHistory) && (
          <label className="switch">
            <input
              type="checkbox"
              checked={inHistory}
              onChange={(event) => change({ source: event.target.checked ? 'history' : null })}
            />{' '}
            History
          </label>
        )}
      </div>
      {inHistory && <TimeRange />}
      <Figures {...props} />
    </div>
  );
}
