# SPDX-License-Identifier: GPL-2.0-only
"""A campaign: its folder, its samples, and where they are made."""
