// Who talks to whom: processes, hosts and listeners as a graph that keeps its places from poll to
// poll.
import { useMemo, useState, type ReactNode } from 'react';
import type { Parameters } from '../shared/api/client';
import type { Graph } from '../shared/api/types';
import { usePoll } from '../shared/api/use_poll';
import { count, plural } from '../shared/lib/format';
import { useKeys } from '../shared/lib/keys';
import { Empty, Failure } from '../shared/parts/bits';
import { change, go, useRoute } from '../shared/route';
import { EdgeFacts, NodeFacts, waysOfEdge, waysOfNode } from './facts';
import { GraphPicture, type Chosen } from './graph';
import { Layout } from './layout';
import { emptyScene, nextScene, type Scene } from './presence';

const poll_ms = 1500;

// The reader's ports, made what the API accepts; null where they are none.
export function portsOf(text: string): string | null {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const sound = words.every(
    (word) => /^\d{1,5}$/.test(word) && Number(word) > 0 && Number(word) < 65536,
  );
  return sound ? words.join(',') : null;
}

function useScene(
  parameters: Parameters,
  layout: Layout,
): { scene: Scene; error: unknown; loaded: boolean } {
  const [scene, setScene] = useState(emptyScene);
  const { answer, error } = usePoll<{ data: Graph }>(
    'api/graph',
    parameters,
    poll_ms,
    ({ data }) => {
      const next = nextScene(scene, data, Date.now());
      layout.update(
        next.nodes.map(({ item }) => item),
        next.edges.map(({ item }) => item),
      );
      setScene(next);
    },
  );
  return { scene, error, loaded: answer !== null };
}

function Options({
  ports,
  onPorts,
  wrong,
}: {
  readonly ports: string;
  readonly onPorts: (text: string) => void;
  readonly wrong: boolean;
}): ReactNode {
  const { values } = useRoute();
  const flag = (name: 'p2p' | 'udp', label: string, title: string): ReactNode => (
    <label className="switch" title={title}>
      <input
        type="checkbox"
        checked={values[name] === '1'}
        onChange={(event) => change({ [name]: event.target.checked ? '1' : null })}
      />{' '}
      {label}
    </label>
  );
  return (
    <div className="buttons">
      {flag('p2p', 'Processes only', 'Only edges whose both ends are known processes')}
      {flag('udp', 'UDP', 'UDP as well (xdpcap-run --udp)')}
      <label>
        Service ports{' '}
        <input
          type="text"
          className="ports"
          inputMode="numeric"
          placeholder="all"
          value={ports}
          aria-invalid={wrong}
          onChange={(event) => onPorts(event.target.value)}
        />
      </label>
      {wrong && (
        <span className="bad" role="alert">
          ports are numbers with commas, such as 80,443
        </span>
      )}
    </div>
  );
}

function Legend(): ReactNode {
  return (
    <ul className="legend" aria-label="Legend">
      <li className="tcp">TCP</li>
      <li className="udp">UDP</li>
      <li className="failing">5 % errors or more</li>
      <li className="quiet">no connection open</li>
    </ul>
  );
}

export function MapPage(): ReactNode {
  const { values } = useRoute();
  // What is typed while it is not yet sound; else the address has it.
  const [typed, setTyped] = useState<string | null>(null);
  const ports = typed ?? values['ports'] ?? '';
  const setPorts = (text: string): void => {
    const sound = portsOf(text);
    setTyped(sound === text ? null : text);
    if (sound !== null) change({ ports: sound });
  };
  const [chosen, setChosen] = useState<Chosen>(null);
  const [hovered, setHovered] = useState<Chosen>(null);
  const [layout] = useState(() => new Layout());
  const asked = portsOf(ports);
  const { p2p, udp } = values;
  const parameters = useMemo((): Parameters => {
    const list: [string, string][] = [];
    if (p2p === '1') list.push(['p2p', '1']);
    if (udp === '1') list.push(['udp', '1']);
    if (asked) list.push(['ports', asked]);
    return list;
  }, [p2p, udp, asked]);
  const { scene, error, loaded } = useScene(parameters, layout);
  useKeys({ Escape: () => setChosen(null) });

  const nodes = scene.nodes.map(({ item }) => item);
  const nodeOf = (id: string): (typeof nodes)[number] | undefined =>
    nodes.find((node) => node.id === id);
  const edgeOf = (id: string): (typeof scene.edges)[number]['item'] | undefined =>
    scene.edges.find(({ item }) => item.id === id)?.item;
  const shown = hovered ?? chosen;
  const node = shown?.kind === 'node' ? nodeOf(shown.id) : undefined;
  const edge = shown?.kind === 'edge' ? edgeOf(shown.id) : undefined;
  const follow = (to: Chosen): void => {
    const ways =
      to?.kind === 'node'
        ? nodeOf(to.id) && waysOfNode(nodeOf(to.id)!)
        : to && edgeOf(to.id) && waysOfEdge(edgeOf(to.id)!, nodes);
    if (!ways) return;
    if (ways.live !== null) go('live', { q: ways.live });
    else if (ways.connections !== null) go('connections', { q: ways.connections });
  };
  return (
    <div className="map-room">
      <div className="tools">
        <Options ports={ports} onPorts={setPorts} wrong={asked === null} />
        <div className="figures">
          <span>
            {plural(nodes.length, 'node')}, {plural(scene.edges.length, 'edge')}
          </span>
          {scene.hidden > 0 && (
            <span className="warn">{count(scene.hidden)} quieter nodes are not drawn</span>
          )}
        </div>
        <Legend />
      </div>
      <Failure error={error} />
      <div className="map-place">
        <GraphPicture
          scene={scene}
          layout={layout}
          chosen={chosen}
          onChoose={setChosen}
          onHover={setHovered}
          onGo={follow}
        />
        {nodes.length === 0 && !error && (
          <Empty>{loaded ? 'No traffic was seen yet, or no edge fits.' : 'loading…'}</Empty>
        )}
        {(node ?? edge) && (
          <aside
            className={`map-facts${chosen ? ' held' : ''}`}
            aria-label="Facts"
            aria-live="polite"
          >
            {node && <NodeFacts node={node} />}
            {edge && <EdgeFacts edge={edge} nodes={nodes} />}
            {chosen ? (
              <button
                type="button"
                className="icon close"
                aria-label="Release"
                title="Release (Esc)"
                onClick={() => setChosen(null)}
              >
                ×
              </button>
            ) : (
              <p className="dim">Click to hold; double-click for its exchanges.</p>
            )}
          </aside>
        )}
      </div>
    </div>
  );
}
