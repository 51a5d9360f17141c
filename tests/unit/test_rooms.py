# SPDX-License-Identifier: GPL-2.0-only
"""The rooms of runner/: no import leads back, and no two files have one name."""
from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from runner import paths
from tests import rooms

RUNNER = paths.ROOT / "runner"


def test_no_import_leads_back() -> None:
    graph = rooms.modules(RUNNER)
    assert len(graph) > 150 and "runner.judge.stats" in graph["runner.judge.tier.pairs"]
    assert not rooms.loop(graph)
    assert not rooms.loop(rooms.rooms(graph))


@pytest.mark.parametrize("file, line, found", [
    ("plot/a.py", "from toy.judge import b", ["judge", "plot", "judge"]),
    ("plot/a.py", "def later():\n    import toy.judge.b", ["judge", "plot", "judge"]),
    ("plot/a.py", "from toy import cli", ["cli", "judge", "plot", "cli"]),
    ("plot/a.py", "import os", []),
])
def test_a_loop_between_rooms_is_found(tmp_path: Path, file: str, line: str,
                                       found: list[str]) -> None:
    for name, text in {"__init__.py": "", "cli.py": "from toy.judge import b",
                       "judge/__init__.py": "", "judge/b.py": "from toy.plot import c",
                       "plot/__init__.py": "", "plot/c.py": "", file: line}.items():
        (tmp_path / "toy" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "toy" / name).write_text(text, encoding="utf-8")
    graph = rooms.modules(tmp_path / "toy")
    assert not rooms.loop(graph)
    assert rooms.loop(rooms.rooms(graph)) == found


def test_a_loop_between_modules_is_found() -> None:
    graph = {"a": frozenset({"b"}), "b": frozenset({"c", "d"}), "c": frozenset(),
             "d": frozenset({"b"})}
    assert rooms.loop(graph) == ["b", "d", "b"]


def test_a_name_says_which_file() -> None:
    names = Counter(file.name for file in RUNNER.rglob("*.py") if file.name != "__init__.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_a_file_can_be_read_at_one_go() -> None:
    lines = {str(file.relative_to(paths.ROOT)): len(file.read_text("utf-8").splitlines())
             for folder in ("runner", "workloads", "lockstep")
             for kind in ("*.py", "*.c", "*.h") for file in (paths.ROOT / folder).rglob(kind)}
    assert len(lines) > 300
    assert {name: count for name, count in lines.items()
            if count > (300 if name.endswith(".py") else 400)} == {}
