"""Providers: made with a secret that is shown this once, switched off and on."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from bot.signing import new_secret
from core.desk.joining import hash_token
from core.desk.tools import Tools, again
from core.errors import Duplicate, Refused
from core.ids import ProviderName
from core.ports import Insert, Record, Save
from core.users import Provider

SECRET_BYTES = 32
TOKEN_BYTES = 24
NAME_LIMIT = 32


class Seals(Protocol):
    """Whatever encrypts at rest."""

    def seal(self, secret: str, *, owner: str) -> str:
        """The text to store."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProvider:
    """A provider's credentials, in the clear for this once."""

    name: str
    secret: str
    read_token: str


def traded(instruments: Collection[str], whitelist: Collection[str]) -> None:
    """Whether signals for these instruments could ever be taken.

    Raises:
        Refused: one of them is not traded here.
    """
    unknown = sorted(set(instruments) - set(whitelist))
    if unknown:
        message = (
            f"{', '.join(unknown)} is not traded here; [signals] instruments are "
            f"{', '.join(whitelist)}."
        )
        raise Refused(message)


async def add_provider(
    tools: Tools, vault: Seals, *, name: str, instruments: tuple[str, ...]
) -> NewProvider:
    """Make a provider.

    Raises:
        Refused: the name is taken or makes no good header.
    """
    if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
        message = f"A provider's name is letters, digits, - and _, was {name!r}."
        raise Refused(message)
    if len(name) > NAME_LIMIT:
        message = f"A provider's name has at most {NAME_LIMIT} characters."
        raise Refused(message)
    made = NewProvider(
        name=name,
        secret=new_secret(secrets.token_bytes(SECRET_BYTES)),
        read_token=secrets.token_urlsafe(TOKEN_BYTES),
    )
    now = tools.clock.now()
    row = Provider(
        id=ProviderName(name),
        secret_sealed=vault.seal(made.secret, owner=name),
        read_token_hash=hash_token(made.read_token),
        instruments=instruments,
        enabled=True,
        created_at=now,
        updated_at=now,
    )
    record = Record(actor="cli", action="provider_added", subject=f"provider:{name}")
    try:
        await tools.journal.commit(Insert(row), record)
    except Duplicate:
        message = f"There is a provider {name} already."
        raise Refused(message) from None
    return made


async def switch_provider(tools: Tools, name: str, *, enabled: bool) -> bool:
    """Disable or enable a provider; the service sees it at the next request.

    Returns ``False`` when it was so already.

    Raises:
        Refused: there is no such provider; names the known ones.
    """
    return await again(lambda: _switch(tools, name, enabled=enabled))


async def _switch(tools: Tools, name: str, *, enabled: bool) -> bool:
    row = await tools.journal.get(Provider, ProviderName(name))
    if row is None:
        raise Refused(await _unknown(tools, name))
    if row.enabled is enabled:
        return False
    action = "provider_enabled" if enabled else "provider_disabled"
    await tools.journal.commit(
        Save(replace(row, enabled=enabled)),
        Record(actor="cli", action=action, subject=f"provider:{name}"),
    )
    return True


async def _unknown(tools: Tools, name: str) -> str:
    known = ", ".join(each.id for each in await tools.journal.find(Provider))
    if not known:
        return (
            f"There is no provider {name}, nor any other: `tapgate provider add NAME`."
        )
    return f"There is no provider {name}; known: {known}."
