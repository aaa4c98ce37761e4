// The ledger as a picture: frames on the left, messages on the right, losses in red with their
// cause.
import { useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { columnWidth, pictureOf, type Column } from './flow_picture';
import { count, rate } from '../shared/lib/format';
import type { Stage } from './ledger';

const top = 52;

function ColumnDrawing({ column }: { readonly column: Column }): ReactNode {
  const { stage, x, height, band, exits } = column;
  return (
    <g>
      {band !== null && <path className="flow-band on" d={band} />}
      {exits.map(({ part, path, x: labelX, y }) => (
        <g key={part.label} className={`flow-exit ${part.kind}`}>
          <path className={`flow-band ${part.kind}`} d={path} />
          <text x={labelX} y={y}>
            {part.kind === 'loss' ? '✕ ' : part.kind === 'bad' ? '! ' : ''}
            {count(part.value)} {part.label}
            <title>{`${part.label}: ${count(part.value)} ${stage.unit}, ${rate(part.rate)}`}</title>
          </text>
        </g>
      ))}
      <rect
        className="flow-column"
        x={x}
        y={top}
        width={columnWidth}
        height={Math.max(2, height)}
      />
      <text className="flow-title" x={x} y={14}>
        {stage.title}
      </text>
      <text className="flow-number" x={x} y={30}>
        {count(stage.total)}
      </text>
      <text className="flow-rate" x={x} y={44}>
        {rate(stage.totalRate)} {stage.unit}
      </text>
    </g>
  );
}

export function FlowPicture({ stages }: { readonly stages: readonly Stage[] }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1000);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // What is a part of another stage has its own line below.
  const shown = useMemo(
    () => stages.filter((stage) => !['early', 'wire', 'udp', 'sockets'].includes(stage.id)),
    [stages],
  );
  // Below this the columns would lie on each other: it scrolls.
  const wide = Math.max(width, shown.length * 178);
  const picture = useMemo(() => pictureOf(shown, wide), [shown, wide]);
  return (
    <div className="flow" ref={box} tabIndex={0} role="group" aria-label="Where every frame went">
      <svg width={picture.width} height={picture.height}>
        {picture.columns.map((column) => (
          <ColumnDrawing key={column.stage.id} column={column} />
        ))}
      </svg>
    </div>
  );
}
