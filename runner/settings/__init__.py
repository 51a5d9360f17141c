# SPDX-License-Identifier: GPL-2.0-only
"""Variants: a kernel with settings, what they mean, and whether they took effect."""
