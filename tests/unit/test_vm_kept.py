# SPDX-License-Identifier: GPL-2.0-only
"""Initramfs in the cache: whole, once, not for ever, and of nobody who was killed."""
from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.vm import kept


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "_KEPT", 2)
    return tmp_path / "swapscale/initramfs"


def test_it_is_kept_once_and_the_oldest_go(cache: Path) -> None:
    first = kept.store(b"one")
    assert first.read_bytes() == b"one" and kept.store(b"one") == first
    os.utime(first, (1, 1))
    second, third = kept.store(b"two"), kept.store(b"three")
    assert not first.exists() and second.exists() and third.exists()
    assert len(list(cache.iterdir())) == 2


def test_many_store_at_once(cache: Path) -> None:
    wrong: list[str] = []

    def several(who: int) -> None:
        try:
            for number in range(300):
                kept.store(b"%d" % (number * (who + 1) % 7))
        except (OSError, CannotMeasure) as error:
            wrong.append(str(error))
    crew = [threading.Thread(target=several, args=(who,)) for who in range(4)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    assert wrong == []
    assert all(one.read_bytes() for one in cache.iterdir())


@pytest.mark.parametrize("damage", [b"", b"o", b"other"])
def test_a_damaged_one_is_written_again(damage: bytes) -> None:
    path = kept.store(b"one")
    path.write_bytes(damage)
    assert kept.store(b"one") == path and path.read_bytes() == b"one"


def test_a_killed_runner_leaves_nothing(cache: Path) -> None:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        def stop(*args: object, **more: object) -> None:
            os.write(write, b"x")
            threading.Event().wait()
        os.link = stop  # type: ignore[assignment]
        kept.store(bytes(100000))
        os._exit(1)
    assert os.read(read, 1) == b"x"
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert not list(cache.iterdir())


def test_without_files_that_have_no_name(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def without(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "not here")
        return real(path, flags, mode)
    monkeypatch.setattr(os, "open", without)
    path = kept.store(b"one")
    assert [one.name for one in cache.iterdir()] == [path.name] and path.read_bytes() == b"one"


def test_a_full_disk_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(CannotMeasure, match=r"initramfs/[0-9a-f]+\.cpio: cannot be written: No "
                                            r"space left on device; make room there"):
        kept.store(b"one")


def test_one_in_a_read_only_cache_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept.store(b"one")

    def refuse(*args: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")
    monkeypatch.setattr(os, "utime", refuse)
    assert kept.store(b"one") == path
