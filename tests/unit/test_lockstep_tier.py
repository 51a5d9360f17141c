# SPDX-License-Identifier: GPL-2.0-only
"""The lockstep tier: planned, left out, judged over its runs."""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from simulated import MAP

from runner import paths, programs
from runner.asked import Planned
from runner.campaign import campaign, running
from runner.campaign import sample as sample_of
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.judge import spread, tier
from runner.judge.figures import MetricResult, Verdict
from runner.judge.verdict import compare
from runner.lockstep import machinefile
from runner.progress import Progress
from runner.records import Accelerator, BuiltKernel, Cell, Metric, Rules, Sample
from runner.vm import newqemu


def sample(value: float, run: int, kernel: str = "a", **host: str) -> Sample:
    return Sample(run, run, Cell(kernel, "pmem", 16, "swapstorm", "lockstep"), "lockstep", 18, "k",
                  "i", "ok", "", (), {"throughput_mib_s": Metric(value, "MiB/s", "higher", "x")},
                  f"evidence/{run:04d}", "", 1.0, {"simulated": "m", **host}, "", run)


def side(*values: float) -> list[Sample]:
    return [sample(value, run) for run, value in enumerate(values)]


RESULT = MetricResult("throughput_mib_s", "MiB/s", "higher", 1.0, 1.0, 0.0, None, 0.03, None, "")


@pytest.mark.parametrize("base, test, verdict", [
    ((100, 101, 102), (150, 151, 152), Verdict.IMPROVED),
    ((100, 101, 102), (80, 81, 82), Verdict.REGRESSED),
    ((100, 100.1, 99.9), (100, 100.2, 99.8), Verdict.EQUIVALENT),
    ((100, 110, 90), (105, 118, 99), Verdict.INCONCLUSIVE),
    ((100,), (150,), Verdict.INCONCLUSIVE)])
def test_verdict_over_runs(base: tuple[float, ...], test: tuple[float, ...],
                           verdict: Verdict) -> None:
    found = spread.judge(RESULT, side(*base), side(*test))
    assert found.verdict == verdict
    if len(base) > 1:
        assert found.interval and found.change is not None
        assert found.interval[0] < found.change < found.interval[1]
        turned = spread.judge(RESULT, side(*test), side(*base))
        assert turned.change is not None
        assert math.log1p(turned.change) == pytest.approx(-math.log1p(found.change))


def test_the_self_checks_second_run_counts_once() -> None:
    twice = [*side(100, 102, 104), dataclasses.replace(sample(100, 0), number=9)]
    found, once = (spread.of(one, side(90, 91, 92), "throughput_mib_s")
                   for one in (twice, side(100, 102, 104)))
    assert found == once


def test_series_of_different_simulators_are_not_mixed() -> None:
    own = tier.find("lockstep")
    assert own.unfit(side(1, 2)) == ""
    for key in ("simulated", "simulated_file", "quantum", "simulator"):
        assert key.replace("_", " ") in own.unfit([sample(1, 0), sample(1, 1, **{key: "other"})])


EXPERIMENT = """\
format = 1
base = "6.1:pagewise"
test = ["6.1:batched"]
threads = [1, 16]
tiers = ["lockstep"]
[rules]
perturbations = 2
[lockstep]
machine = "haswell-ep-2s"
"""


def load(folder: Path, text: str) -> Any:
    (folder / "x.toml").write_text(text)
    return plan.load(folder / "x.toml")


def test_plan(tmp_path: Path) -> None:
    planned = plan.samples(load(tmp_path, EXPERIMENT))
    assert [(one.cell.threads, one.cell.kernel, one.layout) for one in planned] == [
        (1, "6.1:pagewise", 0), (1, "6.1:pagewise", 0), (1, "6.1:batched", 0),
        (16, "6.1:pagewise", 0), (16, "6.1:batched", 0), (1, "6.1:pagewise", 1),
        (1, "6.1:batched", 1), (16, "6.1:pagewise", 1), (16, "6.1:batched", 1)]


def test_it_may_have_more_threads_than_the_others(tmp_path: Path) -> None:
    text = EXPERIMENT.replace('["lockstep"]', '["exact", "lockstep"]')
    planned = plan.samples(load(tmp_path, text.replace("[1, 16]", "[1]") + "threads = [2, 30]\n"))
    assert {(one.cell.tier, one.cell.threads) for one in planned} == {
        ("exact", 1), ("lockstep", 2), ("lockstep", 30)}
    with pytest.raises(UsageError, match=r"lockstep.threads: 35 threads and 2 spare"):
        load(tmp_path, EXPERIMENT + "threads = [35]\n")


@pytest.mark.parametrize("old, new, says", [
    ("[1, 16]", "[1, 40]", "40 threads and 2 spare CPUs are more than the 36 CPUs"),
    ('"haswell-ep-2s"', '"vax"', "machine 'vax' is not known"),
    ('machine = "haswell-ep-2s"', "quantum = 1", "quantum: 1 is not in 10..100000"),
    ('machine = "haswell-ep-2s"', "speed = 1", "speed: is not known"),
    ('tiers = ["lockstep"]', 'tiers = ["lockstep"]\ndevices = ["brd"]', "take pmem")])
def test_refused_in_one_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        load(tmp_path, EXPERIMENT.replace(old, new))
    assert "\n" not in str(caught.value)


@pytest.fixture
def no_qemu(monkeypatch: pytest.MonkeyPatch) -> str:
    def lockstep_qemu() -> NoReturn:
        raise CannotMeasure(f"{newqemu.LACK}; {newqemu.MEND}")
    monkeypatch.setattr(newqemu, "lockstep_qemu", lockstep_qemu)
    return f"{newqemu.LACK}; {newqemu.MEND}"


def measured(folder: Path, text: str) -> tuple[list[Planned], list[sample_of.Setting]]:
    """What a campaign would have booted, and under which setting."""
    experiment = load(folder, text)
    home = campaign.create(experiment, folder / "results")
    booted: list[Planned] = []
    settings: list[sample_of.Setting] = []

    def measure(setting: sample_of.Setting, todo: Sequence[Planned], *_: object) -> list[Sample]:
        booted.extend(todo)
        settings.append(setting)
        return []

    running.run(experiment, home, Progress(), campaign.reopen(home.folder)[2], measure,
                lambda *_: {})
    return booted, settings


def test_without_its_qemu_everything_else_is_measured(no_qemu: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    programs.build(Progress())
    booted, settings = measured(tmp_path, EXPERIMENT.replace('["lockstep"]',
                                                             '["exact", "lockstep"]'))
    assert {one.cell.tier for one in booted} == {"exact"}
    assert f"the tier lockstep is left out: {no_qemu}" in capsys.readouterr().err
    assert settings[0].lost == {"lockstep": no_qemu}


def test_what_was_left_out_stands_in_the_report(no_qemu: str) -> None:
    made = sample(1.0, 0, left_out=f"lockstep: {no_qemu}")
    said = [one for one in compare([made], Rules("a", {})).warnings if "left out" in one]
    assert said == [f"left out on the host that measured: lockstep: {no_qemu}"]


def test_alone_it_cannot_be_left_out(no_qemu: str, tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="QEMU .* or newer is not here.*setup/install bench"):
        measured(tmp_path, EXPERIMENT)


def test_every_machine_can_be_simulated() -> None:
    assert {file.stem for file in (paths.CONFIGS / "machines").glob("*.toml")} \
        == set(machinefile.known())


@pytest.mark.parametrize("more, threads, settles, together", [
    ("", 16, "241591910", True), ("", 1, "241591910", False),
    ("[workload]\nsettle = 0.5\n", 16, "134217728", True),
    ("[workload]\nsettle = 0\n", 16, None, False),
    ('[workload]\npattern = "zipf"\n', 16, None, False)])
def test_it_settles_before_the_window(tmp_path: Path, more: str, threads: int,
                                      settles: str | None, together: bool) -> None:
    experiment = load(tmp_path, EXPERIMENT + more)
    planned = next(one for one in plan.samples(experiment) if one.cell.threads == threads)
    kernel = BuiltKernel("6.1:pagewise", "perf", "0", "6.1.0", tmp_path / "bzImage", "0")
    (tmp_path / "System.map").write_text("\n".join(MAP))
    boot = tier.find("lockstep").boot(experiment, Accelerator.LOCKSTEP, planned, kernel, tmp_path)
    argv = boot.job.workload
    assert ("--together" in argv) is together
    assert (argv[argv.index("--settle") + 1] if "--settle" in argv else None) == settles
    size = int(argv[argv.index("--size-per-thread") + 1]) * threads
    share = int(settles or 0) / (256 << 20)
    assert 0 <= (1.75 + share) * (256 << 20) - size < threads * 4096


@pytest.mark.parametrize("quantum, said", [("250", ["109"]), ("101", []), ("100", [])])
def test_a_quantum_longer_than_a_lines_way_is_said(tmp_path: Path, quantum: str,
                                                   said: list[str]) -> None:
    host = tier.find("lockstep").describes(load(tmp_path, EXPERIMENT
                                                + f"quantum = {quantum}\n"))
    made = [sample(1.0, 0, **host), sample(1.0, 1, **{**host, "simulated": "old", "near_ns": ""})]
    lines = [line for line in tier.find("lockstep").assumptions(made) if "longer than" in line]
    assert [line.split(" instructions, ")[1].split()[0] for line in lines] == said
