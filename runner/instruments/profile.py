# SPDX-License-Identifier: GPL-2.0-only
"""perf's sampled profile of the steady phase: call chains, counted, from 'perf report'.

The guest counts equal chains, so that a long profile is no longer than the
code it shows.
"""
from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.metrics import guestfile
from runner.records import Metric

OUTPUT = "tool.profile-report.out"
QEMU = "qemu.json"               # how many CPUs the guest has
#: Samples per second of guest time and CPU.
TIMED_HZ, EXACT_HZ = 997, 9973
MOST = 5 << 20                   # the agent cuts at 4 MiB
TOP = 15                         # functions that become metrics
PREFIX = "profile."
COVERAGE = "profile_coverage"
LOW = 0.9                        # a coverage below is worth a warning
USER, UNKNOWN = "[user]", "[unknown]"

_MOST_STACKS = 1 << 16
_HEAD = re.compile(r" *(\d{1,12}) *\|(.{1,64}?) *\|\[(.)\] (.{1,400}?) *")
_CHAIN = re.compile(r"(\d{1,12}) (.{1,16384})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
_PERIOD = re.compile(r"# Event count \(approx\.\): (\d{1,18})")


@dataclass
class Profile:
    stacks: Counter[tuple[str, ...]] = field(default_factory=Counter)  # task, outermost first
    functions: Counter[str] = field(default_factory=Counter)           # kernel's, by own samples
    samples: int = 0
    nanoseconds: int = 0         # of CPU time that the samples stand for


def _frame(text: str) -> str:
    return text if _NAME.fullmatch(text) else UNKNOWN


def parse(text: str, name: str = OUTPUT) -> Profile:
    """What 'perf report -g folded' wrote; CannotMeasure names the line it does not read."""
    profile = Profile()
    if not text.endswith("\n"):
        raise CannotMeasure(f"{name}: is cut: it does not end with a newline")
    task, own, left = "", "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if match := _PERIOD.fullmatch(line):
            profile.nanoseconds = int(match[1])
        elif not line.strip() or line.startswith("#"):
            continue
        elif match := _HEAD.fullmatch(line):
            if left > 0:
                profile.stacks[task, own] += left
            task, left = printable(match[2].strip(), 32) or UNKNOWN, int(match[1])
            own = _frame(match[4]) if match[3] == "k" else USER
            profile.samples += left
            if own != USER:
                profile.functions[own] += left
        elif (match := _CHAIN.fullmatch(line)) and task:
            left -= int(match[1])
            if left < 0:
                raise CannotMeasure(f"{name}:{number}: its chains have more samples than it has")
            profile.stacks[task, *map(_frame, match[2].split("|")[:128])] += int(match[1])
        else:
            raise CannotMeasure(f"{name}:{number}: is not a line of perf report: "
                                f"{printable(line, 60)!r}")
        if len(profile.stacks) > _MOST_STACKS:
            raise CannotMeasure(f"{name}:{number}: more than {_MOST_STACKS} call chains")
    if left > 0:
        profile.stacks[task, own] += left
    if not profile.samples or not profile.nanoseconds:
        raise CannotMeasure(f"{name}: has no samples: the steady phase was too short for a "
                            "profile; raise workload.ratio or workload.passes")
    return profile


def read(evidence: Path) -> Profile:
    return parse(guestfile.raw(evidence / OUTPUT, MOST).decode("utf-8", "replace"))


def measure(evidence: Path, measured: dict[str, Metric]) -> dict[str, Metric]:
    """CPU time per swapped-out page in the functions that have most of it.

    In the exact tier a nanosecond is an instruction.
    """
    profile, pages = read(evidence), measured["pswpout"]
    exact = "instructions_per_page" in measured
    # One CPU: all its time is known, and the timer misses some of it.
    each = measured["instructions_per_page"].value / profile.samples if exact \
        else profile.nanoseconds / profile.samples / pages.value
    unit, source = "instructions/page" if exact else "ns/page", f"{OUTPUT}, {pages.evidence}"
    made = {f"{PREFIX}{name}": Metric(count * each, unit, "", source)
            for name, count in profile.functions.most_common(TOP) if name != UNKNOWN}
    # Idle time is sampled, too: all CPUs for all of the phase are what there was to see.
    cpus = guestfile.document(evidence / QEMU).integer("vcpus", 1)
    coverage = profile.nanoseconds / 1e9 / cpus / measured["steady_s"].value
    return {"profile_samples": Metric(profile.samples, "samples", "", OUTPUT),
            COVERAGE: Metric(coverage, "", "",
                             f"{OUTPUT}, {QEMU}, {measured['steady_s'].evidence}"), **made}
