# SPDX-License-Identifier: GPL-2.0-only
"""Campaigns as JSON lines, to carry a history to another machine and back.

Import makes campaign folders, not rows of the index: campaigns are the truth
and the index is made of them.  Evidence stays where it is; figures come along.
results/README.md documents the lines.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from runner import jsonread
from runner.campaign import store
from runner.campaign.campaign import Campaign
from runner.campaign.store import load_samples
from runner.errors import CannotMeasure, UsageError, printable
from runner.jsonread import Json
from runner.nightly import indexfile, nightfile
from runner.nightly.nightfile import NightRecord
from runner.records import Sample

FORMAT = 1
#: Of one line; an experiment's text and campaign.json stand in one.
MAX_LINE = 4 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")


@dataclass
class _Coming:
    """One campaign as it is read from the lines."""

    record: dict[str, Any]
    experiment: str
    night: NightRecord | None
    expected: int
    samples: dict[int, Sample] = field(default_factory=dict)


def lines(results: Path) -> Iterator[str]:
    """Every campaign of a results folder, each line one JSON document.

    UsageError for a campaign that cannot be read: an export is whole.
    """
    yield json.dumps({"swapscale-history": FORMAT})
    for folder in indexfile.campaigns(results):
        home = Campaign(folder)
        try:
            record = json.loads(home.plan_file.read_text(encoding="utf-8"))
            text = home.experiment_file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(f"{folder}: cannot be read: {printable(str(error))}") from None
        samples = load_samples(home.samples_file, torn=True) if home.samples_file.exists() else []
        night = nightfile.read(folder)
        yield json.dumps({"campaign": folder.name, "record": record, "experiment": text,
                          "night": nightfile.as_data(night) if night else None,
                          "samples": len(samples)}, sort_keys=True)
        for sample in samples:
            yield json.dumps({"campaign": folder.name,
                              "sample": json.loads(store.to_line(sample))}, sort_keys=True)


def _campaign(told: Json, where: str) -> _Coming:
    text = told.whole("experiment")
    try:
        tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{where}: experiment: {printable(str(error))}") from None
    return _Coming(told.object("record").data, text,
                   nightfile.parse(told.object("night")) if told.has("night") else None,
                   told.integer("samples"))


def _read(file: TextIO, name: str) -> dict[str, _Coming]:
    """All of the file, checked to its last line before anything is written."""
    coming: dict[str, _Coming] = {}
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        where = f"{name}:{number}"
        if len(line) > MAX_LINE:
            raise UsageError(f"{where}: is longer than {MAX_LINE} characters")
        told = jsonread.parse(line, where, error=UsageError)
        if number == 1:
            if told.data.get("swapscale-history") != FORMAT:
                raise UsageError(f"{where}: is not a history of format {FORMAT} "
                                 "('./swapscale index --export' writes one)")
            continue
        folder = told.data.get("campaign")
        if not isinstance(folder, str) or not _NAME.fullmatch(folder):
            raise UsageError(f"{where}: campaign: {printable(repr(folder), 60)} is not the name of "
                             "a campaign's folder")
        if "sample" not in told.data:
            if folder in coming:
                raise UsageError(f"{where}: campaign {folder} stands in the file twice")
            coming[folder] = _campaign(told, where)
            continue
        if folder not in coming:
            raise UsageError(f"{where}: a sample of {folder} comes before its campaign")
        sample = store.from_line(json.dumps(told.data["sample"]), where)
        if sample.number in coming[folder].samples:
            raise UsageError(f"{where}: sample {sample.number} of {folder} stands in the file "
                             "twice")
        coming[folder].samples[sample.number] = sample
    for folder, incoming in coming.items():
        if len(incoming.samples) != incoming.expected:
            raise UsageError(f"{name}: {folder} has {len(incoming.samples)} of {incoming.expected} "
                             "samples: the file was cut short; export it again")
    if not number:
        raise UsageError(f"{name}: is empty")
    return coming


def take(file: TextIO, name: str, results: Path) -> tuple[int, int]:
    """Import; returns how many campaigns came in and how many were there already.

    UsageError, before anything is written, where a line is wrong or a
    campaign of that name holds other samples.
    """
    try:
        coming = _read(file, name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: is not UTF-8 at byte {error.start}") from None
    fresh = {}
    for folder, incoming in coming.items():
        home = Campaign(results / folder)
        if not home.folder.exists():
            fresh[folder] = incoming
            continue
        have = {sample.number: sample for sample in load_samples(home.samples_file, torn=True)} \
            if home.samples_file.exists() else {}
        if any(have.get(number) != sample for number, sample in incoming.samples.items()):
            raise UsageError(f"{name}: campaign {folder}: {home.folder} holds other samples; "
                             "nothing was imported. Move that folder away, or import into "
                             "another --results")
    try:
        for folder, incoming in fresh.items():
            _write(results, folder, incoming)
    except OSError as error:
        raise CannotMeasure(f"{error.filename or results}: cannot be written: "
                            f"{error.strerror}") from None
    return len(fresh), len(coming) - len(fresh)


def _write(results: Path, folder: str, incoming: _Coming) -> None:
    """One campaign's folder, whole or not at all."""
    made = Path(tempfile.mkdtemp(prefix=".import-", dir=results))
    try:
        home = Campaign(made)
        home.experiment_file.write_text(incoming.experiment, encoding="utf-8")
        for number in sorted(incoming.samples):
            home.append(incoming.samples[number])
        if incoming.night:
            nightfile.write(made, incoming.night)
        with open(home.plan_file, "w", encoding="utf-8") as file:
            json.dump(incoming.record, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        made.chmod(0o755)
        made.rename(results / folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
