# SPDX-License-Identifier: GPL-2.0-only
"""One boot of one guest: QEMU, its limits, its console and its channel."""
