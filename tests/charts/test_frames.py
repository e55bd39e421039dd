"""Messages between the service and a drawing process."""

from io import BytesIO

import pytest

from charts.frames import read_frame, write_frame


def test_messages_come_out_as_they_went_in():
    stream = BytesIO()
    for message in (b"one", b"", b"x" * 70_000):
        write_frame(stream, message)
    stream.seek(0)
    read = [read_frame(stream) for _ in range(4)]
    assert read == [b"one", b"", b"x" * 70_000, None]


@pytest.mark.parametrize("kept", [0, 3, 4, 6])
def test_a_message_cut_short_is_the_end(kept):
    stream = BytesIO()
    write_frame(stream, b"one")
    assert read_frame(BytesIO(stream.getvalue()[:kept])) is None
