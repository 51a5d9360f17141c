# SPDX-License-Identifier: GPL-2.0-only
"""make faults: faults injected end to end, and what the product makes of each."""
