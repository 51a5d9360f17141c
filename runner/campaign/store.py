# SPDX-License-Identifier: GPL-2.0-only
"""Samples as lines of samples.jsonl, written and read; what their boots sent; one runner at a time.

The format is documented in results/README.md.
"""
from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.errors import CannotMeasure, UsageError, printable
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
    for one in data["metrics"].values():
        if not one["doubt"]:
            del one["doubt"]
    return json.dumps({"format": FORMAT, **data}, sort_keys=True, allow_nan=False)


class _Reader:
    """Typed reading of one parsed line; complains with the key's name."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, dict):
            raise UsageError(f"{where}: is not a JSON object")
        self.data = data
        self.where = where

    def take(self, key: str, kind: type) -> Any:
        value = self.data.get(key)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UsageError(f"{self.where}: {key}: {printable(repr(value), 40)} "
                             f"is not {_KIND[kind]}")
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"{self.where}: {key}: is beyond what a number holds")
        return value

    def inner(self, key: str) -> _Reader:
        return _Reader(self.take(key, dict), f"{self.where}: {key}")


_KIND = {str: "a text", int: "a whole number", float: "a number", dict: "an object",
         list: "a list"}


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


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
    read = _Reader(data, f"{where}: invalid")
    kind = read.take("kind", str)
    return Reason(ReasonKind(kind) if kind in list(ReasonKind) else ReasonKind.UNKNOWN,
                  read.take("text", str))


def from_line(line: str, where: str) -> Sample:
    """Read one line back; UsageError 'WHERE: KEY: what is wrong' where it does not fit."""
    try:
        raw = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: is not JSON: {printable(str(error))}") from None
    read = _Reader(raw, where)
    if read.take("format", int) != FORMAT:
        raise UsageError(f"{where}: format: {raw['format']} is not {FORMAT}; "
                         "it was written by another version of swapscale")
    cell = read.inner("cell")
    metrics = {}
    for name, value in read.take("metrics", dict).items():
        one = _Reader(value, f"{where}: metrics.{printable(name, 80)}")
        metrics[name] = _doubted(Metric(
            one.take("value", float), one.take("unit", str), one.take("better", str),
            one.take("evidence", str), one.take("doubt", str) if "doubt" in value else ""))
    for key, known in (("accelerator", Accelerator), ("outcome", Outcome)):
        if read.take(key, str) not in list(known):
            raise UsageError(f"{where}: {key}: {printable(raw[key], 40)!r} is not one of "
                             + ", ".join(known))
    # The path is followed when evidence is read again; results travel.
    if not _FOLDER.fullmatch(read.take("evidence", str)):
        raise UsageError(f"{where}: evidence: {printable(raw['evidence'], 40)!r} is not "
                         "evidence/NUMBER")
    return Sample(
        number=read.take("number", int), repeat=read.take("repeat", int),
        cell=Cell(cell.take("kernel", str), cell.take("device", str), cell.take("threads", int),
                  cell.take("workload", str), cell.take("tier", str)),
        accelerator=raw["accelerator"], vcpus=read.take("vcpus", int),
        kernel_key=read.take("kernel_key", str), image_sha256=read.take("image_sha256", str),
        outcome=raw["outcome"], detail=read.take("detail", str),
        invalid=tuple(_reason(one, raw["outcome"], where) for one in read.take("invalid", list)),
        metrics=metrics,
        evidence=raw["evidence"], started=read.take("started", str),
        wall_seconds=read.take("wall_seconds", float),
        host={str(k): str(v) for k, v in read.take("host", dict).items()},
        fingerprint=read.take("fingerprint", str),
        # Not there in files of versions without layouts and purposes.
        layout=read.take("layout", int) if "layout" in raw else 0,
        purpose=read.take("purpose", str) if "purpose" in raw else "")


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
    found = []
    for number, raw in enumerate(lines, 1):
        where = f"{path}:{number}"
        if len(raw) > MAX_LINE:
            raise UsageError(f"{where}: {len(raw)} bytes in one line; at most {MAX_LINE}")
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"{where}: is not UTF-8") from None
        found.append(from_line(line, where))
    return found
