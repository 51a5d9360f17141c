# SPDX-License-Identifier: GPL-2.0-only
"""An interactive boot: the same machine, its serial line on this terminal."""
from __future__ import annotations

import contextlib
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

from runner.errors import CannotMeasure
from runner.paths import BUILD
from runner.records import Accelerator, BuiltKernel, SwapDevice
from runner.vm import initramfs, machine, memory, modules, qemu
from runner.vm.kept import store

BUSYBOX = Path("/bin/busybox")

_TABLE = """\
::sysinit:/bin/busybox sh /etc/rc
ttyS0::wait:-/bin/sh
::once:/bin/poweroff -f
"""

_RC = """\
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
[ ! -e /modules ] || while read -r file params; do insmod $file $params; done < /modules
[ ! -e /sys/block/zram0 ] || echo {size} > /sys/block/zram0/disksize
echo
echo "swapscale: $(uname -r), swap device: {device}"
echo "swapscale: 'mkswap {device} && swapon {device}', then 'swapstorm --help'"
echo "swapscale: leave with 'exit' or with Ctrl-A X"
"""

_MOST_BYTES = 1 << 30     # of a file that output is redirected to
_LINK = 0o120777
_NODES = {"pmem": "/dev/pmem0", "pmem-legacy": "/dev/pmem0", "brd": "/dev/ram0",
          "zram": "/dev/zram0", "virtio-blk": "/dev/vda", "nvme": "/dev/nvme0n1"}


def layer(device: SwapDevice) -> bytes:
    """An initramfs with busybox as init; CannotMeasure where busybox or swapstorm is missing."""
    if not BUSYBOX.exists():
        raise CannotMeasure(f"shell: {BUSYBOX} is missing; install package busybox-static")
    # busybox is /init as it is, not by a script: small kernels do not run '#!'.
    base = initramfs.base_layer(BUSYBOX, BUILD / "swapstorm")
    rc = _RC.format(device=_NODES[device.kind], size=device.size)
    return base + initramfs.archive([
        ("bin/busybox", _LINK, b"/init"), ("etc", initramfs.FOLDER, b""),
        ("etc/inittab", initramfs.TEXT, _TABLE.encode()),
        ("etc/rc", initramfs.TEXT, rc.encode())])


@contextlib.contextmanager
def _terminal_kept() -> Iterator[None]:
    """QEMU makes the terminal raw, and a killed one leaves it so."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def shell(kernel: BuiltKernel, accelerator: Accelerator, vcpus: int, ram: int,
          device: SwapDevice) -> int:
    """Boot `kernel` with a busybox shell on this terminal; QEMU's exit status.

    `ram` is bytes.  The user leaves with 'exit', 'poweroff' or Ctrl-A X.
    """
    pc = machine.read()
    layout = memory.lay_out(ram, device)
    initrd = store(layer(device)
                   + (modules.layer(kernel.modules, device) if kernel.modules else b""))
    # Without signal=off Ctrl-C would end QEMU and not what runs in the guest.
    argv = qemu.command(pc, accelerator, vcpus, layout, kernel.image.absolute(), initrd,
                        qemu.append(pc, accelerator, layout, ()),
                        qemu.Streams("stdio,mux=on,signal=off", "null", "null"))
    qemu.version(pc.qemu)
    print(f"swapscale: booting {kernel.name} on {accelerator}; leave with Ctrl-A X",
          file=sys.stderr, flush=True)
    with (_terminal_kept(),
          qemu.running(argv, _MOST_BYTES, None, None, own_session=False,
                       disk_bytes=layout.disk) as process):
        return process.wait()
