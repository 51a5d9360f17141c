# SPDX-License-Identifier: GPL-2.0-only
"""Samples as lines of samples.jsonl, written and read; what their boots sent; one runner at a time.

The format is documented in results/README.md.
"""
from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner import jsonread
from runner.errors import CannotMeasure, UsageError, printable
from runner.jsonread import Json
from runner.reason import Reason, ReasonKind, of_old
from runner.records import Accelerator, Cell, Metric, Outcome, Sample

FORMAT = 1
MAX_LINE = 1 << 20
_FOLDER = re.compile(r"evidence/[0-9]{4,9}")

#: What the guest sent and did, byte for byte; two boots of one exact cell agree in all of it.
GUEST_STREAMS = ("channel.bin", "heartbeat.bin", "console.log")


def fingerprint(evidence: Path) -> str:
    """SHA-256 over the guest's streams in a sample's evidence folder."""
    digest = hashlib.sha256()
    for name in GUEST_STREAMS:
        path = evidence / name
        digest.update(name.encode() + b"\0")
        if path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def to_line(sample: Sample) -> str:
    """One JSON document without a newline."""
    data = dataclasses.asdict(sample)
    for metric in data["metrics"].values():
        if not metric["doubt"]:
            del metric["doubt"]
    return json.dumps({"format": FORMAT, **data}, sort_keys=True, allow_nan=False)


#: How earlier versions said in `evidence` what they could not prove.
_OLD_DOUBT = re.compile(r" \(unproven: may be ([a-z0-9_, ]+)\)$")


def _doubted(metric: Metric) -> Metric:
    old = _OLD_DOUBT.search(metric.evidence)
    return dataclasses.replace(metric, evidence=metric.evidence[:old.start()], doubt=old[1]) \
        if old else metric


def _reason(data: Any, outcome: str, where: str) -> Reason:
    """A text alone is of a version that knew no kinds; a kind of a later one's is unknown."""
    if isinstance(data, str):
        return of_old(data, outcome)
    read = Json(data, where, "invalid", UsageError)
    kind = read.whole("kind")
    return Reason(ReasonKind(kind) if kind in list(ReasonKind) else ReasonKind.UNKNOWN,
                  read.whole("text"))


def _metric(read: Json) -> Metric:
    return _doubted(Metric(read.number("value"), read.whole("unit"), read.whole("better"),
                           read.whole("evidence"),
                           read.whole("doubt") if read.has("doubt") else ""))


def _one_of(read: Json, key: str, known: Iterable[str]) -> str:
    value = read.whole(key)
    if value not in list(known):
        read.fail(f"{key}: {printable(value, 40)!r} is not one of {', '.join(known)}")
    return value


def from_line(line: str, where: str) -> Sample:
    """Read one line back; UsageError 'WHERE: what is wrong' where it does not fit."""
    read = jsonread.parse(line, where, error=UsageError)
    if (version := read.integer("format")) != FORMAT:
        raise UsageError(f"{where}: format: {version} is not {FORMAT}; "
                         "it was written by another version of swapscale")
    cell, metrics, host = read.object("cell"), read.object("metrics"), read.object("host")
    outcome = _one_of(read, "outcome", Outcome)
    # The path is followed when evidence is read again; results travel.
    evidence = read.whole("evidence")
    if not _FOLDER.fullmatch(evidence):
        read.fail(f"evidence: {printable(evidence, 40)!r} is not evidence/NUMBER")
    return Sample(
        number=read.integer("number"), repeat=read.integer("repeat"),
        cell=Cell(cell.whole("kernel"), cell.whole("device"), cell.integer("threads"),
                  cell.whole("workload"), cell.whole("tier")),
        accelerator=_one_of(read, "accelerator", Accelerator), vcpus=read.integer("vcpus"),
        kernel_key=read.whole("kernel_key"), image_sha256=read.whole("image_sha256"),
        outcome=outcome, detail=read.whole("detail"),
        invalid=tuple(_reason(reason, outcome, where) for reason in read.array("invalid")),
        metrics={name: _metric(metrics.object(name)) for name in metrics.keys()},
        evidence=evidence, started=read.whole("started"),
        wall_seconds=read.number("wall_seconds"),
        host={key: host.whole(key) for key in host.keys()},
        fingerprint=read.whole("fingerprint"),
        # Not there in files of versions without layouts and purposes.
        layout=read.integer("layout") if read.has("layout") else 0,
        purpose=read.whole("purpose") if read.has("purpose") else "")


@contextmanager
def held(folder: Path, what: str) -> Iterator[None]:
    """Be the one runner at work in `folder`, a `what`; CannotMeasure where another is."""
    with open(folder / "lock", "a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotMeasure(f"{folder}: another runner is at work on this {what}; let it end "
                                "or stop it") from None
        yield


def load_samples(path: Path, torn: bool = False) -> list[Sample]:
    """Read a samples.jsonl; UsageError names file, line and key of what is wrong.

    `torn`: a runner may be at work or may have been killed, so a last line
    without its newline is no sample yet and is left out.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    lines = data.split(b"\n")
    if torn or not lines[-1]:
        lines.pop()
    samples = []
    for number, raw in enumerate(lines, 1):
        where = f"{path}:{number}"
        if len(raw) > MAX_LINE:
            raise UsageError(f"{where}: {len(raw)} bytes in one line; at most {MAX_LINE}")
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"{where}: is not UTF-8") from None
        samples.append(from_line(line, where))
    return samples
