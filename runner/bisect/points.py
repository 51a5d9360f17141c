# SPDX-License-Identifier: GPL-2.0-only
"""What is bisected: points between a good end and a bad one, and which comes next."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

#: A commit's object id, or how many patches of a series are applied.
Point = str


@dataclass(frozen=True)
class Limits:
    """Which of the commits between the ends may be the culprit, as 'git bisect start' has it."""

    first_parent: bool = False             # of a merge, the merge and not what it brought
    paths: tuple[str, ...] = ()            # those that touch one of these; none: all


class Range(Protocol):
    """A history, each of whose points is a kernel."""

    @property
    def where(self) -> str:
        """The repository, or the series."""

    @property
    def good(self) -> Point: ...

    @property
    def bad(self) -> Point: ...

    @property
    def limits(self) -> Limits: ...

    def kernel(self, point: Point) -> str:
        """The kernel's name, as everywhere else."""

    def title(self, point: Point) -> str:
        """One line for people: abbreviated id and subject."""

    def short(self, point: Point) -> str:
        """The abbreviated id."""

    def parent(self, point: Point) -> Point:
        """The point before; of a merge the first parent."""

    def suspects(self, good: Sequence[Point], bad: Point) -> list[Point]:
        """All points that may be the first bad one, `bad` among them, the one whose test
        tells most at the front."""

    def place(self, point: Point) -> int:
        """Its place in the history, from 0 for the good end."""

    def stat(self, point: Point) -> str:
        """The diffstat of what it changed."""

    def revert(self, point: Point) -> bytes:
        """A unified diff that takes back what it changed."""

    def reverted(self, folder: str) -> str:
        """The kernel that is the bad end with the one-patch series in `folder` on top."""


def narrowed(points: Range, verdicts: Mapping[Point, str]) -> list[Point]:
    """The suspects that are left, `verdicts` being 'good', 'bad' or 'skip' by point.

    Of several bad ones the earliest counts: each of them that is an ancestor of the one
    before narrows further.
    """
    good = [point for point, verdict in verdicts.items() if verdict == "good"]
    left = points.suspects([points.good, *good], points.bad)
    for point, verdict in verdicts.items():
        if verdict == "bad" and point in left:
            inner = points.suspects([points.good, *good], point)
            left = inner if len(inner) < len(left) else left
    return left


def choose(left: Sequence[Point], bad: Point, skipped: Collection[Point], row: int
           ) -> Point | None:
    """The next point to test; None where nothing more can be told.

    `row` is how many were skipped one after the other: what broke one commit mostly broke
    its neighbours, so the step away from the best place doubles each time.
    """
    open_ones = [point for point in left if point != bad and point not in skipped]
    if not open_ones:
        return None
    return open_ones[min((1 << min(row, 16)) - 1, len(open_ones) // 2)]
