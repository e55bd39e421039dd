"""The questions before what closes everything, and what became of it. Pure views."""

from collections.abc import Sequence

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.text import safe
from bot.telegram.views.view import Button, View
from core.accounts import Account
from core.desk.aiming import Aimed


def close_all_question(trades: int, waiting: int, doubtful: int, asked: int) -> View:
    """Really everything?"""
    confirm = Button(
        text="Confirm", data=pack(Press.CLOSE_ALL, str(asked)), style="danger"
    )
    wishes = [f"close {counted(trades, 'open trade')} at the market"] if trades else []
    wishes += [f"withdraw {counted(waiting, 'waiting order')}"] if waiting else []
    what = " and ".join(wishes) or "close everything"
    said = f"{what[0].upper()}{what[1:]} on your own accounts?"
    return View(
        text="\n".join([said, *_doubt(doubtful)]),
        rows=((confirm, _never_mind()),),
    )


def _doubt(count: int) -> list[str]:
    """Entries that a close cannot reach yet."""
    if not count:
        return []
    entries = counted(count, "entry", "entries")
    said = (
        f"❔ {entries} without an answer from the broker may still become a position: "
        "send /closeall again when you read what became of it."
    )
    return [said]


def closes_said(aimed: Aimed) -> str:
    """What /closeall has done, as an answer to its Confirm."""
    if aimed == Aimed():
        return "Nothing is left to close."
    said = []
    if aimed.ordered:
        said.append(f"{counted(aimed.ordered, 'close')} ordered.")
    if aimed.withdrawn:
        entries = counted(aimed.withdrawn, "entry", "entries")
        said.append(f"{entries} withdrawn before leaving.")
    if aimed.under_way:
        waiting = counted(aimed.under_way, "close")
        said.append(f"{waiting} ordered before, no answer from the broker yet.")
    return "\n".join([*said, *_doubt(aimed.in_doubt)])


def panic_question(accounts: Sequence[Account], argument: str) -> View:
    """Really flatten and lock?"""
    names = ", ".join(safe(each.id) for each in accounts)
    confirm = Button(text="Confirm", data=pack(Press.PANIC, argument), style="danger")
    return View(
        text=f"🛑 <b>Panic on {names}</b>: open prompts end, waiting orders are "
        "withdrawn, every position that the guard watches is closed, and nothing is "
        "ordered until somebody re-arms it. Go?",
        rows=((confirm, _never_mind()),),
    )


def counted(count: int, what: str, many: str = "") -> str:
    """``1 open trade``, ``2 open trades``; ``many`` where an s does not do."""
    return f"{count} {what if count == 1 else many or f'{what}s'}"


def _never_mind() -> Button:
    return Button(text="Back", data=pack(Press.NEVER_MIND))
