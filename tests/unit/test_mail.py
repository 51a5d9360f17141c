# SPDX-License-Identifier: GPL-2.0-only
"""The forms in which kernel mails show a comparison."""
from __future__ import annotations

import re

import pytest

from runner import report
from runner.judge.verdict import compare
from runner.records import Metric, Sample
from tests.unit.madesamples import BASE, RULES, TEST, exact, locks, sample

FORMS = ("lkp", "mmtests")


def side(kernel: str, tier: str, metrics: list[dict[str, Metric]], first: int) -> list[Sample]:
    return [sample(kernel, tier, one, first + at, at, layout=at) for at, one in enumerate(metrics)]


def pages(value: float) -> dict[str, Metric]:
    return {"instructions_per_page": Metric(value, "instructions/page", "lower", "")}


def made() -> list[Sample]:
    """Instructions fall by a tenth, their spread is known; the path's locks are of one boot."""
    return [*side(BASE, "exact", [pages(11000.0), pages(11000.0), pages(11330.0)], 0),
            *side(TEST, "exact", [pages(9900.0), pages(9900.0), pages(9900.0)], 10),
            *side(BASE, "locks", [locks(swap_cache_tree=2.0, a_lock_of_a_very_long_name=1.0)], 20),
            *side(TEST, "locks", [locks(swap_cache_tree=2.5, a_lock_of_a_very_long_name=1.0)], 21)]


@pytest.mark.parametrize("form", FORMS)
def test_no_line_is_too_long_for_a_mail(form: str) -> None:
    text = report.FORMATS[form](compare(made(), RULES))
    assert text.endswith("\n") and max(map(len, text.splitlines())) <= 80
    assert text == text.encode("utf-8").decode("utf-8") and "\t" not in text


def test_lkp() -> None:
    text = report.FORMATS["lkp"](compare(made(), RULES))
    assert f"commit:\n  {BASE}\n  {TEST}\n" in text
    # Relative standard deviation of 11000, 11000, 11330: 190.5 / 11110.
    assert re.search(r"^ +11000 ± +2% +-1\d\.\d% +9900 +instructions/page$", text, re.MULTILINE)
    assert re.search(r"^ +2\.000 +\+25\.0% +2\.500 +swap_cache_tree\.acquisitions/", text,
                     re.MULTILINE)


def test_mmtests_shows_a_gain_as_one() -> None:
    text = report.FORMATS["mmtests"](compare(made(), RULES))
    assert re.search(r"^swap_cache_tree\.acquisitions/page-1 +2\.000 \( +0\.00%\) +2\.500 "
                     r"\* -25\.00%\*$", text, re.MULTILINE)
    assert re.search(r"^instructions/page-1 +11000 \( +0\.00%\) +9900 . +1\d\.\d\d%.$", text,
                     re.MULTILINE)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_to_compare_is_said(form: str) -> None:
    alone = [one for one in exact(100.0, 100.0) if one.cell.kernel == BASE]
    assert "Nothing was compared." in report.FORMATS[form](compare(alone, RULES))
