# SPDX-License-Identifier: GPL-2.0-only
"""Boots of guests that are a few bytes of assembly each, and what must be left of one."""
from __future__ import annotations

import json
from functools import partial

from runner.paths import ROOT
from runner.records import Boot, BootResult
from tests.waiting import qemus_of, wait_for

GUESTS = ROOT / "tests" / "data" / "guests"
EVIDENCE = {"boot.json", "channel.bin", "console.log", "heartbeat.bin", "kernel.json",
            "qemu.json", "qemu.stderr"}
PATIENCE = 60.0      # seconds until a test that waits gives up; not a thing measured

until = partial(wait_for, seconds=PATIENCE)


def check_evidence(boot: Boot, result: BootResult) -> None:
    assert EVIDENCE <= {path.name for path in boot.evidence.iterdir()}
    told = json.loads((boot.evidence / "boot.json").read_text())
    assert told["outcome"] == result.outcome and told["detail"] == result.detail
    machine = json.loads((boot.evidence / "qemu.json").read_text())
    assert machine["argv"][0] == "qemu-system-x86_64" and "QEMU" in machine["version"]
    assert result.detail.isprintable()
    assert not qemus_of(boot.evidence)
