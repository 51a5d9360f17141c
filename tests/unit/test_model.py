# SPDX-License-Identifier: GPL-2.0-only
"""From samples and a machine's description to projections, ratios and refusals."""
from __future__ import annotations

import argparse
import dataclasses
import json
import re
from pathlib import Path

import pytest

from runner import model
from runner.commands import project as command
from runner.errors import CannotMeasure, UsageError
from runner.model import calibrate, machinefile, ranges, scenario, show, validate
from runner.model.projection import beyond
from runner.model.swapsim import LockShare, Point, Spread
from runner.records import Cell, Metric, Sample

#: Small enough for a test, of the size measured for 6.1:pagewise and 6.1:batched.
EFFORT = model.Effort(seeds=3, pages=8000, warmup=8000)


def sample(kernel: str, tier: str, **values: float) -> Sample:
    """A valid one under icount; '__' in a name stands for a dot."""
    metrics = {name.replace("__", "."): Metric(value, "", "", "test")
               for name, value in values.items()}
    return Sample(0, 0, Cell(kernel, "pmem", 1, "swapstorm", tier), "icount", 1, "", "", "ok", "",
                  (), metrics, "evidence/0000", "", 1.0, {})


EXACT = {"instructions_per_page": 12000.0, "instructions_per_written_page": 12000.0,
         "fault_instructions_per_page": 3500.0}
#: 1000 pages in 36 ms are 36000 instructions each, three times those without lock-stat.
COUNTED = {"steady_s": 0.036, "pswpout": 1000.0, "pswpout_agreement": 1.0,
           "lock_stat__taken_per_page": 40.0, "lock_stat__hold_floor_us": 0.23,
           "lock_stat__queued_hold_floor_us": 0.31,
           "locks__swap_cache_tree__acquisitions_per_page": 2.0,
           "locks__swap_cache_tree__hold_us_per_page": 2.82,
           "locks__swap_device__acquisitions_per_page": 4.0,
           "locks__swap_device__hold_us_per_page": 1.72,
           "locks__swap_cluster__acquisitions_per_page": 0.0,
           "locks__swap_cluster__hold_us_per_page": 0.0}
FEW = {**COUNTED, "locks__swap_device__acquisitions_per_page": 0.125,
       "locks__swap_device__hold_us_per_page": 0.5}


def samples() -> list[Sample]:
    return [sample("a", "exact", **EXACT), sample("a", "locks", **COUNTED),
            sample("b", "exact", **EXACT), sample("b", "locks", **FEW)]


MACHINE = model.machine("haswell-ep-2s")

pytestmark = pytest.mark.usefixtures("swapsim")


def test_lock_stat_is_taken_off() -> None:
    found = model.inputs(samples(), "a")
    # 24000 more instructions over 40 acquisitions.
    assert found.lock_stat_instructions == pytest.approx(600)
    tree = found.locks[0]
    # 1410 of which 310 are lock-stat's, and two thirds of the rest for locks inside.
    assert (tree.name, tree.acquisitions, tree.batch) == ("swap_cache_tree", 2.0, 1.0)
    assert tree.hold == pytest.approx(1100 / 3)
    assert tree.hold_low == pytest.approx(1100 / 5)
    assert tree.hold_high == pytest.approx(1180)
    assert found.fault_instructions == pytest.approx(3500)
    assert found.reclaim_instructions == pytest.approx(12000 - 3500 - 2200 / 3 - 4 * 120 / 3)
    assert [one.name for one in found.locks] == ["swap_cache_tree", "swap_device"]
    assert model.inputs(samples(), "b").lock("swap_device") == model.Lock(
        "swap_device", "spin", 0.125, pytest.approx(3690 / 3), pytest.approx(3690 / 5),
        pytest.approx(3770), 8.0)


def test_shorter_than_lock_stat_is_not_less_than_nothing() -> None:
    short = {**COUNTED, "locks__swap_device__hold_us_per_page": 1.2}
    found = model.inputs([samples()[0], sample("a", "locks", **short)], "a").lock("swap_device")
    assert found and (found.hold_low, found.hold) == (1.0, 1.0) < (found.hold_high,)


@pytest.mark.parametrize(("tier", "name", "value", "line"), [
    ("exact", "fault_instructions_per_page", None, "no metric fault_instructions_per_page"),
    ("exact", "instructions_per_page", float("nan"), "instructions_per_page: nan is not a number"),
    ("locks", "lock_stat__taken_per_page", None, "no metric lock_stat.taken_per_page"),
    ("locks", "locks__swap_device__hold_us_per_page", -1.0, "hold_us_per_page: -1 is not"),
    ("locks", "steady_s", 0.011, "11000 instructions with lock-stat and 12000 without"),
    ("exact", "fault_instructions_per_page", 11500.0, "leave nothing of a page's 12000"),
])
def test_samples_that_cannot_be(tier: str, name: str, value: float | None, line: str) -> None:
    values = dict(EXACT if tier == "exact" else COUNTED)
    if value is None:
        del values[name]
    else:
        values[name] = value
    other = samples()[1 if tier == "exact" else 0]
    with pytest.raises(CannotMeasure, match=re.escape(line)):
        model.inputs([sample("a", tier, **values), other], "a")


def test_samples_that_do_not_count() -> None:
    exact, locks = samples()[:2]
    for other in (dataclasses.replace(locks, accelerator="tcg"),
                  dataclasses.replace(locks, invalid=("oops",))):
        with pytest.raises(CannotMeasure, match="a on the locks tier with 1 thread under icount"):
            model.inputs([exact, other], "a")


def test_instances_of_locks() -> None:
    old = model.inputs(samples(), "a")
    new = dataclasses.replace(old, locks=(*old.locks, dataclasses.replace(
        old.locks[0], name="swap_cluster")))
    two = dataclasses.replace(MACHINE, devices=dataclasses.replace(MACHINE.devices, count=2))
    assert scenario.instances(old, two, "swap_cache_tree") == 2
    assert scenario.instances(new, two, "swap_cache_tree") == 2 * 49152 // 64
    assert scenario.instances(new, MACHINE, "swap_cluster") == 49152
    assert scenario.instances(new, two, "swap_avail") == 1
    assert scenario.instances(new, two, "lru") == 2
    assert scenario.instances(new, two, "swap_device") == 2


def test_text_for_swapsim() -> None:
    text = scenario.text(model.inputs(samples(), "b"), MACHINE, (1, 16), EFFORT)
    assert "kswapd 2 11585 14481 17377 32\n" in text
    # Eight pages to a hold: one and seven eighths of the lines, 1 to 8 times.
    assert "instances 1 kind spin data 1.875[1..8]\n" in text
    assert "workers 1 16\n" in text and "device-ns 410[200..820] 1\n" in text


def test_batches_win_where_a_lock_saturates() -> None:
    base, test = (model.project(model.inputs(samples(), one), MACHINE, (16, 1),
                                past_validation=True, effort=EFFORT) for one in "ab")
    assert [one.threads for one in base.points] == [1, 16]
    assert base.tier == "projected" and base.points[1].saturating == "swap_device"
    few, many = model.ratios(base, test)
    assert 1.0 < few.value < many.value
    assert many.low <= many.value <= many.high


def point(threads: int, lock: str, busy: float) -> Point:
    return Point(threads, Spread(1.0, 1.0, 1.0), 1.0, 0.0, (),
                 (LockShare("other", 0.1, 0, 0), LockShare(lock, busy, 0, 0)))


def test_where_another_lock_takes_over() -> None:
    valid = dataclasses.replace(MACHINE, validated=machinefile.Validated(2, ("a",), "test"))
    rising = [point(1, "b", 0.4), point(2, "a", 0.9), point(4, "b", 0.5), point(8, "a", 0.9)]
    assert beyond(rising[:2], valid) is None
    past = beyond(rising, valid)
    assert past and past[0] == 2
    assert past[1] == ("projected: from 4 threads on b saturates, where the model was validated "
                       "on haswell-ep-2s up to 2 threads with a saturating (test)")


def test_refused_unless_told_to() -> None:
    narrow = dataclasses.replace(MACHINE, validated=machinefile.Validated(1, (), "test"))
    inputs = model.inputs(samples(), "a")
    refused = model.project(inputs, narrow, (1, 16), effort=EFFORT)
    told = model.project(inputs, narrow, (1, 16), past_validation=True, effort=EFFORT)
    assert [one.threads for one in told.points] == [1, 16]
    assert len(refused.points) < 2 and told.refusal == refused.caution == ""
    assert refused.refusal.endswith("; not projected past that unless told to")
    assert refused.refusal.startswith(told.caution)
    with pytest.raises(UsageError, match="no thread counts"):
        model.project(inputs, narrow, ())


def test_calibration_gives_the_published_figures() -> None:
    inputs = model.inputs(samples(), "a")
    assert MACHINE.published is not None
    # 1,475,358 KiB/s, of which an eighth more was counted than was.
    assert MACHINE.published.pages_per_s[1] == pytest.approx(1475358 / 4 / 1.125)
    fitted = calibrate.published(inputs, MACHINE, MACHINE.published)
    found = model.project(inputs, fitted, (1, 16), past_validation=True, effort=EFFORT)
    for one in found.points:
        assert one.pages_per_s.value == pytest.approx(MACHINE.published.pages_per_s[one.threads],
                                                      rel=0.02)
    one_figure = dataclasses.replace(MACHINE.published, pages_per_s={1: 2e5})
    slow = calibrate.published(inputs, MACHINE, one_figure)
    assert slow.figures["lines_per_hold"].value == MACHINE.figures["lines_per_hold"].value
    assert slow.figures["ns_per_instruction"].value > fitted.figures["ns_per_instruction"].value


def test_figures_that_cannot_come_out() -> None:
    assert MACHINE.published is not None
    for wanted in ({1: 1e5, 16: 9e7}, {1: 1e9}):
        with pytest.raises(CannotMeasure, match="do not come out"):
            calibrate.published(model.inputs(samples(), "a"), MACHINE, dataclasses.replace(
                MACHINE.published, pages_per_s=wanted))


def test_every_uncertain_input_has_a_row() -> None:
    base, test = (model.inputs(samples(), one) for one in "ab")
    names = [name for name, *_ in ranges.variations(base, test, MACHINE)]
    assert names == ["near_ns", "far_ns", "lines_per_extra_page", "wake_ns", "device_ns",
                     "instructions under locks", "devices in use", "memory MiB"]
    whole = base.reclaim_instructions + sum(one.acquisitions * one.hold for one in base.locks)
    for name, _, low, high in ranges.variations(base, test, MACHINE):
        if name == "instructions under locks":
            for one in (low.base, high.base):
                assert whole == pytest.approx(one.reclaim_instructions + sum(
                    lock.acquisitions * lock.hold for lock in one.locks))


def test_sensitivity_without_published_figures() -> None:
    base, test = (model.inputs(samples(), one) for one in "ab")
    plain = dataclasses.replace(MACHINE, published=None)
    rows = {one.name: one for one in model.sensitivity(base, test, plain, 16)}
    devices = rows["devices in use"]
    assert devices.ratio_low and devices.ratio_high and devices.ratio_high != devices.ratio_low
    text = "\n".join(show.sensitivity_table([devices, dataclasses.replace(
        devices, ratio_high=None)], "b over a"))
    assert "devices in use" in text and text.splitlines()[3].endswith(" –")


def test_shown_with_the_word() -> None:
    one = model.project(model.inputs(samples(), "a"), MACHINE, (1, 16), past_validation=True,
                        effort=EFFORT)
    lines = show.table(one, [model.Ratio(16, 1.5, 1.4, 1.6)])
    assert lines[0] == "a on haswell-ep-2s: projected, not measured"
    assert any("1.50 [1.40..1.60]" in line and "swap_device" in line for line in lines)
    data = json.loads(json.dumps(show.document([one], {}, {})))
    assert data["tier"] == data["projections"][0]["tier"] == "projected"
    assert data["projections"][0]["points"][1]["saturating"] == "swap_device"


def timed(kernel: str, threads: int, mib_s: float) -> Sample:
    one = sample(kernel, "timed", throughput_mib_s=mib_s)
    return dataclasses.replace(one, cell=dataclasses.replace(one.cell, threads=threads),
                               accelerator="tcg")


def test_held_against_the_timed_tier() -> None:
    inputs = {one: model.inputs(samples(), one) for one in "ab"}
    host = model.machine("tcg-2c")
    slow = calibrate.with_figure(calibrate.exact(host), "ns_per_instruction", 2.0)
    truth = {(one, threads): model.project(inputs[one], slow, (threads,), past_validation=True,
                                           effort=EFFORT).points[0].mib_s
             for one in "ab" for threads in (1, 2)}
    boots = [timed(*cell, factor * value) for cell, value in truth.items()
             for factor in (0.9, 1.0, 1.1)]
    broken = dataclasses.replace(timed("a", 1, 1e6), invalid=("oops",))
    checks = validate.validate(inputs, host, [*reversed(boots), broken, timed("c", 1, 1.0)],
                               EFFORT)
    assert [(one.kernel, one.threads, one.boots) for one in checks] == [
        ("a", 1, 3), ("a", 2, 3), ("b", 1, 3), ("b", 2, 3)]
    assert [one.calibrates for one in checks] == [True, False, False, False]
    for one in checks:
        assert one.measured == pytest.approx(truth[one.kernel, one.threads])
        assert (one.low, one.high) == pytest.approx((0.9 * one.measured, 1.1 * one.measured))
        assert abs(one.off) < 0.03
    lines = show.validation_table(checks, host.name)
    assert lines[0].startswith("projected for tcg-2c") and " sets it " in lines[2]
    with pytest.raises(CannotMeasure, match="no valid timed sample of any of the kernels a, b"):
        validate.validate(inputs, host, [timed("c", 1, 1.0)])
    with pytest.raises(CannotMeasure, match="no speed gives the 25600000000 pages/s"):
        validate.validate(inputs, host, [timed("a", 1, 1e8)])


@pytest.mark.parametrize("text", ["", "0", "1,,2", "1;2", "1025", "a"])
def test_thread_counts_that_are_none(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a list such as"):
        command.counts(text)


def test_thread_counts() -> None:
    assert command.counts("16,1,1,2") == (1, 2, 16)


@pytest.mark.parametrize("name", machinefile.known())
def test_machines_of_this_checkout(name: str) -> None:
    found = model.machine(name)
    assert found.name == name and set(found.figures) == set(machinefile.FIGURES)
    assert all(len(one.source) > 20 for one in found.figures.values())


def test_machine_by_path_and_unknown(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = machinefile.path_of("haswell-ep-2s").read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    assert model.machine(str(file)).name == "mine"
    with pytest.raises(UsageError, match=r"'haswell-ep': is not known \(did you mean haswell-"):
        model.machine("haswell-ep")


@pytest.mark.parametrize(("old", "new", "line"), [
    ("sockets = 2", "sockets = 0", "sockets: 0 is not in 1..16"),
    ("[figures.wake_ns]", "[figures.wake]", "figures.wake_ns.value: missing"),
    ("value = 44\n", "value = 5\n", "figures.near_ns.value: 5 is not in its range 40..60"),
    ("kib_per_s = [1475358, 2148972]", "kib_per_s = [1]",
     "published.kib_per_s: has 1 figures for 2 thread counts"),
    ("[validated]", "[validated]\nlock = 1", "validated.lock: is not known here"),
    ("format = 1", "format = 2", "format: 2 is not in 1..1"),
])
def test_machine_files_with_mistakes(tmp_path: Path, old: str, new: str, line: str) -> None:
    text = machinefile.path_of("haswell-ep-2s").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "m.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError, match=rf"m\.toml:\d+: {re.escape(line)}"):
        model.machine(str(file))


def test_watermarks_of_the_kernel() -> None:
    # 128 GiB: 4 * sqrt(134217728) KiB = 46340 KiB.
    assert machinefile.watermarks(131072) == (11585, 14481, 17377)
    assert machinefile.watermarks(1 << 20)[0] == 65536 // 4
