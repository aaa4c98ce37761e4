import { act, fireEvent, render, screen, within } from '../dom';
import { stats } from '../dom/samples';
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { App } from '../../src/app/app';
import { ApiError } from '../../src/shared/api/client';
import { gateway } from '../../src/shared/api/gateway';
import { go } from '../../src/shared/route';

const problem = (message: string, place: string | null = null) => ({
  name: 'xdp_no_socket',
  sensor: null,
  interface: place,
  value: 1,
  message,
});

beforeEach(() => go('capture'));
afterEach(() => act(() => gateway.set({ stats: null, error: null, points: [] })));

test('the banner has the first problem, how many more, and leads to their account', () => {
  const problems = [problem('queue 3 has no socket', 'eth0'), problem('the disk is full')];
  gateway.update({
    stats: stats([], { sensors: [], health: { status: 'degraded', reason: null, problems } }),
  });
  render(<App />);
  const banner = screen.getByRole('link', { name: /queue 3/ });
  assert.equal(banner.textContent, '⚠ eth0: queue 3 has no socket (+1)');
  assert.equal(banner.getAttribute('href'), '#/capture');
  assert.equal(banner.title, 'eth0: queue 3 has no socket\nthe disk is full');
  assert.match(document.title, /^⚠ Capture/);
});

test('all well: no banner', () => {
  gateway.update({ stats: stats([], { sensors: [] }) });
  render(<App />);
  assert.equal(document.querySelector('.health'), null);
  assert.match(document.title, /^Capture/);
});

test('without an engine the page names the command that starts one', () => {
  gateway.update({ stats: stats([], { sensors: [] }) });
  render(<App />);
  const page = within(screen.getByRole('main'));
  page.getByText('xdpcap-run -i eth0');
  page.getByText(/No engine reports/);
});

test('a gateway that wants a token says where it is, and opens with one', () => {
  gateway.update({ error: new ApiError('a token is needed', 401) });
  render(<App />);
  screen.getByText('--token-file');
  const open = screen.getByRole('button', { name: 'Open' });
  assert.ok(open.hasAttribute('disabled'));
  fireEvent.change(screen.getByLabelText(/Token/), { target: { value: 'secret' } });
  assert.ok(!open.hasAttribute('disabled'));
});

test("'?' opens the help with every key, and closes it", () => {
  gateway.update({ stats: stats([], { sensors: [] }) });
  render(<App />);
  fireEvent.keyDown(document.body, { key: '?' });
  const help = screen.getByRole('dialog');
  within(help).getByText('pause, resume');
  // Keys are the dialog's while it is open.
  fireEvent.keyDown(document.body, { key: '1' });
  assert.equal(location.hash, '#/capture');
  fireEvent.keyDown(help, { key: '?' });
  assert.equal(screen.queryByRole('dialog'), null);
});
