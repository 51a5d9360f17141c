# SPDX-License-Identifier: GPL-2.0-only
"""Boots of guests that are a few bytes of assembly each, and what must be left of one."""
from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from runner.paths import ROOT
from runner.records import Boot, BootResult
from runner.vm import qemu

GUESTS = ROOT / "tests" / "data" / "guests"
EVIDENCE = {"boot.json", "channel.bin", "console.log", "heartbeat.bin", "kernel.json",
            "qemu.json", "qemu.stderr"}
PATIENCE = 60.0      # seconds until a test that waits gives up; not a thing measured


def until(condition: Callable[[], object]) -> object:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("never came true")


def qemus_of(folder: Path) -> list[int]:
    """Process ids of QEMUs that write into `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        place = os.fsencode(qemu.escaped(folder))
        if words[0].startswith(b"qemu-system") and any(place in word for word in words):
            found.append(int(entry.name))
    return found


def check_evidence(boot: Boot, result: BootResult) -> None:
    assert EVIDENCE <= {path.name for path in boot.evidence.iterdir()}
    told = json.loads((boot.evidence / "boot.json").read_text())
    assert told["outcome"] == result.outcome and told["detail"] == result.detail
    machine = json.loads((boot.evidence / "qemu.json").read_text())
    assert machine["argv"][0] == "qemu-system-x86_64" and "QEMU" in machine["version"]
    assert result.detail.isprintable()
    assert not qemus_of(boot.evidence)
