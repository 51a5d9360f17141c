# SPDX-License-Identifier: GPL-2.0-only
"""./swapscale alone: what to do first, where results are, what this host can do."""
from __future__ import annotations

import argparse
from pathlib import Path

from runner import paths
from runner.errors import Exit
from runner.host import doctor, host, hostmemory
from runner.progress import Progress

_TEXT = """\
swapscale: does this Linux kernel swap out faster or slower than that one, by how much,
and because of which lock?

three things to do
  ./swapscale doctor                              what this host can do, and what it lacks
  ./swapscale compare 6.1:vanilla 6.1:batch-add   two kernels, built, booted and compared
  ./swapscale new experiment mine.toml            a file of your own, annotated

results    {results}
this host  {host}
more       ./swapscale --help, ./swapscale COMMAND --help, README.md, docs/man/swapscale.1
"""


def _results() -> str:
    """Where campaigns are, and how to see the newest."""
    made = sorted((file.parent for file in paths.RESULTS.glob("*/campaign.json")),
                  key=lambda folder: folder.stat().st_mtime)
    if not made:
        return f"{_short(paths.RESULTS)}: no campaign yet"
    return (f"{_short(paths.RESULTS)}: {len(made)} campaign{'s' * (len(made) > 1)}; the newest: "
            f"./swapscale report {_short(made[-1])}")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _host(progress: Progress) -> str:
    qemu, kvm = host.qemu_version(), doctor.accelerator(progress)
    boots = "no QEMU, so nothing can be booted" if not qemu else \
        f"QEMU {qemu} on KVM" if kvm.state == "ok" else \
        f"QEMU {qemu} without KVM:\n{' ' * 11}the tiers exact and locks decide, times do not"
    return f"{host.cores()} cores, {hostmemory.left() / 2**30:.0f} GiB available; {boots}"


def do_orient(args: argparse.Namespace, progress: Progress) -> Exit:
    print(_TEXT.format(results=_results(), host=_host(progress)), end="")
    return Exit.OK
