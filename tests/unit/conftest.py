# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import os

import pytest

from runner import programs

pytest.register_assert_rewrite("tests.bisectcases")


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runners are killed here, the machine is not: what was written need not be on the disk; and
    of programs that no guest runs nobody needs a digest."""
    monkeypatch.setattr(os, "fsync", lambda file: None)
    monkeypatch.setattr(programs, "digest", lambda *words: "of the programs")
