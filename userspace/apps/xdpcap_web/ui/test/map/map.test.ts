import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GraphEdge, GraphNode } from '../../src/shared/api/types';
import { curveOf } from '../../src/map/curve';
import { Layout, sidesOf } from '../../src/map/layout';
import { emptyScene, fade_ms, nextScene } from '../../src/map/presence';

const node = (id: string, more: Partial<GraphNode> = {}): GraphNode => ({
  id,
  kind: 'process',
  label: id,
  type: null,
  icon: null,
  pid: 1,
  name: id,
  command: null,
  container: null,
  address: null,
  ports: [],
  sensor: 's',
  active: true,
  last: 0,
  ...more,
});
const edge = (from: string, to: string, more: Partial<GraphEdge> = {}): GraphEdge => ({
  id: `${from}>${to}`,
  from,
  to,
  protocol: 'tcp',
  port: 80,
  connections: 1,
  active: 1,
  bytes_to_server: 0,
  bytes_to_client: 0,
  messages: 0,
  errors: 0,
  latency_ms: null,
  rtt_ms: null,
  last: 0,
  ...more,
});

test('who only asks stands left, who only answers right', () => {
  const sides = sidesOf([edge('client', 'proxy'), edge('proxy', 'server')]);
  assert.deepEqual([sides.get('client'), sides.get('proxy'), sides.get('server')], [-1, 0, 1]);
  const layout = new Layout();
  layout.update(
    [node('client'), node('proxy'), node('server')],
    [edge('client', 'proxy'), edge('proxy', 'server')],
  );
  layout.runToRest();
  assert.ok(
    layout.at('client')!.x < layout.at('proxy')!.x &&
      layout.at('proxy')!.x < layout.at('server')!.x,
  );
});

test('the same graph moves nothing', () => {
  const layout = new Layout();
  const nodes = ['a', 'b', 'c'].map((id) => node(id));
  const edges = [edge('a', 'b'), edge('b', 'c')];
  assert.equal(layout.update(nodes, edges), true);
  layout.runToRest();
  const places = nodes.map(({ id }) => ({ x: layout.at(id)!.x, y: layout.at(id)!.y }));
  assert.equal(layout.update([...nodes].reverse(), [...edges].reverse()), false);
  assert.equal(layout.step(), false);
  assert.deepEqual(
    nodes.map(({ id }) => ({ x: layout.at(id)!.x, y: layout.at(id)!.y })),
    places,
  );
});

test('a newcomer moves the others a little, not all over', () => {
  const layout = new Layout();
  const nodes = ['a', 'b', 'c', 'd'].map((id) => node(id));
  const edges = [edge('a', 'b'), edge('c', 'b'), edge('b', 'd')];
  layout.update(nodes, edges);
  layout.runToRest();
  const before = nodes.map(({ id }) => ({ ...layout.at(id)! }));
  layout.update([...nodes, node('e')], [...edges, edge('e', 'b')]);
  layout.runToRest();
  nodes.forEach(({ id }, index) =>
    assert.ok(
      Math.hypot(layout.at(id)!.x - before[index]!.x, layout.at(id)!.y - before[index]!.y) < 150,
      id,
    ),
  );
});

test('a held node stays where it was put', () => {
  const layout = new Layout();
  layout.update([node('a'), node('b')], [edge('a', 'b')]);
  layout.hold('a', 500, -300);
  layout.runToRest();
  assert.deepEqual([layout.at('a')!.x, layout.at('a')!.y], [500, -300]);
});

test('who is gone fades, then goes; who comes back stays', () => {
  const one = nextScene(emptyScene, { nodes: [node('a'), node('b')], edges: [edge('a', 'b')] }, 0);
  const two = nextScene(one, { nodes: [node('a')], edges: [] }, 1000);
  assert.deepEqual(
    two.nodes.map(({ item, leaving }) => [item.id, leaving]),
    [
      ['a', null],
      ['b', 1000],
    ],
  );
  assert.deepEqual(
    two.edges.map(({ leaving }) => leaving),
    [1000],
  );
  const back = nextScene(two, { nodes: [node('a'), node('b')], edges: [edge('a', 'b')] }, 1500);
  assert.deepEqual(
    back.nodes.map(({ leaving }) => leaving),
    [null, null],
  );
  const gone = nextScene(two, { nodes: [node('a')], edges: [] }, 1000 + fade_ms);
  assert.deepEqual(
    gone.nodes.map(({ item }) => item.id),
    ['a'],
  );
  assert.equal(gone.edges.length, 0);
});

test('a crowd is cut to the busiest, and the rest is counted', () => {
  const nodes = Array.from({ length: 1000 }, (_, i) => node(`n${i}`));
  const edges = nodes.slice(1).map((one, i) => edge(one.id, 'n0', { bytes_to_server: i }));
  const scene = nextScene(emptyScene, { nodes, edges }, 0);
  assert.equal(scene.nodes.length, 150);
  assert.equal(scene.hidden, 850);
  assert.ok(
    scene.nodes.some(({ item }) => item.id === 'n0') &&
      scene.nodes.some(({ item }) => item.id === 'n999'),
  );
});

test('an edge to itself and edges between nodes on one spot are lines too', () => {
  for (const curve of [
    curveOf({ x: 0, y: 0 }, { x: 0, y: 0 }, 0, true),
    curveOf({ x: 1, y: 1 }, { x: 1, y: 1 }, 1, false),
  ])
    assert.doesNotMatch(curve.path, /NaN/);
});
