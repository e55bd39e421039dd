"""The figures: what is measured, how often, and what each must reach."""

import json
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.fanout import PER_SECOND, fan_out
from benchmarks.load import Outcome, Plan
from benchmarks.processes import ROOT, Server, server

OURS, BARE, ORM = "benchmarks.ours", "benchmarks.bare", "benchmarks.orm"
MOST_OF_LEAST = 1.1
"""Of the time that the limits leave."""
ACCEPTED, REPEATED = "201", "200"
"""Statuses."""
ROWS = "SELECT count(*) FROM signals WHERE external_id = ?"
ITEMS = (
    "SELECT count(*) FROM outbox WHERE subject IN "
    "(SELECT id FROM signals WHERE external_id = ?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    rounds: int = 5
    """The servers take turns, and the median of the rounds' ratios counts."""
    signals: int = 3000
    """For each round of a fast server."""
    few: int = 300
    """The same of the ORM's, which is slow."""
    lone: int = 200
    """Lone requests of a round."""
    others: int = 50
    duplicates: int = 10_000
    warm: int = 500
    """Requests before the first that counts."""
    crowd: int = 1000
    """People that one signal goes out to, in real time."""


FULL = Size()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table."""

    name: str
    ours: str
    reference: str
    ratio: str
    target: str
    reached: bool


def load(plan: Plan) -> Outcome:
    """Have another process do what the plan says."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the client ended with {done.returncode}: {done.stderr}"
        raise RuntimeError(message)
    return Outcome(**json.loads(done.stdout))


class Target:
    """A server under measurement; each load has names of its own."""

    def __init__(self, running: Server, size: Size) -> None:
        self.running = running
        self._size = size
        self._loads = 0
        self.rate(size.warm)

    def rate(self, count: int) -> float:
        """Distinct signals taken per second."""
        return count / self._load(count, expected={ACCEPTED: count}).seconds

    def p99(self) -> float:
        """Of a lone request's seconds while others are busy."""
        size = self._size
        outcome = self._load(size.lone, others=size.others)
        if set(outcome.statuses) != {ACCEPTED}:
            raise Unexpected(outcome.statuses)
        return statistics.quantiles(outcome.waits, n=100)[98]

    def repeated(self) -> float:
        """Requests per second that all send one signal."""
        count = self._size.duplicates
        expected = {ACCEPTED: 1, REPEATED: count - 1}
        return count / self._load(count, expected=expected, same=True).seconds

    def _load(
        self,
        count: int,
        *,
        expected: Mapping[str, int] | None = None,
        others: int = 0,
        same: bool = False,
    ) -> Outcome:
        self._loads += 1
        plan = Plan(
            port=self.running.port,
            secret=self.running.secret,
            prefix=self._prefix,
            count=count,
            others=others,
            same=same,
        )
        outcome = load(plan)
        if expected is not None and outcome.statuses != expected:
            raise Unexpected(outcome.statuses)
        return outcome

    @property
    def _prefix(self) -> str:
        """What the names of the last load begin with; of one signal, its name."""
        return f"load-{self._loads}"

    def count(self, question: str) -> int:
        """What the server's database has of the last signal that was repeated."""
        with closing(sqlite3.connect(self.running.database)) as database:
            return int(database.execute(question, (self._prefix,)).fetchone()[0])


class Unexpected(Exception):
    """A server answered what it should not have."""


def measure(folder: Path, size: Size = FULL) -> list[Figure]:
    """Measure all of them, on servers that work in ``folder``."""
    with (
        server(OURS, folder / "ours") as first,
        server(BARE, folder / "bare") as second,
        server(ORM, folder / "orm") as third,
    ):
        ours, bare, orm = (Target(each, size) for each in (first, second, third))
        return [
            *_speed(ours, bare, orm, size),
            _patience(ours, bare, size),
            _duplicates(ours, size),
            _fan_out(folder / "crowd", size),
        ]


def _speed(ours: Target, bare: Target, orm: Target, size: Size) -> list[Figure]:
    own, least, most = [], [], []
    for _ in range(size.rounds):
        own.append(ours.rate(size.signals))
        least.append(bare.rate(size.signals))
        most.append(orm.rate(size.few))
    name = "signed, distinct signals made durable per second, 64 connections"
    return [
        _figure(f"{name}, beside a bare handler", own, least, "/s", at_least=0.45),
        _figure(f"{name}, beside FastAPI and an ORM", own, most, "/s", at_least=20),
    ]


def _patience(ours: Target, bare: Target, size: Size) -> Figure:
    own, least = [], []
    for _ in range(size.rounds):
        own.append(ours.p99() * 1000)
        least.append(bare.p99() * 1000)
    name = (
        f"p99 of a lone request while {size.others} others run, beside a bare handler"
    )
    return _figure(name, own, least, " ms", at_most=3)


def _figure(
    name: str,
    ours: Sequence[float],
    reference: Sequence[float],
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """The median of the rounds' ratios; each round measured both."""
    ratio = statistics.median(
        own / other for own, other in zip(ours, reference, strict=True)
    )
    reached = (at_least is None or ratio >= at_least) and (
        at_most is None or ratio <= at_most
    )
    target = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
    return Figure(
        name=name,
        ours=f"{_short(statistics.median(ours))}{unit}",
        reference=f"{_short(statistics.median(reference))}{unit}",
        ratio=f"{ratio:.2f}",
        target=target,
        reached=reached,
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"  # noqa: PLR2004 - looks


def _duplicates(ours: Target, size: Size) -> Figure:
    """One row and one item of work for the prompts, however often it came."""
    distinct = [ours.rate(size.signals)]
    repeated = ours.repeated()
    rows, items = ours.count(ROWS), ours.count(ITEMS)
    distinct.append(ours.rate(size.signals))
    ratio = repeated / statistics.mean(distinct)
    return Figure(
        name=f"{size.duplicates:,} duplicates of one signal, beside distinct ones",
        ours=f"{_short(repeated)}/s; rows: {rows}, items of work: {items}",
        reference=f"{_short(statistics.mean(distinct))}/s",
        ratio=f"{ratio:.2f}",
        target="at least 1; one row, one item",
        reached=ratio >= 1 and rows == items == 1,
    )


def _fan_out(folder: Path, size: Size) -> Figure:
    """Everybody once, at the pace that Telegram takes, and taps are answered."""
    sent = fan_out(folder, size.crowd)
    least = size.crowd / PER_SECOND
    ratio = sent.seconds / least
    clean = sent.twice == 0 and sent.uploads == 1 and sent.refused <= 1
    return Figure(
        name=f"one signal to {size.crowd:,} people at Telegram's limits, with taps",
        ours=(
            f"{sent.seconds:.1f} s; twice: {sent.twice}, uploads: {sent.uploads}, "
            f"429s: {sent.refused}, slowest tap: {max(sent.taps):.2f} s"
        ),
        reference=f"{least:.1f} s at {PER_SECOND}/s",
        ratio=f"{ratio:.2f}",
        target="at most 1.1; each once, one upload, at most one 429, taps within 1 s",
        reached=ratio <= MOST_OF_LEAST and clean and max(sent.taps) <= 1,
    )
