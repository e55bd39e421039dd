"""Why the paper broker refuses a request, in the order in which MetaTrader looks.

Pure: a request, the quote and the book in, a refusal or ``None`` out. Distances are
measured as MetaTrader measures them: a position's stops from the price at which it
would close, a pending order's price from the price at which it would open, its stops
from its own price.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.broker import CloseRequest, ModifyRequest, OpenRequest
from core.market import OrderType, Quote, Side
from core.money import plain
from mt5_bridge.paper.book import Held
from mt5_bridge.paper.specs import PaperSpec
from mt5_bridge.retcodes import Retcode, meaning

LONGEST_COMMENT = 29
"""Characters; with more, MetaTrader's own library sends nothing."""
_LARGEST_MAGIC = 2**63 - 1
_LARGEST_PRICE = Decimal(10) ** 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A return code with the sentence that says what exactly is wrong."""

    code: Retcode
    sentence: str


def refusal(code: Retcode) -> Refusal:
    """The refusal with the code's own sentence."""
    return Refusal(code=code, sentence=meaning(code).sentence)


def refuse_open(
    request: OpenRequest, spec: PaperSpec, quote: Quote, now: datetime
) -> Refusal | None:
    """Why an opening order is not taken, whatever the account holds."""
    pending = request.order_type is not OrderType.MARKET
    return (
        _tag_fault(request.comment, request.magic)
        or _volume_fault(request.volume, spec)
        or _price_fault(request, spec)
        or (_pending_fault if pending else _requote)(request, spec, quote)
        or (_expiry_fault(request, now) if pending else None)
        or _stops_fault(
            request.side,
            request.stop_loss,
            request.take_profit,
            base=request.price if pending else quote.to_close(request.side),
            spec=spec,
        )
    )


def refuse_close(request: CloseRequest, held: Held, spec: PaperSpec) -> Refusal | None:
    """Why a position is not closed in this way."""
    if (request.instrument, request.side) != (held.instrument, held.side):
        sentence = f"Position {held.ticket} is another one than the request says."
        return Refusal(code=Retcode.INVALID, sentence=sentence)
    if request.volume.is_finite() and request.volume > held.volume:
        sentence = (
            f"The position holds {plain(held.volume)} lots; "
            f"{plain(request.volume)} cannot be closed."
        )
        return Refusal(code=Retcode.INVALID_CLOSE_VOLUME, sentence=sentence)
    return _tag_fault(request.comment, request.magic) or _volume_fault(
        request.volume, spec
    )


def refuse_modify(
    request: ModifyRequest, held: Held, spec: PaperSpec, quote: Quote
) -> Refusal | None:
    """Why a position's stops are not set so."""
    if (request.stop_loss, request.take_profit) == (held.stop_loss, held.take_profit):
        return refusal(Retcode.NO_CHANGES)
    return _stops_fault(
        held.side,
        request.stop_loss,
        request.take_profit,
        base=quote.to_close(held.side),
        spec=spec,
    )


def _tag_fault(comment: str, magic: int) -> Refusal | None:
    if len(comment) > LONGEST_COMMENT:
        sentence = (
            f"The comment has {len(comment)} characters; "
            f"the broker takes {LONGEST_COMMENT}."
        )
        return Refusal(code=Retcode.INVALID, sentence=sentence)
    if not 0 <= magic <= _LARGEST_MAGIC:
        sentence = f"The broker does not take the magic number {magic}."
        return Refusal(code=Retcode.INVALID, sentence=sentence)
    return None


def _volume_fault(volume: Decimal, spec: PaperSpec) -> Refusal | None:
    low, high = spec.volume_min, spec.volume_max
    if volume.is_finite() and low <= volume <= high and not volume % low:
        return None
    sentence = (
        f"{spec.instrument} trades {plain(low)} to {plain(high)} lots "
        f"in steps of {plain(low)}, not {volume}."
    )
    return Refusal(code=Retcode.INVALID_VOLUME, sentence=sentence)


def _price_fault(request: OpenRequest, spec: PaperSpec) -> Refusal | None:
    """A market order's price is a reference only and need not be on the tick."""
    price = request.price
    if request.order_type is OrderType.MARKET and 0 < price < _LARGEST_PRICE:
        return None
    if _is_price(price, spec):
        return None
    sentence = f"{request.price} is no price of {spec.instrument}."
    return Refusal(code=Retcode.INVALID_PRICE, sentence=sentence)


def _is_price(price: Decimal, spec: PaperSpec) -> bool:
    return 0 < price < _LARGEST_PRICE and not price % spec.point


def _requote(request: OpenRequest, spec: PaperSpec, quote: Quote) -> Refusal | None:
    present = quote.to_open(request.side)
    if (present - request.price) * request.side.sign <= request.deviation:
        return None
    sentence = (
        f"{spec.instrument} is at {present} now, more than {request.deviation} "
        f"worse than {request.price}."
    )
    return Refusal(code=Retcode.REQUOTE, sentence=sentence)


def _pending_fault(
    request: OpenRequest, spec: PaperSpec, quote: Quote
) -> Refusal | None:
    """A limit must lie on the better side of the market, a stop on the worse."""
    present = quote.to_open(request.side)
    better = (present - request.price) * request.side.sign
    distance = better if request.order_type is OrderType.LIMIT else -better
    if distance >= spec.stops_distance:
        return None
    sentence = (
        f"A {request.side} {request.order_type} at {_written(request.price, spec)} "
        f"does not fit: {spec.instrument} is at {present} now."
    )
    return Refusal(code=Retcode.INVALID_PRICE, sentence=sentence)


def _expiry_fault(request: OpenRequest, now: datetime) -> Refusal | None:
    if request.expires_at is None or request.expires_at > now:
        return None
    return refusal(Retcode.INVALID_EXPIRATION)


def _stops_fault(
    side: Side,
    stop_loss: Decimal | None,
    take_profit: Decimal | None,
    *,
    base: Decimal,
    spec: PaperSpec,
) -> Refusal | None:
    for name, level, direction in (
        ("stop loss", stop_loss, -side.sign),
        ("take profit", take_profit, side.sign),
    ):
        if level is None:
            continue
        fits = _is_price(level, spec) and (
            (level - base) * direction >= spec.stops_distance
        )
        if not fits:
            where = "above" if direction > 0 else "below"
            sentence = (
                f"The {name} {_written(level, spec)} does not fit: it must be at least "
                f"{spec.stops_distance} {where} {base}."
            )
            return Refusal(code=Retcode.INVALID_STOPS, sentence=sentence)
    return None


def _written(price: Decimal, spec: PaperSpec) -> str:
    """With the instrument's decimals, and with more where it came with more."""
    came_with = -int(price.as_tuple().exponent)
    return f"{price:.{max(spec.digits, came_with)}f}"
