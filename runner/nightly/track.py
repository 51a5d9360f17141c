# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that move: what the tip of a branch, or Debian's source, is tonight.

A night boots its kernel under a pinned name, which means the same kernel on
every later night: a commit of a git tree, or a source tarball by its SHA-256,
of which the cache keeps a copy when Debian's package moves on.
"""
from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

from runner import command
from runner.errors import CannotMeasure, UsageError, printable
from runner.kernel import debsource, definitions, series, spec, tarball
from runner.kernel.spec import Spec
from runner.progress import Progress
from runner.settings.chosen import no_settings


@dataclass(frozen=True)
class Tip:
    """A kernel that moves, as it stands tonight."""

    track: str                # as nightly.toml names it
    kernel: str               # to boot tonight
    source: str               # commit, or SHA-256 of the tarball
    identity: str             # of source and patches: another one, another kernel
    commit: str               # of a git tree; else ''
    pinned: str               # means this very kernel on later nights


def check(name: str) -> Spec:
    """UsageError where `name` is no kernel, or one that nothing can hold still."""
    no_settings(name, "a night")
    wanted = spec.parse(name)
    if wanted.source.kind not in ("git", "debian", "tarball"):
        raise UsageError(f"{printable(name, 100)}: a kernel that moves is a git tree's branch "
                         "(git:/src/linux@master) or a source of kernels.toml of kind git, debian "
                         f"or tarball (6.1:vanilla), not of kind {wanted.source.kind}")
    return wanted


def fetch(name: str, progress: Progress, move: bool) -> None:
    """Have the kernel's source here; `move`: 'git fetch' in its tree, or what Debian has now."""
    source = check(name).source
    if source.kind == "debian":
        debsource.obtain(source, progress, move)
    if source.kind != "git" or not move:
        return
    with progress.step(f"git fetch in {source.path}", expected=30):
        command.run(["git", "-C", str(source.path), "fetch", "--quiet", "--all", "--prune"],
                    str(source.path))


def tip(name: str) -> Tip:
    """What `name` is now; UsageError where the tree, branch or package is not there."""
    wanted = check(name)
    source, words = wanted.source, spec.split(name)
    if source.kind == "git":
        commit = _commit(wanted)
        place = f"git:{source.path}" if words.kind else words.place
        pinned = f"{place}@{commit}:{words.series}"
        return Tip(name, pinned, commit, _identity(commit, wanted), commit, pinned)
    digest = tarball.identity(source)
    place = words.place if not words.kind else \
        f"debian:{words.place}" if words.kind == "debian" else ""
    # A tarball named by its path has no name to pin it under: its copy is named instead.
    pinned = f"{place}@{digest}:{words.series}" if place else \
        f"tarball:{definitions.kept(digest)}:{words.series}"
    return Tip(name, name, digest, _identity(digest, wanted), "", pinned)


def _identity(source: str, wanted: Spec) -> str:
    """A series can change while its name stays."""
    return f"{source} {series.load(wanted.stack).digest()}" if wanted.stack else source


def can_be_had(pinned: str, identity: str) -> bool:
    """Whether a pinned name still means the kernel it meant; its patches may have changed."""
    wanted = spec.parse(pinned)
    return not wanted.stack or identity.endswith(series.load(wanted.stack).digest())


def _commit(wanted: Spec) -> str:
    source = wanted.source
    if not source.path.is_dir():
        raise UsageError(f"{source.path}: no such folder; give the folder of a git repository")
    try:
        return command.run(["git", "--no-optional-locks", "-C", str(source.path), "rev-parse",
                            "--verify", "--quiet", f"{source.ref}^{{commit}}"],
                           str(source.path)).strip()
    except CannotMeasure:
        raise UsageError(f"{source.path}: has no commit {printable(source.ref, 80)!r}, or is no "
                         "git repository") from None


def keep(now: Tip) -> None:
    """Keep what a later night needs to boot tonight's kernel again; costs no space twice where
    the cache is on the tarball's file system."""
    if now.commit:
        return
    source, copy = check(now.track).source, definitions.kept(now.source)
    if copy.exists():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    fresh = copy.with_suffix(f".new-{os.getpid()}")
    try:
        shutil.copyfile(tarball.file(source), fresh)
        fresh.rename(copy)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CannotMeasure(f"{copy}: cannot be kept: {error.strerror}") from None
