# SPDX-License-Identifier: GPL-2.0-only
"""Source 'dir': a plain folder of the user's, copied; never built in place."""
from __future__ import annotations

import fnmatch
import hashlib
import os
import re
from pathlib import Path

from runner import command
from runner.errors import UsageError
from runner.kernel.definitions import Source
from runner.kernel.tree import Tree, is_kernel
from runner.progress import Progress

#: What builds leave behind, by name in any folder: never part of the source.
PRODUCTS = ("*.o", "*.a", "*.ko", "*.mod", "*.mod.c", "*.cmd", "*.order", "*.orig", "*.rej",
            "*~", ".git", ".tmp_*", "modules.builtin*", "Module.symvers", "*.swapscale-new")
#: The same by place; their presence makes the kernel's own build refuse O=.
PLACES = (".config", ".config.old", "include/config", "include/generated",
          "arch/x86/include/generated", "vmlinux", "System.map",
          "arch/x86/boot/compressed/vmlinux", "arch/x86/boot/bzImage")

_PRODUCT = re.compile("|".join(fnmatch.translate(pattern) for pattern in PRODUCTS))


def identity(source: Source) -> str:
    """Fingerprint of names, sizes, modes, times and link targets."""
    if not source.path.is_dir():
        raise UsageError(f"{source.path}: no such folder; give the top folder of a kernel source")
    if not is_kernel(source.path):
        raise UsageError(f"{source.path}: holds no kernel source (no Kbuild in it)")
    seen = hashlib.sha256()
    for line in sorted(_entries(source.path, "")):
        seen.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return seen.hexdigest()


def _entries(folder: Path, inside: str) -> list[str]:
    told = []
    with os.scandir(folder) as entries:
        for entry in entries:
            path = inside + entry.name
            if _PRODUCT.match(entry.name) or path in PLACES:
                continue
            if entry.is_symlink():
                told.append(f"{path} -> {os.readlink(entry.path)}")
            elif entry.is_dir():
                told.extend(_entries(Path(entry.path), path + "/"))
            else:
                stat = entry.stat()
                told.append(f"{path} {stat.st_size} {stat.st_mtime_ns} {stat.st_mode:o}")
    return told


def fetch(source: Source, tree: Tree, progress: Progress) -> None:
    """Copy what differs.  Copied files get the time of the copy: a file that
    was put back to an older state must still be compiled again."""
    before = identity(source)
    tree.forget()
    tree.src.mkdir(parents=True, exist_ok=True)
    with progress.step(f"copy {source.path.name}", expected=20):
        command.run(["rsync", "--recursive", "--links", "--perms", "--chmod=u+w", "--checksum",
                     "--delete", "--delete-excluded",
                     *[f"--exclude={name}" for name in PRODUCTS],
                     *[f"--exclude=/{place}" for place in PLACES],
                     f"{source.path}/", f"{tree.src}/"], str(source.path), package="rsync")
    if identity(source) != before:
        raise UsageError(f"{source.path}: changed while it was being copied; try again when "
                         "nothing writes to it")
