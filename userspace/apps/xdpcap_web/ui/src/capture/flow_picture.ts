// The ledger as a picture: one column for each stage, what goes on drawn as a band to the next,
// what leaves as a band downwards. Pure geometry; capture/flow.tsx draws it.
import type { Part, PartKind, Stage } from './ledger';

export interface Exit {
  readonly part: Part;
  readonly path: string;
  readonly x: number;
  readonly y: number; // of its label
}

export interface Column {
  readonly stage: Stage;
  readonly x: number;
  readonly height: number;
  readonly band: string | null; // to the next column
  readonly exits: readonly Exit[];
}

export interface Picture {
  readonly columns: readonly Column[];
  readonly width: number;
  readonly height: number;
}

export const columnWidth = 14;
const top = 52;
const tallest = 120;
const labelHeight = 17;

// A share of the tallest column; what is there at all can be seen.
function thickness(value: number, most: number): number {
  return value <= 0 ? 0 : Math.max(2, (value / most) * tallest);
}

const order: Readonly<Record<PartKind, number>> = { on: 0, aside: 1, bad: 2, loss: 3 };

function band(x1: number, y1: number, h1: number, x2: number, y2: number, h2: number): string {
  const middle = (x1 + x2) / 2;
  return (
    `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}L${x2} ${y2 + h2}` +
    `C${middle} ${y2 + h2} ${middle} ${y1 + h1} ${x1} ${y1 + h1}Z`
  );
}

export function pictureOf(stages: readonly Stage[], width: number): Picture {
  const most = Math.max(1, ...stages.map((stage) => Math.max(stage.total, stage.sum)));
  const step = width / Math.max(1, stages.length);
  let bottom = top + tallest;
  const columns = stages.map((stage, index): Column => {
    const x = index * step;
    const right = x + columnWidth;
    const next = stages[index + 1];
    const shown = stage.parts
      .filter((part) => part.value > 0)
      .sort((a, b) => order[a.kind] - order[b.kind]);
    const on = shown
      .filter((part) => part.kind === 'on')
      .reduce((sum, part) => sum + part.value, 0);
    const onHeight = thickness(on, most);
    let y = top + onHeight;
    let labelY = top + tallest + 26;
    const exits = shown
      .filter((part) => part.kind !== 'on')
      .map((part): Exit => {
        const height = thickness(part.value, most);
        const turn = right + 12;
        const exit = {
          part,
          x: turn + 8,
          y: labelY,
          path:
            `M${right} ${y}C${turn + 4} ${y} ${turn} ${labelY - 16} ${turn} ${labelY - 5}` +
            `L${turn - 4} ${labelY - 5}` +
            `C${turn - 4} ${labelY - 16} ${right} ${y + height} ${right} ${y + height}Z`,
        };
        y += height;
        labelY += labelHeight;
        return exit;
      });
    bottom = Math.max(bottom, labelY);
    const nextHeight = next ? thickness(next.total, most) : onHeight;
    return {
      stage,
      x,
      exits,
      height: Math.max(thickness(Math.max(stage.total, stage.sum), most), onHeight),
      band:
        on > 0
          ? band(
              right,
              top,
              onHeight,
              next ? x + step : right + Math.min(40, step / 2),
              top,
              nextHeight,
            )
          : null,
    };
  });
  return { columns, width, height: bottom + 8 };
}
