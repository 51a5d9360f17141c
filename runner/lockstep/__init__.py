# SPDX-License-Identifier: GPL-2.0-only
"""Lockstep: the real kernel on a simulated machine of many CPUs, in simulated time."""
