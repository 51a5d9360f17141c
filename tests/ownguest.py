# SPDX-License-Identifier: GPL-2.0-only
"""A guest that runs a program of a test's own, from a shell that swaps to pmem."""
from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from runner.records import MIB, Accelerator, BuiltKernel, SwapDevice
from runner.vm import initramfs, machine, memory, qemu, shell
from runner.vm.kept import store

#: Bytes the guest may say, and seconds until it must have said them.
_MOST_BYTES, _PATIENCE = 1 << 20, 600

_RC = """\
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkswap /dev/pmem0 >/dev/null && swapon /dev/pmem0
{script}
poweroff -f
"""


def compiled(source: Path, folder: Path) -> Path:
    """The program, static; its name is the source's."""
    made = folder / source.stem
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Werror", "-static", "-pthread",
                    "-o", str(made), str(source)], check=True)
    return made


def said(kernel: BuiltKernel, accelerator: Accelerator, vcpus: int, ram_mib: int, swap_mib: int,
         program: Path, script: list[str], params: tuple[str, ...] = ()) -> str:
    """The console of one boot in which the shell ran the lines of `script`."""
    device = SwapDevice("pmem", swap_mib * MIB)
    initrd = store(shell.layer(device) + initramfs.archive([
        (f"bin/{program.name}", initramfs.PROGRAM, program.read_bytes()),
        ("etc/rc", initramfs.TEXT, _RC.format(script="\n".join(script)).encode())]))
    pc, layout = machine.read(), memory.lay_out(ram_mib * MIB, device)
    argv = qemu.command(pc, accelerator, vcpus, layout, kernel.image.absolute(), initrd,
                        qemu.append(pc, accelerator, layout, params),
                        qemu.Streams("stdio", "null", "null"))
    with tempfile.TemporaryFile() as output:
        with qemu.running(argv, _MOST_BYTES, subprocess.DEVNULL, output) as process:
            process.wait(_PATIENCE)
        output.seek(0)
        return output.read().decode(errors="replace")
