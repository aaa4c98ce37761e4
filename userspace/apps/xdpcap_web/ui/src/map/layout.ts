// Places for the nodes of the map, by forces: edges pull, nodes push, clients go left and servers
// right. Who is placed stays where it is; only a change of nodes or edges sets things moving again,
// and gently.
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force';
import type { GraphEdge, GraphNode } from '../shared/api/types';

export interface Place extends SimulationNodeDatum {
  readonly id: string;
  x: number;
  y: number;
  side: number; // -1: only asks, 1: only answers
}

type Pull = SimulationLinkDatum<Place>;

const spread = 190;

// -1 for a pure client, 1 for a pure server, between for who is both.
export function sidesOf(edges: readonly Pick<GraphEdge, 'from' | 'to'>[]): Map<string, number> {
  const tally = new Map<string, { asks: number; answers: number }>();
  const of = (id: string): { asks: number; answers: number } => {
    const found = tally.get(id) ?? { asks: 0, answers: 0 };
    tally.set(id, found);
    return found;
  };
  for (const edge of edges) {
    of(edge.from).asks += 1;
    of(edge.to).answers += 1;
  }
  return new Map(
    [...tally].map(([id, { asks, answers }]) => [id, (answers - asks) / (answers + asks)]),
  );
}

// The same number for the same id: a first place that does not depend on chance.
function fraction(id: string): number {
  let hash = 2166136261;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619);
  return (hash >>> 0) / 2 ** 32;
}

export class Layout {
  private readonly places = new Map<string, Place>();
  private shape = '';
  private readonly pulls = forceLink<Place, Pull>([])
    .id((place) => place.id)
    .distance(170)
    .strength(0.12);
  private readonly simulation: Simulation<Place, Pull> = forceSimulation<Place, Pull>([])
    .force('pull', this.pulls)
    .force('push', forceManyBody<Place>().strength(-620).distanceMax(700))
    .force('room', forceCollide<Place>(52))
    .alphaDecay(0.04)
    .stop();
  private upright = false;

  constructor() {
    this.pullSides();
  }

  // From left to right where there is width, from top to bottom where there is height. Answers
  // whether that changed.
  turn(upright: boolean): boolean {
    if (upright === this.upright) return false;
    this.upright = upright;
    this.pullSides();
    for (const place of this.places.values()) [place.x, place.y] = [place.y, place.x];
    this.simulation.alpha(0.6);
    return true;
  }

  private pullSides(): void {
    const along = (place: Place): number => place.side * spread;
    this.simulation
      .force(
        'x',
        this.upright ? forceX<Place>(0).strength(0.1) : forceX<Place>(along).strength(0.14),
      )
      .force(
        'y',
        this.upright ? forceY<Place>(along).strength(0.14) : forceY<Place>(0).strength(0.07),
      );
  }

  // Answers whether anything has to move.
  update(
    nodes: readonly Pick<GraphNode, 'id'>[],
    edges: readonly Pick<GraphEdge, 'from' | 'to'>[],
  ): boolean {
    const pairs = [...new Set(edges.map((edge) => `${edge.from}\n${edge.to}`))].sort();
    const shape = `${nodes
      .map((node) => node.id)
      .sort()
      .join('\n')}\n\n${pairs.join('\n')}`;
    if (shape === this.shape) return false;
    const first = this.shape === '';
    this.shape = shape;
    const sides = sidesOf(edges);
    const present = new Set(nodes.map((node) => node.id));
    for (const id of this.places.keys()) if (!present.has(id)) this.places.delete(id);
    for (const { id } of nodes) this.place(id, sides.get(id) ?? 0, edges);
    this.simulation.nodes([...this.places.values()]);
    this.pulls.links(
      pairs
        .map((pair) => pair.split('\n'))
        .filter(([from, to]) => present.has(from!) && present.has(to!))
        .map(([from, to]) => ({ source: from!, target: to! })),
    );
    // The first picture is found before it is shown.
    this.simulation.alpha(first ? 1 : 0.35);
    if (first) this.simulation.tick(150);
    return true;
  }

  // A newcomer begins beside whom it talks to.
  private place(id: string, side: number, edges: readonly Pick<GraphEdge, 'from' | 'to'>[]): void {
    const known = this.places.get(id);
    if (known) {
      known.side = side;
      return;
    }
    const edge = edges.find(
      (one) =>
        (one.from === id && this.places.has(one.to)) ||
        (one.to === id && this.places.has(one.from)),
    );
    const beside = edge && this.places.get(edge.from === id ? edge.to : edge.from);
    const turn = fraction(id) * 2 * Math.PI;
    this.places.set(id, {
      id,
      side,
      x: (beside?.x ?? (this.upright ? 0 : side * spread)) + Math.cos(turn) * 90,
      y: (beside?.y ?? (this.upright ? side * spread : 0)) + Math.sin(turn) * 90,
    });
  }

  // One step; answers whether there is more to move.
  step(): boolean {
    if (this.simulation.alpha() < 0.02) return false;
    this.simulation.tick();
    return true;
  }

  runToRest(): void {
    while (this.step());
  }

  at(id: string): { x: number; y: number } | undefined {
    return this.places.get(id);
  }

  // Holds a node where the reader puts it.
  hold(id: string, x: number, y: number): void {
    const place = this.places.get(id);
    if (!place) return;
    Object.assign(place, { x, y, fx: x, fy: y });
    this.simulation.alpha(Math.max(this.simulation.alpha(), 0.15));
  }

  // The box around all nodes, with room for their labels.
  bounds(): { x: number; y: number; width: number; height: number } {
    const all = [...this.places.values()];
    if (all.length === 0) return { x: -200, y: -150, width: 400, height: 300 };
    const xs = all.map((place) => place.x);
    const ys = all.map((place) => place.y);
    const [left, right, top, bottom] = [
      Math.min(...xs) - 90,
      Math.max(...xs) + 90,
      Math.min(...ys) - 50,
      Math.max(...ys) + 75,
    ];
    return { x: left, y: top, width: right - left, height: bottom - top };
  }
}
