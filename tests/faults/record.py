# SPDX-License-Identifier: GPL-2.0-only
"""What faults came to, kept in results/faults/NAME.json."""
from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import signal
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.errors import SwapscaleError
from runner.host import host
from tests.faults import left
from tests.faults.fault import Fault, NotHere, Seen
from tests.faults.lab import KERNEL, Lab

HOME = paths.RESULTS / "faults"
SERIES = f"6.1:{paths.ROOT}/tests/series/"
#: Kernel and flavour of all that are booted, built before anything is injected.
KERNELS = ((KERNEL, "perf"), (f"{SERIES}faults", "perf"), ("6.1:vanilla", "perf"))
#: What the outcome hangs on, below the checkout.
_CODE = ("swapscale", "runner", "workloads", "lockstep", "tests/faults", "configs", "kernels")


@dataclass(frozen=True)
class Told:
    """One fault's record."""

    name: str
    code: str
    seen: Seen
    problems: tuple[str, ...]     # empty: all is as it should be
    absent: str                   # what this machine lacks for it; '' where it was injected
    seconds: float
    on: str                       # machine and day


def code() -> str:
    """Digest of everything that the outcomes hang on."""
    whole = hashlib.sha256()
    for name in _CODE:
        place = paths.ROOT / name
        for one in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if one.is_file() and "__pycache__" not in one.parts:
                whole.update(f"{one.relative_to(paths.ROOT)}\0".encode())
                whole.update(hashlib.sha256(one.read_bytes()).digest())
    return whole.hexdigest()[:16]


def read(stale: bool = False) -> dict[str, Told]:
    """All on record; those of other code only where `stale` asks for them."""
    now, found = code(), {}
    for file in HOME.glob("*.json"):
        raw = json.loads(file.read_text("utf-8"))
        told = Told(**{**raw, "seen": Seen(**raw["seen"]), "problems": tuple(raw["problems"])})
        if stale or told.code == now:
            found[told.name] = told
    return found


def _end(lab: Lab) -> None:
    """Nothing of a fault's may be there when the next begins."""
    for process in lab.started:
        if process.poll() is None:
            process.kill()
        process.wait()
    for one in lab.processes():
        try:
            os.kill(one, signal.SIGCONT)
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            pass


def make(fault: Fault) -> Told:
    """Inject it and look at what it came to; the folder stays where that is wrong."""
    begin = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"swapscale-fault-{fault.name}-"))
    lab, absent, problems = Lab(folder), "", list[str]()
    try:
        try:
            seen = fault.act(lab)
            problems = fault.wrong(seen) + list(left.problems(lab))
        except NotHere as error:
            seen, absent = Seen("", "", ""), str(error)
        except (AssertionError, OSError, ValueError, SwapscaleError,
                subprocess.SubprocessError) as error:
            seen, problems = Seen("", "", ""), [f"{type(error).__name__}: {error}"]
    finally:
        _end(lab)
    if problems:
        problems.append(f"see {folder}")
    else:
        shutil.rmtree(folder)
    described = host.describe()
    return Told(fault.name, code(), seen, tuple(lab.plain(one) for one in problems), absent,
                round(time.monotonic() - begin, 1),
                f"{described['cores']} × {described['cpu']}, QEMU {described['qemu']}, "
                f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}")


def keep(told: Told) -> None:
    """Put it on record."""
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / f"{told.name}.json").write_text(json.dumps(dataclasses.asdict(told), indent=1) + "\n",
                                            "utf-8")
