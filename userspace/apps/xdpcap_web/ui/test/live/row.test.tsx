import { fireEvent, render, screen } from '../dom';
import { exchange } from '../dom/samples';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Row } from '../../src/live/row';
import type { Exchange } from '../../src/shared/api/types';

function draw(more: Partial<Exchange>, onOpen: (id: string) => void = () => undefined): Element {
  render(
    <Row exchange={exchange(more)} index={0} selected={false} sensors={false} onOpen={onOpen} />,
  );
  return screen.getByRole('row');
}
const cell = (row: Element, name: string): Element => row.querySelector(`.${name}`)!;

for (const [status, colour] of [
  [200, 'good'],
  [301, 'info'],
  [404, 'warn'],
  [503, 'bad'],
] as const) {
  test(`status ${status} is ${colour}`, () => {
    const mark = draw({ status }).querySelector('.status')!;
    assert.equal(mark.textContent, String(status));
    assert.ok(mark.classList.contains(colour));
  });
}

test('an exchange that is open has dots for its status and no figures', () => {
  const row = draw({ status: null, latency_ms: null, response_bytes: null, complete: false });
  assert.equal(cell(row, 'code').textContent, '···');
  assert.equal(cell(row, 'latency').textContent, '–');
  assert.equal(cell(row, 'size').textContent, '–');
  assert.ok(row.classList.contains('incomplete'));
});

test('a response that was cut is marked, with the way to its reason', () => {
  const size = cell(draw({ complete: false }), 'size');
  assert.equal(size.textContent, '✕ 1.40 kB');
  assert.equal(size.getAttribute('title'), 'Not whole: open it for the reason');
});

test('what could not be read says so once', () => {
  const row = draw({ flags: ['bad_field_name'], complete: false });
  assert.equal(cell(row, 'target').textContent, 'malformed /');
  assert.equal(cell(row, 'size').textContent, '1.40 kB');
});

test('a response without a request has words in place of its target', () => {
  const row = draw({ method: null, target: null, host: null, request_bytes: null });
  assert.equal(cell(row, 'target').textContent, '(no request was seen)');
  assert.equal(cell(row, 'method').textContent, '–');
});

test('what was captured is text', () => {
  const row = draw({ target: '/<img src=x onerror=alert(1)>' });
  assert.equal(row.querySelector('img'), null);
  assert.equal(cell(row, 'target').textContent, '/<img src=x onerror=alert(1)>');
});

test('a click opens; a stroke that selects text does not', () => {
  const opened: string[] = [];
  const row = draw({}, (id) => opened.push(id));
  const before = window.getSelection.bind(window);
  window.getSelection = () => ({ type: 'Range' }) as Selection;
  fireEvent.click(row);
  assert.deepEqual(opened, []);
  window.getSelection = before;
  fireEvent.click(row);
  assert.deepEqual(opened, ['a-1']);
});
