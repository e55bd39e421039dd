"""Providers: made with credentials that are shown this once, changed, switched.

A provider proves itself by a secret (HMAC) or by a key pair of which only the public
key is here; an alert from TradingView by the token in its address. Secrets are kept
sealed, tokens as hashes.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.signing import PUBLIC_PREFIX, is_public_key, new_secret
from core.desk.joining import hash_token
from core.desk.providing import known_provider, switch
from core.desk.tools import Tools, again
from core.errors import Duplicate, Refused
from core.ids import ProviderName
from core.ports import Insert, Record, Save
from core.users import Provider

SECRET_BYTES = 32
TOKEN_BYTES = 24
NAME_LIMIT = 32
LONGEST_KEEP = timedelta(days=7)
"""How long a former secret or key may stay good beside the new one."""


class Seals(Protocol):
    """Whatever encrypts at rest."""

    def seal(self, secret: str, *, owner: str) -> str:
        """The text to store."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one provider may do; ``None`` means as everybody, 0 no limit."""

    instruments: tuple[str, ...] = ()
    rate_per_minute: int | None = None
    rate_burst: int | None = None
    open_signals: int | None = None


AS_EVERYBODY = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What was made, in the clear for this once; ``None`` what was not."""

    name: str
    secret: str | None = None
    public_key: str | None = None
    read_token: str | None = None
    hook_token: str | None = None
    former_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What is to be new."""

    secret: bool = False
    """A new secret, or with ``public_key`` the provider's own new key."""
    public_key: str | None = None
    keep: timedelta = timedelta(0)
    """How long the former secret or key stays good."""
    read_token: bool = False
    hook_token: bool = False
    """A new address for TradingView; the old one is dead at once."""
    no_hook: bool = False
    """No address for TradingView any more."""
    force: bool = False
    """Also while the former secret or key is still good, which ends that."""


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
    tools: Tools,
    vault: Seals,
    *,
    name: str,
    terms: Terms = AS_EVERYBODY,
    public_key: str | None = None,
) -> Credentials:
    """Make a provider, with a secret or with the public key that it brings.

    Raises:
        Refused: the name is taken or makes no good header; the key is none.
    """
    _check_name(name)
    await _check_key(tools, public_key)
    made = Credentials(
        name=name,
        secret=None if public_key else _new_secret(),
        public_key=public_key,
        read_token=_new_token(),
        hook_token=_new_token(),
    )
    now = tools.clock.now()
    row = Provider(
        id=ProviderName(name),
        secret_sealed=vault.seal(made.secret, owner=name) if made.secret else None,
        public_key=public_key,
        former_secret_sealed=None,
        former_public_key=None,
        former_until=None,
        read_token_hash=_hash(made.read_token) or "",
        hook_token_hash=_hash(made.hook_token),
        instruments=terms.instruments,
        rate_per_minute=terms.rate_per_minute,
        rate_burst=terms.rate_burst,
        open_signals=terms.open_signals,
        muted_until=None,
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


def _check_name(name: str) -> None:
    if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
        message = f"A provider's name is letters, digits, - and _, was {name!r}."
        raise Refused(message)
    if len(name) > NAME_LIMIT:
        message = f"A provider's name has at most {NAME_LIMIT} characters."
        raise Refused(message)


async def _check_key(tools: Tools, public_key: str | None) -> None:
    """A message names its provider only beside the signature: a key has one owner."""
    if public_key is None:
        return
    if not is_public_key(public_key):
        message = (
            f"A public key is {PUBLIC_PREFIX} and the base64 of 32 bytes (Ed25519), "
            f"was {public_key[:16]!r}."
        )
        raise Refused(message)
    for row in await tools.journal.find(Provider):
        if public_key in (row.public_key, row.former_public_key):
            message = f"That key is {row.id}'s already; make another key pair."
            raise Refused(message)


def _new_secret() -> str:
    return new_secret(secrets.token_bytes(SECRET_BYTES))


def _new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _hash(token: str | None) -> str | None:
    return None if token is None else hash_token(token)


async def rotate_provider(
    tools: Tools, vault: Seals, name: str, rotation: Rotation
) -> Credentials:
    """Give a provider new credentials; the former key may stay good for a while.

    Raises:
        Refused: there is no such provider, or the wish cannot be fulfilled.
    """
    await _check_key(tools, rotation.public_key)
    if not timedelta(0) <= rotation.keep <= LONGEST_KEEP:
        days = LONGEST_KEEP.days
        message = f"The former secret may stay good for 0 hours to {days} days."
        raise Refused(message)
    return await again(lambda: _rotate(tools, vault, name, rotation))


async def _rotate(
    tools: Tools, vault: Seals, name: str, rotation: Rotation
) -> Credentials:
    row = await known_provider(tools, name)
    made = Credentials(name=name)
    if rotation.secret:
        row, made = _with_new_key(tools, vault, row, made, rotation)
    if rotation.read_token:
        made = replace(made, read_token=_new_token())
        row = replace(row, read_token_hash=_hash(made.read_token) or "")
    if rotation.hook_token or rotation.no_hook:
        token = None if rotation.no_hook else _new_token()
        made = replace(made, hook_token=token)
        row = replace(row, hook_token_hash=_hash(token))
    await tools.journal.commit(Save(row), _rotated(made, row, rotation))
    return made


def _with_new_key(
    tools: Tools, vault: Seals, row: Provider, made: Credentials, rotation: Rotation
) -> tuple[Provider, Credentials]:
    if rotation.keep and not rotation.force:
        _former_is_over(tools, row)
    secret = None if rotation.public_key else _new_secret()
    until = tools.clock.now() + rotation.keep
    kept = bool(rotation.keep)
    former_until = until if kept else None
    row = replace(
        row,
        secret_sealed=vault.seal(secret, owner=row.id) if secret else None,
        public_key=rotation.public_key,
        former_secret_sealed=row.secret_sealed,
        former_public_key=row.public_key,
        former_until=former_until,
    )
    made = replace(
        made,
        secret=secret,
        public_key=rotation.public_key,
        former_until=former_until,
    )
    return row, made


def _former_is_over(tools: Tools, row: Provider) -> None:
    """Only two live at once: a second rotation would end one that was promised."""
    until = row.former_until
    if until is not None and until > tools.clock.now():
        message = (
            f"The former secret or key of {row.id} is good until "
            f"{until:%Y-%m-%d %H:%M} UTC, and only two can be at once. Wait, or say "
            "--force to end it now."
        )
        raise Refused(message)


def _rotated(made: Credentials, row: Provider, rotation: Rotation) -> Record:
    what = {
        "secret": made.secret is not None,
        "public_key": made.public_key is not None,
        "read_token": rotation.read_token,
        "tradingview": rotation.hook_token or rotation.no_hook,
    }
    detail = {"what": ", ".join(name for name, done in what.items() if done)}
    if made.former_until is not None:
        detail["former_until"] = made.former_until.isoformat()
    return Record(
        actor="cli",
        action="provider_rotated",
        subject=f"provider:{row.id}",
        detail=detail,
    )


async def switch_provider(tools: Tools, name: str, *, enabled: bool) -> bool:
    """Disable or enable a provider; the service sees it at the next request.

    Returns ``False`` when it was so already.

    Raises:
        Refused: there is no such provider; names the known ones.
    """
    return await switch(tools, name, enabled=enabled, by=None)
