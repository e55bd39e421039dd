"""What newcomers and the lost read: terms, a welcome, how to get in, the commands."""

from collections.abc import Sequence
from datetime import datetime

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import TEXT_LIMIT, brief, dated, safe, shown_units, told
from bot.telegram.views.view import Button, View
from core.desk.requesting import Filing
from core.desk.tools import Consent
from core.ids import AccountId, UserId
from core.users import Membership, Role


def consent_view(consent: Consent) -> View:
    """The terms, with the button that agrees to them."""
    agree = Button(
        text=say("I agree"), data=pack(Press.AGREE, consent.name), style="success"
    )
    return View(text=safe_lines(consent.text), rows=((agree,),))


def agreed_view(consent: Consent, at: datetime) -> View:
    """The same terms, to be read again whenever one likes, and when one agreed."""
    terms = safe_lines(consent.text)
    line = say(
        "✅ You agreed to version {version} · {at}",
        version=safe(consent.version),
        at=dated(at),
    )
    text = f"{terms}\n\n{line}"
    return View(text=text if shown_units(text) <= TEXT_LIMIT else terms)


def safe_lines(text: str) -> str:
    """A text of ours with its line breaks."""
    return "\n".join(safe(line) for line in text.strip().splitlines())


def stranger_view(
    user_id: UserId,
    *,
    bad_invite: bool = False,
    filing: Filing | None = None,
    since: str = "",
) -> View:
    """What somebody without a membership reads.

    ``filing`` is what became of their request, where one was made; ``since`` why they
    are no member any more.
    """
    head = (
        say("This invite is used up or over.")
        if bad_invite
        else told(since)
        or say("Tapgate asks people before a trade is made. You need an invite.")
    )
    how = (
        say(_FILED[filing], id=user_id)
        if filing
        else say(
            "Your id is <code>{id}</code>. /start asks the admins to let you in.",
            id=user_id,
        )
    )
    return View(text=f"{head}\n{how}")


_FILED = {
    Filing.FILED: later(
        "Your id is <code>{id}</code>. The admins are asked to let you in; what they "
        "say comes here."
    ),
    Filing.WAITS: later(
        "Your id is <code>{id}</code>. Your request waits for an admin; what they say "
        "comes here."
    ),
    Filing.DECLINED: later(
        "Your id is <code>{id}</code>. The admins did not accept your request. Ask "
        "again in a week, or send your id to one of them."
    ),
    Filing.TOO_MANY: later(
        "Your id is <code>{id}</code>. Many people ask just now: try again tomorrow, "
        "or send your id to an admin."
    ),
}


def welcome_view(
    name: str,
    memberships: Sequence[Membership],
    *,
    paper: AccountId | None = None,
    rows: tuple[tuple[Button, ...], ...] = (),
) -> View:
    """What a member reads after /start; ``paper`` is where they follow on paper."""
    lines = [say("Welcome, {name}.", name=safe(name))]
    lines += [
        say("· {account}: you follow on paper", account=safe(each.account_id))
        if each.account_id == paper
        else say(_YOU_ARE[each.role], account=safe(each.account_id))
        for each in memberships
    ]
    decides = any(each.role is not Role.VIEWER for each in memberships)
    lines.append(
        say(
            "Signals arrive here with a chart. Approve places exactly one order, "
            "Reject places none."
        )
        if decides
        else say("Signals arrive here with a chart; others decide on them.")
    )
    lines.append(say("/help shows what else you can do."))
    sample = Button(text=say("Send me a sample"), data=pack(Press.SAMPLE))
    return View(text="\n".join(lines), rows=((sample,), *rows))


_YOU_ARE = {
    Role.VIEWER: later("· {account}: you are a viewer"),
    Role.APPROVER: later("· {account}: you are an approver"),
    Role.ADMIN: later("· {account}: you are an admin"),
    Role.OWNER: later("· {account}: you are an owner"),
}


def help_view(*, manages: bool, unknown: str = "") -> View:
    """The commands of this person, after one that is none of them."""
    lines = []
    if unknown:
        said = say("There is no command {command} here.", command=brief(unknown, 33))
        lines.append(said)
    listed = COMMANDS | ADMIN_COMMANDS if manages else COMMANDS
    lines += [
        say("/{command}: {what}", command=name, what=say(what))
        for name, what in listed.items()
    ]
    return View(text="\n".join(lines))


COMMANDS = {
    "pending": later("prompts that wait for you"),
    "positions": later("open trades and waiting orders"),
    "history": later("closed trades: /history DAYS"),
    "equity": later("your accounts' curves: /equity 7d, 30d or all"),
    "closeall": later("close everything on your own accounts"),
    "rules": later("what may be ordered without asking you"),
    "risk": later("what one trade risks: /risk ACCOUNT PERCENT"),
    "subscriptions": later("whose signals you get"),
    "settings": later("time zone, quiet hours, limits of your own"),
    "pause": later("no signals for a while: /pause 1h, 1d, or until /resume"),
    "resume": later("signals again"),
    "connect": later("how an account of yours gets here"),
    "language": later("in which language you read"),
    "follow": later("follow on paper, or stop"),
    "stop": later("leave, and get no more signals"),
    "help": later("this list"),
}
ADMIN_COMMANDS = {
    "status": later("everything on one screen"),
    "users": later("who is in, who asks to join, roles"),
    "invite": later("a link to join: /invite ROLE ACCOUNT USES HOURS"),
    "providers": later("who sends signals, and what was refused"),
    "signals": later("the latest, and what people made of them"),
    "guard": later("drawdown, limit and headroom"),
    "panic": later("flatten an account and stay out: /panic ACCOUNT"),
    "rearm": later("arm a fired guard again: /rearm ACCOUNT REASON"),
    "reconcile": later("compare with the brokers now"),
    "audit": later("who did what: /audit WORD"),
    "here": later("show signals in a group: /here ACCOUNT PROVIDER there"),
    "gone": later("end that: /gone there"),
    "broadcast": later("tell everybody something: /broadcast TEXT"),
}
