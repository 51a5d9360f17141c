# SPDX-License-Identifier: GPL-2.0-only
"""docs/locks.md, measured again as a whole: every prefix within its budget."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths

pytestmark = pytest.mark.slow


def test_every_prefix_is_within_its_budget(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", paths.CONFIGS / "locks.toml", "--results", tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "over budget" not in done.stderr
