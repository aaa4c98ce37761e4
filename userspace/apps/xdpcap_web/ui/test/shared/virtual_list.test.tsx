import { act, fireEvent, render, resize, screen } from '../dom';
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { ComponentProps } from 'react';
import { VirtualList } from '../../src/shared/parts/virtual_list';

const rowHeight = 20;
function list(more: Partial<ComponentProps<typeof VirtualList>> = {}) {
  return (
    <VirtualList
      count={1000}
      rowHeight={rowHeight}
      label="Rows"
      row={(index) => (
        <div role="row" key={index}>
          {index}
        </div>
      )}
      {...more}
    />
  );
}
const shown = (): number[] => screen.getAllByRole('row').map((row) => Number(row.textContent));
const box = (): HTMLElement => screen.getByRole('grid');

beforeEach(() => resize(200));

test('only rows in sight exist; how many there are is said', () => {
  render(list());
  resize(200);
  assert.equal(shown()[0], 0);
  assert.ok(shown().length < 30, String(shown().length));
  assert.equal(box().getAttribute('aria-rowcount'), '1000');
});

test('a higher place shows more rows', () => {
  render(list());
  resize(200);
  const before = shown().length;
  resize(800);
  assert.equal(shown().length, before + 30);
});

test('scrolling brings others', () => {
  render(list());
  box().scrollTop = 500 * rowHeight;
  fireEvent.scroll(box());
  assert.ok(shown().includes(500) && shown().includes(509) && !shown().includes(0));
});

test('a row is revealed from above and from below, and once for each wish', () => {
  const { rerender } = render(list({ reveal: { index: -1, number: 0 } }));
  rerender(list({ reveal: { index: 500, number: 1 } }));
  assert.equal(box().scrollTop, 501 * rowHeight - 200);
  rerender(list({ reveal: { index: 100, number: 2 } }));
  assert.equal(box().scrollTop, 100 * rowHeight);
  // The reader scrolls on; the same wish does not bring him back.
  act(() => {
    box().scrollTop = 0;
  });
  rerender(list({ reveal: { index: 100, number: 2 } }));
  assert.equal(box().scrollTop, 0);
});

test('it follows the end as rows come, and says when the reader leaves it', () => {
  const follows: boolean[] = [];
  const onFollow = (follow: boolean): number => follows.push(follow);
  const { rerender } = render(list({ follow: true, onFollow }));
  rerender(list({ follow: true, onFollow, count: 1001 }));
  assert.equal(box().scrollTop, 1001 * rowHeight);
  fireEvent.scroll(box());
  assert.deepEqual(follows, []);
  Object.defineProperty(box(), 'scrollHeight', { configurable: true, value: 1001 * rowHeight });
  box().scrollTop = 100;
  fireEvent.scroll(box());
  assert.deepEqual(follows, [false]);
});

test('rows that leave in front do not move those in sight', () => {
  const { rerender } = render(list({ origin: 0 }));
  box().scrollTop = 500 * rowHeight;
  fireEvent.scroll(box());
  rerender(list({ origin: 10 }));
  assert.equal(box().scrollTop, 490 * rowHeight);
});

test('the keyboard reaches it, and it names the row that is active', () => {
  render(list({ activeId: 'row-7' }));
  box().focus();
  assert.equal(document.activeElement, box());
  assert.equal(box().getAttribute('aria-activedescendant'), 'row-7');
});
