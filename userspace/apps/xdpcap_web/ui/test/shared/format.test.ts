import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ago,
  bitRate,
  count,
  duration,
  memory,
  bytes,
  plural,
  precise,
  rate,
  short,
} from '../../src/shared/lib/format';
import { bytesOfBase64, hexRow, hexRows, imageType, prettyJson } from '../../src/shared/lib/hex';

test('durations', () => {
  const cases: [number | null, string][] = [
    [null, '–'],
    [0, '0'],
    [0.0012, '1.2 µs'],
    [0.085, '85 µs'],
    [0.9996, '1.00 ms'],
    [1.25, '1.25 ms'],
    [12.34, '12.3 ms'],
    [123.4, '123 ms'],
    [999.6, '1.00 s'],
    [3100, '3.10 s'],
    [59_000, '59.0 s'],
    [125_000, '2 min 5 s'],
    [7_260_000, '2 h 1 min'],
    [119_700, '2 min 0 s'],
    [99_960, '1 min 40 s'],
    [3_599_600, '1 h 0 min'],
    [7_199_900, '2 h 0 min'],
    [-1, '-1.00 ms'],
  ];
  for (const [ms, text] of cases) assert.equal(duration(ms), text);
  // No second and no minute of its own number.
  for (let ms = 90_000; ms < 8_000_000; ms += 997)
    assert.doesNotMatch(duration(ms), /\b60 (s|min)/);
  assert.equal(precise(133.0414), '133.041 ms');
  assert.equal(precise(2000.133), '2.000133 s');
});

test('bytes and rates', () => {
  assert.equal(bytes(null), '–');
  assert.equal(bytes(812), '812 B');
  assert.equal(memory(96 * 1024 * 1024), '96.0 MiB');
  assert.equal(bytes(999.9), '1.00 kB');
  assert.equal(bytes(1400), '1.40 kB');
  assert.equal(bytes(23_000_000), '23.0 MB');
  assert.equal(bitRate(125_000_000), '1.00 Gbit/s');
  assert.equal(bitRate(0), '0 bit/s');
  assert.equal(rate(0), '0/s');
  assert.equal(rate(1.5), '1.5/s');
  assert.equal(rate(12_345), '12.3 k/s');
  assert.equal(short(3400), '3.40 k');
});

test('counts', () => {
  assert.equal(count(1234567), '1,234,567');
  assert.equal(count(999), '999');
  assert.equal(count(-1234), '-1,234');
  assert.equal(plural(1, 'row'), '1 row');
  assert.equal(plural(2000, 'row'), '2,000 rows');
  assert.equal(ago(1000, 1500), 'just now');
  assert.equal(ago(1000, 13_000), '12.0 s ago');
});

test('bytes are shown as hexdump does', () => {
  const bytes = bytesOfBase64(btoa('GET / HTTP/1.1\r\n\x00\xff'));
  assert.equal(hexRows(bytes), 2);
  assert.deepEqual(hexRow(bytes, 0), {
    offset: '00000000',
    hex: '47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a',
    text: 'GET / HTTP/1.1..',
  });
  assert.equal(hexRow(bytes, 1).hex.trim(), '00 ff');
  assert.equal(hexRow(bytes, 1).text, '..');
});

test('only four kinds of pictures, by their first bytes', () => {
  assert.equal(
    imageType(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
    'image/png',
  );
  assert.equal(imageType(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), 'image/jpeg');
  assert.equal(imageType(new TextEncoder().encode('GIF89a')), 'image/gif');
  assert.equal(imageType(new TextEncoder().encode('RIFF....WEBPVP8 ')), 'image/webp');
  assert.equal(
    imageType(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')),
    null,
  );
  assert.equal(imageType(new Uint8Array()), null);
});

test('JSON is laid out and loses no digit', () => {
  assert.equal(
    prettyJson('{"a":[1,{"b":12345678901234567890}],"c":{},"d":[]}'),
    '{\n  "a": [\n    1,\n    {\n      "b": 12345678901234567890\n    }\n  ],\n' +
      '  "c": {},\n  "d": []\n}',
  );
  assert.equal(prettyJson('{"a":"}{,:\\" [ "}'), '{\n  "a": "}{,:\\" [ "\n}');
  assert.equal(prettyJson('{"a":'), null);
  assert.equal(prettyJson('"text"'), null);
  assert.equal(prettyJson('<p>'), null);
});
