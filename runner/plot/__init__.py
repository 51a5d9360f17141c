# SPDX-License-Identifier: GPL-2.0-only
"""Pictures: data files written here, drawn by gnuplot's scripts in plots/."""
