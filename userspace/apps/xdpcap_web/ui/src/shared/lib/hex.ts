// Bodies that are no text.

export function bytesOfBase64(text: string): Uint8Array {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

export interface HexRow {
  readonly offset: string;
  readonly hex: string;
  readonly text: string;
}

const width = 16;

export function hexRows(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / width);
}

// As hexdump -C writes it.
export function hexRow(bytes: Uint8Array, row: number): HexRow {
  const part = bytes.subarray(row * width, (row + 1) * width);
  let hex = '';
  let text = '';
  for (let i = 0; i < width; i += 1) {
    const byte = part[i];
    hex += byte === undefined ? '   ' : `${byte.toString(16).padStart(2, '0')} `;
    if (i === 7) hex += ' ';
    if (byte !== undefined) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  }
  return {
    offset: (row * width).toString(16).padStart(8, '0'),
    hex: hex.trimEnd().padEnd(width * 3),
    text,
  };
}

// The picture formats that are shown; a wrong Content-Type does not make one. SVG is none: it may
// carry scripts.
export function imageType(bytes: Uint8Array): string | null {
  const begins = (...wanted: number[]): boolean => wanted.every((byte, i) => bytes[i] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (begins(0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (begins(0x47, 0x49, 0x46, 0x38)) return 'image/gif';
  if (
    begins(0x52, 0x49, 0x46, 0x46) &&
    bytes[8] === 0x57 &&
    bytes[9] === 0x45 &&
    bytes[10] === 0x42 &&
    bytes[11] === 0x50
  ) {
    return 'image/webp';
  }
  return null;
}

// JSON with line breaks, or nothing where it is none. Numbers keep every digit: they are never
// parsed.
export function prettyJson(text: string): string | null {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return null;
  try {
    JSON.parse(trimmed);
  } catch {
    return null;
  }
  const tokens = trimmed.match(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let depth = 0;
  let out = '';
  const line = (): string => `\n${'  '.repeat(depth)}`;
  tokens.forEach((token, i) => {
    const closesEmpty = /[}\]]/.test(token) && /^[{[]$/.test(tokens[i - 1] ?? '');
    if (token === '{' || token === '[') {
      depth += 1;
      out += token;
      if (!/^[}\]]$/.test(tokens[i + 1] ?? '')) out += line();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      out += closesEmpty ? token : line() + token;
    } else if (token === ',') out += token + line();
    else out += token === ':' ? ': ' : token;
  });
  return out;
}
