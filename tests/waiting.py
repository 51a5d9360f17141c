# SPDX-License-Identifier: GPL-2.0-only
"""What a test waits for while something else runs, and the QEMUs that run for it."""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from runner.vm import qemu


def wait_for(condition: Callable[[], object], seconds: float = 300.0) -> object:
    """Poll until `condition` is true; the test fails when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("never came true")


def qemus_of(folder: Path) -> list[int]:
    """Process ids of QEMUs that write into `folder`."""
    found = []
    place = os.fsencode(qemu.escaped(folder))
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].rpartition(b"/")[2].startswith(b"qemu-system") and any(
                place in word for word in words):
            found.append(int(entry.name))
    return found
