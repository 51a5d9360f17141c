# SPDX-License-Identifier: GPL-2.0-only
"""Start a bisect of what regressed tonight, and take its outcome into the report."""
from __future__ import annotations

import subprocess
from pathlib import Path

from runner import paths
from runner.errors import printable
from runner.kernel import spec
from runner.nightly import track
from runner.nightly.config import Nightly
from runner.nightly.night import Outcome
from runner.progress import Progress


def command(outcome: Outcome, config: Nightly, results: Path) -> list[str] | str:
    """The command line that finds the commit, or why there is none to find."""
    night = outcome.night
    if night is None or not outcome.new:
        return "no new regression"
    found = track.check(night.track)
    if not night.commit:
        return f"{night.track} moves by releases, not by commits: there is nothing between two"
    if found.stack:
        return f"{night.track} carries patches, and a bisect of the tree would leave them away"
    if not night.base:
        return "there is no last known good kernel to start from"
    return [str(paths.ROOT / "swapscale"), "bisect", "--tree", str(found.source.path),
            "--good", spec.parse(night.base).source.ref, "--bad", night.commit,
            "--experiment", str(config.experiment), "--metric", outcome.new[0].metric,
            "--results", str(results)]


def start(outcome: Outcome, config: Nightly, results: Path, progress: Progress) -> str:
    """Bisect the first new regression; returns one line that says what came of it."""
    line = command(outcome, config, results)
    if isinstance(line, str):
        return f"not started: {line}"
    progress.log("bisecting: " + " ".join(line))
    done = subprocess.run(line, text=True, stdout=subprocess.PIPE, check=False)
    said = [one.strip() for one in done.stdout.splitlines() if one.strip()]
    return printable(f"exit status {done.returncode}: "
                     f"{said[0] if said else 'no output; see the log'}", 400)
