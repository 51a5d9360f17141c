# SPDX-License-Identifier: GPL-2.0-only
"""Modules of a ready kernel: which a guest needs, and the initramfs layer they come in.

A distribution builds as modules what our own kernels hold.  A module's own file says what it
depends on, so no modules.dep is asked for, which a package does not bring along.
"""
from __future__ import annotations

import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.files import DAMAGED
from runner.records import SwapDevice
from runner.vm import initramfs

#: Names of what is built in, in a folder that `collect` made.
BUILTIN = "builtin"
LIST = "modules"               # /modules in the guest
_FOLDER = "lib"                # where the guest finds them

_ALWAYS = ("virtio_pci", "virtio_console")
_OF_DEVICE = {
    "pmem": ("nfit", "nd_pmem"), "pmem-legacy": ("nd_e820", "nd_pmem"), "brd": ("brd",),
    "zram": ("zram",), "virtio-blk": ("virtio_blk",), "nvme": ("nvme",),
}
_DEPENDS = re.compile(rb"\0depends=([A-Za-z0-9_,-]*)\0")
_NAME = re.compile(r"([A-Za-z0-9_-]+)\.ko(\.xz|\.gz)?")
_UNPACK: dict[str | None, Callable[[bytes], bytes]] = {
    None: lambda data: data, ".xz": lzma.decompress, ".gz": gzip.decompress}


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _depends(module: bytes) -> list[str]:
    match = _DEPENDS.search(module)
    return [_plain(word) for word in match[1].decode("ascii").split(",") if word] if match else []


def collect(tree: Path) -> dict[str, bytes]:
    """Of a folder such as /lib/modules/6.1.0-30-amd64: all files that any device may need.

    NAME.ko, unpacked, and BUILTIN.  CannotMeasure where one cannot be read.
    """
    there = {_plain(match[1]): (file, match[2]) for file in sorted(tree.rglob("*.ko*"))
             if (match := _NAME.fullmatch(file.name))}
    try:
        builtin = sorted(_plain(Path(line).stem) for line in
                         (tree / "modules.builtin").read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise CannotMeasure(f"{tree}/modules.builtin: cannot be read: "
                            f"{printable(str(error), 80)}; give the modules' whole "
                            "folder") from None
    held = {BUILTIN: "".join(f"{name}\n" for name in builtin).encode()}
    wanted = [*_ALWAYS, *(module for ones in _OF_DEVICE.values() for module in ones)]
    while wanted:
        name = wanted.pop()
        if f"{name}.ko" in held or name not in there:
            continue
        file, packing = there[name]
        try:
            held[f"{name}.ko"] = _UNPACK[packing](file.read_bytes())
        except DAMAGED as error:
            raise CannotMeasure(f"{file}: cannot be read: {printable(str(error), 80)}") from None
        wanted += _depends(held[f"{name}.ko"])
    return held


def order(folder: Path, kind: str) -> list[str]:
    """Modules that a guest with such a device loads, each after what it depends on.

    CannotMeasure where the kernel has none of that name, as module or built in.
    """
    builtin = (folder / BUILTIN).read_text("utf-8").split()
    loaded: list[str] = []

    def add(name: str, what_for: str, above: tuple[str, ...] = ()) -> None:
        if name in loaded or name in builtin:
            return
        if name in above:
            raise CannotMeasure(f"module {name}: its dependencies lead back to it")
        file = folder / f"{name}.ko"
        if not file.is_file():
            raise CannotMeasure(f"the kernel has no module {printable(name, 60)} for {what_for}; "
                                "take another device, or give the folder of all its modules")
        for depend in _depends(file.read_bytes()):
            add(depend, what_for, (*above, name))
        loaded.append(name)

    for root in _ALWAYS:
        add(root, "the channel to the host")
    for root in _OF_DEVICE[kind]:
        add(root, f"device {kind}")
    return loaded


def layer(folder: Path, device: SwapDevice) -> bytes:
    """The archive with the modules, and /modules: a line 'PATH PARAMETERS' for each, in order."""
    # Built in, brd takes its size from the command line; a module does not read that.
    disks = [area.size for area in device.areas if area.kind == "brd"]
    zrams = [area for area in device.areas if area.kind == "zram"]
    params = {"brd": f"rd_nr={len(disks)} rd_size={max(disks, default=0) // 1024}",
              **({"zram": f"num_devices={len(zrams)}"} if len(zrams) > 1 else {})}
    names = list(dict.fromkeys(name for area in device.areas for name in order(folder, area.kind)))
    lines = "".join(f"/{_FOLDER}/{name}.ko {params.get(name, '')}".rstrip() + "\n"
                    for name in names)
    return initramfs.archive([
        (_FOLDER, initramfs.FOLDER, b""),
        *((f"{_FOLDER}/{name}.ko", initramfs.TEXT, (folder / f"{name}.ko").read_bytes())
          for name in names),
        (LIST, initramfs.TEXT, lines.encode())])
