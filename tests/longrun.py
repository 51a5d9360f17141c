# SPDX-License-Identifier: GPL-2.0-only
"""The way out of what runs for hours and is gone on with: self-test, study, faults."""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from runner.errors import Exit, SwapscaleError


def run(main: Callable[[list[str]], int], command: str) -> NoReturn:
    """`main` with the words typed; `command` is what goes on with it."""
    try:
        sys.exit(main(sys.argv[1:]))
    except SwapscaleError as error:
        print(f"swapscale: {error}", file=sys.stderr)
        sys.exit(error.exit)
    except KeyboardInterrupt:
        print(f"swapscale: interrupted; '{command}' goes on from here", file=sys.stderr)
        sys.exit(Exit.INTERRUPTED)
