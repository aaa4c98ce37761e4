// Who is on the map: what a poll brings stays, what it does not bring any more fades before it
// goes.
import type { Graph, GraphEdge, GraphNode } from '../shared/api/types';

export interface Present<Item> {
  readonly item: Item;
  readonly leaving: number | null; // since when (ms)
}

export interface Scene {
  readonly nodes: readonly Present<GraphNode>[];
  readonly edges: readonly Present<GraphEdge>[];
  readonly hidden: number; // quiet nodes that there was no room for
}

export const fade_ms = 1500;
const nodesMost = 150;

function merge<Item extends { readonly id: string }>(
  before: readonly Present<Item>[],
  items: readonly Item[],
  now: number,
): Present<Item>[] {
  const fresh = new Map(items.map((item) => [item.id, item]));
  const kept: Present<Item>[] = [];
  for (const old of before) {
    const item = fresh.get(old.item.id);
    if (item) kept.push({ item, leaving: null });
    else if (old.leaving === null) kept.push({ item: old.item, leaving: now });
    else if (now - old.leaving < fade_ms) kept.push(old);
    fresh.delete(old.item.id);
  }
  for (const item of fresh.values()) kept.push({ item, leaving: null });
  return kept;
}

// The busiest nodes, and edges between them.
function busiest({ nodes, edges }: Graph): { nodes: GraphNode[]; edges: GraphEdge[] } {
  if (nodes.length <= nodesMost) return { nodes, edges };
  const weight = new Map<string, number>();
  for (const edge of edges) {
    const bytes = edge.bytes_to_server + edge.bytes_to_client;
    for (const id of [edge.from, edge.to]) weight.set(id, (weight.get(id) ?? 0) + bytes);
  }
  const chosen = [...nodes]
    .sort((a, b) => (weight.get(b.id) ?? 0) - (weight.get(a.id) ?? 0) || a.id.localeCompare(b.id))
    .slice(0, nodesMost);
  const ids = new Set(chosen.map((node) => node.id));
  return { nodes: chosen, edges: edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to)) };
}

export const emptyScene: Scene = { nodes: [], edges: [], hidden: 0 };

export function nextScene(before: Scene, graph: Graph, now: number): Scene {
  const { nodes, edges } = busiest(graph);
  const known = new Set(nodes.map((node) => node.id));
  const sceneNodes = merge(before.nodes, nodes, now);
  const shown = new Set(sceneNodes.map(({ item }) => item.id));
  return {
    nodes: sceneNodes,
    edges: merge(
      before.edges,
      edges.filter((edge) => known.has(edge.from) && known.has(edge.to)),
      now,
    ).filter(({ item }) => shown.has(item.from) && shown.has(item.to)),
    hidden: graph.nodes.length - nodes.length,
  };
}
