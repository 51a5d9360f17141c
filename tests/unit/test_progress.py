# SPDX-License-Identifier: GPL-2.0-only
"""What a log shows of long work."""
from __future__ import annotations

import pytest

from runner.progress import Progress


def test_a_warning_is_said_once_in_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for line in ("no KVM here", "no room", "no KVM here"):
        progress.warn(line)
    assert capsys.readouterr().err.splitlines() == ["warning: no KVM here", "warning: no room"]


def test_a_step_in_a_log_has_a_begin_and_an_end(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Progress().step("a kernel"):
        raise KeyboardInterrupt
    with Progress().step("a boot"):
        pass
    assert capsys.readouterr().err.splitlines() == [
        "a kernel …", "a kernel: stopped in 0 s", "a boot …", "a boot: done in 0 s"]
