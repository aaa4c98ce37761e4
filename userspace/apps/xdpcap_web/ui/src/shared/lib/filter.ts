// The filter bar's language: words with blanks between them, of the form name:value, with the names
// of the API's parameters. A word without a name is text to look for; so is anything in double
// quotes.

export interface WordKind {
  readonly name: string;
  readonly repeatable: boolean;
  readonly hint: string;
  // A list with commas is several values.
  readonly list?: boolean;
  // What is wrong with a value, or nothing.
  readonly fault?: (value: string) => string | null;
}

export interface Filter {
  // In the order they were written, as the API accepts them.
  readonly parameters: readonly (readonly [string, string])[];
  readonly error: string | null;
}

const status = (value: string): string | null =>
  /^([1-5][0-9x]{2}|[6-9][0-9]{2}|none)$/i.test(value)
    ? null
    : `'${value}' is no status; write status:404, status:5xx or status:none`;

const latency = (value: string): string | null =>
  /^\d+(\.\d+)?(ns|us|ms|s)?$/.test(value)
    ? null
    : `'${value}' is no duration; write latency:100ms, latency:2s or latency:300us`;

export const messageWords: readonly WordKind[] = [
  { name: 'host', repeatable: true, hint: 'host:shop.*' },
  { name: 'method', repeatable: true, hint: 'method:POST', list: true },
  { name: 'status', repeatable: true, hint: 'status:5xx', list: true, fault: status },
  { name: 'path', repeatable: true, hint: 'path:/cart' },
  { name: 'latency', repeatable: false, hint: 'latency:100ms', fault: latency },
  { name: 'text', repeatable: false, hint: 'text:"order id"' },
  { name: 'connection', repeatable: false, hint: 'connection:ID' },
  { name: 'process', repeatable: false, hint: 'process:nginx' },
  { name: 'sensor', repeatable: false, hint: 'sensor:web1' },
];

const state = (value: string): string | null =>
  value === 'open' || value === 'closed'
    ? null
    : `'${value}' is no state; write state:open or state:closed`;

export const connectionWords: readonly WordKind[] = [
  { name: 'state', repeatable: false, hint: 'state:open', fault: state },
  { name: 'process', repeatable: false, hint: 'process:nginx' },
  { name: 'address', repeatable: false, hint: 'address:10.0.0.1' },
  { name: 'connection', repeatable: false, hint: 'connection:ID' },
  { name: 'sensor', repeatable: false, hint: 'sensor:web1' },
];

interface Word {
  readonly name: string | null;
  readonly value: string;
  readonly quoted: boolean;
}

function fail(error: string): Filter {
  return { parameters: [], error };
}

// Blanks part words except within double quotes; \" and \\ stand for themselves there.
function split(input: string): Word[] | string {
  const words: Word[] = [];
  let at = 0;
  while (at < input.length) {
    if (/\s/.test(input[at]!)) {
      at += 1;
      continue;
    }
    // A name is small letters, and not the scheme of an address such as http://.
    const named = /^([A-Za-z_]+):(?!\/\/)/.exec(input.slice(at));
    if (named) at += named[0].length;
    let value = '';
    let quoted = false;
    let wasQuoted = false;
    for (; at < input.length && (quoted || !/\s/.test(input[at]!)); at += 1) {
      const character = input[at]!;
      if (character === '"' && (quoted || value === '')) {
        quoted = !quoted;
        wasQuoted = true;
      } else if (quoted && character === '\\' && /["\\]/.test(input[at + 1] ?? '')) {
        at += 1;
        value += input[at]!;
      } else {
        value += character;
      }
    }
    if (quoted) return 'a double quote is not closed';
    words.push({ name: named ? named[1]!.toLowerCase() : null, value, quoted: wasQuoted });
  }
  return words;
}

// How many letters differ, about: enough to guess what was meant.
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, i) => i);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}

function unknownWord(name: string, kinds: readonly WordKind[]): string {
  if (name === 'port') {
    return kinds.some((kind) => kind.name === 'host')
      ? "there is no 'port:'; host:*:8080 finds a host that is asked for with its port, " +
          'and Connections has address::8080'
      : "there is no 'port:'; write address::8080";
  }
  const near = kinds.find((kind) => distance(kind.name, name) <= 2 || kind.name.startsWith(name));
  const guess = near
    ? `did you mean ${near.name}:?`
    : `there are ${kinds.map((kind) => `${kind.name}:`).join(' ')}`;
  return `there is no '${name}:'; ${guess} To look for it as text, put it in double quotes`;
}

// What hands that know other tools write, and would look for as text without a word.
function foreign(value: string): string | null {
  const not = /^[-!]([A-Za-z_]+):/.exec(value);
  if (not)
    return (
      `'${value}': there is no word for 'not'. ` + 'To look for it as text, put it in double quotes'
    );
  if (/^(\|\||&&|==|!=|<=?|>=?|and|or|not)$/i.test(value) && !/^(and|or|not)$/.test(value)) {
    return (
      `'${value}' is of another language: write words such as host:shop.* status:5xx; ` +
      'all of them must hold'
    );
  }
  if (/^[A-Za-z_.]+(==|!=|>=|<=)\S+$/.test(value))
    return `'${value}' is of another language: write it as name:value, such as status:404`;
  return null;
}

// A header line has a blank behind its colon, which nobody types.
function asHeaderLine(value: string): string {
  return value.replace(/^([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+):(?=\S)/, '$1: ');
}

// Where plain words go: the parameter `text` where there is one, else the first that is not
// repeatable and free.
export function parseFilter(
  input: string,
  kinds: readonly WordKind[] = messageWords,
  plain = 'text',
): Filter {
  const words = split(input);
  if (typeof words === 'string') return fail(words);
  const parameters: [string, string][] = [];
  const phrase: string[] = [];
  for (const word of words) {
    if (word.name === null) {
      const fault = word.quoted ? null : foreign(word.value);
      if (fault) return fail(fault);
      phrase.push(word.quoted ? word.value : asHeaderLine(word.value));
      continue;
    }
    const kind = kinds.find((one) => one.name === word.name);
    if (!kind) return fail(unknownWord(word.name, kinds));
    if (word.value === '') return fail(`${kind.name}: wants a value, such as ${kind.hint}`);
    const values = kind.list ? word.value.split(',').filter((value) => value !== '') : [word.value];
    for (const value of values) {
      const fault = kind.fault?.(value);
      if (fault) return fail(fault);
    }
    if (!kind.repeatable && parameters.some(([name]) => name === kind.name)) {
      return fail(`${kind.name}: may be given once`);
    }
    for (const value of values) parameters.push([kind.name, value]);
  }
  if (phrase.length > 0) {
    if (parameters.some(([name]) => name === plain)) {
      return fail(
        `'${phrase.join(' ')}' is looked for as ${plain}:, which is given already; ` +
          'put all of it in one pair of double quotes',
      );
    }
    parameters.push([plain, phrase.join(' ')]);
  }
  return { parameters, error: null };
}

export function quoteWord(name: string, value: string): string {
  const bare = /^[^\s"\\]+$/.test(value);
  return `${name}:${bare ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`;
}

// The input with one more word; a word of the same name gives way where only one may stand.
export function withWord(
  input: string,
  name: string,
  value: string,
  kinds: readonly WordKind[] = messageWords,
): string {
  const word = quoteWord(name, value);
  const kind = kinds.find((one) => one.name === name);
  const pattern = new RegExp(`(^|\\s)${name}:("(\\\\.|[^"\\\\])*"|\\S*)`, 'gi');
  const others = kind?.repeatable ? input : input.replace(pattern, '');
  if (others.split(/\s+/).includes(word)) return others.trim();
  return `${others.trim()} ${word}`.trim();
}
