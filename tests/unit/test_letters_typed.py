# SPDX-License-Identifier: GPL-2.0-only
"""The files of docs/howto.md that repeat cover letters are experiments that can be run."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner import paths
from runner.experiment import plan

_SECTION = re.compile(r"## A cover letter reports a figure.*?(?=\n## )", re.DOTALL)
FILES = re.findall(r"```\n(base = .*?)```", _SECTION.findall(
    (paths.ROOT / "docs/howto.md").read_text(encoding="utf-8"))[0], re.DOTALL)


def test_there_are_five_and_more() -> None:
    assert len(FILES) >= 5


@pytest.mark.parametrize("text", FILES)
def test_each_is_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f"format = 1\n{text}")
    found = plan.load(file)
    assert found.kernels and plan.samples(found)


@pytest.mark.parametrize("file", sorted((paths.CONFIGS / "variants").glob("*.toml")),
                         ids=lambda one: one.stem)
def test_so_is_each_of_the_variants(file: Path) -> None:
    assert plan.samples(plan.load(file))
