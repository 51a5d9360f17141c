# SPDX-License-Identifier: GPL-2.0-only
"""What setup/install adds that apt-get install cannot: 'python3 -m runner.debian.provide'.

All of it goes into the cache of whoever runs it.  What cannot be had is said in one line; the rest
of swapscale works without it, so that is no failure.
"""
from __future__ import annotations

import sys

from runner.errors import SwapscaleError
from runner.progress import Progress
from runner.vm import newqemu


def main() -> int:
    """Status 0, whatever could be had."""
    try:
        newqemu.provide(Progress())
    except SwapscaleError as error:
        print(f"setup: a newer QEMU cannot be had: {error}; without it {newqemu.LOST}; "
              f"everything else works; mend: {newqemu.MEND}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
