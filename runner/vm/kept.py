# SPDX-License-Identifier: GPL-2.0-only
"""Initramfs in the cache."""
from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from runner.errors import written
from runner.paths import cache

_KEPT = 64
_BYTES = 1 << 30


def store(content: bytes) -> Path:
    """An initramfs under its own checksum; the least recently used are dropped.

    One that is there is looked at: a host that lost power may have left a part of it.
    """
    folder = cache() / "initramfs"
    path = folder / f"{hashlib.sha256(content).hexdigest()[:32]}.cpio"
    try:
        if path.read_bytes() == content:
            with suppress(OSError):           # a cache that is read-only keeps its order
                os.utime(path)
            return path
    except OSError:
        pass                                  # not there, or not to be read
    with written(path):
        folder.mkdir(exist_ok=True)
        _put(path, content)
    kept = 0
    for number, (_, size, old) in enumerate(sorted(_stored(folder), reverse=True)):
        kept += size
        if number and (number >= _KEPT or kept > _BYTES):
            old.unlink(missing_ok=True)
    return path


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all, and nothing is left of a runner that is killed meanwhile."""
    try:
        file = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            raise
        # A file system that has no files without a name.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix="new-", delete=False) as named:
            named.write(content)
        os.replace(named.name, path)
        return
    with open(file, "wb") as out:
        out.write(content)
        out.flush()
        while True:
            try:
                # A descriptor of a folder's, unused, has Python ask for the link to be followed.
                os.link(f"/proc/self/fd/{file}", path, src_dir_fd=file)
                return
            except FileExistsError:
                with suppress(FileNotFoundError):     # another sample drops it just now
                    if path.read_bytes() == content:  # or has stored it
                        return
                    path.unlink()


def _stored(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """(time of last use in ns, bytes, file) of each; other samples drop some at the same time."""
    for path in folder.glob("*.cpio"):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        yield stat.st_mtime_ns, stat.st_size, path
