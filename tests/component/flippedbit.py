# SPDX-License-Identifier: GPL-2.0-only
"""A bit of a page flipped between its writing and its check, in the memory of a stopped program."""
from __future__ import annotations

import mmap
import os
import resource
import signal
import struct
import subprocess
from pathlib import Path

PAGE = resource.getpagesize()


def _region_start(pid: int, size: int) -> int:
    """Where the one mapping of `size` bytes begins."""
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="ascii").splitlines():
        begin, end = (int(address, 16) for address in line.split()[0].split("-"))
        if end - begin == size:
            return begin
    raise AssertionError(f"no mapping of {size} bytes")


def _once(command: list[str], fd: int, counters: int, size: int, page: int, offset: int
          ) -> tuple[int, str, bool]:
    """Exit status, document, and whether we came before the first check."""
    with (subprocess.Popen([*command, "--progress-fd", str(fd)], pass_fds=(fd,), text=True,
                           stdout=subprocess.PIPE) as child,
          mmap.mmap(fd, counters) as shared):
        while struct.unpack_from("=Q", shared)[0] <= page and child.poll() is None:
            os.sched_yield()
        if child.poll() is None:
            child.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        in_time = struct.unpack_from("=Q", shared)[0] < size // PAGE
        if in_time:
            where = _region_start(child.pid, size) + page * PAGE + offset
            with open(f"/proc/{child.pid}/mem", "r+b", buffering=0) as memory:
                memory.seek(where)
                byte = memory.read(1)[0]
                memory.seek(where)
                memory.write(bytes([byte ^ 0x10]))
        child.send_signal(signal.SIGCONT)
        text, _ = child.communicate(timeout=120)
    return child.returncode, text, in_time


def run(command: list[str], counters: int, size: int, page: int, offset: int) -> str:
    """The document of a program, of one thread with a region of `size` bytes, that ends for it.

    `counters`: bytes of memory for its progress.
    """
    while True:     # a busy machine may let us in only after the writing
        fd = os.memfd_create("progress")
        try:
            os.ftruncate(fd, counters)
            status, text, in_time = _once(command, fd, counters, size, page, offset)
        finally:
            os.close(fd)
        assert status == (1 if in_time else 0)
        if in_time:
            return text
