# SPDX-License-Identifier: GPL-2.0-only
"""Thirty made nights and three real ones in one history, and what may befall it.

The real nights' kernel logs markup and control bytes; on the third a patch makes it 3% slower.
"""
from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner import paths
from runner.campaign.store import load_samples
from runner.nightly import history, indexfile, nightfile
from runner.nightly.history import Series
from tests.conftest import one_line
from tests.e2e.madehistory import (COSTLIER, EXPERIMENT, MOVING, PAGE, SLOWER, SPEED,
                                   into_the_past, push)

if TYPE_CHECKING:
    from tests.browser import Browser

#: What tests/series/faults logs when told to shout, after its control bytes.
EVIL = "</pre><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nightly")
    (folder / "load.toml").write_text(EXPERIMENT)
    (folder / "nightly.toml").write_text(
        f'format = 1\ntitle = "Test night"\nkernels = ["6.1:{folder / MOVING}"]\n'
        'experiment = "load.toml"\nlayouts = [1]\n')
    return folder


@pytest.fixture(scope="module")
def nights(swapscale, home: Path) -> list[tuple[subprocess.CompletedProcess[str], Path]]:
    """(what was said, the campaign's folder) of each real night."""
    results, done = home / "results", []
    for series in (("faults",), ("faults",), ("faults", "cost-3")):
        push(home, *series)
        before = set(indexfile.campaigns(results)) if results.is_dir() else set()
        said = swapscale("nightly", home / "nightly.toml", "--results", results, "--output",
                         home / "out")
        assert indexfile.campaigns(results), said.stderr
        (folder,) = set(indexfile.campaigns(results)) - before
        done.append((said, folder))
        if len(done) == 1:
            into_the_past(folder, results)
            old = nightfile.read(results / f"made-{COSTLIER:02d}")
            assert old
            (results / "known.toml").write_text(
                f'format = 1\n[known.made]\nreason = "made for the test"\n'
                f'night = "{old.started[:10]}"\nmetric = "{PAGE}"\n')
    return done


def found(home: Path) -> dict[tuple[str, str], Series]:
    """The series that decide, by device and metric."""
    return {(one.key.device, one.key.metric): one
            for one in history.read(home / "results").series if one.gated}


def test_the_first_night_is_measured_alone_and_is_good(nights) -> None:
    said, folder = nights[0]
    assert said.returncode == 0, said.stdout + said.stderr
    night = nightfile.read(folder)
    assert night and night.good and night.base == ""


def test_a_night_that_did_not_move_is_quiet_to_the_digit(nights) -> None:
    said, folder = nights[1]
    assert said.returncode == 0, said.stdout + said.stderr
    night = nightfile.read(folder)
    assert night and night.reported == () and "known  " in said.stdout
    first, second = [load_samples(one / "samples.jsonl")[0].metrics[PAGE].value
                     for _, one in nights[:2]]
    assert first == second


def test_the_third_night_regresses(nights) -> None:
    said, folder = nights[2]
    assert said.returncode == 1, said.stdout + said.stderr
    assert said.stdout.startswith("Test night: REGRESSED (exit status 1)")
    assert PAGE in said.stdout and len(said.stdout.splitlines()) <= 24
    night = nightfile.read(folder)
    assert night and not night.good and any(PAGE in one for one in night.reported)


def test_all_are_one_history_with_each_step_on_its_night(nights, home: Path) -> None:
    series = found(home)
    assert set(series) == {("pmem", PAGE), ("pmem", SPEED), ("brd", SPEED)}
    exact, timed, flat = series["pmem", PAGE], series["pmem", SPEED], series["brd", SPEED]
    assert (len(exact.nights), len(timed.nights), len(flat.nights)) == (33, 30, 30)
    assert [(one.at, one.verdict) for one in exact.changes] \
        == [(COSTLIER, "regressed"), (32, "regressed")]
    assert exact.changes[0].change == pytest.approx(0.01)
    assert [one.known for one in exact.changes] == ["made: made for the test", ""]
    # 363 instructions; one memory layout alone moves so short a load: by 1.2% over six of them.
    assert exact.changes[1].change == pytest.approx(0.03, abs=0.014)
    assert exact.nights[32].campaign == nights[2][1].name
    assert [(one.at, one.verdict) for one in timed.changes] == [(SLOWER, "regressed")]
    assert flat.changes == ()


def test_every_output_says_it(nights, home: Path) -> None:
    out = home / "out"
    assert PAGE.replace("_", "\\_") in (out / "nightly.md").read_text()
    told = json.loads((out / "nightly.kcidb.json").read_text())
    assert [one["path"] for one in told["tests"] if one["status"] == "FAIL"]
    assert json.loads((out / "nightly.json").read_text())["verdict"] == "regressed"
    assert (out / "nightly.txt").read_text() == nights[2][0].stdout
    assert xml.parse(out / "nightly.junit.xml").getroot().get("failures") != "0"
    assert "not ok" in (out / "nightly.ktap").read_text()


def test_the_same_again_from_the_campaigns_alone(swapscale, nights, home: Path) -> None:
    before = history.read(home / "results").series
    (home / "results" / indexfile.NAME).unlink()
    assert swapscale("index", "--rebuild", "--results", home / "results").returncode == 0
    assert history.read(home / "results").series == before


def test_real_and_made_nights_travel(swapscale, nights, home: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for args in (("--results", home / "results", "--export", tmp_path / "h"),
                 ("--results", there, "--import", tmp_path / "h")):
        done = swapscale("index", *args)
        assert done.returncode == 0, done.stderr
    shutil.copyfile(home / "results/known.toml", there / "known.toml")
    assert history.read(there).series == history.read(home / "results").series


def pages(swapscale, nights, home: Path) -> Iterator[Path]:
    """The last night's own page, and the history's."""
    page = home / "results/history.html"
    done = swapscale("index", "--results", home / "results", "--page", page)
    assert done.returncode == 0, done.stderr
    yield nights[2][1] / "report.html"
    yield page


def test_a_hostile_kernel_log_is_text_in_both_pages(browser: Browser, swapscale, nights,
                                                    home: Path) -> None:
    log = (nights[2][1] / "evidence/0000/console.log").read_bytes()
    assert b"shout: \x07\x1b[2J\x1b]0;title\x07\x01" + EVIL.encode() in log
    shown = []
    for page in pages(swapscale, nights, home):
        browser.open(page)
        browser.unfold()
        assert browser.js("return window.pwned === undefined")
        assert browser.complaints() == [] and browser.requests() == [page.as_uri()]
        assert browser.all("img") == [] and len(browser.all("script")) == 1
        shown.append(browser.one("body").text)
        assert MOVING in shown[-1]
        # The page itself holds no byte that a terminal or a browser takes for an order.
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", page.read_text(encoding="utf-8"))
    assert EVIL in shown[0] and "\\x1b[2J" in shown[0]


def test_nothing_hostile_reaches_a_terminal(nights) -> None:
    for said, _ in nights:
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", said.stdout + said.stderr)


def test_a_writer_killed_in_mid_write_costs_nothing(nights, home: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(home / "results", results, ignore=shutil.ignore_patterns("evidence"))
    before = history.read(results).series
    killed = 0
    with sqlite3.connect(results / indexfile.NAME, timeout=0, isolation_level=None) as other:
        for _ in range(20):
            writer = subprocess.Popen([paths.ROOT / "swapscale", "index", "--rebuild", "--results",
                                       results], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            while writer.poll() is None and not locked(other):
                time.sleep(0.001)
            writer.send_signal(signal.SIGKILL)
            killed += writer.wait() == -signal.SIGKILL
            if killed == 3:
                break
        # Killed while it held the lock that a write takes: its transaction was not over.
        assert killed == 3
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    other.close()
    assert history.read(results).series == before


def locked(other: sqlite3.Connection) -> bool:
    """Whether somebody is in the middle of a write."""
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    other.execute("ROLLBACK")
    return False


#: In a mount of its own, which ends with the script: a disk that is too small, then made larger.
FULL = """\
set -eu
mount -t tmpfs -o size=$1 none "$2"
mkdir "$2/results"
status=0
./swapscale nightly "$3" --results "$2/results" || status=$?
echo "first: $status"
mount -o remount,size=64m "$2"
status=0
./swapscale nightly "$3" --results "$2/results" || status=$?
echo "second: $status"
cp -r "$2/results" "$4"
"""
_OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.mark.skipif(subprocess.run([*_OWN_MOUNTS, "true"], capture_output=True,
                                   check=False).returncode != 0,
                    reason="this kernel or container gives nobody a mount of his own; the unit "
                    "tests fill a disk by a limit")
@pytest.mark.parametrize("size", ["16k", "300k"])
def test_a_night_on_a_full_disk_is_one_line_and_is_finished_later(home: Path, tmp_path: Path,
                                                                  size: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    push(home, "faults")
    done = subprocess.run([*_OWN_MOUNTS, "sh", "-c", FULL, "sh", size, disk, home / "nightly.toml",
                           tmp_path / "kept"], text=True, capture_output=True, cwd=paths.ROOT,
                          check=False)
    assert "first: 4" in done.stdout and "second: 0" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr or "is full" in done.stderr, done.stderr
    (folder,) = indexfile.campaigns(tmp_path / "kept")
    assert len(load_samples(folder / "samples.jsonl")) == 2
    night = nightfile.read(folder)
    assert night and night.good


def test_usage(swapscale, home: Path) -> None:
    bad = home / "bad.toml"
    bad.write_text('format = 1\nkernels = ["image:/boot/x"]\nexperiment = "load.toml"\n')
    done = swapscale("nightly", bad)
    assert done.returncode == 2 and f"{bad}:2: kernels: image:/boot/x" in one_line(done.stderr)
