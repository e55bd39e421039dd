"""The texts that members agree to: one file per language and version.

``consent/en-1.md`` is version 1 in English. The newest version is in force. Where the
configured folder does not exist, the text that comes with the program is.
"""

import hashlib
import re
from pathlib import Path

from bot.config import ConfigError
from bot.settings import Approvals
from core.desk.tools import Consent

LONGEST = 4096
"""Characters of one Telegram message."""
_NAME = re.compile(r"en-(\d+)\.md")
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
    versions = {
        int(match[1]): path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := _NAME.fullmatch(path.name))
    }
    if not versions:
        message = (
            f"There is no consent text in {folder}. Put one there as en-1.md: members "
            "agree to it before their first signal."
        )
        raise ConfigError([message])
    newest = max(versions)
    text = versions[newest].read_text(encoding="utf-8")
    if not text.strip():
        raise ConfigError([f"{versions[newest]} is empty."])
    if len(text) > LONGEST:
        message = f"{versions[newest]} is too long: {LONGEST} characters fit."
        raise ConfigError([message])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Consent(version=str(newest), sha256=digest, text=text)
