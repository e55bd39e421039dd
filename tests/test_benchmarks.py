"""Each benchmark runs, at a size that measures nothing; no figure is judged here."""

from benchmarks.__main__ import machine, table
from benchmarks.figures import Size, measure

TINY = Size(
    rounds=1, signals=20, few=5, lone=4, others=3, duplicates=20, warm=2, crowd=30
)


def test_each_figure_has_its_row(tmp_path):
    figures = measure(tmp_path, TINY)
    text = table(figures)
    assert len(figures) == 5
    assert len(text.splitlines()) == 2 + len(figures)
    *_, duplicates, crowd = figures
    assert "rows: 1, items of work: 1" in duplicates.ours
    assert "twice: 0, uploads: 1, " in crowd.ours
    assert all(float(each.ratio) > 0 for each in figures)


def test_the_machine_is_told_in_a_line_without_its_name():
    assert "\n" not in machine()
    assert machine().endswith(".")
