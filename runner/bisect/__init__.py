# SPDX-License-Identifier: GPL-2.0-only
"""Bisect: the first commit, or patch of a series, that made swap-out worse."""
