"""The texts that members agree to: one file per language and version.

``consent/1.es.md`` is version 1 in Spanish; the English one may also be called
``en-1.md``. The newest version in English is in force, in whichever languages it is
written. Where the configured folder does not exist, the text that comes with the
program is.
"""

import hashlib
import re
from pathlib import Path

from bot.config import ConfigError
from bot.settings import Approvals
from core.desk.tools import ENGLISH, Consent

LONGEST = 4096
"""Characters of one Telegram message."""
_NAME = re.compile(
    r"(?:en-(?P<english>\d+)|(?P<version>\d+)\.(?P<language>[a-z]{2}))\.md"
)
_HERE = Path(__file__).parent


def packaged_texts() -> Path:
    """The folder of the text that comes with the program.

    Installed from a wheel it is inside the package; in a checkout, whence the wheel
    takes it, it is the folder ``consent`` beside the package.
    """
    inside = _HERE / "consent_texts"
    return inside if inside.is_dir() else _HERE.parent / "consent"


def folder_in_force(base: Path, approvals: Approvals) -> Path:
    """Where the texts are; a folder that does not exist has the packaged ones."""
    configured = base / approvals.consent_dir
    return configured if configured.exists() else packaged_texts()


def missing_folder(base: Path, approvals: Approvals) -> str:
    """What is wrong when somebody named a folder that is not there; mostly nothing.

    Commands work nevertheless, but nobody is asked to agree to another text than the
    one that was meant.
    """
    folder = base / approvals.consent_dir
    if folder.exists() or approvals.consent_dir == Approvals().consent_dir:
        return ""
    return f"There is no folder {folder}, which [approvals] consent_dir names."


def read_consent(folder: Path) -> Consent:
    """The newest English text.

    Raises:
        ConfigError: there is none, or it fits into no message.
    """
    texts = _texts(folder)
    english = [version for version, language in texts if language == ENGLISH]
    if not english:
        message = (
            f"There is no consent text in {folder}. Put one there as en-1.md: members "
            "agree to it before their first signal."
        )
        raise ConfigError([message])
    newest = max(english)
    return _read(texts[newest, ENGLISH], newest, ENGLISH)


def read_translations(folder: Path) -> dict[str, Consent]:
    """The text that is in force in every other language that it is written in.

    Raises:
        ConfigError: one fits into no message, or is newer than the English text.
    """
    version = int(read_consent(folder).version)
    texts = _texts(folder)
    for newer, language in texts:
        if newer > version:
            message = (
                f"{texts[newer, language]} has no English text of its version: put "
                f"one there as {newer}.en.md, for whoever speaks another language."
            )
            raise ConfigError([message])
    return {
        language: _read(path, version, language)
        for (its, language), path in texts.items()
        if its == version and language != ENGLISH
    }


def _texts(folder: Path) -> dict[tuple[int, str], Path]:
    """The file of each version in each language.

    Raises:
        ConfigError: there are two of the same.
    """
    found: dict[tuple[int, str], Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        key = int(match["version"] or match["english"]), match["language"] or ENGLISH
        if key in found:
            message = f"{path} and {found[key].name} are the same text: remove one."
            raise ConfigError([message])
        found[key] = path
    return found


def _read(path: Path, version: int, language: str) -> Consent:
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        raise ConfigError([f"{path} is empty."])
    if len(text) > LONGEST:
        message = f"{path} is too long: {LONGEST} characters fit."
        raise ConfigError([message])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Consent(version=str(version), sha256=digest, text=text, language=language)
