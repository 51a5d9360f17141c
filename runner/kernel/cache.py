# SPDX-License-Identifier: GPL-2.0-only
"""Built images, by what they were built from, and the locks on build trees.

    images/KEY/bzImage, config, System.map, build.log, kernel.json, modules/
"""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import paths
from runner.files import sha256
from runner.kernel.stage import Content
from runner.kernel.tree import write
from runner.progress import Progress
from runner.records import BuiltKernel


def key(parts: dict[str, Any]) -> str:
    """SHA-256 of everything that shapes an image; parts are JSON values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def look_up(found_key: str, name: str) -> BuiltKernel | None:
    """The image of this key under the name it is asked for now, None if absent or damaged."""
    folder = paths.cache() / "images" / found_key
    try:
        told = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
        built = BuiltKernel(
            name=name, flavour=str(told["flavour"]), key=found_key, release=str(told["release"]),
            image=folder / "bzImage", image_sha256=str(told["image_sha256"]),
            modules=folder / str(told["modules"]) if told["modules"] else None,
            package=str(told.get("package", "")), options=str(told.get("options", "")))
        return built if sha256(built.image) == built.image_sha256 else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def store(found_key: str, files: Mapping[str, Path | bytes], told: dict[str, Any]) -> None:
    """Put an image's folder into the cache, whole or not at all.

    `files`: name in the folder -> file to copy, or its content; `told` becomes kernel.json.
    """
    images = paths.cache() / "images"
    images.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=images))
    try:
        for name, file in files.items():
            data = file if isinstance(file, bytes) else file.read_bytes()
            write(fresh / name, Content(data, 0o644))
        text = json.dumps(told, indent=1) + "\n"
        write(fresh / "kernel.json", Content(text.encode(), 0o644))
        fresh.chmod(0o755)
        final = images / found_key
        shutil.rmtree(final, ignore_errors=True)  # only ever a damaged one
        fresh.rename(final)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


@dataclass(frozen=True)
class Lock:
    fd: int
    waited: bool


@contextmanager
def lock(home: Path, what: str, progress: Progress) -> Iterator[Lock]:
    """Hold a source tree alone; waits for another runner and says so once."""
    home.mkdir(parents=True, exist_ok=True)
    fd = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        waited = False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            owner = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
            progress.log(f"{what}: waiting for another runner (process {owner or 'unknown'}) that "
                         "builds from the same source")
            fcntl.flock(fd, fcntl.LOCK_EX)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield Lock(fd, waited)
    finally:
        # Closing gives the lock back, once no child of ours holds it either.
        os.close(fd)
