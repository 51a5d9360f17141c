# SPDX-License-Identifier: GPL-2.0-only
"""The commands of ./swapscale: cmd_NAME.py for each, which adds its parser and runs it."""
from __future__ import annotations

from runner.commands import (cmd_attribute, cmd_bisect, cmd_bisect_step, cmd_budget, cmd_claim,
                             cmd_compare, cmd_completion, cmd_doctor, cmd_index, cmd_kernel,
                             cmd_new, cmd_nightly, cmd_report, cmd_run, cmd_shell)

#: In the order '--help' lists them.
COMMANDS = (cmd_doctor, cmd_new, cmd_kernel, cmd_run, cmd_compare, cmd_bisect, cmd_bisect_step,
            cmd_attribute, cmd_claim, cmd_report, cmd_budget, cmd_index, cmd_nightly, cmd_shell,
            cmd_completion)
