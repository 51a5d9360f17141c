# SPDX-License-Identifier: GPL-2.0-only
"""Claims: effects somebody published, held against what this host measures."""
