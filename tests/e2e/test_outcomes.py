# SPDX-License-Identifier: GPL-2.0-only
"""Every way a sample can fail gives its own outcome, one clear line and exit status 4."""
from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from runner.campaign import campaign
from runner.campaign.store import held, load_samples
from runner.experiment import plan
from runner.reason import ReasonKind
from runner.records import Sample
from tests.conftest import ROOT, one_line
from tests.waiting import qemus_of, wait_for


def failed(swapscale, experiment: Path, results: Path) -> tuple[Sample, str]:
    """Run an experiment that must fail to measure; its first sample and all it said."""
    done = swapscale("run", experiment, "--results", results)
    assert done.returncode == 4, done.stdout + done.stderr
    samples = load_samples(next(results.glob("*/samples.jsonl")))
    assert samples[0].invalid
    assert "Traceback" not in done.stderr
    return samples[0], done.stdout + done.stderr


@pytest.mark.parametrize("word, outcome, seen", [
    ("panic", "kernel-panic", "swapscale_fault: asked to panic"),
    ("oops", "kernel-oops", "NULL pointer dereference"),
    ("warning", "kernel-warning", "WARNING: CPU: 0 PID: 1 at init/main.c"),
    ("hang", "early-hang", ""),
])
def test_kernel_that_fails_to_boot(swapscale, experiment, faulty, tmp_path: Path, word: str,
                                   outcome: str, seen: str) -> None:
    file = experiment(guest=f'cmdline = ["swapscale_fault={word}"]')
    text = file.read_text().replace("6.1:vanilla", faulty)
    if word == "hang":  # the one that ends by a limit: the default is generous
        text += "[limits]\nboot_s = 20\n"
    file.write_text(text)
    sample, said = failed(swapscale, file, tmp_path)
    assert sample.outcome == outcome
    assert seen in sample.detail
    assert outcome in said


def test_workload_killed_by_oom(swapscale, experiment, tmp_path: Path) -> None:
    # 1.24 times RAM is more than what the kernel leaves of it plus 64 MiB of swap.
    sample, said = failed(swapscale, experiment(swap=64, ratio=1.24), tmp_path)
    assert sample.outcome == "oom-killed"
    assert "oom-killed" in said


def test_swap_device_too_small_is_refused_before_a_boot(swapscale, experiment,
                                                        tmp_path: Path) -> None:
    done = swapscale("run", experiment(swap=64, ratio=4.0), "--results", tmp_path)
    assert done.returncode == 2
    assert "workload.ratio: 4 × 256 MiB of RAM does not fit" in one_line(done.stderr)
    assert not list(tmp_path.iterdir())


def test_too_little_pressure_is_invalid(swapscale, experiment, tmp_path: Path) -> None:
    sample, said = failed(swapscale, experiment(floor=10**9), tmp_path)
    assert sample.outcome == "ok"
    assert sample.invalid[0].kind is ReasonKind.FEW_PAGES and "pswpout" in said


def start(experiment: Path, results: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([str(ROOT / "swapscale"), "run", str(experiment), "--results",
                             str(results)], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def test_killed_qemu(built, experiment, tmp_path: Path) -> None:
    with start(experiment(top='tiers = ["locks"]'), tmp_path) as runner:
        pids = wait_for(lambda: qemus_of(tmp_path))
        os.kill(pids[0], signal.SIGKILL)
        said = runner.communicate()[0]
    assert runner.returncode == 4, said
    sample, = load_samples(next(tmp_path.glob("*/samples.jsonl")))
    assert sample.outcome == "qemu-died"
    assert "SIGKILL" in sample.detail


def test_killed_runner_leaves_no_guest_and_is_resumed(built, swapscale, experiment,
                                                      tmp_path: Path) -> None:
    file = experiment(top='tiers = ["exact"]\nthreads = [1, 2]')
    with start(file, tmp_path) as runner:
        samples = wait_for(lambda: [path for path in tmp_path.glob("*/samples.jsonl")
                                    if path.stat().st_size])[0]
        wait_for(lambda: qemus_of(tmp_path) or runner.poll() is not None)
        runner.send_signal(signal.SIGKILL)
        runner.communicate()
    wait_for(lambda: not qemus_of(tmp_path))
    before = samples.read_bytes()
    assert before.count(b"\n") < 3, "the runner was killed too late for this test to tell"

    done = swapscale("run", "--resume", samples.parent)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert samples.read_bytes().startswith(before)
    assert [one.number for one in sorted(load_samples(samples), key=lambda s: s.number)] \
        == [0, 1, 2]
    # A finished campaign that is resumed measures nothing again.
    after = samples.read_bytes()
    swapscale("run", "--resume", samples.parent)
    assert samples.read_bytes() == after


def test_interrupt_ends_guests_and_says_how_to_go_on(built, experiment, tmp_path: Path) -> None:
    with start(experiment(), tmp_path) as runner:
        wait_for(lambda: qemus_of(tmp_path))
        runner.send_signal(signal.SIGINT)
        said = runner.communicate()[0]
    assert runner.returncode == 130, said
    assert "./swapscale run --resume" in said
    assert "Traceback" not in said
    assert not qemus_of(tmp_path)


def test_resume_of_no_campaign(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", "--resume", tmp_path)
    assert done.returncode == 2
    assert "is not a campaign" in one_line(done.stderr)


def test_second_runner_is_refused(swapscale, experiment, tmp_path: Path) -> None:
    home = campaign.create(plan.load(experiment()), tmp_path)
    with held(home.folder, "campaign"):
        done = swapscale("run", "--resume", home.folder)
    assert done.returncode == 4
    assert "another runner is at work" in one_line(done.stderr)
