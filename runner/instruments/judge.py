# SPDX-License-Identifier: GPL-2.0-only
"""What the tools of a boot gave, and whether each did its work."""
from __future__ import annotations

import re
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.instruments import fio
from runner.metrics import guestfile
from runner.records import Job, Metric
from runner.vm.channel import Decoder, FrameType

_END = re.compile(r"tool ([a-z0-9-]{1,32}) (exited|killed) (\d{1,3})")
_MOST_STDERR = 4 << 20


def ends(evidence: Path) -> dict[str, str]:
    """How each tool ended: 'exited 0'."""
    data = (evidence / "channel.bin").read_bytes()
    texts = (frame.payload.decode("utf-8", "replace") for frame in Decoder().feed(data)
             if frame.type is FrameType.EVENT)
    return {match[1]: f"{match[2]} {match[3]}" for match in map(_END.fullmatch, texts) if match}


def _complaint(evidence: Path, name: str) -> str:
    """The last line of what a tool said of its failure."""
    for stream in ("err", "out"):
        path = evidence / f"tool.{name}.{stream}"
        try:
            lines = guestfile.raw(path, _MOST_STDERR).decode("utf-8", "replace").splitlines()
        except CannotMeasure:
            continue
        said = [line.strip() for line in lines if line.strip()]
        if said:
            return f": {printable(said[-1], 200)}"
    return ""


def judge(evidence: Path, job: Job, found: dict[str, Metric]
          ) -> tuple[dict[str, Metric], tuple[str, ...]]:
    """`found` with what the tools add, and a reason for each tool that failed."""
    ended = ends(evidence) if job.tools else {}
    reasons = []
    for step in job.tools:
        how = ended.get(step.name, "never ended")
        if how != "exited 0":
            reasons.append(f"instrument {step.name}: {how}{_complaint(evidence, step.name)}")
    if reasons or not found:
        return found, tuple(reasons)
    try:
        if any(step.name == "fio" for step in job.tools):
            found = found | fio.measure(evidence, found)
    except CannotMeasure as error:
        reasons.append(f"instrument {error}")
    return found, tuple(reasons)
