# SPDX-License-Identifier: GPL-2.0-only
"""swapscale kernel: list, build or adopt kernels."""
from __future__ import annotations

import argparse
import json

from runner import adopt
from runner.commands.options import Commands, campaigns, executor, measure
from runner.errors import Exit
from runner.kernel import build
from runner.progress import Progress
from runner.records import COMPRESSORS, DRIVERS, FLAVOURS, LOADS

_MORE = (DRIVERS, DRIVERS + COMPRESSORS)


def add(commands: Commands) -> None:
    kernel = commands.add_parser("kernel", help="list, build or adopt kernels")
    actions = kernel.add_subparsers(metavar="ACTION", required=True)
    sub = actions.add_parser("list", help="sources and series this checkout knows")
    sub.add_argument("--json", action="store_true", help="for programs")
    sub.set_defaults(run=do_kernel_list)
    sub = actions.add_parser("build", help="build into the cache")
    sub.add_argument("kernel", nargs="+", help="such as 6.1:vanilla")
    sub.add_argument("--flavour", default="measured", choices=(
        *FLAVOURS, *(own + more for own in FLAVOURS[:2] for more in _MORE), f"perf+tools{LOADS}",
        "measured", "all"),
                     help="perf: as shipped; lockstat: with lock counts; debug: for torture; "
                     "perf+tools: for experiments with instruments; measured: the first two; "
                     f"…{DRIVERS}: with drivers of more swap devices; …{_MORE[1]}: with zswap and "
                     f"more compressors on top; …{LOADS}: for loads of other people's programs "
                     "(default: %(default)s)")
    sub.add_argument("--json", action="store_true", help="for programs")
    sub.set_defaults(run=do_kernel_build)
    sub = actions.add_parser("adopt", help="look a new version through: what is new, unnamed or "
                             "gone, and what to add for it")
    sub.add_argument("kernel", help="a source, such as debian:sid or tarball:/src/linux-7.4.tar.xz")
    campaigns(sub)
    executor(sub)
    sub.set_defaults(run=do_kernel_adopt)


def do_kernel_adopt(args: argparse.Namespace, progress: Progress) -> Exit:
    adopted, folder = adopt.adopt(args.kernel, args.results, measure(args), progress)
    for line in adopted.lines:
        print(line)
    print(f"proposed, for review: {', '.join(str(folder / file) for file in adopted.files)}")
    return Exit.OK


def do_kernel_list(args: argparse.Namespace, progress: Progress) -> Exit:
    known = build.names()
    if args.json:
        print(json.dumps([kernel.as_data() for kernel in known], indent=1))
    else:
        for kernel in known:
            print(kernel.line())
    return Exit.OK


def do_kernel_build(args: argparse.Namespace, progress: Progress) -> Exit:
    flavours = {"measured": ("perf", "lockstat"), "all": FLAVOURS}.get(args.flavour,
                                                                       (args.flavour,))
    built = [build.build(name, flavour, progress) for name in args.kernel for flavour in flavours]
    if args.json:
        print(json.dumps([{"kernel": kernel.name, "flavour": kernel.flavour, "key": kernel.key,
                           "release": kernel.release, "image": str(kernel.image),
                           "image_sha256": kernel.image_sha256} for kernel in built], indent=1))
    else:
        for kernel in built:
            print(f"{kernel.name} {kernel.flavour or 'image'}: Linux {kernel.release}, "
                  f"{kernel.image}")
    return Exit.OK
