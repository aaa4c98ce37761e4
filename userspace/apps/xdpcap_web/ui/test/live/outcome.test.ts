import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, Half } from '../../src/shared/api/types';
import { isFirst, whyCut, whyNoRequest, whyNoResponse } from '../../src/live/outcome';
import { scaleOf } from '../../src/shared/parts/ladder';

const side = { state: 'established', packets: 1, window: 65_536, gaps: 0 };
function tcp(change: object = {}, client = 'established', server = 'established'): Connection {
  return {
    opened: 1000,
    last: 3000,
    closed: true,
    close: 'fin',
    flags: [],
    to_server: { ...side, state: client },
    to_client: { ...side, state: server },
    ...change,
  } as unknown as Connection;
}
const request = { last: 2000 } as Half;

test('why there is no response', () => {
  const of = (connection: Connection | null, now = 9000): string =>
    whyNoResponse({ request, tcp: connection }, now);
  assert.equal(of(tcp({}, 'fin_wait_2', 'close_wait')), 'None: the client closed after 1.00 s.');
  assert.equal(of(tcp({}, 'time_wait', 'closed')), 'None: the client closed after 1.00 s.');
  assert.equal(of(tcp({}, 'last_ack', 'fin_wait_1')), 'None: the server closed after 1.00 s.');
  assert.equal(of(tcp({}, 'closed', 'closed')), 'None: the connection was closed after 1.00 s.');
  assert.equal(of(tcp({ close: 'rst' })), 'None: the connection was reset after 1.00 s.');
  assert.equal(
    of(tcp({ close: 'open', closed: false }), 4000),
    'None yet: asked 2.00 s ago, and the connection is open.',
  );
  assert.match(of(tcp({ close: 'capture' })), /capture ended/);
  assert.match(of(null), /not kept any more/);
});

test('why there is no request', () => {
  assert.match(whyNoRequest({ flags: [], tcp: tcp() }), /was none, or could not be read/);
  assert.match(whyNoRequest({ flags: ['partial_connection'], tcp: null }), /open already/);
  assert.match(whyNoRequest({ flags: ['one_sided'], tcp: null }), /only the server/);
});

test('what a cut message lacks', () => {
  const half = (change: object): Half =>
    ({ complete: false, end: 'rst', body_length: 4, declared_length: 1000, ...change }) as Half;
  assert.equal(whyCut(half({ complete: true })), null);
  assert.equal(whyCut(half({})), 'Not whole: the connection was reset after 4 B of 1.00 kB.');
  assert.equal(
    whyCut(half({ end: 'fin', declared_length: null })),
    'Not whole: its sender closed after 4 B of its body.',
  );
  for (const end of ['timeout', 'gap', 'evicted', 'malformed', 'capture', 'some_day'])
    assert.ok(whyCut(half({ end })));
});

test('a handshake belongs to the first exchange of its connection', () => {
  assert.ok(isFirst({ id: 'a-1-0', request, flags: [] }));
  assert.ok(!isFirst({ id: 'a-1-10', request, flags: [] }));
  assert.ok(!isFirst({ id: 'a-1-0', request: null, flags: [] }));
  assert.ok(!isFirst({ id: 'a-1-0', request, flags: ['partial_connection'] }));
});

test('windows are shown as they are meant', () => {
  const segment = (window: number, flags = 'ACK'): never =>
    ({ direction: 'to_server', window, flags }) as never;
  assert.equal(scaleOf([segment(64_240, 'SYN'), segment(502)], 'to_server', 502 * 128), 128);
  assert.equal(scaleOf([segment(502)], 'to_server', 502), 1);
  assert.equal(scaleOf([segment(502)], 'to_server', 1000), 1);
  assert.equal(scaleOf([], 'to_server', 1000), 1);
});
