// What is known of the node or edge under the pointer, or chosen, and the ways on from there.
import type { ReactNode } from 'react';
import type { GraphEdge, GraphNode } from '../shared/api/types';
import { captureNow } from '../shared/api/gateway';
import { quoteWord } from '../shared/lib/filter';
import { ago, count, duration, bytes } from '../shared/lib/format';
import { Facts } from '../shared/parts/bits';
import { formatRoute } from '../shared/route';

// The words that lead from a node to its exchanges and connections; exchanges cannot be asked for
// by address.
export function waysOfNode(node: GraphNode): { live: string | null; connections: string | null } {
  if (node.pid !== null) {
    const word = quoteWord('process', String(node.pid));
    return { live: word, connections: word };
  }
  return {
    live: null,
    connections: node.address === null ? null : quoteWord('address', node.address),
  };
}

// Of an edge: those of the better known end, a process before a host; where both are, the one that
// asks.
export function waysOfEdge(
  edge: GraphEdge,
  nodes: readonly GraphNode[],
): { live: string | null; connections: string | null } {
  const ends = [edge.from, edge.to].map((id) => nodes.find((node) => node.id === id));
  const process = ends.find((node) => node && node.pid !== null);
  const host = ends.find((node) => node && node.pid === null && node.address !== null);
  const live = process ? waysOfNode(process).live : null;
  const words = [live, host?.address ? quoteWord('address', host.address) : null].filter(
    (word) => word !== null,
  );
  return { live, connections: words.length > 0 ? words.join(' ') : null };
}

function Ways({
  live,
  connections,
}: {
  readonly live: string | null;
  readonly connections: string | null;
}): ReactNode {
  return (
    <div className="buttons">
      {live !== null && (
        <a className="button small" href={formatRoute('live', { q: live })}>
          Exchanges
        </a>
      )}
      {connections !== null && (
        <a className="button small" href={formatRoute('connections', { q: connections })}>
          Connections
        </a>
      )}
    </div>
  );
}

export function NodeFacts({ node }: { readonly node: GraphNode }): ReactNode {
  return (
    <>
      <h3>
        {node.icon} {node.label} <span className="dim">{node.kind}</span>
      </h3>
      <Facts
        rows={[
          ...(node.type === null ? [] : [['Type', node.type] as const]),
          ...(node.address === null ? [] : [['Address', node.address] as const]),
          ...(node.pid === null ? [] : [['Process', `${node.name ?? '?'} [${node.pid}]`] as const]),
          ...(node.command === null
            ? []
            : [['Command', <code key="c">{node.command}</code>] as const]),
          ...(node.container === null ? [] : [['Container', node.container.slice(0, 12)] as const]),
          ...(node.ports.length === 0 ? [] : [['Listens on', node.ports.join(', ')] as const]),
          ['Sensor', node.sensor],
          ['Last seen', ago(node.last, captureNow())],
        ]}
      />
      <Ways {...waysOfNode(node)} />
    </>
  );
}

export function EdgeFacts({
  edge,
  nodes,
}: {
  readonly edge: GraphEdge;
  readonly nodes: readonly GraphNode[];
}): ReactNode {
  const name = (id: string): string => nodes.find((node) => node.id === id)?.label ?? id;
  return (
    <>
      <h3>
        {name(edge.from)} → {name(edge.to)}{' '}
        <span className="dim">
          {edge.protocol} :{edge.port}
        </span>
      </h3>
      <Facts
        rows={[
          ['Connections', `${count(edge.active)} active of ${count(edge.connections)}`],
          ['To the server', bytes(edge.bytes_to_server)],
          ['To the client', bytes(edge.bytes_to_client)],
          ['Messages', count(edge.messages)],
          [
            'Errors',
            edge.errors > 0 ? (
              <b key="e" className="bad">
                {count(edge.errors)}
              </b>
            ) : (
              '0'
            ),
          ],
          ['Latency', duration(edge.latency_ms)],
          ['Round trip', duration(edge.rtt_ms)],
          ['Last seen', ago(edge.last, captureNow())],
        ]}
      />
      <Ways {...waysOfEdge(edge, nodes)} />
    </>
  );
}
