# SPDX-License-Identifier: GPL-2.0-only
"""Tiers: how each plans, boots, measures, judges and is reported."""
