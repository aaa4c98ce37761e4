// What became of an exchange, in a sentence: whose end of it is missing, and why.
import type { Connection, ExchangeDetail, Half } from '../shared/api/types';
import { duration, bytes } from '../shared/lib/format';

// States of who closes first (RFC 9293, 3.6).
const closers = ['fin_wait_1', 'fin_wait_2', 'closing', 'time_wait'];

function closedBy(tcp: Connection): string {
  const [client, server] = [
    closers.includes(tcp.to_server.state),
    closers.includes(tcp.to_client.state),
  ];
  if (client === server) return 'the connection was closed';
  return client ? 'the client closed' : 'the server closed';
}

// Of a response that is not there.
export function whyNoResponse(
  { request, tcp }: Pick<ExchangeDetail, 'request' | 'tcp'>,
  now: number,
): string {
  if (tcp === null) return 'None was seen; the connection is not kept any more.';
  const asked = request?.last ?? tcp.opened;
  if (!tcp.closed)
    return `None yet: asked ${duration(Math.max(0, now - asked))} ago, and the connection is open.`;
  const after = `after ${duration(Math.max(0, tcp.last - asked))}`;
  switch (tcp.close) {
    case 'fin':
      return `None: ${closedBy(tcp)} ${after}.`;
    case 'rst':
      return `None: the connection was reset ${after}.`;
    case 'timeout':
      return `None: nothing more was seen of the connection ${after}.`;
    case 'evicted':
      return 'None was seen: the capture had no room to follow the connection further.';
    case 'capture':
      return 'None was seen: the capture ended before.';
    default:
      return `None: the connection ended (${tcp.close}) ${after}.`;
  }
}

// Of a request that is not there.
export function whyNoRequest({ flags, tcp }: Pick<ExchangeDetail, 'flags' | 'tcp'>): string {
  if (flags.includes('partial_connection') || tcp?.flags.includes('partial'))
    return 'Not seen: the capture began when the connection was open already.';
  if (flags.includes('one_sided') || tcp?.flags.includes('one_sided'))
    return 'Not seen: only the server’s side of the connection passes here.';
  if (tcp && tcp.to_server.gaps > 0) return 'Not seen: bytes of it are missing in the capture.';
  return 'No request belongs to it: what the client sent before was none, or could not be read.';
}

// How much of a body came, where its length was declared.
function part({ body_length, declared_length }: Half): string {
  return declared_length !== null && declared_length > body_length
    ? ` after ${bytes(body_length)} of ${bytes(declared_length)}`
    : ` after ${bytes(body_length)} of its body`;
}

// Of a message whose end was not seen; null where it was.
export function whyCut(half: Half): string | null {
  if (half.complete) return null;
  switch (half.end) {
    case 'rst':
      return `Not whole: the connection was reset${part(half)}.`;
    case 'fin':
      return `Not whole: its sender closed${part(half)}.`;
    case 'timeout':
      return `Not whole: nothing came any more${part(half)}.`;
    case 'gap':
      return 'Its end was not seen: bytes are missing in the capture.';
    case 'evicted':
      return 'Its end was not seen: the capture had no room to follow the connection further.';
    case 'malformed':
      return 'This could not be read as HTTP to its end; its bytes are under Raw.';
    case 'capture':
      return 'Its end was not seen: the capture ended before.';
    default:
      return `Its end was not seen: ${half.end}.`;
  }
}

// Whether the exchange is the first of its connection: the handshake was for it. Ids end in the
// number of the exchange.
export function isFirst({
  id,
  request,
  flags,
}: Pick<ExchangeDetail, 'id' | 'request' | 'flags'>): boolean {
  return request !== null && id.endsWith('-0') && !flags.includes('partial_connection');
}
