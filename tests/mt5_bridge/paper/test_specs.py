"""The built-in instruments are plausible, and documented as they are."""

from pathlib import Path

import pytest

from core.errors import Refused
from mt5_bridge.paper.specs import SPECS, specification_table
from tests.mt5_bridge.paper.bench import Bench, D

PAGE = Path(__file__).parents[3] / "docs" / "paper-broker.md"


def test_the_documentation_shows_the_table_of_the_code() -> None:
    assert specification_table() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
def test_sizes_fit_each_other(spec) -> None:
    assert spec.base_price % spec.point == 0
    assert spec.volume_max % spec.volume_min == 0
    assert 0 < spec.spread_price < spec.base_price / 500
    assert 0 < spec.stops_distance < spec.base_price / 500
    assert spec.move > 0


async def test_the_port_tells_the_specification(bench: Bench) -> None:
    gold = await bench.broker.get_symbol("XAUUSD")
    assert (gold.instrument, gold.broker_name) == ("XAUUSD", "XAUUSD")
    assert (gold.digits, gold.point, gold.tick_size) == (2, D("0.01"), D("0.01"))
    assert (gold.contract_size, gold.tick_value) == (D(100), D(1))
    assert (gold.volume_min, gold.volume_max) == (D("0.01"), D(50))
    assert (gold.volume_step, gold.volume_limit) == (D("0.01"), D(0))
    assert (gold.stops_level, gold.freeze_level) == (20, 0)
    assert (gold.currency_profit, gold.tradable) == ("USD", True)


async def test_an_unknown_instrument_is_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match="XXXYYY"):
        await bench.broker.get_symbol("XXXYYY")
