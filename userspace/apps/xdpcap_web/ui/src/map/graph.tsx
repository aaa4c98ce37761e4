// The map's picture. Nodes can be dragged, the whole moved and made larger; everything can be
// reached by keyboard.
import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from 'react';
import type { GraphEdge, GraphNode } from '../shared/api/types';
import { classes } from '../shared/lib/classes';
import { short } from '../shared/lib/format';
import { curveOf, radius } from './curve';
import type { Layout } from './layout';
import type { Scene } from './presence';

export type Chosen = { readonly kind: 'node' | 'edge'; readonly id: string } | null;

interface Props {
  readonly scene: Scene;
  readonly layout: Layout;
  readonly chosen: Chosen;
  readonly onChoose: (chosen: Chosen) => void;
  readonly onHover: (hovered: Chosen) => void;
  readonly onGo: (chosen: Chosen) => void;
}

interface Camera {
  readonly x: number; // of the picture's middle
  readonly y: number;
  readonly scale: number;
  readonly own: boolean; // set by the reader: it is left alone then
}

const scaleMost = 1.25;

function fitting(layout: Layout, width: number, height: number): Camera {
  const box = layout.bounds();
  const scale = Math.min(scaleMost, width / box.width, height / box.height);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, scale, own: false };
}

// What an edge is known by: colour, and the same in the legend's words.
function edgeClass({ protocol, errors, messages, active }: GraphEdge): string {
  const failing = messages > 0 && errors / messages >= 0.05;
  return `edge ${protocol}${failing ? ' failing' : ''}${active > 0 ? '' : ' quiet'}`;
}

function press(event: KeyboardEvent, act: () => void): void {
  if (event.key !== 'Enter' && event.key !== ' ') return;
  event.preventDefault();
  act();
}

function Edge({
  edge,
  leaving,
  layout,
  at,
  chosen,
  ...on
}: {
  readonly edge: GraphEdge;
  readonly leaving: boolean;
  readonly layout: Layout;
  readonly at: number;
  readonly chosen: boolean;
} & Pick<Props, 'onChoose' | 'onHover' | 'onGo'>): ReactNode {
  const from = layout.at(edge.from);
  const to = layout.at(edge.to);
  if (!from || !to) return null;
  const curve = curveOf(from, to, at, edge.from === edge.to);
  const self = { kind: 'edge', id: edge.id } as const;
  const bytes = edge.bytes_to_server + edge.bytes_to_client;
  const width = Math.min(6, 1 + Math.log10(1 + bytes / 1000) * 0.8);
  return (
    <g
      className={`${edgeClass(edge)}${leaving ? ' leaving' : ''}${chosen ? ' chosen' : ''}`}
      role="button"
      tabIndex={0}
      aria-label={
        `:${edge.port} ${edge.protocol}, ` +
        `${edge.active} of ${edge.connections} connections active`
      }
      onClick={() => on.onChoose(self)}
      onDoubleClick={() => on.onGo(self)}
      onPointerEnter={() => on.onHover(self)}
      onPointerLeave={() => on.onHover(null)}
      onFocus={() => on.onHover(self)}
      onBlur={() => on.onHover(null)}
      onKeyDown={(event) => press(event, () => on.onChoose(self))}
    >
      <path className="edge-touch" d={curve.path} />
      <path className="edge-line" d={curve.path} strokeWidth={width} />
      <path
        className="edge-head"
        d="M0 0L-11 -5.5L-11 5.5Z"
        transform={`translate(${curve.end.x} ${curve.end.y}) rotate(${curve.angle})`}
      />
      <text className="edge-label" x={curve.middle.x} y={curve.middle.y - 4} textAnchor="middle">
        :{edge.port}
        {edge.active > 1 ? ` ×${short(edge.active)}` : ''}
      </text>
    </g>
  );
}

function shortLabel(text: string): string {
  return text.length > 22 ? `${text.slice(0, 21)}…` : text;
}

function subLabel(node: GraphNode): string {
  if (node.kind === 'host') return node.address === node.label ? 'host' : (node.address ?? 'host');
  const ports =
    node.ports.length > 0
      ? ` :${node.ports.slice(0, 3).join(' :')}${node.ports.length > 3 ? '…' : ''}`
      : '';
  return `${node.type ?? (node.kind === 'listener' ? 'listens' : 'process')}${ports}`;
}

function Node({
  node,
  leaving,
  layout,
  chosen,
  onDrag,
  ...on
}: {
  readonly node: GraphNode;
  readonly leaving: boolean;
  readonly layout: Layout;
  readonly chosen: boolean;
  readonly onDrag: (event: PointerEvent, id: string) => void;
} & Pick<Props, 'onChoose' | 'onHover' | 'onGo'>): ReactNode {
  const place = layout.at(node.id);
  if (!place) return null;
  const self = { kind: 'node', id: node.id } as const;
  return (
    <g
      className={classes(`node ${node.kind}`, { quiet: !node.active, leaving, chosen })}
      transform={`translate(${place.x} ${place.y})`}
      role="button"
      tabIndex={0}
      aria-label={`${node.label} ${subLabel(node)}, ${node.kind}`}
      data-node={node.id}
      onPointerDown={(event) => onDrag(event, node.id)}
      onClick={() => on.onChoose(self)}
      onDoubleClick={() => on.onGo(self)}
      onPointerEnter={() => on.onHover(self)}
      onPointerLeave={() => on.onHover(null)}
      onFocus={() => on.onHover(self)}
      onBlur={() => on.onHover(null)}
      onKeyDown={(event) => press(event, () => on.onChoose(self))}
    >
      <g className="node-in">
        {node.kind === 'host' ? (
          <rect
            className="node-shape"
            x={-radius}
            y={-radius * 0.8}
            width={radius * 2}
            height={radius * 1.6}
            rx="6"
          />
        ) : (
          <circle className="node-shape" r={radius} />
        )}
        <text className="node-icon" textAnchor="middle" dominantBaseline="central">
          {node.icon ?? (node.kind === 'host' ? '⌂' : (node.label[0] ?? '?').toUpperCase())}
        </text>
        <text className="node-label" y={radius + 15} textAnchor="middle">
          {shortLabel(node.label)}
        </text>
        <text className="node-sub" y={radius + 29} textAnchor="middle">
          {shortLabel(subLabel(node))}
        </text>
      </g>
    </g>
  );
}

// Which of several edges between the same two nodes an edge is: 0, 1, -1, 2 ...
function lanes(scene: Scene): Map<string, number> {
  const used = new Map<string, number>();
  const result = new Map<string, number>();
  for (const { item } of scene.edges) {
    const pair = [item.from, item.to].sort().join('\n');
    const number = used.get(pair) ?? 0;
    used.set(pair, number + 1);
    const sign = item.from < item.to ? 1 : -1;
    result.set(item.id, sign * (number % 2 === 1 ? (number + 1) / 2 : -number / 2));
  }
  return result;
}

export function GraphPicture(props: Props): ReactNode {
  const { scene, layout } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [size, setSize] = useState({ width: 800, height: 500 });
  const [camera, setCamera] = useState<Camera>(() => fitting(layout, 800, 500));
  const [, redraw] = useState(0);
  const drag = useRef<{
    node: string | null;
    x: number;
    y: number;
    camera: Camera;
    moved: boolean;
  } | null>(null);

  useLayoutEffect(() => {
    const element = svg.current;
    if (!element) return undefined;
    const measure = (): void => {
      const [width, height] = [Math.max(1, element.clientWidth), Math.max(1, element.clientHeight)];
      layout.turn(width < height * 0.8);
      setSize({ width, height });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [layout]);

  // Frames only while something moves.
  useEffect(() => {
    let frame = 0;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) layout.runToRest();
    const turn = (): void => {
      const moving = layout.step();
      setCamera((old) => (old.own ? old : fitting(layout, size.width, size.height)));
      redraw((number) => number + 1);
      if (moving) frame = requestAnimationFrame(turn);
    };
    frame = requestAnimationFrame(turn);
    return () => cancelAnimationFrame(frame);
  }, [scene, layout, size]);

  useEffect(() => {
    const element = svg.current;
    if (!element) return undefined;
    const zoom = (event: WheelEvent): void => {
      event.preventDefault();
      setCamera((old) => ({
        ...old,
        scale: Math.min(4, Math.max(0.1, old.scale * Math.exp(-event.deltaY / 500))),
        own: true,
      }));
    };
    // React's own listener could not keep the page from scrolling.
    element.addEventListener('wheel', zoom, { passive: false });
    return () => element.removeEventListener('wheel', zoom);
  }, []);

  const begin = (event: PointerEvent, node: string | null): void => {
    if (event.button !== 0) return;
    event.stopPropagation();
    drag.current = { node, x: event.clientX, y: event.clientY, camera, moved: false };
  };
  const move = (event: PointerEvent): void => {
    const from = drag.current;
    const element = svg.current;
    if (!from || !element) return;
    const dx = event.clientX - from.x;
    const dy = event.clientY - from.y;
    if (!from.moved && Math.hypot(dx, dy) < 4) return;
    from.moved = true;
    if (from.node === null) {
      setCamera({
        ...from.camera,
        x: from.camera.x - dx / camera.scale,
        y: from.camera.y - dy / camera.scale,
        own: true,
      });
      return;
    }
    const box = element.getBoundingClientRect();
    layout.hold(
      from.node,
      camera.x + (event.clientX - box.left - size.width / 2) / camera.scale,
      camera.y + (event.clientY - box.top - size.height / 2) / camera.scale,
    );
    redraw((number) => number + 1);
  };
  const end = (): void => {
    // What was dragged was not clicked.
    if (drag.current?.moved)
      setTimeout(() => {
        drag.current = null;
      }, 0);
    else drag.current = null;
  };
  const choose = (chosen: Chosen): void => {
    if (!drag.current?.moved) props.onChoose(chosen);
  };
  const lane = lanes(scene);
  const isChosen = (kind: 'node' | 'edge', id: string): boolean =>
    props.chosen?.kind === kind && props.chosen.id === id;
  const on = { onChoose: choose, onHover: props.onHover, onGo: props.onGo };
  return (
    <div className="graph">
      <svg
        ref={svg}
        role="group"
        aria-label="Processes and hosts"
        onPointerDown={(event) => begin(event, null)}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
        onPointerLeave={end}
        onClick={(event) => event.target === svg.current && choose(null)}
      >
        <g
          transform={
            `translate(${size.width / 2} ${size.height / 2}) scale(${camera.scale}) ` +
            `translate(${-camera.x} ${-camera.y})`
          }
        >
          {scene.edges.map(({ item, leaving }) => (
            <Edge
              key={item.id}
              edge={item}
              leaving={leaving !== null}
              layout={layout}
              at={lane.get(item.id) ?? 0}
              chosen={isChosen('edge', item.id)}
              {...on}
            />
          ))}
          {scene.nodes.map(({ item, leaving }) => (
            <Node
              key={item.id}
              node={item}
              leaving={leaving !== null}
              layout={layout}
              chosen={isChosen('node', item.id)}
              onDrag={begin}
              {...on}
            />
          ))}
        </g>
      </svg>
      {camera.own && (
        <button
          type="button"
          className="small fit"
          onClick={() => setCamera(fitting(layout, size.width, size.height))}
        >
          Fit
        </button>
      )}
    </div>
  );
}
