"""A sample of a prompt: real chart, real numbers, nothing behind it.

Neither its signal nor its prompt is stored, so nothing that is tapped on it can reach
a broker.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from core.access import may_decide, may_watch
from core.accounts import Account
from core.desk.offering import offer
from core.desk.people import Recipient
from core.desk.prompting import draw, prompt_for
from core.desk.tools import Tools
from core.errors import BrokerUnavailable, Refused
from core.ids import ProviderName, SignalId, UserId
from core.market import OrderType, Quote, Side, SymbolSpec, Timeframe
from core.money import round_to_tick
from core.prompts import Prompt
from core.signals import Action, Signal, SignalStatus, Source
from core.users import Membership, User

STOP_AT = Decimal("0.004")
"""Distance of the stop, as a part of the price."""
REWARD = 2
"""The target's distance, in stops."""
LASTS = timedelta(minutes=10)
SAMPLE = ProviderName("sample")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows that nobody stores."""

    signal: Signal
    prompt: Prompt
    account: Account


async def sample(tools: Tools, user_id: UserId) -> Sample:
    """A prompt for this person, as a signal would make it now.

    Raises:
        Refused: they are no member, or no market can be seen now.
    """
    recipient = await _recipient(tools, user_id)
    signal = await _signal(tools, recipient.account)
    numbers = await offer(tools, recipient.account, signal)
    return Sample(
        signal=signal,
        prompt=prompt_for(tools, signal, recipient, numbers),
        account=recipient.account,
    )


async def _recipient(tools: Tools, user_id: UserId) -> Recipient:
    """The account on which they decide, else one that they watch."""
    user = await tools.journal.get(User, user_id)
    members = await tools.members(user_id=user_id)
    found: list[tuple[bool, Account, Membership]] = []
    for member in members:
        account = await tools.journal.get(Account, member.account_id)
        if account is not None and account.id in tools.brokers:
            decides = may_decide(account, member)
            if decides or may_watch(account, member):
                found.append((decides, account, member))
    if user is None or not found:
        message = "Join an account first: then a sample can be made for it."
        raise Refused(message)
    _, account, member = max(found, key=lambda each: each[0])
    return Recipient(user=user, account=account, membership=member)


async def _signal(tools: Tools, account: Account) -> Signal:
    broker = tools.brokers[account.id]
    for instrument in tools.choices.instruments:
        try:
            spec = await broker.get_symbol(instrument)
            quote = await broker.get_quote(instrument)
        except (Refused, BrokerUnavailable):
            continue
        signal = _made(tools, instrument, spec, quote)
        return replace(signal, chart_path=await draw(tools, signal))
    message = "No market can be seen now. Try again in a while."
    raise Refused(message)


def _made(tools: Tools, instrument: str, spec: SymbolSpec, quote: Quote) -> Signal:
    now, price = tools.clock.now(), quote.to_open(Side.BUY)
    away = round_to_tick(price * STOP_AT, spec.tick_size)
    return Signal(
        id=SignalId(tools.ids.identity()),
        provider=SAMPLE,
        external_id="sample",
        webhook_id=None,
        source=Source.API,
        action=Action.OPEN,
        target=None,
        instrument=instrument,
        side=Side.BUY,
        order_type=OrderType.MARKET,
        price=price,
        stop_loss=price - away,
        take_profit=price + REWARD * away,
        timeframe=Timeframe.M15,
        user_id=None,
        payload='{"reason":"this is how a signal explains itself"}',
        content_hash="",
        status=SignalStatus.NEW,
        recipients=1,
        chart_path=None,
        proposed_at=now,
        cancelled_at=None,
        expires_at=now + LASTS,
        created_at=now,
        updated_at=now,
    )
