"""The built-in instruments of the paper broker, as a table.

Sizes are those a retail broker commonly has. Base prices are round numbers near
which the random feed starts and with which missing exchange rates are filled in;
they are not anybody's quotes. ``docs/paper-broker.md`` shows the same table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from core.money import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSpec:
    """One instrument of the paper broker; distances count points."""

    instrument: str
    title: str
    base_price: Decimal
    """Its decimals are the instrument's digits."""
    currency_profit: str
    contract_size: Decimal
    spread: int
    """Ask minus bid, always the same."""
    stops_level: int
    """Least distance of stops and pending prices from where they are measured."""
    move: int
    """How far the random feed typically moves in one candle."""
    volume_min: Decimal
    """Also the volume step."""
    volume_max: Decimal

    @property
    def point(self) -> Decimal:
        """The smallest price step; the tick size is the same."""
        return Decimal(1).scaleb(-self.digits)

    @property
    def digits(self) -> int:
        """Decimals of a price."""
        return -int(self.base_price.as_tuple().exponent)

    @property
    def spread_price(self) -> Decimal:
        """The spread in price."""
        return self.spread * self.point

    @property
    def stops_distance(self) -> Decimal:
        """The stops level in price."""
        return self.stops_level * self.point


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What the instruments of one kind share."""

    contract: str
    stops: int
    volume_min: str
    volume_max: str


_FOREX = _Kind(contract="100000", stops=10, volume_min="0.01", volume_max="50")
_GOLD = _Kind(contract="100", stops=20, volume_min="0.01", volume_max="50")
_SILVER = _Kind(contract="5000", stops=20, volume_min="0.01", volume_max="50")
_INDEX = _Kind(contract="1", stops=10, volume_min="0.1", volume_max="250")
_OIL = _Kind(contract="1000", stops=5, volume_min="0.01", volume_max="50")
_COIN = _Kind(contract="1", stops=100, volume_min="0.01", volume_max="100")

_Row = tuple[str, str, _Kind, str, str, int, int]
_ROWS: tuple[_Row, ...] = (  # name title kind profit-in base spread move
    ("XAUUSD", "Gold", _GOLD, "USD", "1950.00", 25, 50),
    ("XAGUSD", "Silver", _SILVER, "USD", "24.000", 25, 12),
    ("EURUSD", "Euro / US dollar", _FOREX, "USD", "1.10000", 10, 12),
    ("GBPUSD", "Pound / US dollar", _FOREX, "USD", "1.27000", 14, 15),
    ("USDJPY", "US dollar / Yen", _FOREX, "JPY", "145.000", 12, 18),
    ("USDCHF", "US dollar / Franc", _FOREX, "CHF", "0.88000", 14, 10),
    ("AUDUSD", "Australian dollar / US dollar", _FOREX, "USD", "0.67000", 12, 9),
    ("USDCAD", "US dollar / Canadian dollar", _FOREX, "CAD", "1.35000", 16, 11),
    ("NZDUSD", "New Zealand dollar / US dollar", _FOREX, "USD", "0.62000", 16, 9),
    ("EURJPY", "Euro / Yen", _FOREX, "JPY", "159.500", 18, 20),
    ("GBPJPY", "Pound / Yen", _FOREX, "JPY", "184.150", 26, 28),
    ("EURGBP", "Euro / Pound", _FOREX, "GBP", "0.86600", 14, 7),
    ("US30", "Dow Jones 30", _INDEX, "USD", "38000.0", 24, 60),
    ("NAS100", "Nasdaq 100", _INDEX, "USD", "16000.0", 15, 45),
    ("SPX500", "S&P 500", _INDEX, "USD", "4700.0", 5, 9),
    ("GER40", "DAX 40", _INDEX, "EUR", "17000.0", 12, 30),
    ("UKOIL", "Brent crude", _OIL, "USD", "80.00", 4, 4),
    ("USOIL", "WTI crude", _OIL, "USD", "76.00", 4, 4),
    ("BTCUSD", "Bitcoin", _COIN, "USD", "43000.00", 2000, 1800),
    ("ETHUSD", "Ether", _COIN, "USD", "2300.00", 150, 130),
)


def _spec(row: _Row) -> PaperSpec:
    name, title, kind, currency, base, spread, move = row
    return PaperSpec(
        instrument=name,
        title=title,
        base_price=Decimal(base),
        currency_profit=currency,
        contract_size=Decimal(kind.contract),
        spread=spread,
        stops_level=kind.stops,
        move=move,
        volume_min=Decimal(kind.volume_min),
        volume_max=Decimal(kind.volume_max),
    )


SPECS: Mapping[str, PaperSpec] = MappingProxyType({row[0]: _spec(row) for row in _ROWS})
"""The built-in instruments by canonical name."""

_HEADINGS = (
    "Instrument",
    "What",
    "Base price",
    "Digits",
    "Contract",
    "Profit in",
    "Spread",
    "Stops level",
    "Typical move",
    "Lots",
)


def _cells(spec: PaperSpec) -> tuple[str, ...]:
    return (
        spec.instrument,
        spec.title,
        f"{spec.base_price:f}",
        str(spec.digits),
        plain(spec.contract_size),
        spec.currency_profit,
        str(spec.spread),
        str(spec.stops_level),
        str(spec.move),
        f"{plain(spec.volume_min)} to {plain(spec.volume_max)}",
    )


def specification_table() -> str:
    """The built-in instruments as a Markdown table, for the documentation."""
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *map(_cells, SPECS.values())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
