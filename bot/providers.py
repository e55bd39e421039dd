"""Providers: made with credentials that are shown this once, changed, switched.

A provider proves itself by a secret (HMAC) or by a key pair of which only the public
key is here; an alert from TradingView by the token in its address. Secrets are kept
sealed, tokens as hashes.
"""

import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.keys import PUBLIC_PREFIX, is_public_key, new_secret
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
    await check_key(tools, public_key)
    made = Credentials(
        name=name,
        secret=None if public_key else fresh_secret(),
        public_key=public_key,
        read_token=fresh_token(),
        hook_token=fresh_token(),
    )
    now = tools.clock.now()
    row = Provider(
        id=ProviderName(name),
        secret_sealed=vault.seal(made.secret, owner=name) if made.secret else None,
        public_key=public_key,
        former_secret_sealed=None,
        former_public_key=None,
        former_until=None,
        read_token_hash=hashed(made.read_token) or "",
        hook_token_hash=hashed(made.hook_token),
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


async def check_key(tools: Tools, public_key: str | None) -> None:
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


def fresh_secret() -> str:
    """A secret that nobody has yet."""
    return new_secret(secrets.token_bytes(SECRET_BYTES))


def fresh_token() -> str:
    """A token of 192 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str | None) -> str | None:
    """What is kept of a token."""
    return None if token is None else hash_token(token)


async def limit_provider(
    tools: Tools, name: str, *, wish: Terms, as_everybody: bool
) -> Terms:
    """Change what a provider may do, by what ``wish`` says; returns all of it.

    ``as_everybody`` forgets first what was said before.

    Raises:
        Refused: there is no such provider.
    """
    return await again(lambda: _limit(tools, name, wish, as_everybody))


async def _limit(
    tools: Tools,
    name: str,
    wish: Terms,
    as_everybody: bool,  # noqa: FBT001
) -> Terms:
    row = await known_provider(tools, name)
    said = {
        key: value for key, value in asdict(wish).items() if value not in (None, ())
    }
    terms = replace(AS_EVERYBODY if as_everybody else _terms(row), **said)
    await tools.journal.commit(
        Save(replace(row, **asdict(terms))),
        Record(
            actor="cli",
            action="provider_limited",
            subject=f"provider:{row.id}",
            detail={key: str(value) for key, value in asdict(terms).items()},
        ),
    )
    return terms


def _terms(row: Provider) -> Terms:
    return Terms(
        instruments=row.instruments,
        rate_per_minute=row.rate_per_minute,
        rate_burst=row.rate_burst,
        open_signals=row.open_signals,
    )


async def switch_provider(tools: Tools, name: str, *, enabled: bool) -> bool:
    """Disable or enable a provider; the service sees it at the next request.

    Returns ``False`` when it was so already.

    Raises:
        Refused: there is no such provider; names the known ones.
    """
    return await switch(tools, name, enabled=enabled, by=None)
