import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stats } from '../../src/shared/api/types';
import { healthOf, isAlive } from '../../src/app/health';
import { lossesOf, lostByUnit } from '../../src/capture/ledger';

const counter = (name: string, value: number): object => ({
  name,
  value,
  rate: 0,
  interface: null,
  queue: null,
});
function stats(counters: object[], problems: object[] = [], more: object = {}): Stats {
  return {
    sensors: [{ sensor: 'a', stale: false, ended: false, counters, ...more }],
    health: { status: 'ok', reason: null, problems },
    gateway: {},
  } as unknown as Stats;
}

test('all is well without a word', () => {
  assert.deepEqual(healthOf(stats([counter('frames_received', 5)])), { level: 'ok', words: [] });
});

test('frames that were lost are shown on every page, and gaps are not added to them', () => {
  const lossy = stats([counter('xsk_rx_ring_full', 5284), counter('tcp_gaps_capture', 4)]);
  assert.deepEqual(healthOf(lossy), {
    level: 'warn',
    words: ['5,284 frames lost since its start'],
  });
  assert.deepEqual(
    [...lostByUnit(lossesOf(lossy.sensors[0]!.counters))],
    [
      ['frames', 5284],
      ['gaps', 4],
    ],
  );
});

test('what the gateway says comes first', () => {
  const { level, words } = healthOf(
    stats(
      [counter('xsk_rx_ring_full', 1)],
      [{ name: 'x', sensor: 'a', interface: 'eth0', value: 1, message: 'the interface is down' }],
    ),
  );
  assert.equal(level, 'bad');
  assert.deepEqual(words, ['eth0: the interface is down', '1 frame lost since its start']);
});

test('an engine is there as long as it reports', () => {
  assert.ok(isAlive(stats([])));
  assert.ok(!isAlive(stats([], [], { stale: true })));
  assert.ok(!isAlive(stats([], [], { ended: true })));
});
