import { render, screen } from '../dom';
import { counter } from '../dom/samples';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllCounters, Losses, StageCard } from '../../src/capture/account';
import { FlowPicture } from '../../src/capture/flow';
import { lossesOf, stagesOf, type Stage } from '../../src/capture/ledger';

const socketStage = (delivered: number, lost: number, seen: number, rate = 0): Stage => {
  const at = { interface: 'eth0', queue: 0 };
  const stage = stagesOf([
    counter('xdp_redirected', seen, { ...at, rate }),
    counter('xsk_delivered', delivered, at),
    counter('xsk_rx_ring_full', lost, at),
  ]).find(({ id }) => id === 'socket');
  assert.ok(stage);
  return stage;
};
const rows = (): (string | null)[][] =>
  screen.getAllByRole('row').map((row) => [...row.children].map((cell) => cell.textContent));

test('a stage adds up line by line', () => {
  render(<StageCard stage={socketStage(990, 10, 1000)} />);
  assert.deepEqual(
    rows().map(([name, value]) => [name, value]),
    [
      ['redirected', '1,000'],
      ['delivered', '990'],
      ['RX ring full (lost)', '10'],
      ['sum of the parts', '1,000'],
    ],
  );
  screen.getByText('✓ adds up');
});

test('a difference is shown and not made to fit', () => {
  render(<StageCard stage={socketStage(990, 7, 1000)} />);
  screen.getByText('✕ does not add up (+3)');
});

test('a difference while traffic runs is counting', () => {
  render(<StageCard stage={socketStage(990, 7, 1000, 50)} />);
  screen.getByText('… counting (+3)');
});

test('the picture has the sum of each stage, and what left it with its cause', () => {
  const stages = stagesOf([
    counter('xdp_seen', 1005, { interface: 'eth0', queue: 0 }),
    counter('xdp_redirected', 1000, { interface: 'eth0', queue: 0 }),
    counter('xdp_not_ip', 5, { interface: 'eth0', queue: 0 }),
    counter('xsk_delivered', 990, { interface: 'eth0', queue: 0 }),
    counter('xsk_rx_ring_full', 10, { interface: 'eth0', queue: 0 }),
  ]);
  render(<FlowPicture stages={stages} />);
  const words = [...document.querySelectorAll('text')].map((text) => text.firstChild?.textContent);
  assert.ok(words.includes('XDP program') && words.includes('1,005'));
  const exits = [...document.querySelectorAll('.flow-exit')];
  assert.deepEqual(
    exits.map((exit) => [exit.classList[1], exit.querySelector('title')?.textContent]),
    [
      ['aside', 'not IP: 5 frames, 0/s'],
      ['loss', 'RX ring full: 10 frames, 0/s'],
    ],
  );
});

test('losses have cause, place and number; none is said too', () => {
  const { rerender } = render(
    <Losses
      losses={lossesOf([counter('xsk_rx_ring_full', 12, { interface: 'eth0', queue: 3 })])}
    />,
  );
  assert.deepEqual(rows()[1], ['✕ RX ring full', 'eth0 queue 3', '12', '0/s']);
  rerender(<Losses losses={[]} />);
  screen.getByText(/Nothing was lost by this capture/);
});

test('a counter that no equation knows is listed as such', () => {
  render(<AllCounters counters={[counter('xsk_delivered', 1), counter('brand_new', 2)]} />);
  const cells = [...document.querySelectorAll('tbody tr')].map((row) => [
    row.children[0]?.textContent,
    row.children[4]?.textContent,
  ]);
  assert.deepEqual(cells, [
    ['brand_new', ''],
    ['xsk_delivered', 'yes'],
  ]);
});
