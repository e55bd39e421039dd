"""``tapgate doctor``: honest about what is configured, with a fix for each failure."""

from collections.abc import AsyncIterator
from pathlib import Path

from bot.app import Office, is_embedded, open_office, paper_brokers
from bot.clock import SystemClock
from bot.config import ConfigError, environment, load, unserved
from bot.consent import folder_in_force, missing_folder, packaged_texts, read_consent
from bot.doctor_telegram import telegram
from bot.findings import Finding
from bot.settings import Settings
from bot.status import read_status
from core.access import MANAGERS
from core.errors import BrokerUnavailable, Conflict, JournalUnavailable, Refused
from core.users import Membership, Provider, Role


async def examine(path: Path, base: Path) -> list[Finding]:
    """Look at everything that the configuration names; paths start at ``base``."""
    try:
        settings = load(path, environment())
    except ConfigError as wrong:
        return [_wrong(path, problem) for problem in wrong.problems]
    problems = [_wrong(path, problem) for problem in unserved(settings)]
    valid = Finding(part="config", ok=True, said=f"{path} is valid.")
    parts = [finding async for finding in _parts(settings, base)]
    return [*(problems or [valid]), *parts]


def _wrong(path: Path, problem: str) -> Finding:
    return Finding(part="config", ok=False, said=problem, fix=f"Correct {path}.")


async def _parts(settings: Settings, base: Path) -> AsyncIterator[Finding]:
    consent = _consent(settings, base)
    yield consent
    running = False
    try:
        async with open_office(_readable(settings, consent), base) as office:
            yield Finding(part="database", ok=True, said=_where(settings, base))
            running = await _running(office)
            yield await _audit(office)
            yield await _owners(office)
            yield await _providers(office)
    except tuple(_FIXES) as failure:
        part, fix = next(_FIXES[kind] for kind in _FIXES if isinstance(failure, kind))
        yield Finding(part=part, ok=False, said=str(failure), fix=fix)
    yield _cache(settings)
    async for finding in telegram(settings, running=running):
        yield finding
    async for finding in _accounts(settings, base):
        yield finding


_FIXES: dict[type[Exception], tuple[str, str]] = {
    JournalUnavailable: ("database", "Check [database] url, and that it runs."),
    Refused: ("database", "Mend that, then ask the doctor again."),
    OSError: ("data folder", "Make [service] data_dir a folder that can be written."),
}
"""What keeps the database from being opened: whose part it is, and what helps."""


def _consent(settings: Settings, base: Path) -> Finding:
    folder = folder_in_force(base, settings.approvals)
    try:
        consent = read_consent(folder)
    except ConfigError as wrong:
        return _no_consent(wrong.problems[0])
    if missing := missing_folder(base, settings.approvals):
        return _no_consent(missing)
    packaged = folder == packaged_texts()
    source = "the text that comes with Tapgate" if packaged else f"from {folder}"
    said = f"version {consent.version}, {source}."
    return Finding(part="consent", ok=True, said=said)


def _no_consent(said: str) -> Finding:
    return Finding(
        part="consent",
        ok=False,
        said=said,
        fix="Put a text there as en-1.md, or set [approvals] consent_dir to where the "
        "texts are.",
    )


def _readable(settings: Settings, consent: Finding) -> Settings:
    """The same with a text that can be read, so that the rest can be looked at."""
    if consent.ok:
        return settings
    packaged = settings.approvals.model_copy(update={"consent_dir": packaged_texts()})
    return settings.model_copy(update={"approvals": packaged})


def _where(settings: Settings, base: Path) -> str:
    if not is_embedded(settings, base):
        return "PostgreSQL answers, the schema is current."
    return f"SQLite under {settings.service.data_dir}, the schema is current."


async def _running(office: Office) -> bool:
    tools = office.tools
    return (await read_status(tools.journal, now=tools.clock.now())).running


async def _audit(office: Office) -> Finding:
    try:
        length = await office.tools.journal.verify_audit()
    except Conflict as broken:
        return Finding(
            part="audit",
            ok=False,
            said=f"The chain is broken: {broken}.",
            fix="Somebody changed the database by hand. Compare it with a backup.",
        )
    return Finding(part="audit", ok=True, said=f"{length} entries, unbroken.")


async def _owners(office: Office) -> Finding:
    """Somebody must be asked about a parked order, and re-arm a fired guard."""
    named = len(set(office.settings.telegram.owners))
    if named:
        said = f"{named} named in [telegram] owners."
        return Finding(part="owners", ok=True, said=said)
    managers = await office.tools.journal.find(Membership, role=MANAGERS)
    admins = {each.user_id for each in managers if each.role is Role.ADMIN}
    if admins:
        said = f"nobody is named in [telegram] owners; admins by invite: {len(admins)}."
        return Finding(part="owners", ok=True, said=said)
    if managers:
        return Finding(
            part="owners",
            ok=False,
            said="those of the last start are not named in [telegram] owners any more.",
            fix=f"They stop being owners at the next start. {_NAME_OWNERS}",
        )
    return Finding(
        part="owners",
        ok=False,
        said="Nobody is an owner or an admin: nobody could re-arm the guard or settle "
        "an order whose outcome is unknown.",
        fix=_NAME_OWNERS,
    )


_NAME_OWNERS = (
    "Set [telegram] owners = [YOUR_ID] in the configuration, your numeric Telegram id; "
    "@userinfobot in Telegram tells it."
)


async def _providers(office: Office) -> Finding:
    known = await office.tools.journal.find(Provider)
    enabled = [each.id for each in known if each.enabled]
    if enabled:
        said = f"{len(enabled)} enabled: {', '.join(enabled)}."
        return Finding(part="providers", ok=True, said=said)
    if known:
        return Finding(
            part="providers",
            ok=False,
            said="No signals can come in: every provider is disabled.",
            fix=" or ".join(f"`tapgate provider enable {each.id}`" for each in known),
        )
    return Finding(
        part="providers",
        ok=False,
        said="No signals can come in: there is no provider.",
        fix="`tapgate provider add NAME`, NAME being yours to choose.",
    )


def _cache(settings: Settings) -> Finding:
    url = settings.cache.url
    memory = url.startswith("memory:")
    return Finding(
        part="cache",
        ok=memory,
        said="in memory." if memory else f"{url.split('://')[0]} is not served yet.",
        fix="" if memory else 'Set [cache] url = "memory://".',
    )


async def _accounts(settings: Settings, base: Path) -> AsyncIterator[Finding]:
    if not settings.accounts:
        yield Finding(
            part="accounts",
            ok=False,
            said="There is no account.",
            fix="Add an [accounts.NAME] section to the configuration.",
        )
    for name, account in settings.accounts.items():
        part = f"account {name}"
        if account.broker != "paper":
            yield Finding(
                part=part,
                ok=False,
                said=f'broker = "{account.broker}" is not served by this version.',
                fix='Use broker = "paper".',
            )
            continue
        yield _paper(settings, base, name, part)


def _paper(settings: Settings, base: Path, name: str, part: str) -> Finding:
    one = settings.model_copy(update={"accounts": {name: settings.accounts[name]}})
    try:
        paper_brokers(one, base, SystemClock())
    except (Refused, BrokerUnavailable) as failure:
        return Finding(
            part=part, ok=False, said=str(failure), fix="Correct the account's section."
        )
    return Finding(part=part, ok=True, said="simulated here, nobody's money.")
