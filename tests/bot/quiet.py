"""No log lines while a test runs: drawing a traceback for nobody takes its time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import structlog


def _drop(*_: object) -> NoReturn:
    raise structlog.DropEvent


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what is logged, and put things back."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**before)
