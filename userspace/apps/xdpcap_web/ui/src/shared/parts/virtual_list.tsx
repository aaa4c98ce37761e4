// A list of any length with rows of one height: only those in sight exist.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';

interface Props {
  readonly count: number;
  readonly rowHeight: number;
  readonly row: (index: number) => ReactNode;
  readonly label: string;
  // A row of column heads that stays on top.
  readonly heading?: ReactNode;
  readonly className?: string;
  // Stays at the end as rows come, until the reader scrolls away from it.
  readonly follow?: boolean;
  readonly onFollow?: (follow: boolean) => void;
  // The position of row 0: when rows leave or come in front, those in sight stay where they are.
  readonly origin?: number;
  // Brings a row into sight, each time `number` differs.
  readonly reveal?: { readonly index: number; readonly number: number };
  readonly activeId?: string | undefined;
}

const spare = 8;
const headingHeight = 26;

export function VirtualList(props: Props): ReactNode {
  const { count, rowHeight, heading, follow = false, origin = 0, reveal, onFollow } = props;
  const covered = heading ? headingHeight : 0;
  const box = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 600 });
  const before = useRef({ origin, set: -1 });

  const measure = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const top = Math.floor(element.scrollTop / rowHeight) * rowHeight;
    const height = element.clientHeight;
    setSight((old) => (old.top === top && old.height === height ? old : { top, height }));
  }, [rowHeight]);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [measure]);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const gone = origin - before.current.origin;
    if (follow) element.scrollTop = count * rowHeight;
    else if (gone !== 0) element.scrollTop -= gone * rowHeight;
    if (follow || gone !== 0) before.current.set = element.scrollTop;
    before.current.origin = origin;
    measure();
  }, [count, origin, follow, rowHeight, measure]);

  const revealed = useRef(reveal?.number);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !reveal || reveal.index < 0 || reveal.number === revealed.current) return;
    revealed.current = reveal.number;
    const top = reveal.index * rowHeight;
    const height = element.clientHeight - covered;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + height)
      element.scrollTop = top + rowHeight - height;
    measure();
  }, [reveal, rowHeight, covered, measure]);

  const onScroll = (): void => {
    const element = box.current;
    if (!element) return;
    // A scroll that was not made here is the reader's.
    if (Math.abs(element.scrollTop - before.current.set) > 1 && onFollow) {
      onFollow(element.scrollTop + element.clientHeight >= element.scrollHeight - 2);
    }
    before.current.set = -1;
    measure();
  };

  const first = Math.max(0, Math.floor(sight.top / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((sight.top + sight.height) / rowHeight) + spare);
  const rows: ReactNode[] = [];
  for (let index = first; index < last; index += 1) rows.push(props.row(index));
  return (
    <div
      ref={box}
      className={`virtual ${props.className ?? ''}`}
      onScroll={onScroll}
      tabIndex={0}
      role="grid"
      aria-label={props.label}
      aria-rowcount={count}
      aria-activedescendant={props.activeId}
    >
      {heading}
      <div role="presentation" style={{ height: count * rowHeight, position: 'relative' }}>
        <div
          role="presentation"
          style={{ position: 'absolute', top: first * rowHeight, left: 0, right: 0 }}
        >
          {rows}
        </div>
      </div>
    </div>
  );
}
