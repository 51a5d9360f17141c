# SPDX-License-Identifier: GPL-2.0-only
"""Campaigns that were measured before, held against each other."""
from __future__ import annotations

from pathlib import Path

from runner.campaign.store import load_samples
from runner.errors import UsageError
from runner.judge import compare
from runner.judge.results import Comparison
from runner.records import Rules, Sample


def is_stored(name: str) -> bool:
    """Whether `name` is a campaign's folder or a samples file, not a kernel."""
    return name.endswith(".jsonl") or Path(name, "samples.jsonl").is_file()


def _read(path: Path) -> list[Sample]:
    samples = load_samples(path / "samples.jsonl" if path.is_dir() else path)
    if not samples:
        raise UsageError(f"{path}: holds no samples; finish it with './swapscale run --resume'")
    return samples


def held(base: Path, test: Path, rules: Rules) -> Comparison:
    """Campaign `test` against campaign `base`, as runner.judge.compare does it."""
    return compare.campaigns((base, _read(base)), (test, _read(test)), rules)
