"""Commands and plain messages."""

from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Command as Named
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import ChatMemberUpdated, Message

from bot.telegram.callbacks import LIMIT
from bot.telegram.cards import AccountCard, account_card, prompt_card
from bot.telegram.desk import Desk
from bot.telegram.introducing import show_menu
from bot.telegram.languages.catalogue import known
from bot.telegram.routers import (
    admin,
    following,
    groups,
    languages,
    membership,
    people,
    positions,
    reports,
    rules,
    settings,
)
from bot.telegram.routers.asking import Command, not_for_you
from bot.telegram.routers.following import followed
from bot.telegram.routers.positions import decided_by
from bot.telegram.routers.providers import on_providers
from bot.telegram.views.answers import (
    guard_view,
    pending_view,
    status_view,
)
from bot.telegram.views.confirming import (
    EVERYTHING,
    close_all_question,
    panic_choice,
    panic_question,
)
from bot.telegram.views.following import begin_row
from bot.telegram.views.speech import say, spoken
from bot.telegram.views.text import told
from bot.telegram.views.view import View
from bot.telegram.views.welcoming import (
    consent_view,
    help_view,
    stranger_view,
    welcome_view,
)
from core.accounts import Account
from core.desk.absence import why_out
from core.desk.commanding import managed, own_accounts, rearm
from core.desk.followers import count_followers, may_follow
from core.desk.joining import Entry, Person, mark_blocked, start, terms_for
from core.desk.reasons import hear_reason
from core.desk.releasing import release
from core.errors import Refused
from core.messages import UNDELIVERED, InboxUpdate, OutboxItem, Topic
from core.orders import IN_DOUBT, Order, OrderKind, OrderState
from core.prompts import UNDECIDED, Prompt
from core.trades import ON_THE_BOOK, Trade


def router() -> Router:
    """The router of every command and message."""
    commands = Router(name="commands")
    message = commands.message
    message.register(on_start, CommandStart(ignore_case=True, ignore_mention=True))
    for name, handler in _HANDLERS.items():
        # a phone writes /Panic, and in a private chat everything is meant for us
        meant = Named(name, ignore_case=True, ignore_mention=True)
        message.register(handler, meant)
    message.register(on_text)
    commands.my_chat_member.register(on_membership)
    return commands


async def on_start(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/start, with an invite or without."""
    token = (command.args or "").strip()[:LIMIT]
    try:
        welcome = await start(desk.tools, person, token)
    except Refused as refusal:
        await desk.gateway.reply(person.id, View(text=told(refusal.reason)))
        return
    if not welcome.memberships:
        view = stranger_view(
            person.id,
            bad_invite=welcome.entry is Entry.BAD_INVITE,
            filing=welcome.filing,
            since=await why_out(desk.tools, person.id),
        )
        await desk.gateway.reply(person.id, view)
        return
    paper = await followed(desk.tools, person.id)
    offer = paper is None and await may_follow(desk.tools, person.id)
    view = welcome_view(
        person.name,
        welcome.memberships,
        paper=paper.id if paper else None,
        rows=(begin_row(),) if offer else (),
    )
    await desk.gateway.reply(person.id, view)
    if welcome.consent_needed:
        terms = await terms_for(desk.tools, person.id)
        await desk.gateway.reply(person.id, consent_view(terms))
    chosen = spoken() != known(person.language)
    await show_menu(desk.tools, desk.gateway, person.id, own=chosen)


async def on_help(_: Message, desk: Desk, person: Person, *, manages: bool) -> None:
    """/help: the commands of this person; to a stranger, how to get in."""
    member = await desk.tools.members(user_id=person.id)
    known, unknown = help_view(manages=manages), stranger_view(person.id)
    await desk.gateway.reply(person.id, known if member else unknown)


async def on_pending(_: Message, desk: Desk, person: Person) -> None:
    """/pending: the prompts that wait for this person; some of what is held comes."""
    released = await release(desk.tools, person.id)
    waiting = await desk.tools.journal.find(
        Prompt,
        user_id=person.id,
        viewer=False,
        held=False,
        state=UNDECIDED,
        order_by="expires_at",
    )
    cards = [await prompt_card(desk.tools, each.id) for each in waiting]
    view = pending_view([card for card in cards if card is not None], released)
    await desk.gateway.reply(person.id, view)


async def _cards(desk: Desk, accounts: Sequence[Account]) -> list[AccountCard]:
    cards = [await account_card(desk.tools, account) for account in accounts]
    return [card for card in cards if card is not None]


async def on_close_all(_: Message, desk: Desk, person: Person) -> None:
    """/closeall: asks first."""
    journal = desk.tools.journal
    trades = waiting = doubtful = 0
    for account in await own_accounts(desk.tools, person.id):
        trades += await journal.count(Trade, account_id=account.id, state=ON_THE_BOOK)
        waiting += await journal.count(
            Order, account_id=account.id, kind=OrderKind.OPEN, state=WAITING
        )
        doubtful += await journal.count(
            Order, account_id=account.id, kind=OrderKind.OPEN, state=IN_DOUBT
        )
    asked = int(desk.tools.clock.now().timestamp())
    view = View(text=say("You have no open trades on accounts of your own."))
    if trades or waiting or doubtful:
        view = close_all_question(trades, waiting, doubtful, asked)
    await desk.gateway.reply(person.id, view)


WAITING = frozenset({OrderState.QUEUED, OrderState.PLACED})
"""Entries that can be withdrawn: not sent yet, or waiting at the broker."""


_PROMPTS = frozenset({Topic.PROMPT, Topic.POSTING})
"""What shows a signal, to a person or a group."""


async def on_status(_: Message, desk: Desk, person: Person) -> None:
    """/status: everything on one screen."""
    accounts = await managed(desk.tools, person.id)
    if not accounts:
        await desk.gateway.reply(person.id, not_for_you())
        return
    journal = desk.tools.journal
    queues = {
        "prompts": await journal.count(OutboxItem, topic=_PROMPTS, done_at=None),
        "notices": await journal.count(OutboxItem, topic=Topic.NOTICE, done_at=None),
        "orders": await journal.count(OutboxItem, topic=Topic.EXECUTE, done_at=None),
        "updates": await journal.count(InboxUpdate, done_at=None),
    }
    troubles = await desk.watch.troubles()
    undelivered = await journal.count(OutboxItem, failed=UNDELIVERED)
    view = status_view(
        await _cards(desk, accounts),
        queues,
        troubles,
        undelivered,
        followers=await count_followers(desk.tools),
    )
    await desk.gateway.reply(person.id, view)


async def on_guard(_: Message, desk: Desk, person: Person) -> None:
    """/guard: drawdown, limit and headroom."""
    accounts = await managed(desk.tools, person.id)
    accounts = accounts or await decided_by(desk, person.id)
    await desk.gateway.reply(person.id, guard_view(await _cards(desk, accounts)))


async def on_panic(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/panic [ACCOUNT|all]: asks first."""
    mine = await managed(desk.tools, person.id)
    name = (command.args or "").strip()
    everything = name.lower() in ("", "all")
    meant = mine if everything else _named(mine, name)
    if not mine:
        view = not_for_you()
    elif not name and len(mine) > 1:
        view = panic_choice(mine)
    elif not meant:
        known = ", ".join(each.id for each in mine)
        view = View(
            text=say(
                "You administer no account of that name. Yours: {accounts}.",
                accounts=known,
            )
        )
    else:
        asked = int(desk.tools.clock.now().timestamp())
        which = EVERYTHING if len(meant) > 1 else meant[0].id
        followers = await count_followers(desk.tools) if everything else 0
        view = panic_question(meant, f"{which}@{asked}", followers)
    await desk.gateway.reply(person.id, view)


def _named(accounts: Sequence[Account], name: str) -> list[Account]:
    """The account of that name; a phone may have changed its capitals."""
    exact = [each for each in accounts if each.id == name]
    return exact or [each for each in accounts if each.id.lower() == name.lower()]


async def on_rearm(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/rearm [ACCOUNT] REASON; without an account where there is only one."""
    mine = await managed(desk.tools, person.id)
    first, rest = [*(command.args or "").split(maxsplit=1), "", ""][:2]
    named = _named(mine, first)
    if not mine:
        await desk.gateway.reply(person.id, not_for_you())
        return
    if not named and len(mine) > 1:
        known = ", ".join(each.id for each in mine)
        text = say(
            "Say which account and why: /rearm ACCOUNT REASON. Yours: {accounts}.",
            accounts=known,
        )
        await desk.gateway.reply(person.id, View(text=text))
        return
    account, reason = (named[0], rest) if named else (mine[0], command.args or "")
    try:
        await rearm(desk.tools, account.id, by=person.id, reason=reason)
    except Refused as refusal:
        await desk.gateway.reply(person.id, View(text=told(refusal.reason)))


async def on_text(
    message: Message, desk: Desk, person: Person, *, manages: bool
) -> None:
    """A plain message: the reason that was asked for, or a hint."""
    said = (message.text or "").strip()
    command = said.split()[0] if said.startswith("/") else ""
    heard = bool(said) and not command
    reply = await hear_reason(desk.tools, person.id, said) if heard else None
    view = help_view(manages=manages, unknown=command)
    if reply is not None:
        view = View(text=told(reply.text))
    await desk.gateway.reply(person.id, view)


async def on_membership(event: ChatMemberUpdated, desk: Desk, person: Person) -> None:
    """The person blocked the bot, or took it back."""
    gone = event.new_chat_member.status == "kicked"
    await mark_blocked(desk.tools, person.id, blocked=gone)


_HANDLERS: dict[str, Command] = {
    "help": on_help,
    "pending": on_pending,
    **positions.COMMANDS,
    **rules.COMMANDS,
    **languages.COMMANDS,
    "closeall": on_close_all,
    "status": on_status,
    "guard": on_guard,
    "panic": on_panic,
    "rearm": on_rearm,
    "providers": on_providers,
    **admin.COMMANDS,
    **reports.COMMANDS,
    **settings.COMMANDS,
    **membership.COMMANDS,
    **following.COMMANDS,
    **groups.COMMANDS,
    **people.COMMANDS,
}
