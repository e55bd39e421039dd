"""What runs in a drawing process: ``python -m charts.worker``.

Reads pictures from standard input and answers each with its PNG on standard
output; ends when the input does, so none outlives the service however that ends.
An error ends it too, with its traceback: the pool starts another.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

import matplotlib as mpl

from charts.drawing import decode, draw
from charts.easel import Easel
from charts.frames import read_frame, write_frame
from charts.pictures import SignalPicture

NICENESS = 10
"""Drawing waits for deciding, not the other way round."""

_RISING: Sequence[float] = [1.0 + n / 100 for n in range(60)]
WARM_UP = SignalPicture(
    instrument="EURUSD",
    timeframe="H1",
    side="buy",
    digits=5,
    entry=1.6,
    stop_loss=1.5,
    take_profit=1.8,
    times=[n * 3_600 for n in range(60)],
    opens=_RISING,
    highs=_RISING,
    lows=_RISING,
    closes=_RISING,
    volumes=[1] * 60,
    shown=60,
    moving_averages=(20, 50),
    width=1200,
    height=750,
    theme="light",
)
"""Drawn before the first real one, which would else take four times as long."""


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Say with an empty message that all is loaded; then draw until the end."""
    easel = Easel()
    draw(WARM_UP, easel)
    write_frame(answers, b"")
    while (request := read_frame(requests)) is not None:
        write_frame(answers, draw(decode(request), easel))


def main() -> None:
    """Draw at low priority, alike on every machine, whatever libraries print."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if sys.platform != "win32":
        os.nice(NICENESS)
    mpl.rcdefaults()
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
