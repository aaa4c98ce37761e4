// The line of an edge, from rim to rim of its nodes.
interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Curve {
  readonly path: string;
  readonly end: Point;
  readonly middle: Point;
  readonly angle: number; // of the arrow's head, degrees
}

export const radius = 22;
const gap = 34; // between lanes

function loop({ x, y }: Point, lane: number): Curve {
  const height = 70 + Math.abs(lane) * 26;
  return {
    path:
      `M${x - 12} ${y - radius}` +
      `C${x - 50} ${y - height} ${x + 50} ${y - height} ${x + 12} ${y - radius}`,
    end: { x: x + 12, y: y - radius },
    middle: { x, y: y - height * 0.75 },
    angle: 115,
  };
}

// `lane` 0 is straight; others bend aside, so that several edges between two nodes are all seen.
export function curveOf(from: Point, to: Point, lane: number, isLoop: boolean): Curve {
  if (isLoop) return loop(from, lane);
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  const across = { x: -dy / length, y: dx / length };
  const bend = {
    x: (from.x + to.x) / 2 + across.x * lane * gap * 2,
    y: (from.y + to.y) / 2 + across.y * lane * gap * 2,
  };
  const rim = (centre: Point, away: number): Point => {
    const distance = Math.hypot(bend.x - centre.x, bend.y - centre.y) || 1;
    return {
      x: centre.x + ((bend.x - centre.x) / distance) * away,
      y: centre.y + ((bend.y - centre.y) / distance) * away,
    };
  };
  const start = rim(from, radius + 2);
  const end = rim(to, radius + 3);
  return {
    path: `M${start.x} ${start.y}Q${bend.x} ${bend.y} ${end.x} ${end.y}`,
    end,
    middle: { x: (start.x + 2 * bend.x + end.x) / 4, y: (start.y + 2 * bend.y + end.y) / 4 },
    angle: (Math.atan2(to.y - bend.y, to.x - bend.x) * 180) / Math.PI,
  };
}
