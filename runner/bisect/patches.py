# SPDX-License-Identifier: GPL-2.0-only
"""A patch series to bisect: its points are how many of its patches are applied."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runner.bisect.points import Limits, Point
from runner.errors import UsageError, printable
from runner.kernel import series, spec
from runner.settings.chosen import no_settings

_SUBJECT = re.compile(r"^Subject:\s*(?:\[[^]]*\]\s*)?(.*(?:\n[ \t]+.*)*)", re.MULTILINE)


def reversed_diff(text: str) -> str:
    """A unified diff that takes another back."""
    out = []
    hunk = False
    for line in text.splitlines():
        if head := re.match(r"@@ -(\S+) \+(\S+) @@(.*)", line):
            hunk = True
            out.append(f"@@ -{head[2]} +{head[1]} @@{head[3]}")
        elif line.startswith("--- ") and not hunk:
            old = line[4:]
        elif line.startswith("+++ ") and not hunk:
            out += [f"--- {line[4:]}", f"+++ {old}"]
        elif line.startswith("diff "):
            hunk = False
        elif hunk and line[:1] in "+-" and line:
            out.append({"+": "-", "-": "+"}[line[0]] + line[1:])
        elif hunk and (not line or line[0] in " \\"):
            out.append(line)
    return "\n".join(out) + "\n"


@dataclass(frozen=True)
class Patches:
    """The patches of the last series of a kernel's name; what it stands on stays."""

    where: str                # the kernel's name: '6.1:batch-add'
    names: tuple[str, ...]    # of the patches
    texts: tuple[str, ...]

    @property
    def good(self) -> Point:
        return "0"

    @property
    def bad(self) -> Point:
        return str(len(self.names))

    @property
    def limits(self) -> Limits:
        return Limits()

    def kernel(self, point: Point) -> str:
        return f"{self.where}@{point}"

    def title(self, point: Point) -> str:
        if point == "0":
            return "0 without the series"
        said = _SUBJECT.search(self.texts[int(point) - 1])
        subject = " ".join(said[1].split()) if said else self.names[int(point) - 1]
        return f"{point} {printable(subject, 100)}"

    def short(self, point: Point) -> str:
        return f"@{point}"

    def parent(self, point: Point) -> Point:
        return str(int(point) - 1)

    def suspects(self, good: Sequence[Point], bad: Point) -> list[Point]:
        low, high = max(map(int, good)), int(bad)
        middle = (low + high) / 2
        return [str(number) for number in sorted(range(low + 1, high + 1),
                                                 key=lambda number: (number == high,
                                                                     abs(number - middle)))]

    def place(self, point: Point) -> int:
        return int(point)

    def stat(self, point: Point) -> str:
        """Lines added and removed, file by file."""
        lines, name = [], ""
        counts: dict[str, list[int]] = {}
        for line in self.texts[int(point) - 1].splitlines():
            if line.startswith("+++ "):
                name = line[4:].split("\t")[0].partition("/")[2]
                counts[name] = [0, 0]
            elif name and line[:1] in ("+", "-") and not line.startswith("--- "):
                counts[name][line[0] == "-"] += 1
        for name, (added, removed) in counts.items():
            lines.append(f"{printable(name, 100)} | +{added} -{removed}")
        return "\n".join([self.names[int(point) - 1], *lines])

    def revert(self, point: Point) -> bytes:
        return reversed_diff(self.texts[int(point) - 1]).encode()

    def reverted(self, folder: str) -> str:
        return f"{self.where}+{folder}"


def find(name: str) -> Patches:
    """The patches of a kernel such as 6.1:batch-add; UsageError where it has none."""
    no_settings(name, "going through a series")
    wanted = spec.parse(name)
    if not wanted.stack:
        raise UsageError(f"{printable(name, 100)}: has no series to bisect; name one, such as "
                         "6.1:batch-add")
    last = wanted.stack[-1]
    if last.upto is not None:
        raise UsageError(f"{printable(name, 100)}: leave @{last.upto} away: every prefix of the "
                         "series is looked at")
    names = tuple(patch for patch, _ in series.entries(last.folder))
    texts = tuple((last.folder / patch).read_text(encoding="utf-8", errors="replace")
                  for patch in names)
    return Patches(name, names, texts)
