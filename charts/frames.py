"""How the service and a drawing process talk: each message after its length."""

from struct import Struct
from typing import IO

LENGTH = Struct(">I")


def write_frame(stream: IO[bytes], data: bytes) -> None:
    """Send one message; raises ``OSError`` when nobody listens any more."""
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next message, or None when the other end is gone, even amid a message."""
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(header)
    data = stream.read(length)
    return data if len(data) == length else None
