"""From a run to its verdict; a run that does not reach its end has none."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from typing_extensions import override

from bot.clock import SystemClock
from core.errors import Conflict
from storage.journal import open_journal
from tests.faults import ledgers
from tests.faults.books import read_books
from tests.faults.invariants import CHECKS
from tests.faults.run import Run, Stuck
from tests.faults.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge found; no violation is a clean run."""

    violations: tuple[str, ...]
    notes: tuple[str, ...]
    """The steps that were passed."""
    log: str

    def broken(self) -> set[str]:
        """The invariants that do not hold."""
        return {each.split()[0] for each in self.violations}

    @override
    def __str__(self) -> str:
        lines = ["clean" if not self.violations else "violated:", *self.violations]
        if self.violations:
            lines += ["steps:", *self.notes, "log:", self.log]
        return "\n".join(lines)


class NoVerdict(AssertionError):
    """A run that says nothing."""


async def judged(run: Run, story: Callable[[World], Awaitable[None]]) -> Verdict:
    """Play a story to its end, or as far as it gets, and check every ledger.

    Raises:
        NoVerdict: the run did not go as planned, whatever the ledgers say.
    """
    world = World(run)
    stuck: list[str] = []
    try:
        await story(world)
        await run.drain()
        if world.tap_what_is_left():
            await run.drain()
    except Stuck as wait:
        stuck = [f"I9 never came: {wait}"]
    if run.troubles:
        raise NoVerdict("; ".join([*run.troubles, *run.notes(), run.log()]))
    run.over = True
    run.kill()
    books = read_books(world)
    found = [line for check in CHECKS for line in check(books)]
    found += [line async for line in _whole(run)]
    return Verdict(violations=(*found, *stuck), notes=tuple(run.notes()), log=run.log())


async def _whole(run: Run) -> AsyncIterator[str]:
    """I7, by SQLite's own checks and by the chain's."""
    with ledgers.database(run.folder) as rows:
        answer = rows.execute("PRAGMA integrity_check").fetchone()[0]
        if answer != "ok":
            yield f"I7 integrity_check says {answer}"
        if broken := rows.execute("PRAGMA foreign_key_check").fetchall():
            yield f"I7 {len(broken)} foreign keys point nowhere"
    journal = await open_journal("", clock=SystemClock(), data_dir=run.folder)
    try:
        await journal.verify_audit()
    except Conflict as broken_chain:
        yield f"I7 {broken_chain}"
    finally:
        await journal.close()
