# SPDX-License-Identifier: GPL-2.0-only
"""The commands of ./swapscale: a file for each, which adds its parser and runs it."""
from __future__ import annotations

from runner.commands import (attribute, bisect, bisect_step, budget, claim, compare, completion,
                             doctor, index, kernel, new, nightly, report, run, shell)

#: In the order '--help' lists them.
COMMANDS = (doctor, new, kernel, run, compare, bisect, bisect_step, attribute, claim, report,
            budget, index, nightly, shell, completion)
