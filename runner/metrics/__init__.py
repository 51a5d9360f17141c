# SPDX-License-Identifier: GPL-2.0-only
"""From a sample's evidence to numbers with units."""
