# SPDX-License-Identifier: GPL-2.0-only
"""Samples that tasks made elsewhere, on their way into the campaign.

parts/BATCH-TASK/ is written by one task alone: NUMBER/ is a sample's evidence and
NUMBER.json its line, there once it is whole.  The one runner that holds the campaign moves
them into evidence/ and samples.jsonl.  A sample made twice, by a task that was thought lost
and by its successor, is taken once.
"""
from __future__ import annotations

import json
import os
import pickle
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.asked import Experiment
from runner.campaign.campaign import Campaign
from runner.campaign.sample import Setting
from runner.campaign.store import load_samples, to_line
from runner.errors import CannotMeasure, Exit, SwapscaleError, UsageError, printable
from runner.records import Accelerator, BuiltKernel, Sample


def _write(path: Path, data: bytes) -> None:
    # Whole or not at all: others look at any moment.
    fresh = path.with_name(path.name + ".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotMeasure(f"{path}: cannot be read: {error.strerror}; the campaign's folder must "
                            "be one that all nodes see under the same path") from None


@dataclass(frozen=True)
class Shared:
    """What every task needs to know: a Setting without its event."""

    experiment: Experiment
    kernels: dict[tuple[str, str], BuiltKernel]
    accelerator: Accelerator
    programs: str
    lost: Mapping[str, str]

    def setting(self) -> Setting:
        return Setting(self.experiment, self.kernels, self.accelerator, self.programs,
                       threading.Event(), self.lost)


class Parts:
    """parts/ of a campaign."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._nodes = folder / "nodes.json"
        self._clusters = folder / "clusters.json"

    # For tasks that have not begun: written by the one that submits.

    def share(self, setting: Setting) -> None:
        # As it is, not read from the experiment again: what a file leaves to the host
        # (guest.fit_host) is the submitting one's.  Nobody but the tasks reads it.
        self.folder.mkdir(exist_ok=True)
        _write(self.folder / "setting", pickle.dumps(Shared(
            setting.experiment, setting.kernels, setting.accelerator, setting.programs,
            setting.lost)))

    def shared(self) -> Setting:
        setting = pickle.loads(_read(self.folder / "setting"))
        assert isinstance(setting, Shared)
        return setting.setting()

    def new_batch(self, tasks: list[list[int]]) -> int:
        """Keep which samples each task of an array is to make; its number."""
        taken = [int(path.stem.removeprefix("batch-")) for path in self.folder.glob("batch-*.json")]
        number = max(taken, default=0) + 1
        _write(self.folder / f"batch-{number}.json", json.dumps(tasks).encode())
        return number

    def batch(self, number: int) -> list[list[int]]:
        data = json.loads(_read(self.folder / f"batch-{number}.json"))
        return [[int(number) for number in task] for task in data]

    def nodes(self) -> dict[str, str]:
        """Group of samples -> the node that makes all of it."""
        if not self._nodes.is_file():
            return {}
        try:
            return {str(group): str(node)
                    for group, node in json.loads(_read(self._nodes)).items()}
        except (ValueError, AttributeError) as error:
            raise UsageError(f"{self._nodes}: {printable(str(error))}; start a new campaign"
                             ) from None

    def keep_nodes(self, nodes: dict[str, str]) -> None:
        _write(self._nodes, json.dumps(nodes, indent=1, sort_keys=True).encode())

    def clusters(self) -> list[str]:
        """Slurm's clusters that have taken tasks; '' is the default one."""
        if not self._clusters.is_file():
            return []
        try:
            return [str(load) for load in json.loads(_read(self._clusters))]
        except (ValueError, TypeError) as error:
            raise UsageError(f"{self._clusters}: {printable(str(error))}; start a new campaign"
                             ) from None

    def keep_cluster(self, name: str) -> None:
        """Of a later runner, which may have another environment, the tasks are ours, too."""
        if name not in (kept := self.clusters()):
            _write(self._clusters, json.dumps([*kept, name]).encode())

    def last_words(self, batch: int, task: int) -> str:
        """The last line a task said; '' where it said nothing."""
        try:
            text = (self.folder / f"{batch}-{task}.log").read_text(errors="replace")
        except OSError:
            return ""
        lines = [line for line in text.splitlines() if line.strip()]
        return printable(lines[-1]) if lines else ""

    # For a task.

    def begin(self, batch: int, task: int, node: str) -> Path:
        """The task's own folder, which says where it runs."""
        folder = self.folder / f"{batch}-{task}"
        folder.mkdir()
        _write(folder / "node", node.encode())
        return folder

    @staticmethod
    def land(attempt: Path, got: Sample) -> None:
        _write(attempt / f"{got.number:04d}.json", to_line(got).encode() + b"\n")

    @staticmethod
    def leave_error(attempt: Path, error: SwapscaleError) -> None:
        _write(attempt / "error.json", json.dumps([int(error.exit), str(error)]).encode())

    # For the one that submitted.

    def node(self, batch: int, task: int) -> str:
        """Where a task runs or ran; '' where it never began."""
        path = self.folder / f"{batch}-{task}" / "node"
        return printable(_read(path).decode("utf-8", "replace"), 80) if path.is_file() else ""

    def error(self, batch: int, task: int) -> SwapscaleError | None:
        """Why a task says it cannot make its samples, here or anywhere."""
        path = self.folder / f"{batch}-{task}" / "error.json"
        if not path.is_file():
            return None
        status, text = json.loads(_read(path))
        kind = UsageError if status == Exit.USAGE else CannotMeasure
        return kind(printable(str(text), 600))

    def merge(self, campaign: Campaign, have: set[int]) -> list[Sample]:
        """Put every sample that has landed on record, once; `have` grows by them."""
        merged = []
        for part in sorted(self.folder.glob("*-*/*.json")):
            if not part.stem.isdigit():
                continue
            (got,) = load_samples(part)
            if got.number in have:
                shutil.rmtree(part.with_suffix(""), ignore_errors=True)
            else:
                self._move(part.with_suffix(""), got.number, campaign)
                campaign.append(got)
                have.add(got.number)
                merged.append(got)
            part.unlink()
        return merged

    @staticmethod
    def _move(source: Path, number: int, campaign: Campaign) -> None:
        # Gone already where a runner was killed between this and its line.
        if not source.is_dir():
            return
        home = campaign.evidence_for(number)
        home.rmdir()
        source.rename(home)
        for aside in source.parent.glob(f"{source.name}.*/"):
            aside.rename(home.with_name(aside.name))
