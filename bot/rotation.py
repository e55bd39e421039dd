"""New credentials for a provider, while the former key stays good for a while."""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.providers import (
    Credentials,
    Seals,
    check_key,
    fresh_secret,
    fresh_token,
    hashed,
)
from core.desk.providing import known_provider
from core.desk.tools import Tools, again
from core.errors import Refused
from core.ports import Record, Save
from core.users import Provider

LONGEST_KEEP = timedelta(days=7)
"""How long a former secret or key may stay good beside the new one."""


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


async def rotate_provider(
    tools: Tools, vault: Seals, name: str, rotation: Rotation
) -> Credentials:
    """Give a provider new credentials; the former key may stay good for a while.

    Raises:
        Refused: there is no such provider, or the wish cannot be fulfilled.
    """
    await check_key(tools, rotation.public_key)
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
        made = replace(made, read_token=fresh_token())
        row = replace(row, read_token_hash=hashed(made.read_token) or "")
    if rotation.hook_token or rotation.no_hook:
        token = None if rotation.no_hook else fresh_token()
        made = replace(made, hook_token=token)
        row = replace(row, hook_token_hash=hashed(token))
    await tools.journal.commit(Save(row), _rotated(made, row, rotation))
    return made


def _with_new_key(
    tools: Tools, vault: Seals, row: Provider, made: Credentials, rotation: Rotation
) -> tuple[Provider, Credentials]:
    if rotation.keep and not rotation.force:
        _former_is_over(tools, row)
    secret = None if rotation.public_key else fresh_secret()
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
