"""A real office on a SQLite file of its own, as commands open it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import Office, open_office
from bot.settings import Settings

CONSENT = Path(__file__).parents[2] / "consent"
PAPER = {"broker": "paper"}


def content(**sections: Any) -> dict[str, Any]:
    """What a ``config.toml`` says; ``sections`` over the least that is needed."""
    least: dict[str, Any] = {
        "approvals": {"consent_dir": str(CONSENT)},
        "accounts": {"demo": PAPER},
    }
    return least | sections


def settings_of(**sections: Any) -> Settings:
    return Settings.model_validate(content(**sections))


def toml(sections: Mapping[str, Any], *, before: str = "") -> str:
    """The text of a ``config.toml``."""
    lines = []
    for name, table in sections.items():
        plain = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
        lines.append(f"[{before}{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
        inner = {k: v for k, v in table.items() if isinstance(v, Mapping)}
        lines.append(toml(inner, before=f"{before}{name}."))
    return "\n".join(lines)


def write_config(folder: Path, **sections: Any) -> Path:
    """Write a configuration; returns its path."""
    path = folder / "config.toml"
    path.write_text(toml(content(**sections)), encoding="utf-8")
    return path


@asynccontextmanager
async def office_in(folder: Path, **sections: Any) -> AsyncIterator[Office]:
    async with open_office(settings_of(**sections), folder) as opened:
        yield opened
