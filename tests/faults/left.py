# SPDX-License-Identifier: GPL-2.0-only
"""What must hold after every fault: nothing is left behind, and no sample is lost or doubled."""
from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from runner.errors import Exit, SwapscaleError
from tests.faults.lab import Lab

_GRACE = 10.0                     # seconds that a killed runner's guests may take to go
#: Names of what is written beside a file until it is whole.
_HALF = ("*.new", "new-*", ".new-*", "accelerator.json?*")
_REPORTS = (Exit.OK, Exit.REGRESSED, Exit.INCONCLUSIVE, Exit.CANNOT_MEASURE)


def problems(lab: Lab) -> Iterator[str]:
    """Everything that is not as it should be; the campaign is reported, and gone on with."""
    yield from _processes(lab)
    made = lab.campaigns
    for campaign in made:
        yield from _lock(campaign)
        if (campaign / "campaign.json").is_file():
            yield from _goes_on(lab, campaign) if lab.resumed else _reported(lab, campaign)
    if len(made) > 1:
        yield f"{len(made)} campaigns were made"
    yield from _files(lab)
    yield from _processes(lab)


def _processes(lab: Lab) -> Iterator[str]:
    end = time.monotonic() + _GRACE
    while (alive := lab.processes()) and time.monotonic() < end:
        time.sleep(0.1)
    for one in alive:
        name = Path(f"/proc/{one}/comm")
        yield f"process {one} ({name.read_text().strip() if name.exists() else '?'}) is left"


def _files(lab: Lab) -> Iterator[str]:
    for one in (lab.folder / "tmp").iterdir():
        yield f"temporary file {one.name} is left"
    for place in (lab.results, lab.cache, lab.cache / "initramfs", lab.cache / "images"):
        globbed = place.rglob if place == lab.results else place.glob
        for pattern in _HALF:
            for one in globbed(pattern):
                if not one.is_symlink():
                    yield f"half a file, {one.relative_to(lab.folder)}, is left"


def _lock(campaign: Path) -> Iterator[str]:
    try:
        with open(campaign / "lock", "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield "the campaign's lock is held"


def _reported(lab: Lab, campaign: Path) -> Iterator[str]:
    done = lab.run("report", campaign)
    if done.bug or done.status not in _REPORTS or len(done.complaints) > 1:
        yield f"report ends with {done.status}: {done.complaint}"


def _goes_on(lab: Lab, campaign: Path) -> Iterator[str]:
    """Its record reads, goes on, and comes to each planned sample once."""
    record = campaign / "samples.jsonl"
    before = record.read_bytes() if record.exists() else b""
    before = before[:before.rfind(b"\n") + 1]
    if 0 < before.count(b"\n") < lab.planned:     # else what goes on prints the report
        yield from _reported(lab, campaign)
    done = lab.run("run", "--resume", campaign)
    if done.bug or done.status not in _REPORTS:
        yield f"--resume ends with {done.status}: {done.complaint}"
        return
    if not record.exists() or not record.read_bytes().startswith(before):
        yield "a sample that was on record is lost"
        return
    try:
        samples = lab.samples()
    except SwapscaleError as error:
        yield f"the record does not read: {error}"
        return
    numbers = sorted(one.number for one in samples)
    if numbers != list(range(lab.planned)):
        yield f"samples {numbers} are on record, not each of {lab.planned} once"
    for one in samples:
        if not (campaign / one.evidence / "console.log").is_file():
            yield f"sample {one.number} has no evidence"
