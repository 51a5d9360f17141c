# SPDX-License-Identifier: GPL-2.0-only
"""Where a guest's RAM and its swap device lie."""
from __future__ import annotations

from dataclasses import dataclass

from runner.errors import UsageError
from runner.records import MIB, SwapDevice
from runner.vm.disk import BACKEND, NODE

#: Linux adds memory in sections of 128 MiB: a pmem region inside RAM that does
#: not start at one, or that ends where RAM ends, does not come up as /dev/pmem0.
SECTION = 128 * MIB
SMALLEST_RAM = 64 * MIB

_UNIT = 2 * MIB          # of a device: a huge page, as nvdimm wants it
_LOW_END = 3 << 30       # the PC's RAM goes on at 4 GiB if it is 3.5 GiB or more
_SPLIT_FROM = 0xE0000000
_HIGH_START = 4 << 30
_ZRAM_SHARE = 32         # one part in so many of a zram device is about its pages

_DISKS = {
    "virtio-blk": ("-blockdev", BACKEND, "-device", f"virtio-blk-pci,drive={NODE}"),
    "nvme": ("-blockdev", BACKEND, "-device", f"nvme,drive={NODE},serial=swapscale"),
}


@dataclass(frozen=True)
class Memory:
    ram: int                       # bytes QEMU gives the machine
    machine: str                   # to append to -machine
    args: tuple[str, ...]          # of QEMU
    params: tuple[str, ...]        # of the kernel
    disk: int = 0                  # bytes of the file of the disk, which lies in the host's RAM


def _region(total: int, size: int) -> int | None:
    """A start for `size` bytes inside RAM with a section free below and above."""
    # The initramfs lies at the top of RAM below 4 GiB, and so above the region.
    low_end = total if total < _SPLIT_FROM else _LOW_END
    start = (low_end - SECTION - size) // SECTION * SECTION
    if start >= SECTION:
        return start
    high_end = total - low_end + _HIGH_START
    return _HIGH_START if total > low_end and _HIGH_START + size + SECTION <= high_end else None


def lay_out(ram: int, device: SwapDevice) -> Memory:
    """`ram` bytes for the guest's use beside the device, wherever that takes its own.

    UsageError where a size is no multiple of what the device needs.
    """
    if ram < SMALLEST_RAM or ram % MIB:
        raise UsageError(f"ram: {ram} bytes is not a whole number of MiB, at least "
                         f"{SMALLEST_RAM // MIB}")
    if device.size <= 0 or device.size % _UNIT:
        raise UsageError(f"device: {device.kind}: {device.size} bytes is not a multiple of "
                         f"{_UNIT // MIB} MiB")
    if device.kind in _DISKS:
        return Memory(ram, "", ("-m", f"size={ram // MIB}M", *_DISKS[device.kind]), (),
                      device.size)
    if device.kind == "pmem":
        # The guest's window for hot-plugged memory must hold the device, aligned.
        whole = device.size + device.spare
        most = -(-(ram + whole) // (1 << 30)) + 1
        return Memory(ram, ",nvdimm=on", (
            "-m", f"size={ram // MIB}M,slots=2,maxmem={most}G",
            "-object", f"memory-backend-ram,id=swapmem,size={whole // MIB}M",
            "-device", "nvdimm,memdev=swapmem,id=swapdimm"), ())
    if device.kind == "zram":
        # Filled before the load, as brd is; of pages that do not compress it keeps each in one
        # of its own, and 80 bytes about it.
        total = ram + device.size + -(-device.size // _ZRAM_SHARE // MIB) * MIB
        return Memory(total, "", ("-m", f"size={total // MIB}M"), ())
    total = ram + device.size
    args = ("-m", f"size={total // MIB}M")
    if device.kind == "brd":
        return Memory(total, "", args, (f"ramdisk_size={device.size // 1024}",))
    start = _region(total, device.size)
    if start is None:
        raise UsageError(
            f"device: pmem-legacy: {device.size // MIB} MiB does not fit beside {ram // MIB} MiB "
            f"of RAM with {SECTION // MIB} MiB free on both sides; take more RAM or device pmem")
    return Memory(total, "", args, (f"memmap={device.size // MIB}M!{start // MIB}M",))
