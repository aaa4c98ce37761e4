import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring } from '../../src/live/ring';

interface Item {
  id: string;
  value: number;
}
const item = (id: number, value = 0): Item => ({ id: String(id), value });

test('keeps the newest, in order, and counts what it pushed out', () => {
  const ring = new Ring<Item>(3, (one) => one.id);
  for (let i = 0; i < 5; i += 1) assert.equal(ring.put(item(i)), true);
  assert.equal(ring.length, 3);
  assert.equal(ring.origin, 2);
  assert.deepEqual(
    ring.toArray().map((one) => one.id),
    ['2', '3', '4'],
  );
  assert.equal(ring.at(0)?.id, '2');
  assert.equal(ring.at(3), undefined);
  assert.equal(ring.at(-1), undefined);
});

test('an item that comes again keeps its own place', () => {
  const ring = new Ring<Item>(3, (one) => one.id);
  for (let i = 0; i < 4; i += 1) ring.put(item(i));
  assert.equal(ring.put(item(2, 7)), false);
  assert.deepEqual(ring.toArray(), [item(1), item(2, 7), item(3)]);
  assert.equal(ring.origin, 1);
});

test('one that was pushed out is new when it comes again', () => {
  const ring = new Ring<Item>(2, (one) => one.id);
  for (let i = 0; i < 3; i += 1) ring.put(item(i));
  assert.equal(ring.indexOf('0'), -1);
  assert.equal(ring.put(item(0)), true);
  assert.deepEqual(
    ring.toArray().map((one) => one.id),
    ['2', '0'],
  );
});

test('places are right over many turns', () => {
  const ring = new Ring<Item>(7, (one) => one.id);
  for (let i = 0; i < 1000; i += 1) {
    ring.put(item(i));
    if (i % 3 === 0) ring.put(item(i - 2, 1));
    for (let index = 0; index < ring.length; index += 1)
      assert.equal(ring.indexOf(ring.at(index)!.id), index);
  }
  assert.equal(ring.length, 7);
  ring.clear();
  assert.equal(ring.length, 0);
  assert.equal(ring.origin, 0);
  assert.equal(ring.at(0), undefined);
});
