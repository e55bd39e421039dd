"""The least that could be called a signal server: the reference for speed.

aiohttp with its own access log, one HMAC, one row in one table, and as many rows in a
commit as came while the last one ran. It knows no providers and no rules, keeps no
audit, and refuses nothing but a wrong signature.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web

from benchmarks.processes import announce, until_stdin_closes, use_core
from benchmarks.requests import PATH

SECRET = "whsec_" + "A" * 43 + "="
DATABASE = "bare.db"


class Bare:
    """Takes signals."""

    def __init__(self, file: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._connection = self._thread.submit(_open, file).result()
        self._waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def post(self, request: web.Request) -> web.Response:
        """Check the signature, and answer once the row is durable."""
        body = await request.read()
        signed = request.headers["X-Timestamp"].encode() + b"." + body
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["X-Signature"]):
            return web.json_response({"error": "not authentic"}, status=401)
        loop = asyncio.get_running_loop()
        durable = loop.create_future()
        self._waiting.append((json.loads(body)["external_id"], body, durable))
        if self._writing is None:
            self._writing = loop.create_task(self._write())
        await durable
        return web.json_response({"ok": True}, status=201)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            rows, self._waiting = self._waiting, []
            await loop.run_in_executor(self._thread, self._commit, rows)
            for _, _, durable in rows:
                durable.set_result(None)
        self._writing = None

    def _commit(self, rows: list[tuple[str, bytes, asyncio.Future[None]]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO signals (external_id, body) VALUES (?, ?)",
            ((external_id, body) for external_id, body, _ in rows),
        )
        self._connection.execute("COMMIT")


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE signals (external_id TEXT PRIMARY KEY, body BLOB)")
    return connection


async def serve(folder: Path) -> None:
    """Serve until told to end."""
    logging.basicConfig(level=logging.INFO)  # its access log, as ours has one
    app = web.Application()
    app.router.add_post(PATH, Bare(folder / DATABASE).post)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    announce(port=runner.addresses[0][1], secret=SECRET, database=DATABASE)
    await asyncio.to_thread(until_stdin_closes)
    await runner.cleanup()


if __name__ == "__main__":
    use_core(0)
    asyncio.run(serve(Path(sys.argv[1])))
