import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distance, placeSegments, Unwrapper } from '../../src/shared/lib/seq';
import { sequenceColumns } from '../../src/connections/sequence_columns';

const wrap = 2 ** 32;

test('the distance is the short way round', () => {
  assert.equal(distance(5, 9), 4);
  assert.equal(distance(9, 5), -4);
  assert.equal(distance(wrap - 2, 3), 5);
  assert.equal(distance(3, wrap - 2), -5);
  assert.equal(distance(0, 2 ** 31), -(2 ** 31));
});

test('numbers go on past 2^32, and back for what is sent again', () => {
  const unwrap = new Unwrapper();
  assert.equal(unwrap.peek(1), null);
  assert.equal(unwrap.next(wrap - 100), 0);
  assert.equal(unwrap.next(0), 100);
  assert.equal(unwrap.next(1348), 1448);
  assert.equal(unwrap.next(wrap - 100), 0);
  assert.equal(unwrap.peek(50), 150);
  assert.equal(unwrap.next(1348), 1448);
});

test('several gigabytes are not folded', () => {
  const unwrap = new Unwrapper();
  let value = 0;
  for (let i = 0; i < 100; i += 1) {
    assert.equal(unwrap.next((7 + value) % wrap), value);
    value += 1_000_000_000;
  }
});

const segments = [
  {
    time: 0,
    direction: 'to_server',
    seq: wrap - 1,
    ack: 0,
    flags: 'SYN',
    window: 1,
    length: 0,
    verdict: 'in_order',
  },
  {
    time: 1,
    direction: 'to_client',
    seq: 500,
    ack: 0,
    flags: 'SYN,ACK',
    window: 1,
    length: 0,
    verdict: 'in_order',
  },
  {
    time: 2,
    direction: 'to_server',
    seq: 0,
    ack: 501,
    flags: 'ACK',
    window: 1,
    length: 10,
    verdict: 'in_order',
  },
  {
    time: 3,
    direction: 'to_server',
    seq: 0,
    ack: 501,
    flags: 'ACK',
    window: 1,
    length: 10,
    verdict: 'retransmit',
  },
  {
    time: 4,
    direction: 'to_client',
    seq: 501,
    ack: 10,
    flags: 'ACK',
    window: 1,
    length: 0,
    verdict: 'in_order',
  },
] as const;

test('sequence and acknowledgement stand on the same scale, a SYN counted', () => {
  const placed = placeSegments(segments);
  assert.deepEqual(
    placed.map(({ seq, ack }) => [seq, ack]),
    [
      [0, null],
      [0, 1],
      [1, 1],
      [1, 1],
      [1, 11],
    ],
  );
});

test('the diagram parts what was sent, sent again, acknowledged', () => {
  const columns = sequenceColumns(placeSegments(segments), 'to_server');
  assert.deepEqual(columns.time, [0, 1, 2, 3, 4]);
  assert.deepEqual(columns.sent, [0, null, 11, null, null]);
  assert.deepEqual(columns.again, [null, null, null, 11, null]);
  assert.deepEqual(columns.acked, [null, 1, null, null, 11]);
});
