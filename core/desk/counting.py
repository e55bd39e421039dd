"""What became of a signal, in numbers for its provider."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.ids import SignalId
from core.orders import EVER_FILLED, Order, OrderKind
from core.ports import Journal
from core.prompts import Prompt, PromptState
from core.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Prompts that reached a chat, what was decided on them, and what was filled."""

    prompts_sent: int = 0
    approved: int = 0
    rejected: int = 0
    expired: int = 0
    orders_filled: int = 0


NOTHING_YET = Counts()


async def count(
    journal: Journal, signals: Sequence[Signal]
) -> Mapping[SignalId, Counts]:
    """The counts of each of these signals, as of now."""
    if not signals:
        return {}
    wanted = frozenset(signal.id for signal in signals)
    prompts = await journal.find(Prompt, signal_id=wanted)
    orders = await journal.find(
        Order, signal_id=wanted, kind=OrderKind.OPEN, state=EVER_FILLED
    )
    sent = _per_signal(each for each in prompts if each.message_id is not None)
    decided = Counter((each.signal_id, each.state) for each in prompts)
    filled = _per_signal(orders)
    return {
        each: Counts(
            prompts_sent=sent[each],
            approved=decided[each, PromptState.APPROVED],
            rejected=decided[each, PromptState.REJECTED],
            expired=decided[each, PromptState.EXPIRED],
            orders_filled=filled[each],
        )
        for each in wanted
    }


def _per_signal(rows: Iterable[Prompt | Order]) -> Counter[SignalId | None]:
    return Counter(row.signal_id for row in rows)
