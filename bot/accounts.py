"""Accounts at the command line: added, listed, assigned, disabled and enabled.

An account that is added keeps in its row what a section ``[accounts.NAME]`` would say,
as JSON, and is checked as such a section is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.config import build
from bot.plans import plan_of
from bot.settings import AccountConfig
from core.accounts import OF_THE_HOUSE, Account, AccountSource
from core.desk import assigning
from core.desk.tools import Tools
from core.errors import Refused
from core.ids import AccountId
from core.users import Membership

if TYPE_CHECKING:
    from bot.app import Office

SERVED = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """One account, as the database has it."""

    name: str
    broker: str
    kind: str
    mode: str
    currency: str
    source: str
    """``config`` or ``added``."""
    enabled: bool
    person: int | None
    """Of an own account."""
    members: int

    def as_json(self) -> dict[str, Any]:
        """The same for a script."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """All that ``account list`` shows."""

    known: list[KnownAccount]
    followers: int
    """People who follow on paper, each on an account of their own."""


async def list_accounts(tools: Tools) -> Accounts:
    """The accounts of the instance, and how many follow on paper."""
    rows = await tools.journal.find(Account, source=OF_THE_HOUSE)
    members = await tools.members()
    followers = await tools.journal.count(
        Account, source=AccountSource.FOLLOW, enabled=True
    )
    known = [_known(row, members) for row in sorted(rows, key=lambda each: each.id)]
    return Accounts(known=known, followers=followers)


def _known(row: Account, members: list[Membership]) -> KnownAccount:
    return KnownAccount(
        name=row.id,
        broker=row.broker.value,
        kind=row.kind.value,
        mode=row.mode.value,
        currency=row.currency,
        source=row.source.value,
        enabled=row.enabled,
        person=row.person_id,
        members=sum(each.account_id == row.id for each in members),
    )


async def add_account(
    office: "Office", base: Path, name: str, wish: Mapping[str, Any]
) -> None:
    """Add an account with these keys of a section; a running service takes it up.

    Raises:
        ConfigError: the name or a key is not as it must be.
        Refused: there is one of that name, or it cannot be served.
    """
    broker = wish["broker"]
    if broker in {"mt5", "bridge"}:
        message = (
            f"Accounts at a MetaTrader 5 terminal ({broker}) come with a later "
            f"release: this one serves --broker {SERVED}."
        )
        raise Refused(message)
    account = _checked(name, wish)
    if name in office.settings.accounts:
        message = f"[accounts.{name}] stands in the configuration: choose another name."
        raise Refused(message)
    _try_out(office, base, name, account)
    plan = plan_of(name, account)
    settings = json.dumps(wish, default=str, sort_keys=True)
    added = replace(plan, source=AccountSource.ADDED, settings=settings)
    await assigning.add_account(office.tools, added)


def _checked(name: str, wish: Mapping[str, Any]) -> AccountConfig:
    content = {"accounts": {name: dict(wish)}}
    settings = build(content, {}, source="tapgate account add")
    return settings.accounts[name]


def _try_out(office: "Office", base: Path, name: str, account: AccountConfig) -> None:
    """A feed or a currency that cannot be had is found here, not by the service."""
    from bot.app import paper_brokers  # noqa: PLC0415 - charts take seconds

    one = office.settings.model_copy(update={"accounts": {AccountId(name): account}})
    paper_brokers(one, base, office.tools.clock)


def settings_of(account: Account) -> AccountConfig:
    """What an account that no configuration has keeps in its row."""
    return AccountConfig.model_validate(json.loads(account.settings))


def risk_of(words: list[str]) -> dict[str, Any]:
    """``--risk.KEY VALUE`` and ``--risk.KEY=VALUE`` as keys of the section ``risk``.

    Raises:
        ValueError: something else stands there; names it.
    """
    risk: dict[str, Any] = {}
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        key = name.removeprefix("--risk.").replace("-", "_")
        if not name.startswith("--risk."):
            raise ValueError(word)
        found = value if equals else next(left, "")
        risk[key] = _levels(found) if found.startswith("[") else found
    return risk


def _levels(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def money(text: str) -> Decimal | str:
    """A number from the command line; what is none is told by the check."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return text
