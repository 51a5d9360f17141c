# SPDX-License-Identifier: GPL-2.0-only
"""Bisects as docs/bisect.md has them typed, and what they leave."""
from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from runner import paths
from runner.files import sha256


def documented(beginning: str, **instead: str | Path) -> list[str | Path]:
    """The page's command that begins so, on our tree, ends and experiment."""
    page = (paths.ROOT / "docs" / "bisect.md").read_text(encoding="utf-8")
    found = [line for line in re.findall(r"^\./swapscale (.*)$", page, re.MULTILINE)
             if line.startswith(beginning)]
    return [instead.get(word, word) for word in shlex.split(found[0])]


def seal(tree: Path) -> list[tuple[str, str]]:
    """Every file of a repository, by its content."""
    return sorted((str(one), sha256(one)) for one in tree.rglob("*") if one.is_file())


def told(results: Path) -> dict[str, Any]:
    file, = results.glob("bisect-*/bisect.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def readings(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "state.json").read_text())["readings"]
    return found
