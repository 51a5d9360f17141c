# SPDX-License-Identifier: GPL-2.0-only
"""Nights in a row: the index of all campaigns, the gate over them, the nightly run."""
