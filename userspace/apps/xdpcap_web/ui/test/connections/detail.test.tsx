import { answer, fireEvent, render, screen, within } from '../dom';
import { connection, side, socket } from '../dom/samples';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionView } from '../../src/connections/detail';
import { TcpFacts } from '../../src/shared/parts/tcp_facts';

// The two figures of a row: the client's and the server's.
function pair(table: string, row: string): (string | null)[] {
  const head = within(screen.getByRole('table', { name: table })).getByRole('rowheader', {
    name: row,
  });
  return [...head.parentElement!.querySelectorAll('td')].map((cell) => cell.textContent);
}

test('both sides stand beside each other, each with its own figures', () => {
  const to_server = side({ retransmits: 3, state: 'fin_wait_2', rtt_ms: 12 });
  const to_client = side({ retransmits: 0, gaps: 2, gaps_by_capture: 1, gap_bytes: 2896 });
  render(<TcpFacts connection={connection({ to_server, to_client })} />);
  assert.deepEqual(pair('On the wire', 'State'), ['fin wait 2', 'established']);
  assert.deepEqual(pair('On the wire', 'Retransmits'), ['3', '0']);
  assert.deepEqual(pair('On the wire', 'Gaps (by capture)'), ['0 (0), 0 B', '2 (1), 2.90 kB']);
});

test('what is not known is a dash, never a nought', () => {
  render(<TcpFacts connection={connection({ to_server: side({ rtt_ms: 12 }) })} />);
  assert.deepEqual(pair('On the wire', 'Round trip, wire'), ['12.0 ms', '–']);
});

test('a socket that is not known has dashes beside the one that is', () => {
  render(<TcpFacts connection={connection({ client_socket: socket({ cwnd: 10 }) })} />);
  assert.deepEqual(pair('In the kernel', 'Congestion window'), ['10 segments', '–']);
  assert.deepEqual(pair('In the kernel', 'Slow start until'), ['no limit yet', '–']);
});

test('a figure that the kernel does not have is a dash without a unit', () => {
  const client_socket = socket({ cwnd: null, rtt_ms: null, rtt_var_ms: null });
  render(<TcpFacts connection={connection({ client_socket })} />);
  assert.deepEqual(pair('In the kernel', 'Congestion window'), ['–', '–']);
  assert.deepEqual(pair('In the kernel', 'Round trip'), ['–', '–']);
});

test('without sockets there is the option that brings them', () => {
  render(<TcpFacts connection={connection()} />);
  assert.equal(screen.queryByRole('table', { name: 'In the kernel' }), null);
  screen.getByText(/xdpcap-run --sockets-of/);
});

test('a connection opens with its end and its sums; arrow keys go through its parts', async () => {
  answer('api/connections/c1', { data: connection() });
  answer('api/connections/c1/segments', { data: [], published: false });
  render(<ConnectionView id="c1" onClose={() => undefined} />);
  await screen.findByText(/closed by fin · 1.00 s · 1.40 kB up, 1.40 kB down/);
  screen.getByText(/A graph needs two points/);
  assert.equal(
    screen.getByRole('link', { name: '2 messages' }).getAttribute('href'),
    '#/live?q=connection%3Ac1',
  );
  fireEvent.keyDown(screen.getByRole('tab', { name: 'Graphs' }), { key: 'ArrowRight' });
  assert.equal(document.activeElement, screen.getByRole('tab', { name: 'Sequence' }));
  await screen.findByText('xdpcap-run --segments headers');
  fireEvent.keyDown(screen.getByRole('tab', { name: 'Sequence' }), { key: 'ArrowLeft' });
  screen.getByText(/A graph needs two points/);
});

test('a connection that is gone says so', async () => {
  render(<ConnectionView id="c2" onClose={() => undefined} />);
  assert.match((await screen.findByRole('alert')).textContent ?? '', /is xdpcap-web running\?/);
});
