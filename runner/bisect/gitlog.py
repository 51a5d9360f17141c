# SPDX-License-Identifier: GPL-2.0-only
"""The log that 'git bisect log' prints and 'git bisect replay' takes."""
from __future__ import annotations

import dataclasses
import functools
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.bisect import githistory
from runner.bisect.githistory import History
from runner.bisect.points import Limits, Range
from runner.bisect.statefile import Reading
from runner.errors import UsageError, printable
from runner.progress import Progress

FILE = "bisect.log"
# What git's replay reads of a line; a mail's quote marks are no part of it.
_LINE = re.compile(r"[>\s]*git[ -]bisect\s+(\S+)(?:\s+(.*?))?\s*")
_WORDS = {"good": "good", "bad": "bad", "old": "good", "new": "bad", "skip": "skip"}
_TERM = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_TERMS = {"--term-old": "good", "--term-good": "good", "--term-new": "bad", "--term-bad": "bad"}


def render(points: Range, path: Sequence[Reading], culprit: str) -> str:
    """Ends, then every step; what was skipped has its reason above it."""
    more = ["--first-parent"] * points.limits.first_parent
    if points.limits.paths:
        more += ["--", *points.limits.paths]
    lines = [" ".join(["git bisect start", *map(shlex.quote, more)])]
    for point, verdict, reason in [
            (points.bad, "bad", ""), (points.good, "good", ""),
            *((reading.point, reading.verdict, reading.reason) for reading in path)]:
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
    limits: Limits = Limits()


def read(file: Path, is_commit: Callable[[str], bool] = bool) -> Log:
    """UsageError with file and line of what git's replay takes for no line, or where an end lacks.

    As git does it, what is no 'git bisect' line is passed over, and a second start begins anew.
    `is_commit` tells the commits after 'git bisect start' from the paths.
    """
    try:
        # A mail's subjects may be in any encoding; what git reads of a log is not.
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {printable(str(error))}") from None
    log, words = Log(), dict(_WORDS)
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        where = f"{file}:{number}"
        try:
            arguments = shlex.split(match[2] or "")
        except ValueError:
            raise UsageError(f"{where}: {printable(line, 60)!r} is not a line of 'git bisect log'"
                             ) from None
        if match[1] == "start":
            words = dict(_WORDS)
            log = _start(where, arguments, words, is_commit)
        elif match[1] in words and arguments:
            for ref in arguments:
                _take(log, ref, words[match[1]])
        elif match[1] != "terms":
            known = ", ".join(word for word in words if word not in _WORDS) or "good, bad"
            raise UsageError(f"{where}: git bisect {printable(match[1], 20)} is not {known} or "
                             "skip with a commit")
    for end in ("good", "bad"):
        if not getattr(log, end):
            raise UsageError(f"{file}: names no {end} commit; a bisect takes both ends")
    return log


def _start(where: str, arguments: list[str], words: dict[str, str],
           is_commit: Callable[[str], bool]) -> Log:
    """The line that begins it; its own words for good and bad go into `words`."""
    log, left, paths, first = Log(), list(arguments), list[str](), False
    if "--" in left:
        at = left.index("--")
        left, paths = left[:at], left[at + 1:]
    refs: list[str] = []
    while left:
        word = left.pop(0)
        option, given, value = word.partition("=")
        if option in _TERMS:
            if not given:
                value = left.pop(0) if left else ""
            if not _TERM.fullmatch(value):
                raise UsageError(f"{where}: {option} takes a word for "
                                 f"{_TERMS[option]} commits, not {printable(value, 20)!r}")
            words[value] = _TERMS[option]
        elif word == "--first-parent":
            first = True
        elif word == "--no-checkout":
            pass                   # nothing is checked out here anyway
        elif word.startswith("-"):
            raise UsageError(f"{where}: git bisect start has no {printable(word, 30)}")
        elif is_commit(word):
            refs.append(word)
        else:
            # As git does: from here on paths, where no '--' says so.
            paths = [word, *left, *paths]
            left = []
    log.limits = Limits(first, tuple(paths))
    for ref, said in zip(refs, ("bad", *["good"] * len(refs))):
        _take(log, ref, said)
    return log


def _take(log: Log, ref: str, verdict: str) -> None:
    if verdict == "good" and not log.good:
        log.good = ref
    elif verdict == "bad" and not log.bad:
        log.bad = ref
    else:
        log.steps.append((ref, verdict))


def replay(tree: Path, file: Path, progress: Progress) -> tuple[History, list[Reading]]:
    """The history a log is of, and what it says of the commits in it; UsageError where that
    makes no sense."""
    log = read(file, functools.partial(githistory.names_commit, tree))
    try:
        for ref in (log.bad, log.good, *(ref for ref, _ in log.steps)):
            githistory.commit_of(tree, ref)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None
    points = githistory.find(tree, _good_end(tree, log), log.bad, progress, log.limits)
    between = set(dataclasses.replace(points, limits=Limits()).suspects([points.good], points.bad))
    said = []
    for ref, verdict in [(log.good, "good"), *log.steps]:
        commit = githistory.commit_of(tree, ref)
        if commit == points.good and verdict == "bad" or commit not in between and (
                verdict == "bad" and not githistory.ancestor(tree, points.bad, commit)):
            raise UsageError(f"{file}: {printable(ref, 60)} is {verdict}, but not between the ends "
                             f"the log names, {points.short(points.good)} and "
                             f"{points.short(points.bad)}")
        # Of a good commit on another branch nothing is a suspect that it has.
        if commit in between or verdict == "good" and not githistory.ancestor(
                tree, commit, points.good):
            said.append(Reading(commit, "given", verdict, "from the log"))
    return points, said


def _good_end(tree: Path, log: Log) -> str:
    """The first of the good commits that the bad one has in its history."""
    bad = githistory.commit_of(tree, log.bad)
    goods = [log.good, *(ref for ref, verdict in log.steps if verdict == "good")]
    return next((ref for ref in goods
                 if githistory.ancestor(tree, githistory.commit_of(tree, ref), bad)),
                log.good)
