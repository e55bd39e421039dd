"""/rules: the standing rules, and the few questions that lead to a new one. Pure.

Each step is the same message with other buttons, and a button carries everything that
was chosen before it: nothing of an unfinished rule is kept anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from bot.telegram.callbacks import Press, pack
from bot.telegram.rule_cards import Pair, RulesCard
from bot.telegram.views.outcomes import MODES
from bot.telegram.views.speech import say, say_count
from bot.telegram.views.text import figure, safe, when
from bot.telegram.views.view import Button, View
from core.money import plain
from core.standing import StandingRule

NEW = "new"
"""Chosen so far: nothing but that there shall be a new one."""
PER_DAY = (1, 3, 5, 10)
PARTS = (Decimal("0.25"), Decimal("0.5"), Decimal(1))
"""Of what any trade of the account may risk."""
SMALLEST = Decimal("0.01")
DAYS = (1, 7, 30)
FRIDAY = 4

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen on the way to a rule; ``None`` where nothing was yet."""

    pair: Pair
    percent: Decimal | None = None
    per_day: int | None = None
    until: datetime | None = None

    @property
    def argument(self) -> str:
        """For a button."""
        until = None if self.until is None else int(self.until.timestamp())
        percent = None if self.percent is None else plain(self.percent)
        parts = (self.pair.key, percent, self.per_day, until)
        return ",".join(str(part) for part in parts if part is not None)


def rules_view(card: RulesCard) -> View:
    """The rules that hold, each with its button to revoke it."""
    if not card.owns:
        return View(
            text=say(
                "Standing rules are for accounts of your own, and you have none here."
            )
        )
    lines = [say("<b>Standing rules</b>")]
    lines += [_rule_line(rule, used, card.now) for rule, used in card.rules]
    if not card.rules:
        lines.append(
            say(
                "You have none. A rule orders the signals of one provider on your own "
                "account without asking you, within the limits that you set."
            )
        )
    if not card.pairs:
        lines.append(say("No provider sends signals now: there is nothing to grant."))
    rows = tuple((_revoke(rule),) for rule, _ in card.rules)
    return View(text="\n".join(lines), rows=(*rows, *_new(card)))


def _rule_line(rule: StandingRule, used: int, now: datetime) -> str:
    return say(
        "{provider} on {account}: up to {percent} % risk each, {most} a day, until "
        "{when}. Used today: {used}.",
        provider=safe(rule.provider),
        account=safe(rule.account_id),
        percent=figure(rule.max_risk_percent),
        most=rule.per_day,
        when=when(rule.until, now=now),
        used=used,
    )


def _revoke(rule: StandingRule) -> Button:
    text = say(
        "Revoke {provider} on {account}",
        provider=rule.provider,
        account=rule.account_id,
    )
    return Button(text=text, data=pack(Press.REVOKE, rule.id))


def _new(card: RulesCard) -> Rows:
    return ((_step(say("New rule"), NEW),),) if card.pairs else ()


def _step(text: str, argument: str) -> Button:
    return Button(text=text, data=pack(Press.RULES, argument))


def _back(argument: str = "") -> tuple[Button, ...]:
    return (_step(say("Back"), argument),)


# ------------------------------------------------------------------ the questions


def pair_question(pairs: Sequence[Pair]) -> View:
    """Whose signals, and where?"""
    rows = [
        (
            _step(
                say(
                    "{provider} on {account}",
                    provider=each.provider,
                    account=each.account.id,
                ),
                Chosen(pair=each).argument,
            ),
        )
        for each in pairs
    ]
    text = say("Whose signals may be ordered without asking you, and on which account?")
    return View(text=text, rows=(*rows, _back()))


def step_question(chosen: Chosen, now: datetime) -> View:
    """The next thing to choose, of what is not chosen yet."""
    if chosen.percent is None:
        return _risk_question(chosen)
    if chosen.per_day is None:
        return _per_day_question(chosen)
    return _until_question(chosen, now)


def _asking(chosen: Chosen, question: str, buttons: Sequence[Button]) -> View:
    head = say(
        "<b>{provider} on {account}</b>",
        provider=safe(chosen.pair.provider),
        account=safe(chosen.pair.account.id),
    )
    pairs = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    return View(text=f"{head}\n{question}", rows=(*pairs, _back(NEW)))


def _risk_question(chosen: Chosen) -> View:
    most = chosen.pair.most_percent
    parts = {
        (most * part).quantize(SMALLEST, rounding=ROUND_FLOOR) for part in PARTS
    } - {Decimal(0)}
    buttons = [
        _step(
            say("{percent} %", percent=figure(part)),
            Chosen(pair=chosen.pair, percent=part).argument,
        )
        for part in sorted(parts)
    ]
    return _asking(chosen, say("How much may each trade risk?"), buttons)


def _per_day_question(chosen: Chosen) -> View:
    buttons = [
        _step(
            say_count("{count} a day", "{count} a day", number),
            Chosen(pair=chosen.pair, percent=chosen.percent, per_day=number).argument,
        )
        for number in PER_DAY
    ]
    return _asking(chosen, say("How many a day?"), buttons)


def _until_question(chosen: Chosen, now: datetime) -> View:
    ends = [
        (say_count("{count} day", "{count} days", days), now + timedelta(days=days))
        for days in DAYS
    ]
    ends.insert(1, (say("Until Friday"), end_of_friday(now)))
    buttons = [
        _step(
            text,
            Chosen(
                pair=chosen.pair,
                percent=chosen.percent,
                per_day=chosen.per_day,
                until=until,
            ).argument,
        )
        for text, until in ends
    ]
    return _asking(chosen, say("Until when?"), buttons)


def end_of_friday(now: datetime) -> datetime:
    """The last minute of the coming Friday, UTC; today's, when it is one."""
    there = now.astimezone(UTC)
    last = there.replace(hour=23, minute=59, second=0, microsecond=0)
    friday = last + timedelta(days=(FRIDAY - there.weekday()) % 7)
    return friday if friday > now else friday + timedelta(days=7)


def rule_question(chosen: Chosen, asked: int, now: datetime) -> View:
    """The whole rule in one sentence, before it is granted."""
    sentence = say(
        "Signals of <b>{provider}</b> will be ordered on <b>{account}</b> "
        "(<b>{mode}</b>) without asking you: up to {percent} % risk each, {most} a "
        "day, until {when}.",
        provider=safe(chosen.pair.provider),
        account=safe(chosen.pair.account.id),
        mode=say(MODES[chosen.pair.account.mode]),
        percent=figure(chosen.percent or Decimal(0)),
        most=chosen.per_day,
        when=when(chosen.until or now, now=now),
    )
    remark = say(
        "The guard and every check of an approval stay in force. What is beyond these "
        "limits asks you as usual, and you can revoke the rule at any time."
    )
    confirm = Button(
        text=say("Confirm"),
        data=pack(Press.RULE_NOW, f"{chosen.argument}@{asked}"),
        style="success",
    )
    return View(text=f"{sentence}\n{remark}", rows=((*_back(), confirm),))
