import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Counter } from '../../src/shared/api/types';
import { pictureOf } from '../../src/capture/flow_picture';
import {
  isExplained,
  lossesOf,
  stagesByPlace,
  stagesOf,
  totalOf,
  verdictOf,
} from '../../src/capture/ledger';

const of = (
  name: string,
  value: number,
  where: [string, number | null] | null = null,
  rate = 0,
): Counter => ({
  name,
  value,
  rate,
  interface: where?.[0] ?? null,
  queue: where?.[1] ?? null,
});

// Two queues behind a tap; three frames are lost to a full ring, one is not decodable.
const counters: Counter[] = [
  of('tap_seen', 112, ['eth0', null]),
  of('tap_cloned', 103, ['eth0', null]),
  of('tap_not_ip', 4, ['eth0', null]),
  of('tap_not_tcp', 3, ['eth0', null]),
  of('tap_filtered', 2, ['eth0', null]),
  of('tap_malformed', 0, ['eth0', null]),
  of('tap_clone_errors', 0, ['eth0', null]),
  of('tap_sent', 103, ['eth0', null]),
  of('xdp_seen', 60, ['eth0', 0]),
  of('xdp_redirected', 60, ['eth0', 0]),
  of('xsk_delivered', 60, ['eth0', 0]),
  of('xdp_seen', 43, ['eth0', 1]),
  of('xdp_redirected', 43, ['eth0', 1]),
  of('xsk_delivered', 40, ['eth0', 1]),
  of('xsk_rx_ring_full', 3, ['eth0', 1]),
  of('frames_received', 100),
  of('decode_segments', 99),
  of('decode_bad_tcp_checksum', 1),
  of('decode_udp', 0),
  of('segments_delivered', 50),
  of('segments_control', 45),
  of('segments_held', 4),
  of('tcp_held_delivered', 3),
  of('tcp_held_dropped', 1),
  of('http_requests', 20),
  of('http_responses', 19),
  of('http_interim_responses', 1),
  of('publish_messages_published', 40),
];
const changed = (name: string, value: number, rate = 0): Counter[] =>
  counters.map((one) => (one.name === name ? { ...one, value, rate } : one));

test('every stage adds up, over interfaces and queues', () => {
  const stages = stagesOf(counters);
  assert.deepEqual(
    stages.map((stage) => [stage.id, stage.total, stage.sum, stage.verdict]),
    [
      ['tap', 112, 112, 'closes'],
      ['wire', 103, 103, 'closes'],
      ['xdp', 103, 103, 'closes'],
      ['socket', 103, 103, 'closes'],
      ['decode', 100, 100, 'closes'],
      ['tcp', 99, 99, 'closes'],
      ['early', 4, 4, 'closes'],
      ['http', 40, 40, 'closes'],
    ],
  );
  assert.equal(verdictOf(stages), 'closes');
});

test('a difference at rest is said; while traffic runs it is under way', () => {
  const still = stagesOf(changed('segments_delivered', 48));
  assert.equal(verdictOf(still), 'off');
  assert.equal(still.find((stage) => stage.id === 'tcp')?.difference, 2);
  assert.equal(verdictOf(stagesOf(changed('segments_delivered', 48, 1000))), 'moving');
});

test('what is held now is in neither part', () => {
  const stages = stagesOf(changed('tcp_held_delivered', 2));
  assert.equal(stages.find((stage) => stage.id === 'early')?.verdict, 'moving');
  assert.equal(
    stagesOf(changed('tcp_held_delivered', 5)).find((stage) => stage.id === 'early')?.verdict,
    'off',
  );
});

test('a loss is shown with its cause and place', () => {
  assert.deepEqual(lossesOf(counters), [
    {
      label: 'RX ring full',
      unit: 'frames',
      name: 'xsk_rx_ring_full',
      where: 'eth0 queue 1',
      value: 3,
      rate: 0,
    },
  ]);
});

test('each queue has its own account', () => {
  const socket = stagesByPlace(counters).filter((stage) => stage.id === 'socket');
  assert.deepEqual(
    socket.map((stage) => [stage.where, stage.total, stage.sum]),
    [
      ['eth0 queue 0', 60, 60],
      ['eth0 queue 1', 43, 43],
    ],
  );
});

test('a file has no interfaces, a mirror port no tap', () => {
  assert.deepEqual(
    stagesOf(counters.filter((one) => one.interface === null)).map((stage) => stage.id),
    ['decode', 'tcp', 'early', 'http'],
  );
  assert.deepEqual(
    stagesOf(counters.filter((one) => !one.name.startsWith('tap_')))
      .map((stage) => stage.id)
      .slice(0, 2),
    ['xdp', 'socket'],
  );
});

test('the tap\u2019s wire counts only interfaces with a tap', () => {
  const stages = stagesOf([
    ...counters,
    of('xdp_seen', 1000, ['mirror0', 0]),
    of('xdp_redirected', 1000, ['mirror0', 0]),
  ]);
  assert.equal(stages.find((stage) => stage.id === 'wire')?.sum, 103);
  assert.equal(stages.find((stage) => stage.id === 'xdp')?.total, 1103);
});

test('datagrams are accounted for where they were asked for', () => {
  assert.equal(
    stagesOf(changed('decode_udp', 5)).some((stage) => stage.id === 'udp'),
    false,
  );
  const asked = stagesOf([
    ...changed('decode_udp', 5),
    of('publish_datagrams_published', 4),
    of('datagrams_filtered', 1),
  ]);
  assert.equal(asked.find((stage) => stage.id === 'udp')?.verdict, 'closes');
});

test('an unknown counter is in no picture, and is known to be so', () => {
  assert.equal(isExplained('something_new'), false);
  assert.equal(isExplained('xsk_rx_ring_full'), true);
  assert.equal(totalOf(counters, 'xdp_seen'), 103);
});

test('the picture shows every part that is there, and nothing thinner than can be seen', () => {
  const stages = stagesOf(
    counters.map((one) => (one.name === 'tap_seen' ? { ...one, value: 1_000_112 } : one)),
  );
  const picture = pictureOf(stages, 1200);
  assert.equal(picture.columns.length, stages.length);
  const socket = picture.columns.find((column) => column.stage.id === 'socket');
  assert.deepEqual(
    socket?.exits.map((exit) => exit.part.label),
    ['RX ring full'],
  );
  for (const column of picture.columns) assert.ok(column.height >= 2);
  const numbers = picture.columns
    .flatMap((column) => [column.band ?? '', ...column.exits.map((exit) => exit.path)])
    .join(' ');
  assert.doesNotMatch(numbers, /NaN|Infinity|undefined/);
});
