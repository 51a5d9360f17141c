# SPDX-License-Identifier: GPL-2.0-only
"""Every experiment of configs/instruments, from its file to its figures."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples
from runner.records import Sample

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone


@pytest.fixture
def run(swapscale, built, tmp_path: Path):
    """The samples of an experiment, and what was printed."""
    def measure(name: str) -> tuple[list[Sample], Path, str]:
        done = swapscale("run", paths.CONFIGS / "instruments" / f"{name}.toml", "--results",
                         tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        home = next(tmp_path.iterdir())
        samples = load_samples(home / "samples.jsonl")
        assert [one.invalid for one in samples] == [()] * len(samples), done.stdout
        return samples, home, done.stdout
    return measure


def test_fio_measures_the_ceiling(run) -> None:
    samples, _, out = run("fio")
    exact = [one for one in samples if one.cell.tier == "exact"]
    timed = [one for one in samples if one.cell.tier == "timed"]
    # A tool in the guest, and two boots still agree to the last byte.
    assert len(exact) == 2 and len({one.fingerprint for one in exact}) == 1
    figures = exact[0].metrics
    assert 1000 < figures["device_instructions_per_page"].value \
        < figures["instructions_per_page"].value
    assert 0.1 < figures["swap_efficiency"].value < 1
    assert timed[0].metrics["device_ceiling_mib_s"].value > 0
    assert "swap efficiency (exact" in out and "device ceiling, MiB/s (timed" in out


def test_perf_profiles_the_steady_phase(run) -> None:
    samples, home, out = run("perf")
    exact = [one for one in samples if one.cell.tier == "exact"]
    assert len({one.fingerprint for one in exact}) == 1
    for sample in samples:
        assert sample.metrics["profile_samples"].value > 100
        assert any(name.startswith("profile.") for name in sample.metrics)
        # Where time is counted all of it is sampled; elsewhere that is up to the host.
        coverage = sample.metrics["profile_coverage"].value
        assert 0.99 < coverage < 1.01 or (coverage > 0 and sample.cell.tier == "timed")
        # Told when the phase begins and ends, and not earlier: it starts with its events off.
        said = (home / sample.evidence / "tool.profile.err").read_text()
        assert re.findall("Events (en|dis)abled", said) == ["dis", "en", "dis"]
    assert "Kernel functions by their own CPU time" in out and "no PMU" in out
    picture = (home / exact[0].evidence / "flame-profile.svg").read_text()
    assert "shrink_folio_list" in picture
    # One for each tier: the two exact boots' pictures are the same.
    assert (home / "report.html").read_text().count('<figure class="flame">') == 2


def test_stress_ng_is_measured_as_swapstorm_is(run) -> None:
    samples, _, _ = run("stress-ng")
    exact = [one for one in samples if one.cell.tier == "exact"]
    assert len({one.fingerprint for one in exact}) == 1
    assert exact[0].metrics["instructions_per_page"].value > 1000
    timed = next(one for one in samples if one.cell.tier == "timed")
    assert timed.metrics["throughput_mib_s"].value > 0


def test_ndctl_makes_a_btt(run) -> None:
    samples, home, _ = run("ndctl")
    assert "/dev/pmem0s" in (home / samples[0].evidence / "before.swaps").read_text()
    assert samples[0].metrics["swap_efficiency"].value > 0
