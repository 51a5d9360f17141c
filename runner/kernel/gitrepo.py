# SPDX-License-Identifier: GPL-2.0-only
"""A git repository of the user's, which is only ever read.

Its own configuration must not change what git prints, nothing is fetched into
it, and what keeps git from reading it is one line with git's own remedy.
"""
from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from runner import command
from runner.errors import CannotMeasure, ProgramFailed, SourceGone, UsageError, printable

#: Of the user's environment: where git may trust a repository is often said there alone.
_TRUST = re.compile(r"XDG_CONFIG_HOME|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)")
_READ = ("core.fsmonitor=false", "color.ui=false", "color.diff=false", "log.showSignature=false",
         "i18n.logOutputEncoding=UTF-8", "diff.context=3", "diff.interHunkContext=0",
         "diff.suppressBlankEmpty=false", "diff.orderFile=/dev/null", "core.abbrev=auto",
         "protocol.allow=never")


def ask(tree: Path, *question: str) -> str:
    """What git prints; CannotMeasure with what it complained of."""
    settings = [word for setting in _READ for word in ("-c", setting)]
    trust = {key: value for key, value in os.environ.items() if _TRUST.fullmatch(key)}
    return command.run(["git", "--no-optional-locks", "-C", str(tree), *settings, *question],
                       str(tree), more={**trust, "GIT_NO_LAZY_FETCH": "1",
                                        "GIT_TERMINAL_PROMPT": "0"})


def check(tree: Path, else_say: str) -> None:
    """SourceGone where git cannot read it, with the remedy; `else_say` where it is none."""
    if not tree.is_dir():
        raise SourceGone(f"{tree}: no such folder; give the folder of a git repository")
    try:
        ask(tree, "rev-parse", "--git-dir")
    except ProgramFailed as error:
        said = str(error)
        if "not a git repository" in said:
            # A work tree's .git is a file that leads to the repository it is of.
            if (tree / ".git").is_file():
                raise SourceGone(f"{tree}: its .git leads to a repository that is not there; "
                                 f"'git worktree repair {tree}', said in the repository it is a "
                                 "work tree of, mends one that was moved") from None
            raise SourceGone(f"{tree}: is not a git repository; {else_say}") from None
        if "dubious ownership" in said or "unsafe repository" in said:
            raise SourceGone(f"{tree}: belongs to another user, so git does not read it; 'git "
                             f"config --global --add safe.directory {tree}' lets it") from None
        if "bare repository" in said:
            raise SourceGone(f"{tree}: is a bare repository, which safe.bareRepository forbids; "
                             "'git config --global safe.bareRepository all' lets git read it"
                             ) from None
        raise SourceGone(said) from None
    _borrowed(tree)


def _borrowed(tree: Path) -> None:
    """SourceGone where the repository it borrows objects of, as 'git clone --shared' does, is
    gone: git says on standard error that it is, and then that there is no such commit."""
    objects = Path(ask(tree, "rev-parse", "--path-format=absolute", "--git-path",
                       "objects").strip())
    try:
        lines = (objects / "info/alternates").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        if line and not line.startswith(("#", '"')) and not (objects / line).is_dir():
            raise SourceGone(f"{tree}: borrows its objects of {printable(line, 200)}, which is "
                             "not there; bring it back, or say in "
                             f"{objects / 'info/alternates'} where it is now")


def _promisor(tree: Path) -> tuple[str, str]:
    """Remote and filter of a partial clone; '' for any other."""
    try:
        lines = ask(tree, "config", "--get-regexp",
                    r"^remote\..*\.(promisor|partialclonefilter)$").splitlines()
    except CannotMeasure:      # git's status where there is none
        return "", ""
    settings = {key: value for key, _, value in (line.partition(" ") for line in lines)}
    for key, value in settings.items():
        if key.endswith(".promisor") and value == "true":
            remote = key.removeprefix("remote.").removesuffix(".promisor")
            return remote, settings.get(f"remote.{remote}.partialclonefilter", "")
    return "", ""


def complete(tree: Path, revisions: Sequence[str], shown: str) -> None:
    """UsageError where a partial clone lacks something of these revisions.

    A clone without all its files is read like any other; nothing is fetched into it.
    """
    remote, kept = _promisor(tree)
    if not remote:
        return
    remedy = f"'git -C {tree} fetch --refetch --no-filter {remote}' gets all"
    filtered = f" ({printable(kept, 40)})" if kept else ""
    try:
        lines = ask(tree, "rev-list", "--objects", "--missing=print", *revisions).splitlines()
    except CannotMeasure:
        raise UsageError(f"{tree}: is a partial clone{filtered} that lacks commits or folders of "
                         f"{shown}; {remedy}") from None
    lacking = sum(line.startswith("?") for line in lines)
    if lacking:
        raise UsageError(f"{tree}: is a partial clone{filtered} and lacks {lacking} "
                         f"file{'s' * (lacking > 1)} of {shown}; {remedy}")
