"""Which groups an account's signals are shown in: begun, ended, lost, moved.

An admin of the account says so in the group itself, or in the topic of a forum that
is meant; the other admins are told. A group that throws the bot out is shown nothing
more until somebody says so again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.accounts import Account
from core.desk.commanding import managed
from core.desk.following import UNDER_WAY
from core.desk.telling import about_account, tell_admins
from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.groups import GroupChat, Posting
from core.ids import GroupId, ProviderName, UserId
from core.messages import Priority, Topic
from core.ports import Insert, Record, Save, Write
from core.signals import Signal
from core.users import EVERY_PROVIDER, Provider

TITLE_LIMIT = 64
"""Characters of a group's title that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A group, or one topic of it, as Telegram vouches for it."""

    chat_id: int
    topic_id: int
    title: str


async def show_here(
    tools: Tools, place: Place, *, by: UserId, words: Sequence[str]
) -> GroupChat:
    """Show an account's signals in this place from now on; said twice, it is once.

    ``words`` are the account and the provider: the first may be left out by who
    administers one account only, the second means all providers where it is.

    Raises:
        Refused: the reason says what to write instead.
    """
    return await again(lambda: _show_here(tools, place, by=by, words=words))


async def _show_here(
    tools: Tools, place: Place, *, by: UserId, words: Sequence[str]
) -> GroupChat:
    account, name = await _meant(tools, by, words)
    provider = await _provider(tools, name)
    title = place.title[:TITLE_LIMIT]
    known = await tools.journal.find(
        GroupChat,
        chat_id=place.chat_id,
        topic_id=place.topic_id,
        account_id=account.id,
        provider=provider,
    )
    if known and known[0].enabled:
        return known[0]
    group = GroupChat(
        id=GroupId(tools.ids.identity()),
        chat_id=place.chat_id,
        topic_id=place.topic_id,
        title=title,
        account_id=account.id,
        provider=provider,
        added_by=by,
        enabled=True,
        created_at=tools.clock.now(),
    )
    kept: Write = Insert(group)
    if known:
        group = replace(known[0], title=title, added_by=by, enabled=True)
        kept = Save(group)
    said = f"Signals for {account.id} are shown in the group {title} from now on."
    await tools.journal.commit(
        kept,
        _record(group, "group_added", by_user(by)),
        *await tell_admins(tools, [account.id], by=by, sentence=said),
    )
    return group


async def _meant(tools: Tools, by: UserId, words: Sequence[str]) -> tuple[Account, str]:
    """The account, and the word that names a provider; empty without one."""
    mine = {each.id.lower(): each for each in await managed(tools, by)}
    first, *rest = [*words, ""]
    named = mine.get(first.lower())
    if named is not None:
        return named, rest[0] if rest else ""
    if len(mine) == 1 and len(words) < 2:  # noqa: PLR2004 - not both of them
        return next(iter(mine.values())), first
    known = ", ".join(each.id for each in mine.values())
    message = (
        f"Say which account: /here ACCOUNT or /here ACCOUNT PROVIDER. Yours: {known}."
    )
    raise Refused(message)


async def _provider(tools: Tools, name: str) -> ProviderName:
    if not name:
        return EVERY_PROVIDER
    for each in await tools.journal.find(Provider):
        if each.id.lower() == name.lower():
            return each.id
    message = f"There is no provider {name}; /providers lists them."
    raise Refused(message)


async def show_no_more(tools: Tools, place: Place, *, by: UserId) -> list[GroupChat]:
    """End what this admin's accounts show in this place; returns what that was.

    Raises:
        Refused: they show nothing here.
    """
    return await again(lambda: _show_no_more(tools, place, by=by))


async def _show_no_more(tools: Tools, place: Place, *, by: UserId) -> list[GroupChat]:
    mine = frozenset(each.id for each in await managed(tools, by))
    shown = await tools.journal.find(
        GroupChat,
        chat_id=place.chat_id,
        topic_id=place.topic_id,
        account_id=mine,
        enabled=True,
    )
    if not shown:
        message = (
            "No account of yours shows its signals here. In a forum, send /gone in "
            "the topic itself."
        )
        raise Refused(message)
    writes: list[Write] = []
    for group in shown:
        said = f"Signals for {group.account_id} are shown in {group.title} no more."
        writes += [
            Save(replace(group, enabled=False)),
            _record(group, "group_ended", by_user(by)),
            *await tell_admins(tools, [group.account_id], by=by, sentence=said),
        ]
    await tools.journal.commit(*writes)
    return shown


async def lost_group(tools: Tools, chat_id: int) -> None:
    """The bot is in this group no more: nothing is shown there, its admins are told."""
    await again(lambda: _lost_group(tools, chat_id))


async def _lost_group(tools: Tools, chat_id: int) -> None:
    writes: list[Write] = []
    for group in await tools.journal.find(GroupChat, chat_id=chat_id, enabled=True):
        said = (
            f"Signals for {group.account_id} are not shown in the group {group.title} "
            f"any more: the bot was removed from it. Add it again and send /here there."
        )
        writes += [
            Save(replace(group, enabled=False)),
            _record(group, "group_lost", "telegram"),
            *await tell_admins(tools, [group.account_id], by=None, sentence=said),
        ]
    if writes:
        await tools.journal.commit(*writes)


def _record(group: GroupChat, action: str, actor: str) -> Record:
    return Record(
        actor=actor,
        action=action,
        subject=about_account(group.account_id),
        detail={
            "chat": str(group.chat_id),
            "topic": str(group.topic_id),
            "provider": group.provider,
        },
    )


async def moved_group(tools: Tools, old: int, new: int) -> list[Write]:
    """A group became a supergroup: what is shown there has another chat id.

    Its messages have other numbers there, which nobody tells: what is under way is
    sent anew.
    """
    there = await tools.journal.find(GroupChat, chat_id=new)
    taken = {(each.account_id, each.provider) for each in there}
    writes: list[Write] = [
        Save(
            replace(group, enabled=False)
            if (group.account_id, group.provider) in taken
            else replace(group, chat_id=new)
        )
        for group in await tools.journal.find(GroupChat, chat_id=old)
    ]
    for posting in await _under_way(tools, old, new):
        writes += [
            Save(replace(posting, chat_id=new, message_id=None)),
            tools.item(Topic.POSTING, posting.id, Priority.EDIT),
        ]
    return writes


async def _under_way(tools: Tools, old: int, new: int) -> list[Posting]:
    """What something may still become of, and is not in the new chat already."""
    moving = await tools.journal.find(Posting, chat_id=old)
    meant = frozenset(each.signal_id for each in moving)
    live = await tools.journal.find(Signal, id=meant, status=UNDER_WAY)
    found = {each.id for each in live}
    there = await tools.journal.find(Posting, chat_id=new, signal_id=meant)
    taken = {(each.signal_id, each.account_id) for each in there}
    return [
        each
        for each in moving
        if each.signal_id in found and (each.signal_id, each.account_id) not in taken
    ]
