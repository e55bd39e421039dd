"""``make bench``: measures everything and writes ``RESULTS.md``."""

import os
import platform
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, measure
from benchmarks.processes import ROOT

RESULTS = ROOT / "benchmarks" / "RESULTS.md"


def table(figures: list[Figure]) -> str:
    """The figures as Markdown."""
    lines = [
        "| figure | ours | reference | ratio | to reach | reached |",
        "|---|---|---|---|---|---|",
        *(
            f"| {each.name} | {each.ours} | {each.reference} | {each.ratio} "
            f"| {each.target} | {'yes' if each.reached else '**no**'} |"
            for each in figures
        ),
    ]
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on, in a line that names nobody's machine."""
    return (
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; "
        "servers have one core, the client another."
    )


def main() -> int:
    """Measure, write, and say so; 1 when something was not reached."""
    with tempfile.TemporaryDirectory(prefix="tapgate-bench-") as folder:
        figures = measure(Path(folder))
    text = f"# Results\n\n{machine()}\n\n{table(figures)}\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)
    return 0 if all(each.reached for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
