# SPDX-License-Identifier: GPL-2.0-only
"""Reading what a run came to, and what is loaded into one."""
from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner import paths
from tests.faults.fault import NotHere, Seen
from tests.faults.lab import Done, Lab

_SAID = re.compile(r"warning: sample \d+: .*? ((?:does not count|FINDING): .*); see \S+")
_SOURCE = Path(__file__).with_name("preload.c")


def seen(lab: Lab, done: Done, status: str = "") -> Seen:
    """What became of the first sample, and the first line about it; of a good one the verdict."""
    samples = lab.samples()
    lines = [found[1] for line in done.said.splitlines() if (found := _SAID.fullmatch(line))]
    outcome = samples[0].outcome if samples else "refused" if done.status == 2 else "no sample"
    if outcome == "ok":
        outcome = "ok, but invalid" if samples[0].invalid else "ok"
        if not lines and not done.complaints:
            lines = [line for line in done.out.splitlines() if line.startswith("Verdict: ")]
    return Seen(outcome, status or str(done.status), lab.plain(lines[0] if lines
                                                               else done.complaint))


@functools.cache
def preload() -> Path:
    """preload.c, compiled."""
    out = paths.BUILD / "tests" / "faults-preload.so"
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists() or out.stat().st_mtime < _SOURCE.stat().st_mtime:
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", "-o", out,
                        _SOURCE, "-ldl"], check=True)
    return out


def loaded(**words: str | int | Path) -> dict[str, str]:
    """Environment that has preload.c do something: clock, under, log, kill, full or slow."""
    return {"LD_PRELOAD": str(preload()),
            **{f"FAULT_{key.upper()}": str(value) for key, value in words.items()}}


@contextmanager
def mounted(place: Path, *options: str, what: str = "tmpfs") -> Iterator[None]:
    """Something real mounted there while the block runs."""
    if os.geteuid() != 0:
        raise NotHere("mounting takes root")
    subprocess.run(["mount", *options, what, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
