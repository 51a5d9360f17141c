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


def files(*endings: str, folders: tuple[str, ...] = ("runner", "workloads", "lockstep", "tests")
          ) -> list[Path]:
    return [file for folder in folders for ending in endings
            for file in (paths.ROOT / folder).rglob(f"*{ending}")]


def twice(named: list[Path], *may: str) -> list[str]:
    names = Counter(file.name for file in named if file.name not in may)
    return [name for name, count in names.items() if count > 1]


def test_a_name_says_which_file() -> None:
    assert twice(files(".py", folders=("runner",)), "__init__.py") == []
    # Each program's main.c lies in the folder that is named like it.
    assert twice(files(".c", ".h"), "main.c") == []
    fuzz = files(".c", folders=("tests/fuzz",))
    assert fuzz and all(file.name.startswith("fuzz_") for file in fuzz)
    unit = files(".c", folders=("tests/unit/c",))
    assert unit and all(file.name.startswith("test_") for file in unit)


@pytest.mark.parametrize("ending, most", [(".py", 300), (".c", 400), (".h", 400)])
def test_a_file_can_be_read_at_one_go(ending: str, most: int) -> None:
    lines = {str(file.relative_to(paths.ROOT)): len(file.read_text("utf-8").splitlines())
             for file in files(ending)}
    assert len(lines) > 60
    assert {name: count for name, count in lines.items() if count > most} == {}
