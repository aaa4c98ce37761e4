import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionWords, parseFilter, quoteWord, withWord } from '../../src/shared/lib/filter';

test('words become the parameters of the API, in their order', () => {
  const filter = parseFilter(
    'host:shop.* method:POST status:5xx status:none path:/cart latency:100ms',
  );
  assert.equal(filter.error, null);
  assert.deepEqual(filter.parameters, [
    ['host', 'shop.*'],
    ['method', 'POST'],
    ['status', '5xx'],
    ['status', 'none'],
    ['path', '/cart'],
    ['latency', '100ms'],
  ]);
});

test('nothing asks for everything', () => {
  assert.deepEqual(parseFilter('  '), { parameters: [], error: null });
});

test('plain words are text, as one phrase', () => {
  assert.deepEqual(parseFilter('order id status:200').parameters, [
    ['status', '200'],
    ['text', 'order id'],
  ]);
  assert.deepEqual(parseFilter('"GET /a b" x').parameters, [['text', 'GET /a b x']]);
});

test('double quotes keep blanks and make text of what looks like a word', () => {
  assert.deepEqual(parseFilter('text:"a b" path:"/x y"').parameters, [
    ['text', 'a b'],
    ['path', '/x y'],
  ]);
  assert.deepEqual(parseFilter('"hots:x"').parameters, [['text', 'hots:x']]);
  assert.deepEqual(parseFilter('text:"say \\"hi\\" \\\\o/"').parameters, [
    ['text', 'say "hi" \\o/'],
  ]);
  assert.match(parseFilter('text:"open').error ?? '', /not closed/);
});

test('addresses are text: neither a scheme nor a port is a word', () => {
  assert.deepEqual(parseFilter('http://shop/x').parameters, [['text', 'http://shop/x']]);
  assert.deepEqual(parseFilter('10.0.0.1:80').parameters, [['text', '10.0.0.1:80']]);
  assert.deepEqual(parseFilter('[fd00::1]:80').parameters, [['text', '[fd00::1]:80']]);
});

test('names are read in any case, and a value may hold colons', () => {
  assert.deepEqual(parseFilter('HOST:a:8080').parameters, [['host', 'a:8080']]);
});

test('an unknown word is refused with the cure', () => {
  assert.match(parseFilter('hots:x').error ?? '', /there is no 'hots:'; did you mean host:/);
  assert.match(parseFilter('stat:5xx').error ?? '', /did you mean status:/);
  assert.match(
    parseFilter('nonsense:1').error ?? '',
    /there are host: method: status: path: latency: text: connection: process: sensor:/,
  );
});

test('a value that cannot be right is refused', () => {
  assert.match(parseFilter('status:9').error ?? '', /status:404, status:5xx or status:none/);
  assert.match(parseFilter('latency:soon').error ?? '', /latency:100ms/);
  assert.match(parseFilter('host:').error ?? '', /wants a value, such as host:/);
  assert.match(parseFilter('latency:1s latency:2s').error ?? '', /once/);
  assert.match(parseFilter('text:a b').error ?? '', /given already/);
  assert.equal(parseFilter('latency:1.5s').error, null);
  assert.equal(parseFilter('status:NONE').error, null);
});

test('a list with commas is several values', () => {
  assert.deepEqual(parseFilter('method:DELETE,PUT status:404,5xx').parameters, [
    ['method', 'DELETE'],
    ['method', 'PUT'],
    ['status', '404'],
    ['status', '5xx'],
  ]);
  assert.match(parseFilter('status:404,9').error ?? '', /'9' is no status/);
  for (const value of ['6xx', '0xx', '99x'])
    assert.match(parseFilter(`status:${value}`).error ?? '', /is no status/);
  assert.equal(parseFilter('status:999').error, null);
});

test('what other tools write is refused, and not looked for as text', () => {
  for (const text of [
    '-status:200',
    '!host:a',
    'http.response.code == 404',
    'status==404',
    'a || b',
    'status:200 AND host:a',
  ]) {
    assert.notEqual(parseFilter(text).error, null, text);
  }
  assert.match(parseFilter('-status:200').error ?? '', /no word for 'not'/);
  assert.match(parseFilter('port:80').error ?? '', /host:\*:8080.*address::8080/);
  assert.match(parseFilter('port:80', connectionWords, 'address').error ?? '', /address::8080/);
  for (const text of ['YWJjZA==', 'salt and pepper', '-1', '"a == b"', '/x?a=b&c=='])
    assert.equal(parseFilter(text).error, null, text);
});

test('a header line is looked for as it is sent, with a blank', () => {
  assert.deepEqual(parseFilter('content-type:application/json').parameters, [
    ['text', 'content-type: application/json'],
  ]);
  assert.deepEqual(parseFilter('X-Request-Id:7').parameters, [['text', 'X-Request-Id: 7']]);
  assert.deepEqual(parseFilter('"content-type:a"').parameters, [['text', 'content-type:a']]);
});

test('connections have words of their own', () => {
  assert.deepEqual(parseFilter('state:open 10.0', connectionWords, 'address').parameters, [
    ['state', 'open'],
    ['address', '10.0'],
  ]);
  assert.match(
    parseFilter('state:ajar', connectionWords, 'address').error ?? '',
    /state:open or state:closed/,
  );
});

test('a word is added, or replaces one that may stand once', () => {
  assert.equal(withWord('', 'host', 'a'), 'host:a');
  assert.equal(withWord('status:200', 'host', 'a b'), 'status:200 host:"a b"');
  assert.equal(withWord('host:a', 'host', 'a'), 'host:a');
  assert.equal(withWord('connection:1 x', 'connection', '2'), 'x connection:2');
  assert.equal(withWord('process:"a b" x', 'process', 'c'), 'x process:c');
});

test('what was quoted is read back as it was', () => {
  for (const value of ['a', 'a b', 'say "hi"', 'back\\slash', 'x:y']) {
    assert.deepEqual(parseFilter(quoteWord('path', value)).parameters, [['path', value]]);
  }
});
