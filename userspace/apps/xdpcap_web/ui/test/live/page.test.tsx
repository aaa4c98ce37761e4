import { act, answer, asked, fireEvent, render, resize, screen, visit, waitFor } from '../dom';
import { exchange, stats } from '../dom/samples';
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { feed } from '../../src/live/feed';
import { LivePage } from '../../src/live/page';
import { FrozenView } from '../../src/live/view';
import { gateway } from '../../src/shared/api/gateway';

const state = (more: Parameters<typeof feed.state.update>[0]): void =>
  act(() => feed.state.update(more));

beforeEach(async () => {
  resize(600);
  gateway.update({ stats: stats([]) });
  await visit('#/live');
});

test('without an engine the list names the command that starts one', () => {
  render(<LivePage />);
  state({ link: 'stale' });
  screen.getByText('xdpcap-run -i eth0');
});

test('a filter that nothing fits says of how many, and goes with a click', async () => {
  await visit('#/live?q=status:5xx');
  gateway.update({ stats: stats([], { gateway: { ...stats([]).gateway, exchanges: 12 } }) });
  render(<LivePage />);
  state({ link: 'live' });
  screen.getByText(/Nothing fits the filter yet, of 12 exchanges/);
  fireEvent.click(screen.getByRole('button', { name: 'Clear the filter' }));
  assert.equal(location.hash, '#/live');
  state({ link: 'live' });
  screen.getByText('No exchange has passed yet.');
});

test('a filter that is wrong says what is, in the list too', async () => {
  await visit('#/live?q=staus:5xx');
  render(<LivePage />);
  screen.getByText(/This filter is not understood: there is no 'staus:'; did you mean status:/);
});

test('a gateway without a history names the option that keeps one', async () => {
  answer('api/history', { data: [], next: null, searched: 0, total: 0, oldest: null });
  await visit('#/live?source=history');
  render(<LivePage />);
  screen.getByText('xdpcap-web --history FILE');
  await waitFor(() => assert.ok(asked().some((url) => url.startsWith('api/'))));
});

test('j, k and Enter go through the rows; Escape closes what they opened', () => {
  render(<LivePage />);
  const rows = ['a', 'b', 'c'].map((id) => exchange({ id, target: `/${id}` }));
  state({ link: 'live', view: new FrozenView(rows) });
  const selected = (): string | undefined =>
    screen.getAllByRole('row', { selected: true })[0]?.querySelector('.target')?.textContent;
  fireEvent.keyDown(document.body, { key: 'j' });
  fireEvent.keyDown(document.body, { key: 'j' });
  assert.equal(selected(), '/b');
  fireEvent.keyDown(document.body, { key: 'k' });
  assert.equal(selected(), '/a');
  assert.equal(screen.getByRole('grid').getAttribute('aria-activedescendant'), 'row-a');
  fireEvent.keyDown(document.body, { key: 'Enter' });
  assert.equal(location.hash, '#/live?open=a');
  fireEvent.keyDown(document.body, { key: 'Escape' });
  assert.equal(location.hash, '#/live');
});

test('a loss is red while it is news, and stays written', async () => {
  render(<LivePage />);
  state({ link: 'live', lost_batches: 2, lost_at: Date.now() - 59_800 });
  const figure = screen.getByText('2 batches lost');
  assert.equal(figure.className, 'bad');
  await waitFor(() => assert.equal(figure.className, ''));
  screen.getByText('2 batches lost');
});
