import { fireEvent, render, screen, visit } from '../dom';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputOf, TimeRange } from '../../src/live/time_range';

const at = new Date(2026, 0, 31, 12, 30, 15).getTime();
const field = (name: string): HTMLInputElement => screen.getByLabelText(name);

test('the fields follow the address, the step back too', async () => {
  await visit(`#/live?from=${at}`);
  render(<TimeRange />);
  assert.match(field('from').value, /^2026-01-31T12:30:15/);
  assert.equal(field('to').value, '');
  await visit('#/live');
  assert.equal(field('from').value, '');
});

test('a time that is chosen goes into the address, one that is cleared leaves it', async () => {
  await visit('#/live');
  render(<TimeRange />);
  fireEvent.change(field('to'), { target: { value: inputOf(String(at)) } });
  assert.equal(location.hash, `#/live?to=${at}`);
  fireEvent.change(field('to'), { target: { value: '' } });
  assert.equal(location.hash, '#/live');
});
