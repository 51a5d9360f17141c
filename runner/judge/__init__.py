# SPDX-License-Identifier: GPL-2.0-only
"""From samples to verdicts: what counts, how it is compared, what is said of it."""
