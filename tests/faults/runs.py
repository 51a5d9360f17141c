# SPDX-License-Identifier: GPL-2.0-only
"""Reading what a run came to, and what is loaded into one."""
from __future__ import annotations

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
_HERE = Path(__file__).parent


def seen(lab: Lab, done: Done, status: str = "") -> Seen:
    """What became of the first sample, and the first line about it; of a good one the verdict."""
    samples = lab.samples(torn=True)
    lines = [found[1] for line in done.said.splitlines() if (found := _SAID.fullmatch(line))]
    outcome = samples[0].outcome if samples else "refused" if done.status == 2 else "no sample"
    if outcome == "ok":
        outcome = "ok, but invalid" if samples[0].invalid else "ok"
        if not lines and not done.complaints:
            lines = [line for line in done.out.splitlines() if line.startswith("Verdict: ")]
    return Seen(outcome, status or str(done.status), lab.plain(lines[0] if lines
                                                               else done.complaint))


def build() -> None:
    """preload.c and hostile.c, compiled."""
    place = paths.BUILD / "tests"
    place.mkdir(parents=True, exist_ok=True)
    common = ["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*common, "-fPIC", "-shared", "-o", place / "faults-preload.so",
                    _HERE / "preload.c", "-ldl"], check=True)
    hostile = _HERE / "hostile.c"
    wraps = [f"-Wl,--wrap={name}" for name in sorted(set(
        re.findall(r"\b__real_(\w+)", hostile.read_text("ascii"))))]
    subprocess.run([*common, "-static", "-s", "-pthread", f"-I{paths.ROOT}", *wraps, "-o",
                    place / "hostile", hostile,
                    *sorted((paths.ROOT / "runner/agent").glob("*.c")),
                    paths.BUILD / "lib/guest.a"], check=True)


def loaded(**words: str | int | Path) -> dict[str, str]:
    """Environment that has preload.c do something: clock, under, log, kill, full or slow."""
    return {"LD_PRELOAD": str(paths.BUILD / "tests" / "faults-preload.so"),
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
