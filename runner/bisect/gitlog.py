# SPDX-License-Identifier: GPL-2.0-only
"""The log that 'git bisect log' prints and 'git bisect replay' takes."""
from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.bisect.points import Range
from runner.bisect.records import Reading
from runner.errors import UsageError, printable

FILE = "bisect.log"
_LINE = re.compile(r"git[ -]bisect\s+(\S+)(?:\s+(.*))?")
_OLD = {"old": "good", "new": "bad"}


def render(points: Range, path: Sequence[Reading], culprit: str) -> str:
    """Ends, then every step; what was skipped has its reason above it."""
    lines = ["git bisect start"]
    for point, verdict, reason in [
            (points.bad, "bad", ""), (points.good, "good", ""),
            *((one.point, one.verdict, one.reason) for one in path)]:
        if verdict == "skip":
            lines.append(f"# {reason}")
        lines += [f"# {verdict}: [{point}] {points.title(point).partition(' ')[2]}",
                  f"git bisect {verdict} {point}"]
    if culprit:
        lines.append(f"# first bad commit: [{culprit}] "
                     f"{points.title(culprit).partition(' ')[2]}")
    return "\n".join(lines) + "\n"


@dataclass
class Log:
    """What a log says, refs as it has them."""

    good: str = ""            # the ends: the first of each
    bad: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)  # ref, verdict


def read(file: Path) -> Log:
    """UsageError with file and line of what is no line of such a log, or where an end lacks."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {printable(str(error))}") from None
    log = Log()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        try:
            words = shlex.split(match[2] or "") if match else []
        except ValueError:
            match = None
        if match is None:
            raise UsageError(f"{file}:{number}: {printable(line, 60)!r} is not a line of "
                             "'git bisect log'")
        verdict = _OLD.get(match[1], match[1])
        if verdict == "start":
            refs = [word for word in words[:words.index("--")] if not word.startswith("-")] \
                if "--" in words else [word for word in words if not word.startswith("-")]
            for word, said in zip(refs, ("bad", *["good"] * len(refs))):
                _take(log, word, said)
        elif verdict in ("good", "bad", "skip") and words:
            for word in words:
                _take(log, word, verdict)
        elif verdict != "terms":
            raise UsageError(f"{file}:{number}: git bisect {printable(match[1], 20)} is not good, "
                             "bad or skip with a commit")
    for end in ("good", "bad"):
        if not getattr(log, end):
            raise UsageError(f"{file}: names no {end} commit; a bisect takes both ends")
    return log


def _take(log: Log, ref: str, verdict: str) -> None:
    if verdict == "good" and not log.good:
        log.good = ref
    elif verdict == "bad" and not log.bad:
        log.bad = ref
    else:
        log.steps.append((ref, verdict))
