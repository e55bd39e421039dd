"""What somebody chose for themselves: settings, risk, subscriptions. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from bot.telegram.callbacks import Press, pack
from bot.telegram.languages.catalogue import LANGUAGES
from bot.telegram.preference_cards import OwnLimits, SettingsCard, SubscriptionsCard
from bot.telegram.views.following import begin_row, end_row
from bot.telegram.views.speech import later, say, spoken
from bot.telegram.views.text import clock, figure, listed, safe, when
from bot.telegram.views.view import Button, View
from core.ids import ProviderName
from core.money import plain
from core.users import Provider, User

PAUSES = {"1h": later("Pause 1 h"), "1d": later("Pause 1 d"), "on": later("Pause")}
FOR_GOOD_YEAR = 2900
"""A pause that ends later than this ends with /resume."""
QUIET = ((22 * 60, 7 * 60), (23 * 60, 8 * 60))
ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Moscow",
    "Asia/Dubai",
    "Asia/Riyadh",
    "Asia/Singapore",
    "Asia/Tokyo",
    "America/New_York",
    "America/Mexico_City",
    "America/Bogota",
    "America/Sao_Paulo",
)
"""Those that have a button; any other is written."""
RISKS = (Decimal("0.25"), Decimal("0.5"), Decimal(1), Decimal(2))
IN_A_ROW = 2


def settings_view(card: SettingsCard) -> View:
    """All of it on one screen, the commonest changes one tap away."""
    user = card.user
    lines = [
        say("<b>Settings</b>"),
        say(
            "Language: {language} · /language",
            language=LANGUAGES.get(spoken(), spoken()),
        ),
        _zone(card),
        _quiet(user),
        _signals(card),
        *(_limits(each) for each in card.limits),
        say("Whose signals: /subscriptions. Risk: /risk"),
    ]
    return View(text="\n".join(lines), rows=_setting_rows(card))


def _zone(card: SettingsCard) -> str:
    zone = safe(card.user.time_zone) or "UTC"
    return say("Time zone: {zone}, {time} now", zone=zone, time=clock(card.now))


def _quiet(user: User) -> str:
    if user.quiet_from is None or user.quiet_until is None:
        return say("Quiet hours: none")
    return say(
        "Quiet hours: {begins} to {ends}, without sound but for the guard",
        begins=_hour(user.quiet_from),
        ends=_hour(user.quiet_until),
    )


def _hour(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _signals(card: SettingsCard) -> str:
    until = card.user.paused_until
    if not card.paused or until is None:
        return say("Signals: on")
    if until.year > FOR_GOOD_YEAR:
        return say("Signals: <b>paused</b> until /resume")
    return say("Signals: <b>paused</b> until {time}", time=when(until, now=card.now))


def _limits(limits: OwnLimits) -> str:
    own = limits.membership.max_drift_r
    drift = limits.rules.max_drift_r if own is None else own
    return say(
        "{account}: risk {risk} % of {most} %, price may move {drift} R",
        account=safe(limits.account.id),
        risk=figure(limits.risk),
        most=figure(limits.rules.per_trade_percent),
        drift=figure(drift),
    )


def _setting_rows(card: SettingsCard) -> tuple[tuple[Button, ...], ...]:
    resume = Button(text=say("Resume"), data=pack(Press.RESUME), style="success")
    pauses = tuple(
        Button(text=say(label), data=pack(Press.PAUSE, span))
        for span, label in PAUSES.items()
    )
    return (
        (resume,) if card.paused else pauses,
        _quiet_row(card.user),
        (Button(text=say("Time zone"), data=pack(Press.ZONES)),),
        *_following_rows(card),
    )


def _following_rows(card: SettingsCard) -> tuple[tuple[Button, ...], ...]:
    if card.follows:
        return (end_row(),)
    return (begin_row(),) if card.may_follow else ()


def _quiet_row(user: User) -> tuple[Button, ...]:
    if user.quiet_from is not None:
        return (Button(text=say("No quiet hours"), data=pack(Press.QUIET)),)
    return tuple(
        Button(
            text=say("Quiet {hours}", hours=f"{_hour(begins)}-{_hour(ends)}"),
            data=pack(Press.QUIET, f"{begins}-{ends}"),
        )
        for begins, ends in QUIET
    )


def zones_view() -> View:
    """Which clock?"""
    buttons = [Button(text=each, data=pack(Press.ZONE, each)) for each in ZONES]
    rows = [
        tuple(buttons[first : first + IN_A_ROW])
        for first in range(0, len(buttons), IN_A_ROW)
    ]
    back = Button(text=say("Back"), data=pack(Press.SETTINGS))
    return View(
        text=say("Where do you live? Another: /settings zone Africa/Cairo"),
        rows=(*rows, (back,)),
    )


def risk_view(limits: Sequence[OwnLimits]) -> View:
    """What one trade risks, and what else it could on one's own accounts."""
    if not limits:
        return View(text=say("There is no account here on which you decide."))
    lines = [say("<b>Risk of one trade</b>")]
    rows = []
    for each in limits:
        lines.append(_risk(each))
        if each.sets_risk:
            rows.append(_risk_row(each, alone=len(limits) == 1))
    if rows:
        lines.append(say("Another number: /risk ACCOUNT PERCENT"))
    return View(text=listed(lines), rows=tuple(rows))


def _risk(limits: OwnLimits) -> str:
    values = {
        "account": safe(limits.account.id),
        "risk": figure(limits.risk),
        "most": figure(limits.rules.per_trade_percent),
        "guard": figure(limits.rules.max_drawdown_percent),
    }
    if limits.sets_risk:
        return say(
            "<b>{account}</b>: {risk} %, at most {most} %. The guard closes at "
            "{guard} % drawdown.",
            **values,
        )
    return say(
        "<b>{account}</b>: {risk} %, set by the desk's admins. The guard closes at "
        "{guard} % drawdown.",
        **values,
    )


def _risk_row(limits: OwnLimits, *, alone: bool) -> tuple[Button, ...]:
    most = limits.rules.per_trade_percent
    offered = sorted({each for each in RISKS if each < most} | {most})
    whose = "" if alone else f" · {limits.account.id}"
    return tuple(
        Button(
            text=f"{figure(each)} %{whose}",
            data=pack(Press.RISKING, f"{plain(each)}@{limits.account.id}"),
        )
        for each in offered
        if each != limits.risk
    )


def subscriptions_view(card: SubscriptionsCard) -> View:
    """Whose signals come; a tap changes that."""
    if not card.providers:
        return View(text=say("There is no provider yet."))
    lines = [say("<b>Whose signals do you want?</b>")]
    lines += [_subscription(card, each.id) for each in card.providers]
    rows = tuple(_provider_row(card, each) for each in card.providers)
    return View(text=listed(lines), rows=rows)


def _subscription(card: SubscriptionsCard, name: ProviderName) -> str:
    mark = "🔔" if card.wants(name) else "🔕"
    different = [
        instrument
        for instrument, wanted in sorted(card.exceptions(name).items())
        if wanted is not card.wants(name)
    ]
    if not different:
        return f"{mark} {safe(name)}"
    but = ", ".join(safe(each) for each in different)
    if card.wants(name):
        return say(
            "{mark} {provider}, without {but}", mark=mark, provider=safe(name), but=but
        )
    return say("{mark} {provider}, only {but}", mark=mark, provider=safe(name), but=but)


def _provider_row(card: SubscriptionsCard, provider: Provider) -> tuple[Button, ...]:
    wanted = card.wants(provider.id)
    label = say("Stop {provider}") if wanted else say("Get {provider}")
    return (
        Button(
            text=label.format(provider=provider.id),
            data=pack(Press.SUBSCRIBE, f"{int(not wanted)}@{provider.id}"),
        ),
        Button(text=say("Instruments"), data=pack(Press.CHOOSE, provider.id)),
    )


def instruments_view(
    card: SubscriptionsCard, provider: Provider, instruments: Sequence[str]
) -> View:
    """Which of its instruments; a tap changes one."""
    buttons = []
    for each in provider.instruments or instruments:
        wanted = card.wants(provider.id, each)
        mark = "🔔" if wanted else "🔕"
        argument = f"{int(not wanted)}@{each}@{provider.id}"
        buttons.append(
            Button(text=f"{mark} {each}", data=pack(Press.INSTRUMENT, argument))
        )
    rows = [
        tuple(buttons[first : first + IN_A_ROW])
        for first in range(0, len(buttons), IN_A_ROW)
    ]
    back = Button(text=say("Back"), data=pack(Press.SUBSCRIPTIONS))
    return View(
        text=say("Which instruments of <b>{provider}</b>?", provider=safe(provider.id)),
        rows=(*rows, (back,)),
    )


def connect_view() -> View:
    """How an account gets here; the terminal's side is not there yet."""
    return View(
        text=say(
            "Accounts are connected by whoever runs this service, in its "
            "configuration. Ask an admin for an account of your own."
        )
    )
