"""How many lots a risk allows: rounded down, and refused below the minimum."""

from dataclasses import dataclass
from decimal import Decimal

from core.market import SymbolSpec
from core.money import (
    HUNDRED,
    ZERO,
    divided_down,
    floor_to_step,
    percent_of,
    plain,
    risk_up,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What sizing needs; money in account currency, per lot where it says so."""

    basis: Decimal
    """The smaller of balance and equity, without credit."""
    risk_percent: Decimal
    loss_per_lot: Decimal | None
    """From entry to stop; ``None`` when there is no stop."""
    commission_per_lot: Decimal
    """In and out."""
    margin_per_lot: Decimal
    margin_free: Decimal
    held: Decimal
    """Lots that the account already has in this symbol and side."""
    lots_without_stop: Decimal
    max_lots: Decimal
    """0 is no limit."""
    at_most: Decimal | None
    """The lots that were shown; the smaller of both is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """Lots and what they stand to lose."""

    lots: Decimal
    risk_money: Decimal
    risk_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsized:
    """Why there are no lots, as a sentence."""

    reason: str


def size(stake: Stake, spec: SymbolSpec) -> Sized | Unsized:
    """The largest volume whose loss at the stop stays within the risk."""
    wanted = _wanted(stake)
    if isinstance(wanted, Unsized):
        return wanted
    lots = floor_to_step(_capped(wanted, stake, spec), spec.volume_step)
    if lots < spec.volume_min:
        return Unsized(reason=_too_small(stake, spec, lots))
    risk = risk_up(lots * ((stake.loss_per_lot or ZERO) + stake.commission_per_lot))
    return Sized(lots=lots, risk_money=risk, risk_percent=percent_of(risk, stake.basis))


def _wanted(stake: Stake) -> Decimal | Unsized:
    if stake.loss_per_lot is None:
        if not stake.lots_without_stop:
            return Unsized(reason="The signal has no stop loss, so it cannot be sized.")
        return stake.lots_without_stop
    if stake.loss_per_lot <= 0:
        return Unsized(reason="The stop is not on the losing side of the price.")
    if stake.basis <= 0:
        return Unsized(reason="The account has no money to risk.")
    risk = stake.basis * stake.risk_percent / HUNDRED
    return divided_down(risk, stake.loss_per_lot + stake.commission_per_lot)


def _capped(wanted: Decimal, stake: Stake, spec: SymbolSpec) -> Decimal:
    caps = [wanted, spec.volume_max]
    if spec.volume_limit:
        caps.append(spec.volume_limit - stake.held)
    if stake.max_lots:
        caps.append(stake.max_lots)
    if stake.at_most is not None:
        caps.append(stake.at_most)
    if stake.margin_per_lot > 0:
        caps.append(divided_down(stake.margin_free, stake.margin_per_lot))
    return max(ZERO, min(caps))


def _too_small(stake: Stake, spec: SymbolSpec, lots: Decimal) -> str:
    per_lot = stake.margin_per_lot
    if per_lot > 0 and stake.margin_free / per_lot < spec.volume_min:
        return "There is not enough free margin for the smallest volume."
    if spec.volume_limit and spec.volume_limit - stake.held < spec.volume_min:
        return (
            f"The account holds {plain(stake.held)} lots of it already, the broker's "
            f"limit is {plain(spec.volume_limit)}."
        )
    return (
        f"{plain(stake.risk_percent)} % risk allows {plain(lots)} lots, less than the "
        f"broker's minimum of {plain(spec.volume_min)}: the stop is too far away."
    )
