# SPDX-License-Identifier: GPL-2.0-only
"""A campaign's folder as its page shows it: files by name and bounded parts of their text.

Much of it was written by guests: it is cut at both ends, made printable and
only ever text.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from runner.campaign.campaign import Campaign
from runner.campaign.kernelset import CONFIGS
from runner.errors import UsageError, printable
from runner.judge import tier
from runner.records import Sample
from runner.report import grid, svg

#: Bytes of one file that a page shows, and of all files of one campaign.
PART, WHOLE = 24 << 10, 3 << 20
#: Characters of all flame graphs together.
FLAMES = 2 * svg.LIMIT
#: Shown in this order; the rest is linked.
_SHOWN = ("console.log", "workload.json", "qemu.stderr", "workload.stderr", "boot.json")
_FOLDER = re.compile(r"evidence/[0-9]{4,9}")


@dataclass(frozen=True)
class Excerpt:
    name: str
    href: str
    text: str
    note: str                 # what is left out; '' where the file is whole


@dataclass(frozen=True)
class Link:
    name: str
    href: str
    size: str


@dataclass(frozen=True)
class SampleEvidence:
    """What one boot left."""

    id: str                   # anchor: 'sample-3'
    title: str
    outcome: str
    counts: bool
    reasons: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    command: str              # QEMU's, as a shell takes it
    excerpts: tuple[Excerpt, ...]
    files: tuple[Link, ...]
    flames: tuple[tuple[str, Markup], ...]    # (file's name, flame graph)
    facets: dict[str, str]


@dataclass(frozen=True)
class Folder:
    """All that the page takes from a campaign's folder."""

    name: str
    samples: tuple[SampleEvidence, ...]
    excerpts: tuple[Excerpt, ...]             # experiment, record, kernel configurations


class _Budget:
    """How much text a page still takes in."""

    def __init__(self) -> None:
        self.left = WHOLE
        self.flames_left = FLAMES

    def excerpt(self, root: Path, file: Path) -> Excerpt | None:
        """The end of a console, the beginning of anything else; None where it cannot be read."""
        href = quote(file.relative_to(root).as_posix())
        part = min(PART, self.left)
        try:
            size = file.stat().st_size
            with open(file, "rb") as opened:
                end = file.name == "console.log"
                if end and size > part:
                    opened.seek(size - part)
                data = opened.read(part)
        except OSError:
            return None
        if not data:
            return Excerpt(file.name, href, "", "empty" if not size else
                           "not shown here: the page holds enough already; open the file")
        self.left -= len(data)
        text = "\n".join(grid.lines(data.decode("utf-8", "replace")))
        note = "" if size <= part else \
            f"the {'last' if end else 'first'} {len(data):,} of {size:,} bytes; open the file " \
            "for all"
        return Excerpt(file.name, href, text, note)


def _size(count: int) -> str:
    return f"{count} B" if count < 1024 else f"{count / 1024:.1f} KiB" if count < 1 << 20 \
        else f"{count / (1 << 20):.1f} MiB"


def _files(root: Path, folder: Path) -> Iterator[Path]:
    """Plain files in a sample's folder, none reached through a link."""
    try:
        files = sorted(folder.iterdir())
    except OSError:
        return
    yield from (file for file in files[:200] if file.is_file() and not file.is_symlink())


def _command(folder: Path) -> str:
    try:
        shell = json.loads((folder / "qemu.json").read_text(encoding="utf-8"))["shell"]
    except (OSError, ValueError, LookupError, TypeError):
        return ""
    return printable(str(shell), 8000)


def _flames(files: Sequence[Path], prefix: str, budget: _Budget) -> Iterator[tuple[str, Markup]]:
    for number, file in enumerate(file for file in files if file.suffix == ".svg"):
        name = printable(file.name, 80)
        try:
            if file.stat().st_size > min(svg.LIMIT, budget.flames_left):
                continue
            drawn = svg.inline(file.read_text(encoding="utf-8"), f"{prefix}-{number}-", name,
                               titles=True)
        except (OSError, UnicodeDecodeError, svg.Unusable):
            continue  # it stays among the links
        budget.flames_left -= len(drawn)
        yield name, drawn


def _sample(root: Path, sample: Sample, budget: _Budget) -> SampleEvidence:
    cell = sample.cell
    id_ = f"sample-{sample.number}"
    folder = root / sample.evidence
    files: list[Path] = []
    if _FOLDER.fullmatch(sample.evidence) and not folder.is_symlink():
        files = list(_files(root, folder))
    by_name = {file.name: file for file in files}
    excerpts = [budget.excerpt(root, by_name[name]) for name in _SHOWN if name in by_name]
    facts = (("kernel", cell.kernel), ("device", cell.device), ("threads", str(cell.threads)),
             ("tier", tier.measured_by(sample)), ("workload", cell.workload),
             ("boot", str(sample.repeat + 1)),
             ("accelerator", f"{sample.accelerator}, {sample.vcpus} vCPU"
              + ("s" if sample.vcpus != 1 else "")),
             ("began", grid.clock(sample.started)), ("took", f"{sample.wall_seconds:.1f} s"),
             ("image", sample.image_sha256[:16]), ("fingerprint", sample.fingerprint[:16]),
             *(("host " + key, value) for key, value in sorted(sample.host.items())))
    links = tuple(Link(printable(file.name, 80), quote(file.relative_to(root).as_posix()),
                       _size(file.stat().st_size)) for file in files)
    return SampleEvidence(
        id_, printable(cell.label()), printable(f"{sample.outcome}: {sample.detail}"
                                                if sample.detail else sample.outcome),
        not sample.invalid, tuple(printable(str(reason), 400) for reason in sample.invalid),
        tuple((printable(key, 40), printable(value)) for key, value in facts),
        _command(folder) if files else "", tuple(excerpt for excerpt in excerpts if excerpt), links,
        tuple(_flames(files, id_, budget)),
        {"kernel": printable(cell.kernel), "device": cell.device, "threads": str(cell.threads),
         "tier": cell.tier})


def read(root: Path) -> tuple[Folder, list[Sample]]:
    """The campaign in `root`, and its samples; what cannot be read is not there."""
    campaign = Campaign(root)
    try:
        samples = sorted(campaign.samples(), key=lambda sample: sample.number)
    except UsageError:
        samples = []
    budget = _Budget()
    own = [campaign.experiment_file, campaign.plan_file, *sorted((root / CONFIGS).glob("*"))[:16]]
    excerpts = [budget.excerpt(root, file) for file in own if file.is_file()]
    # Evidence of what does not count is looked at first of all.
    order = sorted(samples, key=lambda sample: (not sample.invalid, sample.number))
    shown = {sample.number: _sample(root, sample, budget) for sample in order}
    return Folder(printable(root.resolve().name), tuple(shown[sample.number] for sample in samples),
                  tuple(excerpt for excerpt in excerpts if excerpt)), samples
