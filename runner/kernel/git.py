# SPDX-License-Identifier: GPL-2.0-only
"""Source 'git': a commit of the user's repository, in a work tree of ours.

The user's repository is only ever read.  Ours holds an index and no objects:
it borrows them (objects/info/alternates), which works for worktrees and for
shallow clones too, because trees are checked out and history is never walked.
"""
from __future__ import annotations

import shutil

from runner import command
from runner.errors import CannotMeasure, SourceGone, UsageError, printable
from runner.kernel import gitrepo
from runner.kernel.definitions import Source
from runner.kernel.tree import Tree, is_kernel
from runner.progress import Progress


def _ask(source: Source, *question: str) -> str:
    return gitrepo.ask(source.path, *question).strip()


def identity(source: Source) -> str:
    """Object id of the tree that the ref's commit holds; SourceGone where it is not there."""
    gitrepo.check(source.path, f"for a plain folder say dir:{source.path}")
    try:
        commit = _ask(source, "rev-parse", "--verify", "--quiet", f"{source.ref}^{{commit}}")
        gitrepo.complete(source.path, ["--no-walk", commit], printable(source.ref, 80))
        return _ask(source, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
    except CannotMeasure:
        raise SourceGone(f"{source.path}: has no commit {printable(source.ref, 80)!r}; "
                         f"'git -C {source.path} branch --all' and 'git tag' show what there "
                         "is") from None


def fetch(source: Source, tree: Tree, progress: Progress) -> None:
    """Check the commit's tree out; only files that differ are written."""
    wanted = identity(source)
    repository = tree.home / "git"
    sure = tree.base != "" and tree.src.is_dir()
    tree.forget()
    if not sure:
        shutil.rmtree(repository, ignore_errors=True)
        shutil.rmtree(tree.src, ignore_errors=True)
    ours = ["git", f"--git-dir={repository}", f"--work-tree={tree.src}",
            "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false",
            "-c", "core.fsmonitor=false", "-c", "core.bare=false",
            "-c", "core.sparseCheckout=false", "-c", "core.attributesFile=/dev/null"]
    tree.src.mkdir(parents=True, exist_ok=True)
    with progress.step(f"check out {printable(source.ref, 60)}", expected=20):
        if not repository.is_dir():
            kind = _ask(source, "rev-parse", "--show-object-format")
            command.run(["git", "init", "--quiet", "--bare", "--template=",
                         f"--object-format={kind}", str(repository)], str(repository))
        objects = _ask(source, "rev-parse", "--path-format=absolute", "--git-path", "objects")
        info = repository / "objects" / "info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "alternates").write_text(objects + "\n", encoding="utf-8")
        # A lock file can only be left over from a run that was killed.
        (repository / "index.lock").unlink(missing_ok=True)
        command.run([*ours, "read-tree", "--reset", "-u", wanted], str(source.path), cwd=tree.src)
    if not is_kernel(tree.src):
        raise UsageError(f"{source.path}: {printable(source.ref, 80)} holds no kernel source (no "
                         "Kbuild in its top folder)")
