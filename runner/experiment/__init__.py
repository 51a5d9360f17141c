# SPDX-License-Identifier: GPL-2.0-only
"""An experiment: its file read and checked, and the boots it comes to."""
