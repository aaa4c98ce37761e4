// Prints each HTTP message that xdpcap-run publishes.
import { ByteBuffer } from 'flatbuffers';
import { Subscriber } from 'zeromq';
import schema from './build/js/xdpcap_generated.js';

const { Batch, Kind } = schema;

// The text of a span: the bytes of the head from offset on.
const text = (message, span) =>
  Buffer.from(message.headArray()).toString('latin1', span.offset(), span.offset() + span.length());

function host(message) {
  for (let i = 0; i < message.fieldsLength(); ++i) {
    const field = message.fields(i);
    if (text(message, field.name()).toLowerCase() === 'host') return text(message, field.value());
  }
  return '-';
}

// Batches of a (capture, shard) are numbered without holes: a jump is a loss.
const expected = new Map();
function count(batch, shard, seq, next) {
  const key = `${batch.epoch()}/${shard}`;
  if (expected.has(key) && seq > expected.get(key))
    console.log(`lost ${seq - expected.get(key)} batches`);
  if (!expected.has(key) || next > expected.get(key)) expected.set(key, next);
}

const socket = new Subscriber();
socket.subscribe('http', 'stats'); // the heartbeats of stats report losses at the end
socket.connect(process.argv[2] ?? 'ipc:///run/xdpcap/pub.sock');
for await (const [, frame] of socket) {
  const batch = Batch.getRootAsBatch(new ByteBuffer(frame));
  if (batch.messagesLength() > 0)
    count(batch, batch.shard(), batch.topicSeq(), batch.topicSeq() + 1n);
  for (let i = 0; i < batch.messagesLength(); ++i) {
    const message = batch.messages(i);
    if (message.kind() === Kind.request) {
      console.log(text(message, message.method()), host(message), text(message, message.target()));
    } else {
      console.log(message.status(), text(message, message.reason()));
    }
  }
  for (let i = 0; i < batch.statsLength(); ++i) {
    const record = batch.stats(i);
    for (let j = 0; j < record.topicsLength(); ++j) {
      const position = record.topics(j);
      if (position.topic() === 'http')
        count(batch, position.shard(), position.nextSeq(), position.nextSeq());
    }
  }
}
