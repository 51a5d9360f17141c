# SPDX-License-Identifier: GPL-2.0-only
"""Trees out of folders, tarballs and images: the user's are left alone."""
from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from kernelsource import SCAN, TOY, alone, content, fetch, run

from runner.errors import CannotMeasure, UsageError
from runner.kernel import folder, image, tarball
from runner.kernel.definitions import Source
from runner.kernel.tree import Tree
from runner.progress import Progress


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(tmp_path, monkeypatch)


def test_folder(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(TOY, mine)
    (mine / "mm/vmscan.o").write_text("product")
    (mine / ".config").write_text("product")
    (mine / "link.c").symlink_to("mm/vmscan.c")
    source = Source("d", "dir", mine)
    before = folder.identity(source)
    tree = fetch(source, tmp_path / "home")
    assert set(content(tree.src)) == {*content(TOY), "link.c"}
    assert (tree.src / "link.c").is_symlink()
    (mine / "mm/swapfile.o").write_text("another product")
    assert folder.identity(source) == before
    # Put back to an older state, with its older time: it still counts as new.
    (mine / "mm/vmscan.c").write_text(SCAN)
    os.utime(mine / "mm/vmscan.c", (1_500_000_000, 1_500_000_000))
    (mine / "mm/swapfile.c").unlink()
    assert folder.identity(source) != before
    copied = (tree.src / "mm/vmscan.c").stat().st_mtime_ns
    tree = fetch(source, tmp_path / "home")
    assert (tree.src / "mm/vmscan.c").read_text() == SCAN
    assert (tree.src / "mm/vmscan.c").stat().st_mtime_ns > copied
    assert not (tree.src / "mm/swapfile.c").exists()


def test_folder_problems(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        folder.identity(Source("d", "dir", tmp_path / "none"))
    with pytest.raises(UsageError, match="holds no kernel source"):
        folder.identity(Source("d", "dir", tmp_path))


def pack(tmp_path: Path, top: Path) -> Source:
    file = tmp_path / "linux.tar.gz"
    run("tar", "-czf", str(file), "-C", str(top.parent), top.name)
    return Source("t", "tarball", file)


def test_tarball(tmp_path: Path) -> None:
    source = pack(tmp_path, TOY)
    before = tarball.identity(source)
    tree = fetch(source, tmp_path / "home")
    assert content(tree.src) == content(TOY)
    (tree.home / "perf").mkdir()
    changed = tmp_path / "changed"
    shutil.copytree(TOY, changed)
    (changed / "mm/swapfile.c").unlink()
    source = pack(tmp_path, changed)
    assert tarball.identity(source) != before
    tree = fetch(source, tmp_path / "home")
    assert content(tree.src) == content(changed)
    assert not (tree.home / "perf").exists()


def test_tarball_hash_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    source = pack(tmp_path, TOY)
    before = tarball.identity(source)
    stat = source.path.stat()
    source.path.write_bytes(b"x" * stat.st_size)
    os.utime(source.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert tarball.identity(source) == before       # same size and time: not read again
    os.utime(source.path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert tarball.identity(source) != before


def test_tarball_problems(tmp_path: Path) -> None:
    gone = tmp_path / "linux-source-6.12.tar.xz"
    with pytest.raises(CannotMeasure) as caught:
        tarball.identity(Source("6.12", "debian", gone, package="linux-source-6.12"))
    assert str(caught.value) == (f"kernel 6.12: {gone} is not there; "
                                 "apt-get install linux-source-6.12")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        tarball.identity(Source("t", "tarball", gone))
    gone.write_bytes(b"not packed")
    tree = Tree(tmp_path / "home")
    with pytest.raises(CannotMeasure, match="tar failed: .*not look like a tar archive"):
        tarball.fetch(Source("t", "tarball", gone), tree, Progress())
    assert not (tree.home / "src.new").exists()
    with pytest.raises(UsageError, match="holds no kernel source"):
        tarball.fetch(pack(tmp_path, TOY / "mm"), tree, Progress())


def bzimage(version: bytes) -> bytes:
    head = bytearray(0x1000)
    head[0x202:0x206] = b"HdrS"
    head[0x20E:0x210] = (0x400).to_bytes(2, "little")
    head[0x600:0x600 + len(version)] = version
    return bytes(head)


def test_image(tmp_path: Path) -> None:
    file = tmp_path / "vmlinuz"
    file.write_bytes(bzimage(b"6.1.0-30-amd64 (debian@x) #1"))
    source = Source("image:v", "image", file)
    assert image.find(source, "k", keep=False) is None
    built = image.find(source, "k", keep=True)
    assert built is not None
    assert (built.release, built.flavour, built.modules) == ("6.1.0-30-amd64", "", None)
    assert built.image != file and built.image.read_bytes() == file.read_bytes()
    built.image.write_bytes(b"damaged")
    assert image.find(source, "k", keep=False) is None
    mended = image.find(source, "k", keep=True)
    assert mended is not None and mended.image.read_bytes() == file.read_bytes()
    tree = tmp_path / "modules"
    tree.mkdir()
    (tree / "modules.builtin").write_text("kernel/virtio.ko\n")
    (tree / "brd.ko").write_bytes(b"\0depends=\0")
    other = image.find(Source("x", "image", file, modules=tree), "k", keep=True)
    assert other is not None and other.modules is not None and other.key != mended.key
    (tree / "brd.ko").write_bytes(b"\0depends=more\0")
    assert (other.modules / "brd.ko").read_bytes() == b"\0depends=\0"
    changed = image.find(Source("x", "image", file, modules=tree), "k", keep=True)
    assert changed is not None and changed.key != other.key


def test_image_of_an_installed_kernel_brings_its_modules(tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "vmlinuz"
    file.write_bytes(bzimage(b"6.1.0-30-amd64"))
    monkeypatch.setattr(image, "INSTALLED", tmp_path)
    (tmp_path / "6.1.0-30-amd64").mkdir()
    (tmp_path / "6.1.0-30-amd64/modules.builtin").write_text("kernel/brd.ko\n")
    built = image.find(Source("image:v", "image", file), "k", keep=True)
    assert built is not None and built.modules is not None
    assert (built.modules / "builtin").read_text() == "brd\n"


def test_image_problems(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        image.release(tmp_path / "none")
    (tmp_path / "elf").write_bytes(b"\x7fELF")
    with pytest.raises(UsageError, match="is not an x86 kernel image"):
        image.release(tmp_path / "elf")
    (tmp_path / "v").write_bytes(bzimage(b"6.1\x1b[2J x"))
    assert image.release(tmp_path / "v").isprintable()
    with pytest.raises(UsageError, match="no such folder; 'modules' is"):
        image.find(Source("x", "image", tmp_path / "v", modules=tmp_path / "m"), "k", keep=True)
