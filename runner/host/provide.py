# SPDX-License-Identifier: GPL-2.0-only
"""What setup/install adds that apt-get install cannot: 'python3 -m runner.host.provide PACKAGE…'.

A newer QEMU, and the kernel sources that are not installed.  All of it goes into the cache of
whoever runs it.  What cannot be had is said in one line each; the rest of
swapscale works without it, so that is no failure.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from runner.errors import SwapscaleError
from runner.kernel import debsource, definitions
from runner.progress import Progress
from runner.vm import newqemu


def _sources(packages: Sequence[str], progress: Progress) -> Iterator[str]:
    """Have the sources that kernels.toml takes from these packages; a line for each that is
    not installed."""
    for source in definitions.load().values():
        if source.package not in packages or source.path.is_file():
            continue
        try:
            debsource.obtain(source, progress)
            yield f"kernel {source.name} is built from {debsource.version(source)}, in the cache"
        except SwapscaleError as error:
            yield f"{error}; without it no {source.name} kernel can be built"


def _qemu(progress: Progress) -> Iterator[str]:
    try:
        newqemu.provide(progress)
    except SwapscaleError as error:
        yield (f"a newer QEMU cannot be had: {error}; without it {newqemu.LOST}; everything else "
               f"works; mend: {newqemu.MEND}")


def main(packages: Sequence[str]) -> int:
    """Status 0, whatever could be had."""
    progress = Progress()
    for line in (*_sources(packages, progress), *_qemu(progress)):
        print(f"setup: {line}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
