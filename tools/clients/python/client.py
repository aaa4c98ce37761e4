#!/usr/bin/env python3
"""Prints each HTTP message that xdpcap-run publishes."""
import sys

import zmq
from xdpcap_schema import Batch, Kind, Span, bytes_of, text

expected = {}  # (capture, shard) -> topic_seq of the next batch of http


def count(batch, shard, seq, following):
    """Batches are numbered without holes: a jump is a loss."""
    key = (batch.Epoch(), shard)
    if seq > expected.setdefault(key, following):
        print(f"lost {seq - expected[key]} batches", flush=True)
    expected[key] = max(expected[key], following)


def show(message):
    head = bytes_of(message, "Head")
    if message.Kind() == Kind.response:
        print(message.Status(), text(head, message.Reason()), flush=True)
        return
    fields = [message.Fields(i) for i in range(message.FieldsLength())]
    values = {text(head, f.Name(Span())).lower(): text(head, f.Value(Span())) for f in fields}
    print(text(head, message.Method()), values.get("host", "-"), text(head, message.Target()),
          flush=True)


def main():
    socket = zmq.Context().socket(zmq.SUB)
    socket.subscribe("http")
    socket.subscribe("stats")  # its heartbeats report losses at the end
    socket.connect(sys.argv[1] if len(sys.argv) > 1 else "ipc:///run/xdpcap/pub.sock")
    while True:
        _topic, frame = socket.recv_multipart()
        batch = Batch.GetRootAs(frame)
        if batch.MessagesLength():
            count(batch, batch.Shard(), batch.TopicSeq(), batch.TopicSeq() + 1)
        for i in range(batch.MessagesLength()):
            show(batch.Messages(i))
        for record in (batch.Stats(i) for i in range(batch.StatsLength())):
            for position in (record.Topics(i) for i in range(record.TopicsLength())):
                if position.Topic() == b"http":
                    count(batch, position.Shard(), position.NextSeq(), position.NextSeq())


try:
    main()
except KeyboardInterrupt:
    pass
