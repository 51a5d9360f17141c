# SPDX-License-Identifier: GPL-2.0-only
"""The torture tier: what is asked of a boot, and what a boot shows of its kernel."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from madesamples import BASE, RULES, TEST, exact, sample

from runner import paths
from runner.asked import Experiment, Planned
from runner.errors import Exit, UsageError
from runner.experiment import plan
from runner.judge.figures import Verdict
from runner.judge.tier import find, torture
from runner.judge.validity import findings
from runner.judge.verdict import compare
from runner.metrics import torturefile
from runner.reason import Reason, ReasonKind
from runner.records import (MIB, Accelerator, Boot, BootResult, BuiltKernel, Cell, Job, Outcome,
                            Sample, SwapDevice)
from runner.report import text

TIER = find("torture")
OK = BootResult(Outcome.OK, "", Accelerator.TCG, 10.0, 0)
COUNTS = {name: 3 for name in torturefile.COUNTS} | {"bad": 0}

EXPERIMENT = """\
format = 1
kernels = ["6.1:vanilla", "6.12:vanilla"]
tiers = ["torture"]
threads = [2]
{top}
[torture]
rounds = 4
disk_mib = 8
{torture}
[torture.boots.classic]
scenarios = ["writers", "nodes"]
[torture.boots.huge]
scenarios = ["full"]
lru = "mglru"
thp = "always"
{boots}
"""


def load(tmp_path: Path, **parts: str) -> Experiment:
    file = tmp_path / "torture.toml"
    file.write_text(EXPERIMENT.format(**{"top": "", "torture": "", "boots": "", **parts}))
    return plan.load(file)


def asked(experiment: Experiment) -> torture.Asked:
    found = experiment.own["torture"]
    assert isinstance(found, torture.Asked)
    return found


def booted(experiment: Experiment, planned: Planned) -> Boot:
    kernel = BuiltKernel("k", "debug", "00", "6.1.192", Path("bzImage"), "00")
    return TIER.boot(experiment, Accelerator.TCG, planned, kernel, Path("evidence"))


def test_every_kernel_is_booted_once_per_table(tmp_path: Path) -> None:
    experiment = load(tmp_path)
    planned = plan.samples(experiment)
    assert [(one.cell.kernel, one.cell.workload) for one in planned] == [
        (kernel, f"swaptorture/{boot}") for kernel in ("6.1:vanilla", "6.12:vanilla")
        for boot in ("classic", "huge")]
    assert planned[1].cell.label() == "6.1:vanilla pmem 2 threads torture (swaptorture/huge)"
    boot = booted(experiment, planned[1])
    assert " ".join(boot.job.workload) == (
        "/bin/swaptorture --guest --scenarios full --lru mglru --thp always --groups v2 "
        "--threads 2 --rounds 4 --seed 1 --limit 60 --progress-fd 4")
    assert "ramdisk_size=8192" in boot.cmdline


def test_a_swapoff_without_end_has_time_to_be_told(tmp_path: Path) -> None:
    experiment = load(tmp_path, torture="limit_s = 50")
    limits = booted(experiment, plan.samples(experiment)[0]).limits
    assert limits["silence"] > 50 and limits["total"] > 3 * 50


@pytest.mark.parametrize("parts, says", [
    ({"boots": '[torture.boots.more]\nscenarios = ["sawpoff"]'},
     "boots.more.scenarios: 'sawpoff' is not one of writers, shared, advice, swapoff, refused, "
     "full, nodes, merged, poisoned (did you mean swapoff?)"),
    ({"boots": "[torture.boots.more]\n"}, "boots.more.scenarios: missing"),
    ({"boots": '[torture.boots.more]\nscenarios = ["full"]\nlru = "new"'},
     "boots.more.lru: 'new' is not one of classic, mglru"),
    ({"boots": '[torture.boots.more]\nscenarios = ["full"]\ngroups = "v3"'},
     "boots.more.groups: 'v3' is not one of v2, v1"),
    ({"torture": "seed = -1"}, "torture.seed: -1 is not in 0.."),
    ({"torture": "limit_s = 0"}, "torture.limit_s: 0 is not in 1..3600"),
    ({"torture": "more = 1"}, "torture.more: is not known here"),
    ({"top": 'devices = ["brd"]'}, "torture: the RAM disk (brd) is its second swap device"),
    ({"top": 'devices = ["nvme"]'}, "torture: nvme: the tier knows pmem and pmem-legacy alone"),
])
def test_experiments_that_are_wrong(tmp_path: Path, parts: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as error:
        load(tmp_path, **parts)
    assert says in str(error.value) and "torture.toml:" in str(error.value)


def test_tier_without_boots(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('format = 1\nkernels = ["6.1:vanilla"]\ntiers = ["torture"]\n')
    with pytest.raises(UsageError, match="torture.boots: missing"):
        plan.load(file)


@pytest.mark.parametrize("name", ["torture", "torture-short"])
def test_shipped_experiments(name: str) -> None:
    experiment = plan.load(paths.CONFIGS / f"{name}.toml")
    assert plan.samples(experiment)
    met = {one for boots in asked(experiment).boots for one in boots.scenarios}
    assert met >= {"shared", "advice", "swapoff", "refused", "full", "nodes"}
    if name == "torture":
        assert met == set(torture.SCENARIOS)
        assert {(boots.lru, boots.thp) for boots in asked(experiment).boots} == {
            (lru, thp) for lru in ("classic", "mglru") for thp in ("never", "always")}


# One boot

@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    kernel = BuiltKernel("k", "debug", "00", "6.1.192", Path("bzImage"), "00")
    job = Job(SwapDevice("pmem", 256 * MIB), False, ("/bin/swaptorture",))
    made = Boot(kernel, Accelerator.TCG, 2, 192 * MIB, job, tmp_path)
    tell(made)
    (tmp_path / torturefile.AFTER).write_text("nr_swapcached 0\npswpout 10\n")
    return made


def tell(boot: Boot, bad: int = 0, **changes: Any) -> None:
    """Write the document of a boot."""
    first = [{"thread": 300, "page": 5, "generation": 1, "offset": 9, "kind": "corrupt",
              "wrong_bits": 1}]
    (boot.evidence / "workload.json").write_text(json.dumps({
        "swaptorture": 1, "scenarios": [{"name": "writers", **COUNTS},
                                        {"name": "full", **COUNTS, "bad": bad}],
        "verification": {"done": True, "pages": 6, "bad": bad, "first_bad": first[:bad]},
        "missed": [], "unsound": [], **changes}))


def test_a_sound_boot(boot: Boot) -> None:
    found, reasons = TIER.sample(OK, boot, RULES)
    assert reasons == ()
    assert found["torture.swapoffs"].value == 6 and found["torture.bad"].value == 0
    assert TIER.measure(boot.evidence) == found


def test_documents_of_the_first_versions_are_read(boot: Boot) -> None:
    first = {name: value for name, value in COUNTS.items()
             if name not in ("merged", "merged_out", "poisoned", "survived")}
    tell(boot, scenarios=[{"name": "full", **first}])
    assert TIER.measure(boot.evidence)["torture.poisoned"].value == 0


def of(boot: Boot, result: BootResult) -> Sample:
    found, reasons = TIER.sample(result, boot, RULES)
    assert all(one.text.isprintable() for one in reasons)
    return sample(TEST, "torture", found, invalid=reasons, outcome=result.outcome.value)


EXITED_1 = replace(OK, outcome=Outcome.WORKLOAD_FAILED, detail="workload exited 1")


@pytest.mark.parametrize("told, result, says", [
    ({"bad": 1}, EXITED_1, "PAGE CONTENTS WRONG: 1 of 6 pages came back"),
    ({"unsound": ["swapoff of /dev/ram0 does not end"]}, EXITED_1,
     "UNSOUND: swapoff of /dev/ram0 does not end"),
    ({}, replace(OK, outcome=Outcome.KERNEL_WARNING, detail="WARNING: possible recursive locking"),
     "kernel-warning: WARNING: possible recursive locking"),
    ({}, replace(OK, outcome=Outcome.WORKLOAD_FAILED, detail="workload killed 7: x",
                 killed=7),
     "UNSOUND: the program was killed by SIGBUS: its memory failed it"),
    ({}, replace(OK, outcome=Outcome.HUNG_IN_RECLAIM, detail="stands at 7 pages"),
     "hung-in-reclaim: stands at 7 pages"),
])
def test_findings(boot: Boot, told: dict[str, Any], result: BootResult, says: str) -> None:
    tell(boot, **told)
    against = findings(of(boot, result))
    assert len(against) == 1 and against[0].text.startswith(says)


def test_swap_cache_left_over_is_seen_by_the_agent_too(boot: Boot) -> None:
    (boot.evidence / torturefile.AFTER).write_text("nr_swapcached 3\n")
    assert list(map(str, findings(of(boot, OK)))) == [
        "UNSOUND: after.vmstat: nr_swapcached is not zero with all swap taken off"]


@pytest.mark.parametrize("told, result, says", [
    ({"missed": ["nodes: no allocation failed"]}, OK,
     "the torture did not reach its point: nodes: no allocation failed"),
    ({"scenarios": [{"name": "full"}]}, OK, "workload.json: scenarios[0]: has no 'verified'"),
    ({"swaptorture": 2}, OK, "workload.json: swaptorture: version is not 1"),
    ({"unsound": [7]}, OK, "workload.json: document: unsound: is not a list"),
    ({}, replace(OK, outcome=Outcome.OOM_KILLED, detail="Out of memory"),
     "oom-killed: Out of memory"),
    ({}, replace(OK, outcome=Outcome.WORKLOAD_FAILED, detail="workload killed 15", killed=15),
     "workload-failed: workload killed 15"),
    # A status of 1 for nothing that the document tells.
    ({}, EXITED_1, "workload-failed: workload exited 1"),
    ({}, replace(OK, accelerator=Accelerator.KVM), "accelerator: ran on kvm, planned on tcg"),
])
def test_what_shows_nothing(boot: Boot, told: dict[str, Any], result: BootResult,
                            says: str) -> None:
    tell(boot, **told)
    made = of(boot, result)
    assert made.invalid and made.invalid[0].text.startswith(says)
    assert findings(made) == []


def test_a_boot_that_told_nothing(boot: Boot) -> None:
    (boot.evidence / "workload.json").unlink()
    assert "missing from the evidence" in of(boot, OK).invalid[0].text
    silent = of(boot, replace(OK, outcome=Outcome.GUEST_SILENT, detail="no heartbeat in 60 s"))
    assert silent.invalid == (Reason(ReasonKind.BOOT, "guest-silent: no heartbeat in 60 s"),)
    assert findings(silent) == []


# Verdicts

UNSOUND = Reason(ReasonKind.UNSOUND, "UNSOUND: swapoff of /dev/ram0 does not end")
MISSED = Reason(ReasonKind.MISSED, "the torture did not reach its point: x")


def tortured(*invalid: Reason, kernel: str = TEST, name: str = "classic", **changes: Any) -> Sample:
    cell = Cell(kernel, "pmem", 2, f"swaptorture/{name}", "torture")
    return sample(kernel, "torture", {}, cell=cell, invalid=invalid, **changes)


@pytest.mark.parametrize("invalid, verdict, status", [
    ((), Verdict.SOUND, Exit.OK),
    ((UNSOUND,), Verdict.UNSOUND, Exit.REGRESSED),
    ((MISSED,), Verdict.INVALID, Exit.CANNOT_MEASURE),
    ((MISSED, Reason(ReasonKind.CONTENTS, "x")), Verdict.UNSOUND, Exit.REGRESSED),
])
def test_verdict(invalid: tuple[Reason, ...], verdict: Verdict, status: Exit) -> None:
    found = compare([tortured(kernel=BASE), tortured(*invalid, name="huge", number=1)], RULES)
    assert (found.verdict, found.exit) == (verdict, status)
    assert [(one.test, one.verdict) for one in found.cells] \
        == [(BASE, Verdict.SOUND), (TEST, verdict)]
    loud = [one for one in found.warnings if one.startswith("FINDING: ")]
    assert len(loud) == (verdict == Verdict.UNSOUND)
    assert bool(found.excluded) == (verdict == Verdict.INVALID)


def test_a_base_that_is_unsound_counts_too() -> None:
    assert compare([tortured(UNSOUND, kernel=BASE)], RULES).exit == Exit.REGRESSED


def test_unsound_outweighs_what_was_measured() -> None:
    found = compare([*exact(10000.0, 9000.0), tortured(UNSOUND, number=9)], RULES)
    assert (found.verdict, found.exit) == (Verdict.UNSOUND, Exit.REGRESSED)
    found = compare([*exact(10000.0, 9000.0), tortured(number=9)], RULES)
    assert (found.verdict, found.exit) == (Verdict.IMPROVED, Exit.OK)


def test_report_names_boot_and_finding(boot: Boot) -> None:
    made = replace(tortured(UNSOUND), metrics=torturefile.measure(boot.evidence))
    shown = text.render(compare([made], replace(RULES, base="")))
    assert f"{TEST} against torture on pmem" in shown
    assert "swaptorture/classic, 2 threads: UNSOUND: UNSOUND: swapoff of /dev/ram0" in shown
    assert "verified, pages" in shown and "Verdict: UNSOUND" in shown
    assert "FINDING: " in shown and "Samples that do not count" not in shown
