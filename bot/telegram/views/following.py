"""Following on paper: what it is, that it began, whether it shall end. Pure."""

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.confirming import confirmed, never_mind
from bot.telegram.views.speech import say, say_count
from bot.telegram.views.text import money, safe
from bot.telegram.views.view import Button, View
from core.accounts import Account
from core.desk.followers import OPENING_BALANCE

Row = tuple[Button, ...]


def offered_view() -> View:
    """What it would be, before anything is done."""
    text = say(
        "<b>Follow on paper</b>\nSignals come with Approve and Reject, on an account "
        "of your own with money that is nobody's. Prices are those of the charts, and "
        "everything is marked PAPER."
    )
    return View(text=text, rows=(begin_row(),))


def begun_view(account: Account) -> View:
    """It begins, with so much; or it goes on where it ended."""
    name = safe(account.id)
    if account.version > 1:
        text = say(
            "📝 <b>You follow on paper again</b>, on {account}. It goes on as you left "
            "it. The next signal comes with Approve and Reject, marked PAPER.",
            account=name,
        )
    else:
        text = say(
            "📝 <b>You follow on paper now</b>, on {account}. It has {money} that are "
            "nobody's. The next signal comes with Approve and Reject, marked PAPER.",
            account=name,
            money=money(OPENING_BALANCE, account.currency),
        )
    return View(text=text, rows=(end_row(),))


def following_view(account: Account) -> View:
    """Where they follow, and how it ends."""
    text = say(
        "📝 You follow on paper, on {account}. /positions, /equity and /history show "
        "it like any account.",
        account=safe(account.id),
    )
    return View(text=text, rows=(end_row(),))


def end_question(account: Account, asked: int) -> View:
    """Really stop?"""
    text = say(
        "Stop following on paper? What is open on {account} is closed. The account "
        "stays yours, should you come back.",
        account=safe(account.id),
    )
    return View(
        text=text, rows=((confirmed(Press.UNFOLLOW_NOW, str(asked)), never_mind()),)
    )


def ended_view(*, closed: bool) -> View:
    """It is over, or will be as soon as the last trade is closed."""
    if closed:
        return View(text=say("You follow on paper no more, and look on as before."))
    return View(
        text=say(
            "You follow on paper no more: what is open is being closed. Then you look "
            "on as before."
        )
    )


def begin_row() -> Row:
    """The button that begins it."""
    return (Button(text=say("Follow on paper"), data=pack(Press.FOLLOW)),)


def end_row() -> Row:
    """The button that asks whether it shall end."""
    return (Button(text=say("Stop following"), data=pack(Press.UNFOLLOW)),)


def followers_line(count: int) -> str:
    """What admins see of all who follow."""
    return say_count(
        "📝 {count} person follows on paper.",
        "📝 {count} people follow on paper.",
        count,
    )
