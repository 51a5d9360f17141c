# SPDX-License-Identifier: GPL-2.0-only
"""What the tools of a boot gave, and whether each did its work."""
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.instruments import contention, fio, flamegraph, ndctl, profile
from runner.metrics import guestfile
from runner.reason import Reason, ReasonKind
from runner.records import Job, Metric, ToolStep
from runner.vm.channel import ChannelError, Decoder, FrameType

_END = re.compile(r"tool ([a-z0-9-]{1,32}) (exited|killed) (\d{1,3})")
_MOST_STDERR = 8 << 20
_WRONG = re.compile(r"\b(errors?|err|fail(ed|ure|s)?|fatal|cannot|can't|couldn't|unable|unknown"
                    r"|invalid|denied|not (found|supported|permitted|implemented)|no such"
                    r"|unrecognized|bad|refused|out of|segfault|aborted)\b", re.IGNORECASE)
FLAME = "flame-profile.svg"

#: File of the evidence -> what reads figures out of it, given those of the load.
READERS: dict[str, Callable[[Path, dict[str, Metric]], dict[str, Metric]]] = {
    fio.OUTPUT: fio.measure, profile.OUTPUT: profile.measure, contention.OUTPUT: contention.measure,
    ndctl.OUTPUT: ndctl.measure}


def measure(evidence: Path, measured: dict[str, Metric]) -> dict[str, Metric]:
    """What the tools of this boot add to the load's figures; CannotMeasure with one line."""
    added: dict[str, Metric] = {}
    for file, read in READERS.items():
        if (evidence / file).is_file():
            added |= read(evidence, measured)
    return added


def draw(evidence: Path, label: str) -> None:
    """A flame graph beside the profile it is of, where there is one that can be read."""
    if not (evidence / profile.OUTPUT).is_file():
        return
    try:
        stacks = profile.read(evidence)
    except CannotMeasure:
        return  # said as the sample's reason
    title = (f"{label}: {stacks.samples} samples of CPU time (software clock, no PMU), "
             "callers below")
    (evidence / FLAME).write_text(flamegraph.svg(stacks.stacks, title), encoding="utf-8")


def ends(evidence: Path) -> dict[str, str]:
    """How each tool ended: 'exited 0'."""
    ended = {}
    try:
        for frame in Decoder().feed((evidence / "channel.bin").read_bytes()):
            match = _END.fullmatch(frame.payload.decode("utf-8", "replace")) \
                if frame.type is FrameType.EVENT else None
            if match:
                ended[match[1]] = f"{match[2]} {match[3]}"
    except ChannelError:
        pass  # what came before the damage; the boot's outcome names it
    return ended


def _complaint(evidence: Path, name: str) -> str:
    """What a tool said of its failure: its first line that speaks of one, else its last.

    Some say it on the stream of their results; a document in there says nothing of the kind.
    """
    said: list[list[str]] = []
    for stream in ("err", "out"):
        try:
            data = guestfile.raw(evidence / f"tool.{name}.{stream}", _MOST_STDERR)
        except CannotMeasure:
            continue
        lines = guestfile.split(data)[1].decode("utf-8", "replace").splitlines()
        said.append([line.strip() for line in lines if line.strip()])
    for lines in said:
        if wrong := next((line for line in lines if _WRONG.search(line)), ""):
            return f": {printable(wrong, 200)}"
    return next((f": {printable(lines[-1], 200)}" for lines in said if lines), "")


def _good(step: ToolStep) -> tuple[str, ...]:
    """What stands beside the load is ended by SIGINT; perf ends of it once it has written."""
    return ("exited 0", "killed 2") if step.when == "beside" else ("exited 0",)


def failures(evidence: Path, job: Job) -> tuple[Reason, ...]:
    """A reason for each tool of the job that did not end well."""
    ended = ends(evidence) if job.tools else {}
    modes = [word.removeprefix(ndctl.MODE) for step in job.tools for word in step.argv
             if word.startswith(ndctl.MODE)]
    wrong = [why for mode in modes if (why := ndctl.reason(evidence, mode))]
    wrong += [f"instrument {step.name}: {ended.get(step.name, 'never ended')}"
              f"{_complaint(evidence, step.name)}"
              for step in job.tools if ended.get(step.name) not in _good(step)]
    return tuple(Reason(ReasonKind.TOOL, why) for why in wrong)
