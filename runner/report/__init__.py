# SPDX-License-Identifier: GPL-2.0-only
"""Reports: one file per format, each with `render(comparison) -> str`."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runner.campaign.campaign import Campaign
from runner.errors import CannotMeasure, UsageError
from runner.judge.results import Comparison
from runner.records import Sample
from runner.report import (campaignpage, extras, jsonfile, junit, ktap, mail, markdown, pictures,
                           text)

FORMATS: dict[str, Callable[[Comparison], str]] = {
    "text": text.render, "markdown": markdown.render, "json": jsonfile.render,
    "html": campaignpage.render, "junit": junit.render, "ktap": ktap.render,
    "lkp": mail.lkp, "mmtests": mail.mmtests}

#: What write_all leaves in a campaign's folder.
FILES = {"text": "report.txt", "markdown": "report.md", "json": "report.json",
         "html": "report.html", "junit": "report.xml", "ktap": "report.ktap",
         "lkp": "report.lkp.txt", "mmtests": "report.mmtests.txt"}


def write_all(comparison: Comparison, folder: Path) -> list[str]:
    """Write every format and the pictures into `folder`; CannotMeasure where that fails.

    Returns why a picture was left out, a line each.
    """
    try:
        samples = _samples(folder)
        drawn, notes = pictures.draw(comparison, folder, samples)
        drawn += extras.draw(extras.gather(samples, folder), folder)
        for form, name in FILES.items():
            page = campaignpage.render(comparison, folder, drawn) if form == "html" \
                else FORMATS[form](comparison)
            (folder / name).write_text(page, encoding="utf-8")
    except OSError as error:
        raise CannotMeasure(f"{error.filename or folder}: cannot be written: "
                            f"{error.strerror}") from None
    return notes


def _samples(folder: Path) -> list[Sample]:
    try:
        return Campaign(folder).samples()
    except UsageError:
        return []  # compared from elsewhere
