// The row above the list: filter, switches, figures.
import type { ReactNode, RefObject } from 'react';
import { count, plural } from '../lib/format';
import { messageWords } from '../lib/filter';
import { FilterBar } from '../parts/filter_bar';
import { change } from '../route';
import { feed, type FeedState } from './feed';
import { TimeRange, type Range } from './time_range';

const rates = [500, 2000, 5000];

interface Props {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly state: FeedState;
  readonly shown: number;
  readonly hasHistory: boolean;
  readonly inHistory: boolean;
  readonly range: Range;
  readonly rate: number;
  readonly onRate: (rate: number) => void;
  readonly follow: boolean;
  readonly onFollow: () => void;
  readonly canOlder: boolean;
  readonly onOlder: () => void;
}

function Figures({ state, shown, inHistory }: Props): ReactNode {
  return (
    <div className="figures">
      <span>{plural(shown, 'row')}</span>
      {!inHistory && <>
        {state.dropped > 0 && <span title="The view keeps the newest 10,000 rows">{count(state.dropped)} dropped from view</span>}
        {state.skipped > 0 && <span className="warn" title="The record is whole; only this view is thinned to its rate">{count(state.skipped)} skipped (view is sampled)</span>}
        {state.lost > 0 && <span className="bad" title="This page was too slow for its stream">{count(state.lost)} lost</span>}
      </>}
      {state.lost_batches > 0 && <span className="bad" title="Between engine and gateway">{count(state.lost_batches)} batches lost</span>}
    </div>
  );
}

function LiveButtons({ state, follow, onFollow, rate, onRate }: Props): ReactNode {
  return (
    <>
      <button type="button" aria-pressed={state.paused} onClick={() => (state.paused ? feed.goOn() : feed.pause())}>
        {state.paused ? `Go on${state.fresh > 0 ? ` (+${count(state.fresh)})` : ''}` : 'Pause'}
      </button>
      <button type="button" aria-pressed={follow && !state.paused} onClick={onFollow}>Follow</button>
      <label className="rate">at most <select value={rate} onChange={(event) => onRate(Number(event.target.value))}>
        {rates.map((one) => <option key={one} value={one}>{count(one)}/s</option>)}
      </select></label>
    </>
  );
}

export function Tools(props: Props): ReactNode {
  const { inHistory, hasHistory } = props;
  return (
    <div className="tools">
      <FilterBar
        value={props.text} onChange={props.onText} words={messageWords} plain="text" input={props.input}
        placeholder="Filter: host: method: status: path: latency: or any text"
      />
      <div className="buttons">
        {!inHistory && <LiveButtons {...props} />}
        <button type="button" onClick={props.onOlder} disabled={!props.canOlder}>Older</button>
        {(hasHistory || inHistory) && (
          <label className="switch">
            <input type="checkbox" checked={inHistory} onChange={(event) => change({ source: event.target.checked ? 'history' : null })} /> History
          </label>
        )}
      </div>
      {inHistory && <TimeRange range={props.range} />}
      <Figures {...props} />
    </div>
  );
}
