# SPDX-License-Identifier: GPL-2.0-only
"""The pages for users, typed from top to bottom in a fresh checkout."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.sandbox import Sandbox, shell

#: Page -> commands at least, so that a page that lost its blocks does not pass.
PAGES = {"nightly": 9, "reproduce": 9}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_works(page: str, tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    # What needs a cluster is parsed only.
    lines = [line for line in shell(ROOT / f"docs/{page}.md") if "--executor slurm" not in line]
    assert len(lines) >= PAGES[page]
    for line in lines:
        status, said = sandbox.type(line)
        assert status == 0, f"{line}: exit status {status}\n{said}"
    assert sandbox.campaigns()


def test_one_that_does_not_work_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```\n./swapscale index --no-such-option\n```\n```toml\nformat = 1\n```\n")
    (line,) = shell(page)
    status, said = Sandbox(tmp_path).type(line)
    assert status == 2 and "--no-such-option" in said
