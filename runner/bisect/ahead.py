# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that may come next, built while another is measured.

Not where the host's clock is measured: a compiler beside it would spoil the times.
"""
from __future__ import annotations

import queue
import threading
from collections.abc import Iterable

from runner.bisect.measure import Build
from runner.errors import SwapscaleError
from runner.judge import tier
from runner.progress import Progress


class Ahead:
    """One thread that builds what is wanted, the latest wish first."""

    def __init__(self, name: str, flavour: str, build: Build, progress: Progress) -> None:
        self._flavour, self._build, self._progress = flavour, build, progress
        self._wanted: queue.LifoQueue[list[str]] = queue.LifoQueue()
        self._end = threading.Event()
        # A daemon: an interrupted bisect does not wait for it, and make is told to end with it.
        self._thread = threading.Thread(target=self._work, daemon=True)
        if not tier.find(name).by_clock:
            self._thread.start()

    def want(self, kernels: Iterable[str]) -> None:
        self._wanted.put(list(kernels))

    def stop(self) -> None:
        """Begin nothing more."""
        self._end.set()
        self._wanted.put([])

    def _work(self) -> None:
        while not self._end.is_set():
            for name in self._wanted.get():
                if self._end.is_set() or not self._wanted.empty():
                    break
                try:
                    self._build(name, self._flavour, self._progress)
                except (SwapscaleError, OSError):
                    # Its turn will come, and with it the complaint.
                    continue
