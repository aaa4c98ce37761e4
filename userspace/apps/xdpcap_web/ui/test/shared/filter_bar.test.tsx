import { fireEvent, render, screen, waitFor } from '../dom';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRef } from 'react';
import { messageWords } from '../../src/shared/lib/filter';
import { FilterBar } from '../../src/shared/parts/filter_bar';

const sent: string[] = [];
function bar(value: string) {
  return (
    <FilterBar
      value={value}
      onChange={(text) => sent.push(text)}
      words={messageWords}
      plain="text"
      input={input}
      placeholder="Filter"
    />
  );
}
const input = createRef<HTMLInputElement>();
const type = (value: string): void => {
  fireEvent.change(screen.getByRole('searchbox'), { target: { value } });
};

test('a wrong word is refused with its cure, as it is typed', () => {
  render(bar(''));
  assert.equal(screen.queryByRole('alert'), null);
  type('hots:shop');
  assert.match(screen.getByRole('alert').textContent ?? '', /no 'hots:'; did you mean host:\?/);
  assert.equal(screen.getByRole('searchbox').getAttribute('aria-invalid'), 'true');
  type('host:shop');
  assert.equal(screen.queryByRole('alert'), null);
});

test('what is typed is sent when the fingers rest, once', async () => {
  sent.length = 0;
  render(bar(''));
  type('h');
  type('host:a');
  assert.deepEqual(sent, []);
  await waitFor(() => assert.deepEqual(sent, ['host:a']));
});

test('Enter sends at once and leaves the field; Escape leaves it alone', () => {
  sent.length = 0;
  render(bar(''));
  const field = screen.getByRole('searchbox');
  type('host:a');
  field.focus();
  fireEvent.keyDown(field, { key: 'Enter' });
  assert.deepEqual(sent, ['host:a']);
  assert.notEqual(document.activeElement, field);
  field.focus();
  // Nothing else gets it: fireEvent answers false where the default was prevented.
  assert.equal(fireEvent.keyDown(field, { key: 'Escape' }), false);
  assert.notEqual(document.activeElement, field);
  assert.deepEqual(sent, ['host:a']);
});

test('a filter from elsewhere replaces what was typed', () => {
  const { rerender } = render(bar('host:a'));
  type('host:ab');
  rerender(bar('status:5xx'));
  assert.equal(input.current?.value, 'status:5xx');
});

test('a word on offer is added, and the field has the focus', () => {
  render(bar('host:a'));
  fireEvent.click(screen.getByRole('button', { name: 'method:POST' }));
  assert.equal(input.current?.value, 'host:a method:');
  assert.equal(document.activeElement, input.current);
});
