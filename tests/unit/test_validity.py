# SPDX-License-Identifier: GPL-2.0-only
"""Every reason a sample does not count."""
from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.judge import validity
from runner.judge.tier import find
from runner.reason import Reason, ReasonKind
from runner.records import (MIB, Accelerator, Boot, BootResult, BuiltKernel, Job, Metric, Outcome,
                            Rules, SwapDevice)

DATA = Path(__file__).resolve().parent.parent / "data/evidence/contended"
SIZE = 614400 * 1024
RULES = Rules("base", {}, pswpout_floor=100000)
OK = BootResult(Outcome.OK, "", Accelerator.TCG, 10.0, 0)


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    for file in DATA.iterdir():
        shutil.copy(file, tmp_path)
    shutil.copy(DATA / "steady-end.swaps", tmp_path / "before.swaps")
    kernel = BuiltKernel("k", "perf", "00", "6.1.192", Path("bzImage"), "00")
    job = Job(SwapDevice("brd", SIZE), False, ("/bin/swapstorm", "--verify"))
    return Boot(kernel, Accelerator.TCG, 2, 1 << 30, job, tmp_path)


def judge(boot: Boot, result: BootResult = OK, rules: Rules = RULES) -> tuple[Reason, ...]:
    metrics: dict[str, Metric] = find("timed").measure(boot.evidence)
    reasons = validity.judge(result, boot, metrics, rules)
    assert all(reason.text.isprintable() for reason in reasons)
    return reasons


def only(reasons: tuple[Reason, ...], kind: ReasonKind, said: str) -> None:
    assert [one.kind for one in reasons] == [kind] and said in reasons[0].text, reasons


def verification(boot: Boot, **values: Any) -> None:
    file = boot.evidence / "workload.json"
    document = json.loads(file.read_text())
    document["verification"].update(values)
    file.write_text(json.dumps(document))


def swaps(boot: Boot, name: str, *rows: str) -> None:
    (boot.evidence / name).write_text("Filename Type Size Used Priority\n"
                                      + "".join(row + "\n" for row in rows))


def test_a_good_sample_counts(boot: Boot) -> None:
    assert judge(boot) == ()


def test_another_accelerator(boot: Boot) -> None:
    only(judge(boot, replace(OK, accelerator=Accelerator.KVM)), ReasonKind.ACCELERATOR,
         "ran on kvm, planned on tcg")


@pytest.mark.parametrize("outcome", [one for one in Outcome if one != Outcome.OK])
def test_outcomes(boot: Boot, outcome: Outcome) -> None:
    only(judge(boot, replace(OK, outcome=outcome, detail="seen \x1b[31m here")),
         ReasonKind.BOOT, f"{outcome}: seen \\x1b[31m here")


def bad_pages(boot: Boot) -> None:
    verification(boot, bad=2, first_bad=[{"thread": 0, "page": 5, "offset": 2113,
                                          "kind": "stale\x1b", "found": "", "expected": ""}])


def test_wrong_page_contents_are_loud(boot: Boot) -> None:
    bad_pages(boot)
    only(judge(boot), ReasonKind.CONTENTS, "PAGE CONTENTS WRONG: 2 of 204800 pages")
    only(judge(boot), ReasonKind.CONTENTS, "first: thread 0 page 5 offset 2113 stale\\x1b")


def test_wrong_page_contents_are_loud_when_the_boot_failed_for_it(boot: Boot) -> None:
    bad_pages(boot)
    reasons = judge(boot, replace(OK, outcome=Outcome.WORKLOAD_FAILED, detail="exited 1"))
    assert [one.kind for one in reasons] == [ReasonKind.BOOT, ReasonKind.CONTENTS]


def test_not_verified(boot: Boot) -> None:
    verification(boot, done=False)
    only(judge(boot), ReasonKind.UNVERIFIED, "were not verified")
    unasked = replace(boot, job=replace(boot.job, workload=("/bin/swapstorm",)))
    assert judge(unasked) == ()


@pytest.mark.parametrize("rows, said", [
    ((), "0 swap devices are in use (none)"),
    (("/dev/ram0 partition 614396 0 -2", "/dev/sda partition 614396 0 -3"), "2 swap devices"),
    (("/dev/sda partition 614396 0 -2",), "swap device is /dev/sda, not a brd one"),
    (("/dev/ram0 partition 4092 0 -2",), "has 4190208 bytes, not 629145600"),
    (("/dev/ram0 partition 700000 0 -2",), "has 716800000 bytes"),
])
def test_swap_device(boot: Boot, rows: tuple[str, ...], said: str) -> None:
    swaps(boot, "before.swaps", *rows)
    only(judge(boot), ReasonKind.DEVICE, said)


@pytest.mark.parametrize("name", ["/dev/pmem0", "/dev/pmem0m"])
def test_names_of_pmem(boot: Boot, name: str) -> None:
    swaps(boot, "before.swaps", f"{name} partition 614396 0 -2")
    pmem = replace(boot, job=replace(boot.job, device=SwapDevice("pmem", SIZE)))
    assert judge(pmem) == ()
    only(judge(boot), ReasonKind.DEVICE, f"swap device is {name}, not a brd one")


@pytest.mark.parametrize("rows, said", [
    (("/dev/zram0 partition 65532 0 100", "/dev/pmem0 partition 614396 0 -2"), ""),
    (("/dev/zram0 partition 65532 0 99", "/dev/pmem0 partition 614396 0 -2"),
     "/dev/zram0 has priority 99, not 100"),
    (("/dev/zram0 partition 65532 0 100", "/dev/pmem0 partition 614396 0 7"),
     "/dev/pmem0 has priority 7, not one below 0")])
def test_priorities_of_several(boot: Boot, rows: tuple[str, ...], said: str) -> None:
    swaps(boot, "before.swaps", *rows)
    several = SwapDevice("zram", 64 * MIB, priority=100, beside=(SwapDevice("pmem", SIZE),))
    found = judge(replace(boot, job=replace(boot.job, device=several)))
    if said:
        only(found, ReasonKind.SETTING, said)
    else:
        assert found == ()


def test_one_of_several_may_be_full(boot: Boot) -> None:
    first, second = "/dev/ram0 partition 614396 614396 5", "/dev/ram1 partition 614396 {} 4"
    several = SwapDevice("brd", SIZE, priority=5, beside=(SwapDevice("brd", SIZE, priority=4),))
    swaps(boot, "before.swaps", first, second.format(0))
    both = replace(boot, job=replace(boot.job, device=several))
    swaps(boot, "steady-end.swaps", first, second.format(1000))
    assert judge(both) == ()
    swaps(boot, "steady-end.swaps", first, second.format(614000))
    only(judge(both), ReasonKind.FULL, "filled up (100.0% used)")


@pytest.mark.parametrize("used, counts", [(608250, True), (608253, False), (614396, False)])
def test_filled_up(boot: Boot, used: int, counts: bool) -> None:
    swaps(boot, "steady-end.swaps", f"/dev/ram0 partition 614396 {used} -2")
    if counts:
        assert judge(boot) == ()
    else:
        only(judge(boot), ReasonKind.FULL, "swap device filled up")


def test_too_few_pages(boot: Boot) -> None:
    assert judge(boot, rules=replace(RULES, pswpout_floor=151455)) == ()
    only(judge(boot, rules=replace(RULES, pswpout_floor=151456)), ReasonKind.FEW_PAGES,
         "151455 pages were swapped out in the steady phase; it takes 151456")


def test_workload_and_kernel_disagree(boot: Boot) -> None:
    file = boot.evidence / "workload.json"
    document = json.loads(file.read_text())
    document["phases"]["steady"]["pswpout_end"] = 180000
    file.write_text(json.dumps(document))
    only(judge(boot), ReasonKind.DISAGREEMENT, "disagree on pages swapped out by +18.8%")


@pytest.mark.parametrize("pages, counts", [(151455, True), (190000, True), (210000, False),
                                           (140000, False)])
def test_a_late_window_counts_where_counts_and_pages_are_its_own(
        boot: Boot, pages: int, counts: bool) -> None:
    file = boot.evidence / "workload.json"
    document = json.loads(file.read_text())
    document["phases"]["steady"]["pswpout_end"] = pages
    file.write_text(json.dumps(document))
    metrics = find("timed").measure(boot.evidence)
    for late, ran in ((replace(boot, accelerator=Accelerator.ICOUNT), Accelerator.ICOUNT),
                      (replace(boot, job=replace(boot.job, lock_stat=True)), Accelerator.TCG)):
        found = validity.judge(replace(OK, accelerator=ran), late, metrics, RULES)
        assert (not any(one.kind is ReasonKind.DISAGREEMENT for one in found)) is counts


def test_nothing_measured(boot: Boot) -> None:
    only(validity.judge(OK, boot, {}, RULES), ReasonKind.EVIDENCE, "nothing was measured")


def test_missing_evidence_is_a_reason(boot: Boot) -> None:
    metrics = find("timed").measure(boot.evidence)
    (boot.evidence / "before.swaps").unlink()
    (boot.evidence / "workload.json").unlink()
    reasons = validity.judge(OK, boot, metrics, RULES)
    assert [(one.kind, one.text.split(":")[0]) for one in reasons] == [
        (ReasonKind.EVIDENCE, "workload.json"), (ReasonKind.EVIDENCE, "before.swaps")]
