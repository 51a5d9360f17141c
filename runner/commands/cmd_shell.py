# SPDX-License-Identifier: GPL-2.0-only
"""swapscale shell: a kernel, interactively."""
from __future__ import annotations

import argparse

from runner import programs, swapareas
from runner.commands.options import Commands, Whole
from runner.errors import Exit
from runner.host import hostmemory
from runner.kernel import build
from runner.progress import Progress
from runner.records import DEVICES, FLAVOURS, MIB, SwapDevice
from runner.vm import accel, shell


def add(commands: Commands) -> None:
    parser = commands.add_parser("shell", help="boot a kernel interactively; Ctrl-A X leaves")
    parser.add_argument("kernel", help="such as 6.1:vanilla")
    parser.add_argument("--flavour", choices=FLAVOURS, default="perf")
    parser.add_argument("--device", choices=DEVICES, default="pmem")
    parser.add_argument("--swap-mib", type=Whole(16, 1 << 20), default=512, metavar="N")
    parser.add_argument("--ram-mib", type=Whole(128, 1 << 20), default=256, metavar="N")
    parser.add_argument("--vcpus", type=Whole(1, 64), default=2, metavar="N")
    parser.add_argument("--accelerator", choices=("auto", "kvm", "tcg"), default="auto")
    parser.set_defaults(run=do_shell)


def do_shell(args: argparse.Namespace, progress: Progress) -> Exit:
    programs.build(progress)
    kernel = build.build(args.kernel, swapareas.with_drivers(args.flavour, args.device), progress)
    accelerator = accel.choose(args.accelerator, progress)
    device = SwapDevice(args.device, args.swap_mib * MIB)
    hostmemory.hold(device)
    status = shell.shell(kernel, accelerator, args.vcpus, args.ram_mib * MIB, device)
    return Exit.OK if status == 0 else Exit.CANNOT_MEASURE
