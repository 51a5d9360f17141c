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
    """`ram` bytes for the guest's use beside its swap devices, wherever they take their own.

    UsageError where a size is no multiple of what a device needs.
    """
    if ram < SMALLEST_RAM or ram % MIB:
        raise UsageError(f"ram: {ram} bytes is not a whole number of MiB, at least "
                         f"{SMALLEST_RAM // MIB}")
    kinds: dict[str, list[SwapDevice]] = {}
    for area in device.areas:
        if area.size <= 0 or area.size % _UNIT:
            raise UsageError(f"device: {area.kind}: {area.size} bytes is not a multiple of "
                             f"{_UNIT // MIB} MiB")
        kinds.setdefault(area.kind, []).append(area)
    total = ram + sum(_inside(area) for area in device.areas)
    args = ["-m", f"size={total // MIB}M"]
    if pmems := kinds.get("pmem"):
        # The guest's window for hot-plugged memory must hold the devices, aligned.
        most = -(-(total + sum(pmem.size + pmem.spare for pmem in pmems)) // (1 << 30)) + len(pmems)
        args[1] += f",slots={len(pmems) + 1},maxmem={most}G"
        args += [word for number, pmem in enumerate(pmems) for word in _nvdimm(number, pmem)]
    disks = [disk for kind, ones in kinds.items() if kind in _DISKS for disk in ones]
    args += [word for disk in disks for word in _DISKS[disk.kind]]
    params = []
    if brds := kinds.get("brd"):
        params += [f"ramdisk_size={max(brd.size for brd in brds) // 1024}",
                   *([f"brd.rd_nr={len(brds)}"] if len(brds) > 1 else [])]
    if len(zrams := kinds.get("zram", [])) > 1:
        params.append(f"zram.num_devices={len(zrams)}")
    for area in kinds.get("pmem-legacy", []):
        start = _region(total, area.size)
        if start is None:
            raise UsageError(
                f"device: pmem-legacy: {area.size // MIB} MiB does not fit beside {ram // MIB} MiB "
                f"of RAM with {SECTION // MIB} MiB free on both sides; take more RAM or device "
                "pmem")
        params.append(f"memmap={area.size // MIB}M!{start // MIB}M")
    return Memory(total, ",nvdimm=on" if pmems else "", tuple(args), tuple(params),
                  sum(disk.size for disk in disks))


def _inside(device: SwapDevice) -> int:
    """Bytes of the guest's RAM that it takes."""
    if device.kind == "pmem" or device.kind in _DISKS:
        return 0
    if device.kind == "zram":
        # Filled before the load, as brd is; of pages that do not compress it keeps each in one
        # of its own, and 80 bytes about it.
        return device.size + -(-device.size // _ZRAM_SHARE // MIB) * MIB
    return device.size


def _nvdimm(number: int, device: SwapDevice) -> tuple[str, ...]:
    name = number or ""
    return ("-object", f"memory-backend-ram,id=swapmem{name},size="
                       f"{(device.size + device.spare) // MIB}M",
            "-device", f"nvdimm,memdev=swapmem{name},id=swapdimm{name}"
            + (f",node={device.node}" if device.node is not None else ""))
