# SPDX-License-Identifier: GPL-2.0-only
"""Sources 'tarball' and 'debian': a packed tree, identified by its SHA-256."""
from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from runner import command, paths
from runner.errors import UsageError
from runner.kernel import debsource
from runner.kernel.definitions import Source
from runner.kernel.stage import Content
from runner.kernel.tree import Tree, is_kernel, write
from runner.progress import Progress


def file(source: Source) -> Path:
    """The tarball that the source stands for now."""
    return debsource.place(source) if source.kind == "debian" else source.path


def identity(source: Source) -> str:
    """SHA-256 of the tarball; the hash is kept, by size and time of change."""
    path = file(source)
    try:
        stat = path.stat()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if not path.is_file():
        raise UsageError(f"{path}: is not a tarball")
    seal = [str(path.resolve()), stat.st_size, stat.st_mtime_ns]
    memory = paths.cache() / "tarballs" / f"{source.tree_id()}.json"
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["seal"] == seal:
            return str(known["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        pass  # not hashed yet, or a damaged note: hash it
    with open(path, "rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    note = json.dumps({"seal": seal, "sha256": digest}) + "\n"
    write(memory, Content(note.encode(), 0o644))
    return digest


def fetch(source: Source, tree: Tree, progress: Progress) -> None:
    """Unpack into the tree; old builds go, for unpacked files carry old times."""
    path = file(source)
    fresh = tree.home / "src.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        with progress.step(f"unpack {path.name}", expected=15):
            # The user's own right to write is set, so that the tree can be patched.
            command.run(["tar", "--extract", "--strip-components=1", "--no-same-owner",
                         "--mode=u+w", f"--file={path}", f"--directory={fresh}"],
                        str(path), package="tar xz-utils")
        if not is_kernel(fresh):
            raise UsageError(f"{path}: holds no kernel source (no Kbuild in its top folder)")
        tree.forget()
        tree.drop_builds()
        shutil.rmtree(tree.src, ignore_errors=True)
        fresh.rename(tree.src)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
