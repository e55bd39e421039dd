"""What prices mean in the account's currency: profit, margin, tick value.

Rates come from the market's own dollar pairs; a pair that the market has no prices
of counts with its built-in base price. An instrument that is itself the pair (as
USDJPY for an account in dollars) converts at the very price it closes at, so that
what is computed beforehand is what closing there books.
"""

from collections.abc import Callable
from decimal import Decimal

from core.errors import Refused
from core.market import Side, SymbolSpec
from core.money import cents
from mt5_bridge.paper.specs import PaperSpec

CURRENCIES = ("USD", "EUR", "GBP")
"""What a paper account may be kept in."""
_ONE = Decimal(1)
_DIRECT = {"EUR": "EURUSD", "GBP": "GBPUSD"}
_INVERSE = {"JPY": "USDJPY", "CHF": "USDCHF", "CAD": "USDCAD"}
_TICK_VALUE = Decimal("1e-10")

PriceOf = Callable[[str], Decimal]
"""The present bid of an instrument."""


class Money:
    """Computes in one account currency; ``price_of`` is asked for rates only."""

    def __init__(self, currency: str, leverage: int, price_of: PriceOf) -> None:
        """Raises ``Refused`` for a currency or a leverage that cannot be had."""
        if currency not in CURRENCIES:
            reason = (
                f"a paper account is kept in {', '.join(CURRENCIES)}, not in {currency}"
            )
            raise Refused(reason)
        if leverage < 1:
            reason = f"leverage must be at least 1, was {leverage}"
            raise Refused(reason)
        self.currency = currency
        self.leverage = leverage
        self._price_of = price_of

    def profit(
        self,
        spec: PaperSpec,
        side: Side,
        volume: Decimal,
        entry: Decimal,
        leaving: Decimal,
    ) -> Decimal:
        """What closing at ``leaving`` books, in cents, without commission."""
        move = (leaving - entry) * side.sign * volume * spec.contract_size
        return cents(self._converted(move, spec, leaving))

    def margin(self, spec: PaperSpec, volume: Decimal, price: Decimal) -> Decimal:
        """What a position opened at ``price`` binds, in cents."""
        value = volume * spec.contract_size * price
        return cents(self._converted(value, spec, price) / self.leverage)

    def symbol(
        self, spec: PaperSpec, present: Decimal, *, tradable: bool = True
    ) -> SymbolSpec:
        """The specification as the port tells it, with the present tick value."""
        tick = self._converted(spec.contract_size * spec.point, spec, present)
        return SymbolSpec(
            instrument=spec.instrument,
            broker_name=spec.instrument,
            digits=spec.digits,
            point=spec.point,
            tick_size=spec.point,
            tick_value=tick.quantize(_TICK_VALUE),
            contract_size=spec.contract_size,
            volume_min=spec.volume_min,
            volume_max=spec.volume_max,
            volume_step=spec.volume_min,
            volume_limit=Decimal(0),
            stops_level=spec.stops_level,
            freeze_level=0,
            currency_profit=spec.currency_profit,
            tradable=tradable,
        )

    def _converted(self, value: Decimal, spec: PaperSpec, price: Decimal) -> Decimal:
        """From the instrument's currency, while the instrument stands at ``price``."""
        if spec.currency_profit == self.currency:
            return value

        def price_of(pair: str) -> Decimal:
            return price if pair == spec.instrument else self._price_of(pair)

        dollars = _in_dollars(value, spec.currency_profit, price_of)
        return dollars / _in_dollars(_ONE, self.currency, price_of)


def pairs_between(one: str, other: str) -> frozenset[str]:
    """The dollar pairs by which one currency is converted to the other."""
    if one == other:
        return frozenset()
    pairs = _DIRECT | _INVERSE
    return frozenset(pairs[each] for each in (one, other) if each in pairs)


def _in_dollars(value: Decimal, currency: str, price_of: PriceOf) -> Decimal:
    if currency == "USD":
        return value
    if currency in _DIRECT:
        return value * price_of(_DIRECT[currency])
    return value / price_of(_INVERSE[currency])
