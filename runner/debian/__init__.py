# SPDX-License-Identifier: GPL-2.0-only
"""Packages of Debian's archive, fetched into the cache and never installed."""
