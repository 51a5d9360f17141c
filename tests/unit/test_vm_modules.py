# SPDX-License-Identifier: GPL-2.0-only
"""Which modules a guest loads, and in which order; from trees as Debian packs them."""
from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.records import DEVICES, MIB, SwapDevice
from runner.vm import modules


def module(depends: str) -> bytes:
    """What a module's .modinfo section looks like among the rest of it."""
    return b"\x7fELF\0license=GPL\0depends=" + depends.encode() + b"\0retpoline=Y\0"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Named and packed as in Debian's 6.1 and 6.12; virtio_console is built in."""
    made = tmp_path / "tree"
    files = {
        "drivers/virtio/virtio.ko": module(""),
        "drivers/virtio/virtio_ring.ko": module("virtio"),
        "drivers/virtio/virtio_pci.ko": module("virtio,virtio_ring"),
        "drivers/nvdimm/libnvdimm.ko.xz": lzma.compress(module("")),
        "drivers/nvdimm/nd_btt.ko.xz": lzma.compress(module("libnvdimm")),
        "drivers/nvdimm/nd_pmem.ko.xz": lzma.compress(module("libnvdimm,nd_btt")),
        "drivers/acpi/nfit/nfit.ko.gz": gzip.compress(module("libnvdimm")),
        "drivers/block/brd.ko": module(""),
        "drivers/block/zram/zram.ko": module("zs-malloc"),
        "mm/zs-malloc.ko": module(""),
        "drivers/net/tun.ko": module(""),
    }
    for name, data in files.items():
        (made / "kernel" / name).parent.mkdir(parents=True, exist_ok=True)
        (made / "kernel" / name).write_bytes(data)
    (made / "modules.builtin").write_text("kernel/drivers/char/virtio_console.ko\n"
                                          "kernel/crypto/lzo-rle.ko\n")
    return made


@pytest.fixture
def kept(tree: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    for name, data in modules.collect(tree).items():
        (folder / name).write_bytes(data)
    return folder


def test_what_devices_may_need_is_kept_unpacked(kept: Path) -> None:
    assert sorted(file.stem for file in kept.glob("*.ko")) == [
        "brd", "libnvdimm", "nd_btt", "nd_pmem", "nfit", "virtio", "virtio_pci", "virtio_ring",
        "zram", "zs_malloc"]
    assert (kept / "nd_pmem.ko").read_bytes() == module("libnvdimm,nd_btt")
    assert (kept / modules.BUILTIN).read_text() == "lzo_rle\nvirtio_console\n"


@pytest.mark.parametrize("kind, more", [
    ("pmem", ["libnvdimm", "nfit", "nd_btt", "nd_pmem"]), ("brd", ["brd"]),
    ("zram", ["zs_malloc", "zram"])])
def test_each_comes_after_what_it_depends_on(kept: Path, kind: str, more: list[str]) -> None:
    assert modules.order(kept, kind) == ["virtio", "virtio_ring", "virtio_pci", *more]


def test_every_device_is_known(kept: Path) -> None:
    for name in ("nd_e820", "virtio_blk", "nvme"):
        (kept / f"{name}.ko").write_bytes(module(""))
    for kind in DEVICES:
        assert len(modules.order(kept, kind)) > 3


def test_missing(kept: Path) -> None:
    with pytest.raises(CannotMeasure, match="the kernel has no module nvme for device nvme; take "):
        modules.order(kept, "nvme")
    (kept / "virtio.ko").unlink()
    with pytest.raises(CannotMeasure, match="no module virtio for the channel to the host"):
        modules.order(kept, "brd")


def test_layer_gives_brd_its_size(kept: Path) -> None:
    content = modules.layer(kept, SwapDevice("brd", 64 * MIB))
    assert (b"/lib/virtio.ko\n/lib/virtio_ring.ko\n/lib/virtio_pci.ko\n"
            b"/lib/brd.ko rd_nr=1 rd_size=65536\n") in content
    assert content.count(module("")) == 2 and b"libnvdimm" not in content


def test_trees_that_are_wrong(tree: Path) -> None:
    (tree / "kernel/drivers/nvdimm/nd_pmem.ko.xz").write_bytes(b"\xfd7zXZ\0cut")
    with pytest.raises(CannotMeasure, match="nd_pmem.ko.xz: cannot be read: "):
        modules.collect(tree)
    (tree / "kernel/drivers/nvdimm/nd_pmem.ko.xz").unlink()
    packed = gzip.compress(module("libnvdimm"))
    (tree / "kernel/drivers/acpi/nfit/nfit.ko.gz").write_bytes(packed[:10] + b"\x07" + packed[11:])
    with pytest.raises(CannotMeasure, match="nfit.ko.gz: cannot be read: "):
        modules.collect(tree)
    (tree / "modules.builtin").unlink()
    with pytest.raises(CannotMeasure, match="modules.builtin: cannot be read: .*whole folder"):
        modules.collect(tree)


def test_circles_do_not_end_in_one(tree: Path, tmp_path: Path) -> None:
    (tree / "kernel/mm/zs-malloc.ko").write_bytes(module("zram"))
    folder = tmp_path / "circle"
    folder.mkdir()
    for name, data in modules.collect(tree).items():
        (folder / name).write_bytes(data)
    with pytest.raises(CannotMeasure, match="zram: its dependencies lead back to it"):
        modules.order(folder, "zram")
