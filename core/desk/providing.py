"""Providers are switched off and on, and muted: by an admin, or at the command line."""

from dataclasses import replace
from datetime import datetime

from core.access import is_manager
from core.desk.flooding import is_muted
from core.desk.telling import tell_admins
from core.desk.tools import Tools, again, by_provider, by_user
from core.errors import Refused
from core.ids import ProviderName, UserId
from core.ports import Record, Save
from core.users import Provider


async def may_switch(tools: Tools, user_id: UserId) -> bool:
    """Whether this person may: who administers an account."""
    return is_manager(await tools.members(user_id=user_id))


async def switch(tools: Tools, name: str, *, enabled: bool, by: UserId | None) -> bool:
    """Disable or enable a provider; the service sees it at the next request.

    Returns ``False`` when it was so already. ``by`` is nobody at the command line.

    Raises:
        Refused: there is no such provider; names the known ones.
    """
    return await again(lambda: _switch(tools, name, enabled=enabled, by=by))


async def _switch(tools: Tools, name: str, *, enabled: bool, by: UserId | None) -> bool:
    row = await known_provider(tools, name)
    if row.enabled is enabled:
        return False
    action = "provider_enabled" if enabled else "provider_disabled"
    enabled_now = f"The provider {row.id} was enabled."
    disabled_now = f"The provider {row.id} was disabled."
    said = enabled_now if enabled else disabled_now
    await tools.journal.commit(
        Save(replace(row, enabled=enabled)),
        Record(actor=by_user(by), action=action, subject=by_provider(row.id)),
        *await tell_admins(tools, None, by=by, sentence=said),
    )
    return True


async def mute(
    tools: Tools, name: str, *, until: datetime | None, by: UserId | None
) -> bool:
    """Ask nobody about a provider's signals until then; ``None`` asks again.

    They are stored all the same. Returns ``False`` when it was not muted anyway.

    Raises:
        Refused: there is no such provider; names the known ones.
    """
    return await again(lambda: _mute(tools, name, until=until, by=by))


async def _mute(
    tools: Tools, name: str, *, until: datetime | None, by: UserId | None
) -> bool:
    row = await known_provider(tools, name)
    if until is None and not is_muted(row, tools.clock.now()):
        return False
    record = Record(
        actor=by_user(by),
        action="provider_unmuted" if until is None else "provider_muted",
        subject=by_provider(row.id),
        detail={} if until is None else {"until": until.isoformat()},
    )
    told = await tell_admins(tools, None, by=by, sentence=_muted(row.id, until))
    await tools.journal.commit(Save(replace(row, muted_until=until)), record, *told)
    return True


def _muted(name: ProviderName, until: datetime | None) -> str:
    if until is None:
        return f"People are asked about {name} again."
    return f"The provider {name} was muted until {until:%H:%M} UTC."


async def known_provider(tools: Tools, name: str) -> Provider:
    """The provider of that name.

    Raises:
        Refused: there is none; names the known ones.
    """
    row = await tools.journal.get(Provider, ProviderName(name))
    if row is not None:
        return row
    known = ", ".join(each.id for each in await tools.journal.find(Provider))
    message = (
        f"There is no provider {name}; known: {known}."
        if known
        else f"There is no provider {name}, nor any other: `tapgate provider add NAME`."
    )
    raise Refused(message)
