import { fireEvent, render, screen } from '../dom';
import { body, half } from '../dom/samples';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HalfView } from '../../src/live/half';
import type { Body, Half } from '../../src/shared/api/types';

const draw = (more: Partial<Half>): void => {
  render(<HalfView half={half(more)} missing="none" />);
};
const drawBody = (more: Partial<Body>, rest: Partial<Half> = {}): void =>
  draw({ body: body(more), ...rest });
const text = (): string => document.body.textContent ?? '';

test('a half that is not there has its reason', () => {
  render(<HalfView half={null} missing="None yet." />);
  screen.getByText('None yet.');
});

test('headers, start line and text of a whole message; no warning', () => {
  draw({});
  screen.getByText('HTTP/1.1 200 OK');
  screen.getByRole('rowheader', { name: 'Content-Type' });
  screen.getByText('hello');
  assert.equal(screen.queryByRole('alert'), null);
});

test('a message that was cut says by whom, and how much came', () => {
  draw({ complete: false, end: 'rst', declared_length: 10 });
  assert.equal(
    screen.getByRole('alert').textContent,
    'Not whole: the connection was reset after 5 B of 10 B.',
  );
});

test('masked values say so, with the option that shows them', () => {
  draw({ masked: true });
  assert.match(screen.getByRole('note').textContent ?? '', /xdpcap-run --reveal/);
});

test('a body the engine cut names the option that keeps more', () => {
  drawBody({ bytes: 5 }, { flags: ['truncated'], body_length: 4000 });
  assert.match(text(), /The engine kept the first 5 B of 4.00 kB/);
  screen.getByText('xdpcap-run --max-body');
});

test('a body that was encoded has both its sizes', () => {
  drawBody({ encoding: ['gzip'], bytes: 20, decoded_bytes: 4000 });
  screen.getByText('gzip: 20 B → 4.00 kB');
});

test('a body that could not be decoded is shown as it came, with the reason', () => {
  drawBody({ encoding: ['br'], decoded: false, error: 'br: the data ends early' });
  assert.equal(screen.getByRole('alert').textContent, 'Shown as it came: br: the data ends early');
});

test('JSON is pretty first, and as it came on request', () => {
  drawBody({ text: '{"a":1}' });
  assert.equal(document.querySelector('.body-text')!.textContent, '{\n  "a": 1\n}');
  fireEvent.click(screen.getByRole('button', { name: 'text' }));
  assert.equal(document.querySelector('.body-text')!.textContent, '{"a":1}');
});

test('binary bytes are a hexdump', () => {
  drawBody({ text: null, base64: btoa('\x00\x01ab') });
  assert.match(text(), /00 01 61 62/);
  assert.equal(document.querySelector('.ascii')!.textContent, '..ab');
});

test('a picture is drawn from its own bytes; a claim of its type makes none', () => {
  const png = btoa('\x89PNG\r\n\x1a\n');
  drawBody({ text: null, base64: png });
  assert.equal(screen.getByRole('img').getAttribute('src'), `data:image/png;base64,${png}`);
  drawBody(
    { text: null, base64: btoa('<svg onload="alert(1)"/>') },
    { headers: [['Content-Type', 'image/svg+xml']] },
  );
  assert.equal(screen.getAllByRole('img').length, 1);
});

test('gaps have their place and cause', () => {
  draw({ gaps: [{ offset: 100, length: 1448, cause: 'capture' }] });
  assert.equal(screen.getByRole('alert').textContent, '1 gap: 1.45 kB at 100 (capture)');
});

test('no body is no empty box', () => {
  drawBody({ text: '', bytes: 0 }, { body_length: 0 });
  screen.getByText('no body');
  assert.equal(document.querySelector('.body-text'), null);
});
