# SPDX-License-Identifier: GPL-2.0-only
"""The disk behind a guest's virtio-blk or NVMe device: a file in the host's RAM, without a name.

Nobody else sees it, and it goes when QEMU does, however that ends.  Whoever boots asks
runner.host.hostmemory first: more than there is would wake the OOM killer, not fail.
"""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

NODE = "swapdisk"
_SET = 1
#: What QEMU opens; who starts it by hand gives it a file with '-add-fd fd=3,set=1 3<>FILE'.
BACKEND = f"driver=file,node-name={NODE},filename=/dev/fdset/{_SET},locking=off"


@contextmanager
def held(size: int) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """Arguments of QEMU and file descriptors it is to inherit; none for a disk of 0 bytes."""
    if not size:
        yield [], ()
        return
    fd = os.memfd_create("swapscale-disk")
    try:
        # There from the start, so that no time of the guest's goes to the host's page faults.
        os.posix_fallocate(fd, 0, size)
        yield ["-add-fd", f"fd={fd},set={_SET}"], (fd,)
    finally:
        os.close(fd)
