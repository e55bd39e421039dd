"""The questions before what closes everything, and what became of it. Pure views."""

from collections.abc import Sequence

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.speech import say, say_count
from bot.telegram.views.text import safe
from bot.telegram.views.view import Button, View
from core.accounts import Account
from core.desk.aiming import Aimed

EVERYTHING = "*"
"""The argument that means all accounts that one administers."""


def close_all_question(trades: int, waiting: int, doubtful: int, asked: int) -> View:
    """Really everything?"""
    return View(
        text="\n".join([_wish(trades, waiting), *_doubt(doubtful)]),
        rows=((confirmed(Press.CLOSE_ALL, str(asked)), never_mind()),),
    )


def _wish(trades: int, waiting: int) -> str:
    closed = say_count("{count} open trade", "{count} open trades", trades)
    withdrawn = say_count("{count} waiting order", "{count} waiting orders", waiting)
    if trades and waiting:
        return say(
            "Close {trades} at the market and withdraw {orders} on your own accounts?",
            trades=closed,
            orders=withdrawn,
        )
    if trades:
        return say("Close {trades} at the market on your own accounts?", trades=closed)
    if waiting:
        return say("Withdraw {orders} on your own accounts?", orders=withdrawn)
    return say("Close everything on your own accounts?")


def _doubt(count: int) -> list[str]:
    """Entries that a close cannot reach yet."""
    if not count:
        return []
    said = say_count(
        "❔ {count} entry without an answer from the broker may still become a "
        "position: send /closeall again when you read what became of it.",
        "❔ {count} entries without an answer from the broker may still become a "
        "position: send /closeall again when you read what became of it.",
        count,
    )
    return [said]


def closes_said(aimed: Aimed) -> str:
    """What /closeall has done, as an answer to its Confirm."""
    if aimed == Aimed():
        return say("Nothing is left to close.")
    said = []
    if aimed.ordered:
        said.append(
            say_count(
                "{count} close ordered.", "{count} closes ordered.", aimed.ordered
            )
        )
    if aimed.withdrawn:
        said.append(
            say_count(
                "{count} entry withdrawn before leaving.",
                "{count} entries withdrawn before leaving.",
                aimed.withdrawn,
            )
        )
    if aimed.under_way:
        said.append(
            say_count(
                "{count} close ordered before, no answer from the broker yet.",
                "{count} closes ordered before, no answer from the broker yet.",
                aimed.under_way,
            )
        )
    return "\n".join([*said, *_doubt(aimed.in_doubt)])


def panic_choice(accounts: Sequence[Account]) -> View:
    """Which account, where somebody administers several."""
    rows = [
        (Button(text=each.id, data=pack(Press.PANIC_WHICH, each.id)),)
        for each in accounts
    ]
    everything = Button(
        text=say("All of them"), data=pack(Press.PANIC_WHICH, EVERYTHING)
    )
    back = Button(text=say("Back"), data=pack(Press.NEVER_MIND))
    return View(
        text=say("🛑 <b>Panic</b>: which account?"),
        rows=(*rows, (everything,), (back,)),
    )


def panic_question(
    accounts: Sequence[Account], argument: str, followers: int = 0
) -> View:
    """Really flatten and lock?  Those who follow on paper are only counted."""
    names = ", ".join(safe(each.id) for each in accounts)
    text = say(
        "🛑 <b>Panic on {accounts}</b>: open prompts end, waiting orders are "
        "withdrawn, every position that the guard watches is closed, and nothing "
        "is ordered until somebody re-arms it. Go?",
        accounts=names,
    )
    if followers:
        spared = say_count(
            "📝 {count} person follows on paper and is not touched.",
            "📝 {count} people follow on paper and are not touched.",
            followers,
        )
        text = f"{text}\n{spared}"
    return View(
        text=text,
        rows=((confirmed(Press.PANIC, argument), never_mind()),),
    )


def confirmed(press: Press, argument: str) -> Button:
    """The button that says yes to something large."""
    return Button(text=say("Confirm"), data=pack(press, argument), style="danger")


def never_mind() -> Button:
    """The button that takes the question back."""
    return Button(text=say("Back"), data=pack(Press.NEVER_MIND))
