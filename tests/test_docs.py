"""What README and docs say is run, or compared with what it is about."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app
from bot.telegram.views.welcoming import ADMIN_COMMANDS, COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _code(text: str) -> list[str]:
    return re.findall(r"```(?:sh)?\n(.*?)```", text, flags=re.DOTALL)


def _tapgate_lines() -> list[str]:
    return [
        line.removeprefix(".venv/bin/tapgate ")
        for page in PAGES
        for block in _code(page.read_text())
        for line in block.splitlines()
        if line.startswith(".venv/bin/tapgate ")
    ]


@pytest.mark.parametrize("line", _tapgate_lines())
def test_a_command_in_the_docs_is_understood(line):
    command, words = get_command(app), shlex.split(line)
    context = command.make_context("tapgate", [], resilient_parsing=True)
    while hasattr(command, "get_command"):
        command = command.get_command(context, words.pop(0))
        assert command is not None, line
    command.make_context("tapgate", words, parent=context)


@pytest.mark.parametrize("target", re.findall(r"make (\w+)", "".join(_code(README))))
def test_a_make_target_in_the_readme_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", [*COMMANDS, *ADMIN_COMMANDS])
def test_every_chat_command_is_in_the_readme(name):
    assert f"`/{name}`" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_in_the_docs_lead_somewhere(page):
    text = page.read_text()
    targets = re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    missing = [
        target
        for target in targets
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert missing == []


def test_every_command_of_the_command_line_is_in_the_changelog():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    names = get_command(app).commands

    assert [name for name in names if name not in changelog] == []
