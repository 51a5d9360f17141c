# SPDX-License-Identifier: GPL-2.0-only
"""Progress of long work: what, how far, how long left.

On a terminal a live bar (rich); in a log plain lines, one when a step
starts, one when it ends and one every `LOG_EVERY` seconds between.  All of
it goes to stderr, so that stdout holds results alone.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (BarColumn, Progress as RichProgress, TaskID, TextColumn,
                           TimeElapsedColumn, TimeRemainingColumn)

from runner.errors import printable

LOG_EVERY = 15.0


def duration(seconds: float) -> str:
    """'42 s', '3 min 05 s': for people, whole seconds."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


class Step:
    """One piece of work under way; `update` says how far it is, from 0 to 1."""

    def __init__(self, owner: Progress, what: str, expected: float | None) -> None:
        self.what = what
        self.started = time.monotonic()
        self.task: TaskID | None = None
        self._owner = owner
        self._expected = expected
        self._logged = self.started

    def update(self, fraction: float | None = None, detail: str = "") -> None:
        """`fraction` None: judged by the expected seconds, short of the end."""
        now = time.monotonic()
        elapsed = now - self.started
        if fraction is None:
            fraction = min(0.99, elapsed / self._expected) if self._expected else 0.0
        fraction = min(1.0, max(0.0, fraction))
        self._owner.show(self, fraction, printable(detail, 60))
        if self.task is None and now - self._logged >= LOG_EVERY:
            self._logged = now
            left = f", about {duration(elapsed / fraction - elapsed)} left" if fraction else ""
            self._owner.log(f"{self.what}: {fraction:.0%}{left} {printable(detail, 60)}".rstrip())


class Progress:
    """The one place that draws; safe to use from several threads."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._lock = threading.Lock()
        self._rich: RichProgress | None = None
        self._active = 0
        self._warned: set[str] = set()

    def log(self, line: str) -> None:
        """A line that stays."""
        with self._lock:
            self._console.print(line, markup=False, soft_wrap=True)

    def warn(self, line: str) -> None:
        """A line that stays and wants attention: says what to do about it.

        Once in a run: a bisect's every step would say again what its host lacks.
        """
        with self._lock:
            if line in self._warned:
                return
            self._warned.add(line)
        self.log(f"warning: {line}")

    @contextmanager
    def step(self, what: str, expected: float | None = None) -> Iterator[Step]:
        """Draw `what` while the block runs; `expected` is its usual seconds."""
        step = Step(self, what, expected)
        self._enter(step)
        try:
            yield step
        except BaseException:
            self._leave(step, "stopped")
            raise
        self._leave(step, "done")

    def show(self, step: Step, fraction: float, detail: str) -> None:
        """Called by Step.update: move the bar."""
        with self._lock:
            if self._rich is not None and step.task is not None:
                self._rich.update(step.task, completed=fraction, detail=detail)

    def _enter(self, step: Step) -> None:
        with self._lock:
            self._active += 1
            if not self._console.is_terminal:
                self._console.print(f"{step.what} …", markup=False, soft_wrap=True)
                return
            if self._rich is None:
                self._rich = RichProgress(
                    TextColumn("{task.description}", markup=False), BarColumn(bar_width=24),
                    TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(),
                    TextColumn("left"), TimeRemainingColumn(),
                    TextColumn("{task.fields[detail]}", markup=False),
                    console=self._console, transient=True)
                self._rich.start()
            step.task = self._rich.add_task(step.what, total=1.0, detail="")

    def _leave(self, step: Step, how: str) -> None:
        took = duration(time.monotonic() - step.started)
        with self._lock:
            self._active -= 1
            if self._rich is not None and step.task is not None:
                self._rich.remove_task(step.task)
                if self._active == 0:
                    self._rich.stop()
                    self._rich = None
            self._console.print(f"{step.what}: {how} in {took}", markup=False, soft_wrap=True)
