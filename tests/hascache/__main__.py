# SPDX-License-Identifier: GPL-2.0-only
"""What the time costs in which a slot has SWAP_HAS_CACHE and no folio.

    python3 -m tests.hascache [BOOTS]

Boots pagewise and batched on 6.1 by turns, each with a counter of the swap-ins that
slept for a jiffy on such a slot, and lets race.c come across as many as it can.
kernels/series/batched/README.md has what it printed.
"""
from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from runner import programs
from runner.kernel import build
from runner.progress import Progress
from runner.records import MIB, Accelerator, BuiltKernel, SwapDevice
from runner.vm import accel, initramfs, machine, memory, qemu, shell
from runner.vm.guest import store

COUNTER = "./tests/series/count-has-cache-sleeps/6.1"
KERNELS = [f"6.1:{series}+{COUNTER}" for series in ("pagewise", "batched")]
RAM, DEVICE = 256 * MIB, SwapDevice("pmem", 256 * MIB)
#: Pages to swap out, of how many, and writers: short ranges are missed soonest.
LOADS = ((20000, 1024, 1), (20000, 256, 1), (20000, 32, 1))

_RC = """\
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mkswap /dev/pmem0 >/dev/null && swapon /dev/pmem0
{loads}
poweroff -f
"""
_LINE = re.compile(r"race: ns (\d+) pswpout (\d+) pswpin (\d+) sleeps (\d+) touches (\d+) "
                   r"longest_ns (\d+)")


def boot(kernel: BuiltKernel, accelerator: Accelerator, race: Path) -> list[list[int]]:
    """The figures of each load, in one boot."""
    loads = "\n".join(f"race {wanted} {pages} {writers}" for wanted, pages, writers in LOADS)
    initrd = store(shell.layer(DEVICE) + initramfs.archive([
        ("bin/race", initramfs.PROGRAM, race.read_bytes()),
        ("etc/rc", initramfs.TEXT, _RC.format(loads=loads).encode())]))
    pc, layout = machine.read(), memory.lay_out(RAM, DEVICE)
    argv = qemu.command(pc, accelerator, 2, layout, kernel.image.absolute(), initrd,
                        qemu.append(pc, accelerator, layout, ()),
                        qemu.Streams("stdio", "null", "null"))
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=600,
                          check=True)
    said = done.stdout.decode(errors="replace")
    found = [[int(part) for part in one.groups()] for one in _LINE.finditer(said)]
    if len(found) != len(LOADS):
        sys.exit(f"tests.hascache: {kernel.name}: the guest said\n{said[-2000:]}")
    return found


def main(boots: int) -> None:
    progress = Progress()
    programs.build(progress)
    kernels = [build.build(name, "perf", progress) for name in KERNELS]
    accelerator = accel.choose("auto", progress)
    with tempfile.TemporaryDirectory() as folder:
        race = Path(folder) / "race"
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Werror", "-static", "-pthread",
                        "-o", str(race), str(Path(__file__).with_name("race.c"))], check=True)
        taken: dict[str, list[list[list[int]]]] = {one.name: [] for one in kernels}
        for at in range(boots):
            for kernel in kernels:
                progress.log(f"boot {at + 1} of {boots}: {kernel.name}")
                taken[kernel.name].append(boot(kernel, accelerator, race))
    print(f"{boots} boots of each kernel, 2 vCPUs, {accelerator}; medians (least to most)")
    for load, (wanted, pages, writers) in enumerate(LOADS):
        print(f"\n{wanted} pages swapped out, of a region of {pages}; writers: {writers}")
        for name, made in taken.items():
            rows = [one[load] for one in made]

            def said(values: list[float], form: str = ",.0f") -> str:
                return (f"{statistics.median(values):{form}} ({min(values):{form}} to "
                        f"{max(values):{form}})")
            print(f"  {name.split('+')[0]:14} {said([r[1] for r in rows])} pages out; sleeps per "
                  f"million of them {said([1e6 * r[3] / r[1] for r in rows], ',.1f')}; pages out/s "
                  f"{said([1e9 * r[1] / r[0] for r in rows])}; touches/s "
                  f"{said([1e9 * r[4] / r[0] for r in rows])}; longest touch "
                  f"{said([r[5] / 1e6 for r in rows], '.1f')} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
