# SPDX-License-Identifier: GPL-2.0-only
"""What a bisect knows, on disk after every step.

    results/bisect-TIME/state.json     the question, every reading, the measurement under way
    results/bisect-TIME/ends.toml      the experiment that measures the ends
    results/bisect-TIME/step.toml      the one that measures what lies between
    results/bisect-TIME/measured/      a campaign for each measurement
"""
from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.errors import UsageError, printable
from runner.kernel.stage import Content
from runner.kernel.tree import write

FORMAT = 1
STATE = "state.json"


@dataclass(frozen=True)
class Question:
    """What is asked; never changes."""

    kind: str                 # 'git' or 'series'
    tree: str                 # repository, or the series' kernel name
    good: str                 # points
    bad: str
    metric: str
    tier: str
    device: str
    threads: int
    above: float | None       # bad is what exceeds it; None: beyond half way from good to bad
    experiment: str           # the file asked with, for people
    first_parent: bool = False
    paths: tuple[str, ...] = ()
    set: tuple[str, ...] = ()  # other values of the experiment's keys, as they were typed


@dataclass(frozen=True)
class Reading:
    """One measurement, or why there is none."""

    point: str
    role: str                 # 'good end', 'bad end', 'step', 'given', 'parent', 'culprit', …
    verdict: str              # 'good', 'bad', 'skip'
    reason: str               # one line
    value: float | None = None
    low: float | None = None  # interval of value
    high: float | None = None
    confidence: float = 1.0
    campaign: str = ""        # folder below measured/
    image: str = ""           # SHA-256
    same_as: str = ""         # point with the same image, whose verdict was taken
    boots: int = 0
    retries: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Flight:
    """A measurement under way."""

    point: str
    role: str
    campaign: str
    retries: int = 0


@dataclass
class State:
    folder: Path
    question: Question
    readings: list[Reading] = field(default_factory=list)
    flight: Flight | None = None

    def save(self) -> None:
        """On the disk, whole, when this returns."""
        told = {"format": FORMAT, "question": dataclasses.asdict(self.question),
                "readings": [dataclasses.asdict(reading) for reading in self.readings],
                "flight": dataclasses.asdict(self.flight) if self.flight else None}
        write(self.folder / STATE, Content((json.dumps(told, indent=1) + "\n").encode(), 0o644))

    def add(self, reading: Reading) -> Reading:
        self.readings.append(reading)
        self.flight = None
        self.save()
        return reading

    def replace(self, old: Reading, new: Reading) -> None:
        """Where a reading rests on more boots now."""
        self.readings[self.readings.index(old)] = new
        self.save()

    def get(self, role: str, point: str = "") -> Reading | None:
        """The reading of that role, and of that point where one is given."""
        return next((reading for reading in self.readings
                     if reading.role == role and point in ("", reading.point)), None)

    def path(self) -> list[Reading]:
        """What narrowed the range, in order."""
        return [reading for reading in self.readings if reading.role in ("step", "given")]

    def verdicts(self) -> dict[str, str]:
        return {reading.point: reading.verdict for reading in self.path()}

    @property
    def measured(self) -> Path:
        return self.folder / "measured"


def load(folder: Path) -> State:
    """UsageError where the folder is no bisect's."""
    file = folder / STATE
    if not file.is_file():
        raise UsageError(f"{folder}: is not a bisect (no {STATE}); give a folder that "
                         "'./swapscale bisect' made")
    try:
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise ValueError(f"format {told['format']} is not {FORMAT}")
        flight = told["flight"]
        asked: dict[str, Any] = told["question"]
        asked |= {key: tuple(asked.get(key, ())) for key in ("paths", "set")}
        return State(folder, Question(**asked),
                     [Reading(**fields) for fields in told["readings"]],
                     Flight(**flight) if flight else None)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(f"{file}: cannot be read: {printable(str(error))}; start a new bisect"
                         ) from None
