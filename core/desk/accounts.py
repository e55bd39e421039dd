"""The accounts of the instance: those of the configuration, and those added beside it.

config   stands in the configuration: made, or brought up to date, at every start
added    by an admin at the command line; keeps its settings in its row
follow   somebody's own to follow on paper, see ``core.desk.followers``

What is done to them at the command line stands in ``core.desk.assigning``.
"""

from dataclasses import dataclass, replace

from core.accounts import Account, AccountKind, AccountSource, BrokerKind
from core.broker import TradeMode
from core.desk.tools import Tools
from core.errors import Refused
from core.guard import newborn
from core.ids import AccountId, UserId
from core.orders import LIVE, Order
from core.ports import Insert, Save, Write
from core.trades import ON_THE_BOOK, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """An account as the configuration, or an admin, wants it."""

    id: AccountId
    broker: BrokerKind
    kind: AccountKind
    mode: TradeMode
    currency: str
    source: AccountSource = AccountSource.CONFIG
    settings: str = ""
    """As in ``Account``."""


# ------------------------------------------------------------------ configured
async def keep_accounts(tools: Tools, plans: list[AccountPlan]) -> None:
    """Make the configured accounts and their guards, or bring them up to date.

    Raises:
        Refused: an account of that name was added at the command line.
    """
    for plan in plans:
        await _keep(tools, plan)


async def _keep(tools: Tools, plan: AccountPlan) -> None:
    known = await tools.journal.get(Account, plan.id)
    if known is None:
        await tools.journal.commit(*opened(account_of(tools, plan)))
        return
    if known.source is not AccountSource.CONFIG:
        message = (
            f"[accounts.{plan.id}] stands in the configuration, but an account of that "
            "name was added with `tapgate account add`. Take the section out, or give "
            "it another name."
        )
        raise Refused(message)
    wanted = replace(
        known,
        broker=plan.broker,
        kind=plan.kind,
        mode=plan.mode,
        currency=plan.currency,
    )
    if wanted != known:
        await tools.journal.commit(Save(wanted))


def account_of(
    tools: Tools, plan: AccountPlan, *, person_id: UserId | None = None
) -> Account:
    """A new account as planned."""
    now = tools.clock.now()
    return Account(
        id=plan.id,
        broker=plan.broker,
        kind=plan.kind,
        mode=plan.mode,
        currency=plan.currency,
        person_id=person_id,
        enabled=True,
        source=plan.source,
        settings=plan.settings,
        created_at=now,
        updated_at=now,
    )


def opened(account: Account) -> list[Write]:
    """A new account with its guard."""
    return [Insert(account), Insert(newborn(account.id, account.created_at))]


async def refuse_forsaken(tools: Tools, plans: list[AccountPlan]) -> None:
    """Nobody may be left alone with what an account holds.

    Raises:
        Refused: an account is planned no more, but has trades or orders that are not
            over; names them and says what to do.
    """
    planned = {plan.id for plan in plans}
    for account in await tools.journal.find(Account, source=AccountSource.CONFIG):
        if account.id in planned:
            continue
        held = await held_by(tools, account.id)
        if held:
            message = (
                f"[accounts.{account.id}] is missing in the configuration, but the "
                f"account still has open trades ({held.trades}) or orders whose end "
                f"is not known ({held.orders}). Put it back until they are over."
            )
            raise Refused(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is not over on an account; false where it is nothing."""

    trades: int
    orders: int

    def __bool__(self) -> bool:
        return bool(self.trades or self.orders)


async def held_by(tools: Tools, account_id: AccountId) -> Held:
    """The open trades of an account, and its orders without an end."""
    return Held(
        trades=await tools.journal.count(
            Trade, account_id=account_id, state=ON_THE_BOOK
        ),
        orders=await tools.journal.count(Order, account_id=account_id, state=LIVE),
    )
