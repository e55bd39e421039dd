"""What members and admins are told of memberships, and the question of /stop. Pure."""

from collections.abc import Mapping, Sequence

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.naming import confirm_row, named, with_names
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import safe, told
from bot.telegram.views.view import Button, View
from core.accounts import Account
from core.ids import AccountId, UserId
from core.users import Role, User


def leave_question(
    accounts: Sequence[AccountId], remains: Sequence[str], asked: int, *, owner: bool
) -> View:
    """Really go? What stays open is said before."""
    lines = []
    if accounts:
        lines.append(
            say(
                "Leave {accounts}? Signals stop, and your open prompts end.",
                accounts=", ".join(map(safe, accounts)),
            )
        )
    if owner:
        said = say("You stay an owner by the configuration, but signals stop. Go?")
        lines.append(said)
    lines += [told(each) for each in remains]
    if remains:
        lines.append(say("To close them yourself, go back and send /closeall first."))
    back = Button(text=say("Back"), data=pack(Press.NEVER_MIND))
    data = pack(Press.LEAVE, str(asked))
    return View(text="\n".join(lines), rows=(confirm_row(data, back),))


def left_view(accounts: Sequence[AccountId], remains: Sequence[str]) -> View:
    """What /stop has done, and how to come back."""
    lines = [
        say("You have left {accounts}.", accounts=", ".join(map(safe, accounts)))
        if accounts
        else say("Signals are off; /start turns them on again.")
    ]
    lines += [told(each) for each in remains]
    if accounts:
        lines.append(say("To come back, use an invite, or send /start to ask."))
    return View(text="\n".join(lines))


def admin_did_notice(
    sentence: str, people: Mapping[UserId, User], by: User | None
) -> View:
    """What another admin did, and who."""
    said = with_names(told(sentence), people)
    who = say("By {name}.", name=named(by)) if by else say("From the command line.")
    return View(text=f"🛠 {said}\n{who}")


def membership_notice(sentence: str, people: Mapping[UserId, User]) -> View:
    """What became, or will become, of a membership."""
    return View(text=f"👤 {with_names(told(sentence), people)}")


def more_ask_notice() -> View:
    """More ask than are told one by one."""
    return View(
        text=say(
            "✋ More people ask to join. The next ones are not told one by one: /users "
            "lists them."
        )
    )


_ACCEPTED = {
    Role.VIEWER: later("👋 You are in, as a viewer of {account}."),
    Role.APPROVER: later("👋 You are in, as an approver of {account}."),
}


def accepted_notice(account: Account, role: Role) -> View:
    """To whoever asked to join."""
    said = say(_ACCEPTED[role], account=safe(account.id))
    more = say("Signals arrive here with a chart. /help shows what you can do.")
    return View(text=f"{said}\n{more}")
