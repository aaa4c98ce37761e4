// Exchanges as they pass, or out of the history; one of them opened beside.
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { messageOf } from '../shared/api/client';
import { gateway } from '../shared/api/gateway';
import { messageWords, parseFilter, withWord } from '../shared/lib/filter';
import { count, plural } from '../shared/lib/format';
import { useKeys } from '../shared/lib/keys';
import { useStore } from '../shared/lib/store';
import { Empty, Failure, Notice } from '../shared/parts/bits';
import { VirtualList } from '../shared/parts/virtual_list';
import { change, useRoute } from '../shared/route';
import { useCursor, type Cursor } from './cursor';
import { Detail } from './detail';
import { feed, type FeedState } from './feed';
import { useHistory } from './history';
import { Heading, Row, rowHeight, rowId } from './row';
import { useTimeRange } from './time_range';
import { Tools } from './tools';
import type { View } from './view';

function EmptyList({
  state,
  fault,
  filtered,
  kept,
  onClear,
}: {
  readonly state: FeedState;
  readonly fault: string | null;
  readonly filtered: boolean;
  readonly kept: number;
  readonly onClear: () => void;
}): ReactNode {
  if (fault !== null) return <Empty>This filter is not understood: {fault}.</Empty>;
  if (state.link === 'idle' || state.link === 'connecting') return <Empty>connecting…</Empty>;
  if (state.link === 'refused')
    return <Empty>{state.error ? messageOf(state.error) : 'refused'}</Empty>;
  if (state.link === 'stale')
    return (
      <Empty>
        No engine reports. Start one: <code>xdpcap-run -i eth0</code>
      </Empty>
    );
  if (!filtered) return <Empty>No exchange has passed yet.</Empty>;
  return (
    <Empty>
      Nothing fits the filter yet, of {plural(kept, 'exchange')}.{' '}
      <button type="button" className="small" onClick={onClear}>
        Clear the filter
      </button>
    </Empty>
  );
}

// Puts a page of older rows in front; a failure is shown.
function useOlder(load: () => Promise<unknown>): {
  busy: boolean;
  failure: unknown;
  older: () => void;
} {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const older = (): void => {
    setBusy(true);
    setFailure(null);
    load()
      .catch(setFailure)
      .finally(() => setBusy(false));
  };
  return { busy, failure, older };
}

interface Moves {
  readonly view: View;
  readonly cursor: Cursor;
  readonly opened: string | null;
  readonly open: (id: string | null) => void;
  readonly setFollow: (follow: boolean) => void;
  readonly toggleFollow: () => void;
  readonly togglePause: () => void;
  readonly focusFilter: () => void;
}

function useListKeys({ view, cursor, opened, open, setFollow, ...moves }: Moves): void {
  const moved = (id: string | null): void => {
    setFollow(false);
    if (id !== null && opened !== null) change({ open: id });
  };
  const enter = (): void => {
    if (cursor.id !== null) open(cursor.id);
  };
  useKeys({
    '/': moves.focusFilter,
    j: () => moved(cursor.move(1)),
    ArrowDown: () => moved(cursor.move(1)),
    k: () => moved(cursor.move(-1)),
    ArrowUp: () => moved(cursor.move(-1)),
    g: () => moved(cursor.to(0)),
    G: () => moved(cursor.to(view.length - 1)),
    Enter: enter,
    o: enter,
    Escape: () => open(null),
    ' ': moves.togglePause,
    f: moves.toggleFollow,
  });
}

// What is asked for: the words of the address, the source, the rate.
function useQuestion(): {
  text: string;
  inHistory: boolean;
  parameters: ReturnType<typeof parseFilter>['parameters'] | null;
  fault: string | null;
  rate: number;
  setRate: (rate: number) => void;
} {
  const { values } = useRoute();
  const text = values['q'] ?? '';
  const [rate, setRate] = useState(feed.rate);
  const { parameters, fault } = useMemo(() => {
    const filter = parseFilter(text);
    return { parameters: filter.error === null ? filter.parameters : null, fault: filter.error };
  }, [text]);
  useEffect(() => {
    if (parameters !== null) feed.ask(parameters, rate);
  }, [parameters, rate]);
  return { text, inHistory: values['source'] === 'history', parameters, fault, rate, setRate };
}

export function LivePage(): ReactNode {
  const opened = useRoute().values['open'] ?? null;
  const state = useStore(feed.state);
  const { stats } = useStore(gateway);
  const hasHistory = Boolean(stats?.gateway.history);
  const sensors = (stats?.sensors.length ?? 0) > 1;
  const input = useRef<HTMLInputElement>(null);
  const { text, inHistory, parameters, fault, rate, setRate } = useQuestion();
  const [follow, setFollow] = useState(true);
  const range = useTimeRange();
  const past = useHistory(inHistory && parameters !== null ? [...parameters, ...range] : null);
  const view: View = inHistory ? past.view : state.view;
  const cursor = useCursor(view, opened);
  const { set: select } = cursor;
  const { busy, failure, older } = useOlder(() => (inHistory ? past.older() : feed.loadOlder()));

  const open = useCallback(
    (id: string | null) => {
      change({ open: id }, id !== null && opened === null);
      if (id === null) return;
      select(id);
      setFollow(false);
    },
    [opened, select],
  );
  const setText = useCallback((value: string) => {
    change({ q: value });
    setFollow(true);
  }, []);
  const addWord = useCallback(
    (name: string, value: string) => setText(withWord(text, name, value, messageWords)),
    [text, setText],
  );
  const toggleFollow = (): void => {
    feed.goOn();
    setFollow((on) => !on || state.paused);
  };
  useListKeys({
    view,
    cursor,
    opened,
    open,
    setFollow,
    toggleFollow,
    togglePause: () => (state.paused ? feed.goOn() : feed.pause()),
    focusFilter: () => input.current?.focus(),
  });

  const row = (index: number): ReactNode => {
    const exchange = view.at(index);
    return (
      exchange && (
        <Row
          key={exchange.id}
          exchange={exchange}
          index={index}
          selected={exchange.id === (opened ?? cursor.id)}
          sensors={sensors}
          onOpen={open}
        />
      )
    );
  };
  return (
    <div className={`split${opened ? ' open' : ''}`}>
      <section
        className={`list${inHistory ? ' dated' : ''}${sensors ? ' many' : ''}`}
        aria-label="Exchanges"
      >
        <Tools
          text={text}
          onText={setText}
          input={input}
          state={state}
          shown={view.length}
          hasHistory={hasHistory}
          inHistory={inHistory}
          past={past}
          rate={rate}
          onRate={setRate}
          follow={follow}
          onFollow={toggleFollow}
          canOlder={!busy && !(inHistory && past.next === null)}
          onOlder={() => {
            setFollow(false);
            older();
          }}
        />
        <Failure error={failure ?? (inHistory ? past.error : null)} />
        {inHistory && !hasHistory && stats !== null && (
          <Notice kind="warn">
            This gateway keeps no history; start it with <code>xdpcap-web --history FILE</code>.
          </Notice>
        )}
        {fault !== null && view.length > 0 && (
          <div className="paused-line" role="status">
            The filter is not understood; these rows are those of the filter before.
          </div>
        )}
        {state.paused && !inHistory && (
          <div className="paused-line" role="status">
            Paused. What passes is still kept; Space resumes.
          </div>
        )}
        <VirtualList
          key={inHistory ? 'history' : 'live'}
          className="live-list"
          label="Exchanges"
          heading={<Heading sensors={sensors} />}
          count={view.length}
          origin={view.origin}
          rowHeight={rowHeight}
          row={row}
          follow={follow && !state.paused}
          onFollow={setFollow}
          reveal={cursor.reveal}
          activeId={cursor.id === null ? undefined : rowId(cursor.id)}
        />
        {view.length === 0 &&
          (inHistory ? (
            <Empty>
              {past.busy
                ? 'searching…'
                : `Nothing fits; ${count(past.searched)} of ${count(past.total)} were searched.`}
            </Empty>
          ) : (
            <EmptyList
              state={state}
              fault={fault}
              filtered={(parameters ?? []).length > 0}
              kept={stats?.gateway.exchanges ?? 0}
              onClear={() => setText('')}
            />
          ))}
      </section>
      {opened && <Detail key={opened} id={opened} onClose={() => open(null)} onWord={addWord} />}
    </div>
  );
}
