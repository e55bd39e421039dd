"""The texts that members agree to: one file per language and version.

``consent/en-1.md`` is version 1 in English. The newest version is in force.
"""

import hashlib
import re
from pathlib import Path

from bot.config import ConfigError
from core.desk.tools import Consent

LONGEST = 4096
"""Characters of one Telegram message."""
_NAME = re.compile(r"en-(\d+)\.md")


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
