# SPDX-License-Identifier: GPL-2.0-only
"""./swapscale index as a user types it."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.nightly import indexfile
from tests.conftest import one_line
from tests.unit import madenights


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    for night in range(12):
        home = madenights.write(folder, night, {"exact": {
            "instructions_per_page": 9650.0 * (1.01 if night >= 8 else 1.0)}})
        (home / "evidence/0000").mkdir(parents=True)
        (home / "evidence/0000/console.log").write_text("hello")
    return folder


def test_shows_the_history(swapscale, results: Path) -> None:
    done = swapscale("index", "--results", results)
    assert done.returncode == 0, done.stderr
    assert "12 nights" in done.stdout
    assert "regressed +1.00% on 2026-01-09" in done.stdout
    found = json.loads(swapscale("index", "--json", "--results", results).stdout)
    assert [one["at"] for one in found["series"][0]["changes"]] == [8]
    again = swapscale("index", "--rebuild", "--results", results)
    assert again.stdout == done.stdout


def test_known_changes_show_their_reason(swapscale, results: Path, tmp_path: Path) -> None:
    file = tmp_path / "k.toml"
    file.write_text('format = 1\n[known.x]\nreason = "agreed"\nnight = "2026-01-09"\n')
    assert "known: x: agreed" in swapscale("index", "--results", results, "--known", file).stdout


def test_export_and_import(swapscale, results: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    assert swapscale("index", "--results", results, "--export", tmp_path / "h.jsonl"
                     ).returncode == 0
    done = swapscale("index", "--results", there, "--import", tmp_path / "h.jsonl")
    assert done.returncode == 0 and "imported 12 campaigns" in done.stderr
    assert done.stdout == swapscale("index", "--results", results).stdout
    assert swapscale("index", "--results", there, "--export", "-").stdout \
        == (tmp_path / "h.jsonl").read_text()


def test_thin_removes_evidence_and_no_sample(swapscale, results: Path) -> None:
    before = swapscale("index", "--results", results, "--json").stdout
    done = swapscale("index", "--results", results, "--thin", "--keep", "3", "--every", "4")
    assert done.returncode == 0, done.stderr
    kept = [(one / "evidence/0000").exists() for one in indexfile.campaigns(results)]
    assert kept == [at % 4 == 0 or at >= 8 for at in range(12)]
    assert swapscale("index", "--results", results, "--json").stdout == before


@pytest.mark.parametrize("args, says", [
    (("--results", "/nonexistent"), "is not a folder"), (("--keep", "3"), "go with --thin"),
    (("--export", "x", "--rebuild"), "not allowed with"), (("--thin", "--keep", "0"), "1..100000"),
    (("--import", "/nonexistent.jsonl"), "cannot be read"),
    (("--results", "/nonexistent", "--export", "-"), "is not a folder")])
def test_usage(swapscale, args: tuple[str, ...], says: str) -> None:
    done = swapscale("index", *args)
    assert done.returncode == 2 and says in one_line(done.stderr)


def test_writes_the_history_as_a_page(swapscale, results: Path, tmp_path: Path) -> None:
    page = tmp_path / "history.html"
    done = swapscale("index", "--results", results, "--page", page)
    assert done.returncode == 0, done.stderr
    assert "12 nights" in done.stdout and f"history as a page: {page}" in done.stderr
    assert "1 of 1 series stands regressed" in page.read_text()
    done = swapscale("index", "--results", results, "--page", tmp_path / "no/page.html")
    assert done.returncode == 4 and "page.html: cannot be written" in one_line(done.stderr)
