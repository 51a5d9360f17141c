# SPDX-License-Identifier: GPL-2.0-only
"""A small kernel's source, fetched as the builder does."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.kernel import folder, git, tarball
from runner.kernel.definitions import Source
from runner.kernel.tree import Tree
from runner.progress import Progress

TOY = Path(__file__).parent.parent / "data" / "kernel" / "toy"
SCAN = "int scan_priority(void)\n{\n\treturn 12;\n}\n"


def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the cache nor the settings of git that the user has."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(key, raising=False)


def run(*argv: str, cwd: Path | None = None) -> str:
    return subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True).stdout


def fetch(source: Source, home: Path) -> Tree:
    """Fetch as the builder does; the tree then holds the source."""
    tree = Tree(home)
    home.mkdir(exist_ok=True)
    if tree.base:
        tree.switch({})
    kind = {"git": git, "dir": folder, "tarball": tarball}[source.kind]
    kind.fetch(source, tree, Progress())
    tree.accept(kind.identity(source))
    return tree


def content(top: Path) -> dict[str, bytes]:
    return {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("*")
            if file.is_file() and ".git" not in file.relative_to(top).parts}
