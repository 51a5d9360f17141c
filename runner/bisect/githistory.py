# SPDX-License-Identifier: GPL-2.0-only
"""A git history to bisect.  The user's repository is only ever read."""
from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.bisect.points import Limits, Point
from runner.errors import CannotMeasure, ProgramFailed, UsageError, printable
from runner.kernel import gitrepo
from runner.progress import Progress

_SHORT = 12
_ask = gitrepo.ask


def commit_of(tree: Path, ref: str) -> str:
    """The commit a ref names; UsageError where it names none."""
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    try:
        # In two steps, as ':/text' takes whatever stands behind it for its own.
        commit = _ask(tree, *asked, ref).strip()
        if not commit.startswith("^"):
            return _ask(tree, *asked, f"{commit}^{{commit}}").strip()
    except ProgramFailed:
        pass
    raise UsageError(f"{tree}: has no commit {printable(repr(ref), 80)}; 'git -C {tree} "
                     "branch --all' and 'git tag' show what there is")


def names_commit(tree: Path, ref: str) -> bool:
    """Whether `ref` names a commit; a tree that cannot be read names none."""
    try:
        return bool(commit_of(tree, ref))
    except UsageError:
        return False


def _repository(tree: Path) -> None:
    gitrepo.check(tree, "give one with --tree, or a series with --series")
    if _ask(tree, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise UsageError(f"{tree}: is a shallow clone, so commits between the ends are missing; "
                         f"'git -C {tree} fetch --unshallow' gets them")


def ancestor(tree: Path, old: str, new: str) -> bool:
    """Whether the commit `new` has `old` in its history, or is it."""
    return not _ask(tree, "rev-list", "--max-count=1", old, f"^{new}").strip()


@dataclass(frozen=True)
class History:
    """The commits of `tree` that `bad` has and `good` has not."""

    tree: Path
    good: Point
    bad: Point
    limits: Limits = Limits()

    @property
    def where(self) -> str:
        return str(self.tree)

    def kernel(self, point: Point) -> str:
        return f"git:{self.tree}@{point}"

    def title(self, point: Point) -> str:
        subject = self._subjects.get(point) or printable(
            _ask(self.tree, "log", "-1", "--format=%s", point).strip(), 100)
        return f"{self.short(point)} {subject}"

    def short(self, point: Point) -> str:
        return point[:_SHORT]

    def parent(self, point: Point) -> Point:
        return _ask(self.tree, "rev-parse", "--verify", f"{point}^1").strip()

    def suspects(self, good: Sequence[Point], bad: Point) -> list[Point]:
        lines = _ask(self.tree, "rev-list", "--bisect-all",
                     *["--first-parent"] * self.limits.first_parent, bad,
                     *(f"^{commit}" for commit in good), "--", *self.limits.paths).splitlines()
        return [line.split()[0] for line in lines if line]

    def place(self, point: Point) -> int:
        return self._order.get(point, 0)

    def stat(self, point: Point) -> str:
        return _ask(self.tree, "diff", "--no-ext-diff", "--stat=80", self._before(point), point)

    def revert(self, point: Point) -> bytes:
        # Not `git revert`: that would need a work tree and write into the repository.
        return _ask(self.tree, "diff", "--no-ext-diff", "--no-textconv", "--no-renames",
                    "--src-prefix=a/", "--dst-prefix=b/", point, self._before(point)).encode()

    def _before(self, point: Point) -> str:
        """What it changes: its first parent, or nothing where a history that was merged begins."""
        words = _ask(self.tree, "rev-list", "--parents", "--max-count=1", point).split()
        return words[1] if len(words) > 1 else _ask(self.tree, "hash-object", "-t", "tree",
                                                    "/dev/null").strip()

    def reverted(self, folder: str) -> str:
        return f"{self.kernel(self.bad)}:{folder}"

    @functools.cached_property
    def _subjects(self) -> dict[Point, str]:
        """Of all suspects and the good end, in the order of history."""
        lines = _ask(self.tree, "log", "--topo-order", "--reverse", "--format=%H %s", self.bad,
                     f"^{self.good}").splitlines()
        lines.insert(0, _ask(self.tree, "log", "-1", "--format=%H %s", self.good).strip())
        return {line.partition(" ")[0]: printable(line.partition(" ")[2], 100) for line in lines}

    @functools.cached_property
    def _order(self) -> dict[Point, int]:
        return {point: at for at, point in enumerate(self._subjects)}


def find(tree: Path, good: str, bad: str, progress: Progress, limits: Limits = Limits()
         ) -> History:
    """The history between two refs; UsageError 'what is wrong with them', one line."""
    tree = tree.expanduser().absolute()
    _repository(tree)
    old, new = commit_of(tree, good), commit_of(tree, bad)
    shown = f"{tree}: {printable(good, 60)} and {printable(bad, 60)}"
    if old == new:
        raise UsageError(f"{shown} are the same commit {old[:_SHORT]}; name two")
    if not ancestor(tree, old, new):
        if ancestor(tree, new, old):
            raise UsageError(f"{shown} are exchanged: the good one is the later one; say "
                             f"--good {printable(bad, 60)} --bad {printable(good, 60)}")
        try:
            base = _ask(tree, "merge-base", old, new).strip()[:_SHORT]
        except CannotMeasure:
            raise UsageError(f"{shown} have no commit in common") from None
        raise UsageError(f"{shown} are on different branches; bisect from where they part: "
                         f"--good {base}")
    gitrepo.complete(tree, ["--no-walk", old], printable(good, 60))
    gitrepo.complete(tree, [new, f"^{old}"], f"what is between {printable(good, 60)} and "
                                             f"{printable(bad, 60)}")
    new = _touched(tree, old, new, limits, progress)
    changed = _ask(tree, "status", "--porcelain", "--untracked-files=no").splitlines() \
        if _ask(tree, "rev-parse", "--is-inside-work-tree").strip() == "true" else []
    if changed:
        progress.warn(f"{tree}: {len(changed)} file{'s' * (len(changed) > 1)} with changes that "
                      "are not committed; commits alone are measured, commit them to have them in")
    return History(tree, old, new, limits)


def _touched(tree: Path, good: str, bad: str, limits: Limits, progress: Progress) -> str:
    """The last commit that may be the culprit: what comes after it is measured by nobody."""
    if not limits.paths and not limits.first_parent:
        return bad
    words = ["rev-list", "--max-count=1", *["--first-parent"] * limits.first_parent, bad,
             f"^{good}", "--", *limits.paths]
    paths = printable(" ".join(limits.paths), 80)
    try:
        last = _ask(tree, *words).strip()
    except CannotMeasure as error:
        raise UsageError(f"{tree}: {paths}: {error}") from None
    if not last:
        raise UsageError(f"{tree}: no commit between {good[:_SHORT]} and {bad[:_SHORT]} touches "
                         f"{paths}; name other paths, or none")
    if last != bad:
        progress.log(f"{tree}: the bad end is {last[:_SHORT]}, the last commit that touches "
                     f"{paths}")
    return last
