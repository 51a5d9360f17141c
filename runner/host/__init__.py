# SPDX-License-Identifier: GPL-2.0-only
"""The machine the samples run on: what it is, what it does meanwhile, what it lacks."""
