"""Schemathesis calls every path of the document in every way that it can think of.

``SOAK_EXAMPLES`` says how many requests it invents for each path, ``SOAK_SEED`` which.
"""

import asyncio
import sys
from pathlib import Path

from bot.config import environment
from tests.bot.web.service import Service, serving

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
EXAMPLES = environment().get("SOAK_EXAMPLES", "10")
SEED = environment().get("SOAK_SEED", "1")


async def checked(service: Service, folder: Path) -> tuple[int, str]:
    """How Schemathesis ended, and what it said."""
    url = str(service.client.make_url("")).rstrip("/")
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "--no-color",
        "run",
        f"{url}/openapi.json",
        f"--url={url}",
        "--checks=all",
        f"--seed={SEED}",
        f"--max-examples={EXAMPLES}",
        cwd=folder,
        env={**environment()}
        | {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.bot.web.signed_calls"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return await process.wait(), said.decode()


async def test_the_service_does_what_its_document_says(tmp_path: Path):
    async with serving(tmp_path) as service:
        code, said = await checked(service, tmp_path)
        sources = {signal.source for signal in await service.stored()}

    assert code == 0, said
    assert "Tested: 8" in said
    assert sources == {"api", "tradingview"}
