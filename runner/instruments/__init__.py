# SPDX-License-Identifier: GPL-2.0-only
"""fio, perf and the like at work inside the guest, around the measured load."""
