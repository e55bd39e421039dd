"""The ``tapgate`` command. Exit codes: 0 done, 1 found a problem, 2 usage.

Nothing heavy is imported before a command needs it: aiogram alone takes seconds.
"""

import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import accounts, administering, looking, people, providing, serving
from bot.cli.common import Context, complain
from bot.config import ConfigError, environment
from core.errors import TapgateError

PROBLEM = 1
USAGE = 2

app = typer.Typer(
    help="Human-approved trading for MetaTrader 5, in Telegram.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The configuration; default: config.toml here."),
    ] = None,
) -> None:
    named = config or environment().get("TAPGATE_CONFIG")
    context.obj = Context(config=Path(named or "config.toml"))


serving.add_commands(app)
providing.add_commands(app)
administering.add_commands(app)
looking.add_commands(app)
people.add_commands(app)
accounts.add_commands(app)


def main() -> None:
    """Run the command line and exit."""
    try:
        app(hoisted(sys.argv[1:]))
    except ConfigError as wrong:
        complain(*wrong.problems)
        sys.exit(USAGE)
    except TapgateError as problem:
        complain(str(problem))
        sys.exit(PROBLEM)


def hoisted(words: Sequence[str]) -> list[str]:
    """``--config FILE`` works before and after a command: it is moved to the front."""
    found: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--config":
            found += [word, *islice(left, 1)]
        elif word.startswith("--config="):
            found.append(word)
        else:
            rest.append(word)
    return found + rest
