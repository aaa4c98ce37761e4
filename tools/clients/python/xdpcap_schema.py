"""The classes that flatc makes of schemas/xdpcap.fbs, made anew at each start, and two helpers to
read bytes and text.
"""
import atexit
import pathlib
import shutil
import subprocess
import sys
import tempfile

_room = tempfile.mkdtemp(prefix="xdpcap-schema-")
atexit.register(shutil.rmtree, _room, ignore_errors=True)
_schema = pathlib.Path(__file__).resolve().parents[3] / "schemas" / "xdpcap.fbs"
subprocess.run(["flatc", "--python", "-o", _room, str(_schema)], check=True)
sys.path.insert(0, _room)

from xdpcap.schema.Batch import Batch  # noqa: E402
from xdpcap.schema.Kind import Kind  # noqa: E402
from xdpcap.schema.Span import Span  # noqa: E402

__all__ = ["Batch", "Kind", "Span", "bytes_of", "text"]


def bytes_of(message, name):
    """The bytes of Head, Body, TrailerSection or BodySha256."""
    try:
        vector = getattr(message, name + "AsNumpy")()  # one copy, where numpy is installed
        return b"" if isinstance(vector, int) else vector.tobytes()
    except Exception:
        return bytes(getattr(message, name)(i) for i in range(getattr(message, name + "Length")()))


def text(head, span):
    """The text of a span into those bytes."""
    return head[span.Offset():span.Offset() + span.Length()].decode("latin-1")
