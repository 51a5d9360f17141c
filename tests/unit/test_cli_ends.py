# SPDX-License-Identifier: GPL-2.0-only
"""What ends the front door by surprise is never taken for a verdict."""
from __future__ import annotations

import errno

import pytest

from runner import cli
from runner.commands import cmd_doctor
from runner.errors import CannotMeasure, UsageError


@pytest.mark.parametrize("raised, status, says", [
    (UsageError("x.toml:1: a: b"), 2, "swapscale: x.toml:1: a: b"),
    (CannotMeasure("no guest"), 4, "swapscale: no guest"),
    (OSError(errno.ENOSPC, "No space left on device", "samples.jsonl"), 4,
     "swapscale: samples.jsonl: No space left on device"),
    (RuntimeError("surprise"), 4, "this is a bug in swapscale"),
    (KeyboardInterrupt(), 130, "swapscale: interrupted"),
])
def test_every_end_has_its_status(monkeypatch: pytest.MonkeyPatch,
                                  capsys: pytest.CaptureFixture[str], raised: BaseException,
                                  status: int, says: str) -> None:
    def fail(*args: object) -> None:
        raise raised
    monkeypatch.setattr(cmd_doctor, "do_doctor", fail)
    assert cli.main(["doctor"]) == status
    assert says in capsys.readouterr().err.splitlines()[-1]
