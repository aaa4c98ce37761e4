import { answer, asked, fireEvent, render, screen, visit, waitFor, within } from '../dom';
import { edge, node } from '../dom/samples';
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { GraphPicture } from '../../src/map/graph';
import { Layout } from '../../src/map/layout';
import { MapPage } from '../../src/map/page';

const graph = {
  nodes: [node('curl', { pid: 7 }), node('nginx', { pid: 8, ports: [80] })],
  edges: [edge('curl', 'nginx', { messages: 10, errors: 5 })],
};
const ports = (): HTMLInputElement => screen.getByLabelText('Service ports');

beforeEach(async () => {
  answer('api/graph', { data: graph });
  await visit('#/map');
});

test('nodes and edges are buttons with words; Enter holds one, Escape releases it', async () => {
  render(<MapPage />);
  const server = await screen.findByRole('button', { name: 'nginx process :80, process' });
  screen.getByText('2 nodes, 1 edge');
  const line = screen.getByRole('button', { name: ':80 tcp, 2 of 3 connections active' });
  assert.ok(line.classList.contains('failing'));
  fireEvent.keyDown(server, { key: 'Enter' });
  const facts = within(screen.getByRole('complementary', { name: 'Facts' }));
  facts.getByText('nginx [8]');
  assert.equal(
    facts.getByRole('link', { name: 'Exchanges' }).getAttribute('href'),
    '#/live?q=process%3A8',
  );
  fireEvent.keyDown(document.body, { key: 'Escape' });
  assert.equal(screen.queryByRole('complementary', { name: 'Facts' }), null);
});

test('the focus alone shows what it is on', async () => {
  render(<MapPage />);
  fireEvent.focus(await screen.findByRole('button', { name: /^:80 tcp/ }));
  screen.getByText('curl → nginx');
  screen.getByText('2 active of 3');
});

test('the field of ports follows the address, and what it asks does', async () => {
  await visit('#/map?ports=80');
  render(<MapPage />);
  assert.equal(ports().value, '80');
  await visit('#/map?ports=443');
  assert.equal(ports().value, '443');
  await waitFor(() => assert.ok(asked().includes('api/graph?ports=443')));
  await screen.findByText('2 nodes, 1 edge');
});

test('ports that are none are refused with an example, and not asked for', async () => {
  render(<MapPage />);
  fireEvent.change(ports(), { target: { value: 'http' } });
  assert.match(screen.getByRole('alert').textContent ?? '', /such as 80,443/);
  await screen.findByText('2 nodes, 1 edge');
  assert.ok(asked().every((url) => !url.includes('ports')));
});

test('a map without anybody says so', async () => {
  answer('api/graph', { data: { nodes: [], edges: [] } });
  render(<MapPage />);
  await screen.findByText('No traffic was seen yet, or no edge fits.');
});

test('who is not there any more fades', () => {
  const layout = new Layout();
  layout.update(graph.nodes, []);
  const scene = {
    nodes: graph.nodes.map((item) => ({ item, leaving: item.id === 'curl' ? 5 : null })),
    edges: [],
    hidden: 0,
  };
  const nothing = (): void => undefined;
  render(
    <GraphPicture
      scene={scene}
      layout={layout}
      chosen={null}
      onChoose={nothing}
      onHover={nothing}
      onGo={nothing}
    />,
  );
  const fading = (name: RegExp): boolean =>
    screen.getByRole('button', { name }).classList.contains('leaving');
  assert.deepEqual([fading(/^curl/), fading(/^nginx/)], [true, false]);
});
