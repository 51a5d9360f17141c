# SPDX-License-Identifier: GPL-2.0-only
"""From a kernel's name to a bootable image in the content-addressed cache."""
