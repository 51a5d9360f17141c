# SPDX-License-Identifier: GPL-2.0-only
"""Swapscale's host side: plan, kernels, virtual machines, evidence, verdicts."""

__version__ = "0.1"
