// TCP sequence numbers (RFC 9293, 3.4) are 32 bits and wrap; diagrams want numbers that go on.

const modulus = 2 ** 32;

// How far `to` lies ahead of `from`, negative where it lies behind: at most 2^31 either way.
export function distance(from: number, to: number): number {
  const ahead = (((to - from) % modulus) + modulus) % modulus;
  return ahead >= modulus / 2 ? ahead - modulus : ahead;
}

// Makes numbers relative to the first one seen, and lets them grow past 2^32. A number is assumed
// to be the nearest to the one before, so retransmissions go back and wraps go on.
export class Unwrapper {
  private last: { raw: number; value: number } | null = null;

  next(raw: number): number {
    const value = this.last === null ? 0 : this.last.value + distance(this.last.raw, raw);
    this.last = { raw, value };
    return value;
  }

  // What a number of the other side's (its acknowledgement) is on this scale; does not move it.
  peek(raw: number): number | null {
    return this.last === null ? null : this.last.value + distance(this.last.raw, raw);
  }
}

export interface PlacedSegment<Segment> {
  readonly segment: Segment;
  readonly seq: number; // relative to the first segment of its direction
  // Relative to the first segment of the other direction; null before there is one.
  readonly ack: number | null;
}

interface Raw {
  readonly direction: 'to_server' | 'to_client';
  readonly seq: number;
  readonly ack: number;
  readonly flags: string;
}

export function placeSegments<Segment extends Raw>(
  segments: readonly Segment[],
): PlacedSegment<Segment>[] {
  const sides = { to_server: new Unwrapper(), to_client: new Unwrapper() };
  return segments.map((segment) => {
    const other = segment.direction === 'to_server' ? sides.to_client : sides.to_server;
    const seq = sides[segment.direction].next(segment.seq);
    const ack = segment.flags.split(',').includes('ACK') ? other.peek(segment.ack) : null;
    return { segment, seq, ack };
  });
}
