# SPDX-License-Identifier: GPL-2.0-only
"""Every fault, in the order of the table."""
from __future__ import annotations

from tests.faults import agent, files, host, kernel, nodes, runner
from tests.faults.fault import FAULTS

__all__ = ["FAULTS", "agent", "files", "host", "kernel", "nodes", "runner"]
