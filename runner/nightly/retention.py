# SPDX-License-Identifier: GPL-2.0-only
"""Thin the evidence of old nights; samples and reports are never touched."""
from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.campaign.campaign import Campaign
from runner.campaign.store import held
from runner.errors import CannotMeasure

#: Left in a thinned evidence folder.
NOTE = "THINNED"


@dataclass(frozen=True)
class Aged:
    """A night as retention sees it."""

    folder: str
    remarkable: bool          # regressed, invalid or a change point: its evidence is wanted


@dataclass(frozen=True)
class Thinned:
    folders: tuple[str, ...]
    freed: int                # bytes


def chosen(nights: Sequence[Aged], keep: int, every: int) -> list[str]:
    """Whose evidence goes: of nights oldest first, all but the last `keep`, every `every`-th of
    the rest and the remarkable ones.

    Counted from the oldest, so that a night once kept stays kept.
    """
    old = nights[:-keep] if keep else nights
    return [night.folder for place, night in enumerate(old)
            if not night.remarkable and place % every]


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*")
               if file.is_file() and not file.is_symlink())


def thin(results: Path, folders: Sequence[str]) -> Thinned:
    """Remove the evidence of these campaigns; one that a runner is at work on is left alone."""
    done, freed = [], 0
    for name in folders:
        home = Campaign(results / name)
        evidence = home.folder / "evidence"
        if evidence.is_symlink() or not evidence.is_dir() or (evidence / NOTE).exists():
            continue
        try:
            with held(home.folder, "campaign"):
                freed += _size(evidence)
                for path in evidence.iterdir():
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                    else:
                        path.unlink()
                (evidence / NOTE).write_text(
                    "Removed by './swapscale index --thin'; every sample and every figure is in "
                    "samples.jsonl.\n", encoding="utf-8")
        except CannotMeasure:
            continue
        except OSError as error:
            raise CannotMeasure(f"{error.filename or evidence}: cannot be thinned: "
                                f"{error.strerror}") from None
        done.append(name)
    return Thinned(tuple(done), freed)
