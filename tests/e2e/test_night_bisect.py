# SPDX-License-Identifier: GPL-2.0-only
"""A branch moves and gets slower: the night that sees it names the commit, though interrupted."""
from __future__ import annotations

import signal
import subprocess

import pytest

from runner.bisect import statefile
from runner.nightly import indexfile, nightfile
from tests import bisecttree
from tests.bisectnights import Nights
from tests.bisecttree import harmless, slower
from tests.conftest import ROOT
from tests.waiting import qemus_of, wait_for

# Some forty boots, and a kernel tree that is built from nothing where the cache is empty.
pytestmark = pytest.mark.slow

#: Some 5% of what a page costs.
COSTLY = slower(300)
#: The first is last night's tip, the last tonight's.
COMMITS = [harmless(0), harmless(1), COSTLY, harmless(2), harmless(3)]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return Nights(tmp_path_factory.mktemp("nights"), bisecttree.warm_place(), COMMITS,
                  branch="night-bisect", tier="exact")


def test_a_good_night_asks_nothing(nights: Nights, swapscale) -> None:
    nights.push(nights.commits[0])
    done = swapscale(*nights.command())
    assert done.returncode == 0, done.stdout + done.stderr
    assert nights.bisects() == []


def test_interrupted_while_it_bisects_the_night_still_says_its_verdict(nights: Nights) -> None:
    nights.push(nights.commits[-1])
    with subprocess.Popen([ROOT / "swapscale", *nights.command()], text=True, cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as runner:
        (folder,) = wait_for(lambda: runner.poll() is not None or nights.bisects(), 600.0)
        wait_for(lambda: runner.poll() is not None or qemus_of(folder), 600.0)
        # Hours may pass until then: what the gate said is there already.
        assert "REGRESSED (exit status 1)" in (nights.out / "nightly.txt").read_text()
        runner.send_signal(signal.SIGINT)
        out, said = runner.communicate()
    assert runner.returncode == 130, out + said
    line = f"./swapscale bisect --resume {folder}"
    assert line in said and line in " ".join(out.split())
    assert "REGRESSED (exit status 1)" in out
    assert (nights.told()["state"], nights.told()["folder"]) == ("unfinished", str(folder))


def test_the_next_night_goes_on_and_names_the_commit(nights: Nights, swapscale) -> None:
    (folder,) = nights.bisects()
    first = statefile.load(folder).readings
    done = swapscale(*nights.command())
    assert done.returncode == 1, done.stdout + done.stderr
    assert nights.bisects() == [folder], "no range twice"
    assert statefile.load(folder).readings[:len(first)] == first
    culprit = nights.commits[COMMITS.index(COSTLY)]
    told = nights.told()
    assert (told["state"], told["culprit"], told["confirmed"]) == ("found", culprit, True)
    assert told["confidence"] > 0.9 and COSTLY.subject in told["title"]
    assert f"found: {culprit[:12]}" in done.stdout and COSTLY.subject in " ".join(
        done.stdout.split())
    assert len(done.stdout.splitlines()) <= 24
    assert culprit[:12] in (nights.out / "nightly.md").read_text()
    assert culprit[:12] in (nights.out / "nightly.html").read_text()
    last = max(indexfile.campaigns(nights.results), key=lambda one: nightfile.read(one).started)
    night = nightfile.read(last)
    assert night and night.bisects == (folder.name,)
    page = (last / "report.html").read_text()
    assert culprit[:12] in page and f'href="../{folder.name}/bisect.txt"' in page


def test_a_night_on_which_it_stands_repeats_the_answer(nights: Nights, swapscale) -> None:
    (folder,) = nights.bisects()
    state = (folder / statefile.STATE).read_bytes()
    done = swapscale(*nights.command())
    assert done.returncode == 1, done.stdout + done.stderr
    assert nights.told()["culprit"] == nights.commits[COMMITS.index(COSTLY)]
    assert (folder / statefile.STATE).read_bytes() == state and nights.bisects() == [folder]
