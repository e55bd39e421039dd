"""What may be done to an open position: half of it closed, its stop at the entry.

Pure: a position, a quote and the broker's sizes in, a volume or a price out. A refusal
is a sentence that says what to do instead.
"""

from decimal import Decimal

from core.broker import Position
from core.errors import Refused
from core.market import Quote, Side, SymbolSpec
from core.money import floor_to_step, plain


def half_of(volume: Decimal, spec: SymbolSpec) -> Decimal:
    """Half of a position, down to the step; what is left is never the smaller part.

    Raises:
        Refused: a half is less than the broker trades.
    """
    half = floor_to_step(volume / 2, spec.volume_step)
    if half >= spec.volume_min:
        return half
    message = (
        f"{plain(volume)} lots of {spec.instrument} cannot be halved: the broker "
        f"trades {plain(spec.volume_min)} lots at least. Choose Close to close it all."
    )
    raise Refused(message)


def break_even(position: Position, quote: Quote, spec: SymbolSpec) -> Decimal:
    """The stop at the entry, to the tick, and never on the losing side of it.

    Raises:
        Refused: it is there already, would fire at once, or the broker takes none so
            close to the price.
    """
    entry = _entry(position, spec)
    price, sign = quote.to_close(position.side), position.side.sign
    stop, ahead = position.stop_loss, (price - entry) * sign
    if stop is not None and (stop - entry) * sign >= 0:
        message = (
            f"The stop {plain(stop)} is at the entry {plain(entry)} or better already: "
            "there is nothing to move."
        )
        raise Refused(message)
    if ahead <= 0:
        message = (
            f"The price {plain(price)} is not beyond the entry {plain(entry)} yet: the "
            "stop would fire at once. Try again when the trade is in profit."
        )
        raise Refused(message)
    _require_room(position, price, entry, spec)
    return entry


def _entry(position: Position, spec: SymbolSpec) -> Decimal:
    """The price of entry; an average between two ticks goes to the better one."""
    price, tick = position.open_price, spec.tick_size
    if position.side is Side.SELL:
        return floor_to_step(price, tick)
    return -floor_to_step(-price, tick)


def _require_room(
    position: Position, price: Decimal, entry: Decimal, spec: SymbolSpec
) -> None:
    """The broker's distances: of a new stop, and of what it no longer changes."""
    least = spec.stops_level * spec.point
    if abs(price - entry) < least:
        message = (
            f"The price {plain(price)} is too close to the entry {plain(entry)}: the "
            f"broker wants {plain(least)} between price and stop. Try again when the "
            "price has gone further."
        )
        raise Refused(message)
    frozen = spec.freeze_level * spec.point
    for level in (position.stop_loss, position.take_profit):
        if frozen and level is not None and abs(price - level) <= frozen:
            message = (
                f"The price {plain(price)} is within {plain(frozen)} of "
                f"{plain(level)}, where the broker changes nothing. Try again when it "
                "has moved away."
            )
            raise Refused(message)
