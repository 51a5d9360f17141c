# SPDX-License-Identifier: GPL-2.0-only
"""The host's side of lockstep: symbols, what the plugin is told, what it wrote, what that means."""
from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given, strategies as st

from runner import paths, programs
from runner.asked import Planned
from runner.campaign import campaign, running
from runner.campaign import sample as sample_of
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.judge import spread, tier
from runner.judge.figures import MetricResult, Verdict
from runner.judge.verdict import compare
from runner.lockstep import machinefile, reading, simfile, simmetrics, symbols
from runner.lockstep.names import Names
from runner.lockstep.symbols import Symbols
from runner.progress import Progress
from runner.records import Accelerator, BuiltKernel, Cell, Metric, Rules, Sample
from runner.vm import newqemu

MAP = """\
0000000000000000 D __per_cpu_start
0000000000000040 D cpu_info
0000000000000100 D runqueues
0000000000001000 D __per_cpu_end
ffffffff81000000 T _stext
ffffffff81001000 T _raw_spin_lock
ffffffff81001040 T native_queued_spin_lock_slowpath
ffffffff81001200 T get_swap_pages
ffffffff81001400 T cpu_idle_poll.isra.0
ffffffff81001500 T clear_page_orig
ffffffff81001540 T asm_sysvec_apic_timer_interrupt
ffffffff81002000 D swap_info
ffffffff81002100 D __per_cpu_offset
ffffffff81002300 d __key.0
ffffffff81002308 D swap_avail_lock
ffffffff81003000 D _edata
""".splitlines()
DEVICE, BASE_OF_CPU_1 = 0xFFFF888008182C00, 0xFFFF88800FA00000
SLOW, IDLE = 0xFFFFFFFF81001050, 0xFFFFFFFF81001410


def counters(**given: int) -> dict[str, int]:
    return {**dict.fromkeys(reading.COUNTERS, 0), **given}


def document() -> dict[str, Any]:
    pair = ["0x81001210", "0x81001050", 1, 2, 3, 4]
    return {
        "lockstep": 1, "told_apart": True, "told": 2, "begun": 1, "ended": 1,
        "fs": 2_000_000_000_000, "lost": 0, "outside": 5, "dropped": 0,
        "cpus": [{"socket": 0, "fs": 2_000_000_000_000,
                  "window": counters(insns=8000, near=40, far=60, stall_fs=10**12)},
                 {"socket": 1, "fs": 2_000_000_000_000, "window": counters(insns=2000)}],
        "peeks": {hex(0xFFFFFFFF81002000): hex(DEVICE),
                  hex(0xFFFFFFFF81002108): hex(BASE_OF_CPU_1)},
        "waits": [["0xffffffff81001210", hex(DEVICE + 0xD8), 30, 10**9]],
        "pauses": [[hex(IDLE), "0x0", 10, 10**12], [hex(SLOW), "0x0", 10, 2 * 10**11]],
        "lines_moved": 3,
        "lines": [{"line": hex(DEVICE + 0xC0), "moves": [1, 2, 3, 4], "pairs": [pair]},
                  {"line": hex(BASE_OF_CPU_1 + 0x140), "moves": [1, 0, 0, 0], "pairs": [pair]},
                  {"line": hex(0xFFFF888001000000), "moves": [0, 0, 1, 0], "pairs": [pair]}]}


def read(folder: Path, data: object) -> reading.Reading:
    (folder / reading.NAME).write_text(json.dumps(data), "ascii")
    return reading.read(folder)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, document())
    assert (found.ns, found.vcpus, found.cpu_ns) == (2e6, 2, 4e6)
    assert found.total["insns"] == 10000 and found.lines[0].moves.total == 10
    assert found.waits[0].ns == 1000 and found.lines[0].moves.writes == 7


@pytest.mark.parametrize("change, says", [
    ({"told_apart": False}, "not told apart"), ({"told": 1}, "1 of 2 reported"),
    ({"told": 0}, "not told apart"), ({"begun": 0}, "began 0 times"),
    ({"ended": 2}, "ended 2 times"),
    ({"dropped": 3}, "more lines changed hands than there is room for"),
    ({"lost": 1}, "without a HLT"), ({"fs": 0}, "took no time"),
    ({"lockstep": 2}, "version is not"),
    ({"waits": [["x", "0x1", 1, 1]]}, "is not two addresses"),
    ({"waits": [["0x1", "0x1", -1, 1]]}, "is not two addresses"), ({"cpus": 1}, "cpus"),
    ({"lines": [{"line": "0x1", "moves": [1], "pairs": []}]}, "is not two addresses")])
def test_what_is_not_sound_is_one_line(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(CannotMeasure, match=says) as caught:
        read(tmp_path, document() | change)
    assert str(caught.value).startswith(reading.NAME) and "\n" not in str(caught.value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.sampled_from([*document(), "x"]), inner, max_size=8)))
def test_any_document_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory,
                                         data: object) -> None:
    try:
        read(tmp_path_factory.mktemp("x"), document() | data if isinstance(data, dict) else data)
    except CannotMeasure as error:
        assert "\n" not in str(error)


def test_names(tmp_path: Path) -> None:
    names = Names(Symbols(MAP), read(tmp_path, document()))
    assert names.line(DEVICE + 0xC0) == "swap device 0 +0xc0"
    assert names.line(BASE_OF_CPU_1 + 0x140) == "per-CPU runqueues +0x40, CPU 1"
    assert names.line(0xFFFFFFFF81002300) == "swap_avail_lock", "a key of lockdep's is no data"
    assert names.line(0xFFFFFFFF81002040) == "swap_info +0x40"
    assert names.line(0xFFFFEA0000000040) == "struct page"
    assert names.line(0xFFFF888001000000) == "heap"
    assert names.line(0xFFFFC90000000000) == "vmalloc"
    assert names.code(0x81001210) == "get_swap_pages" and names.code(0x10) == "?"
    assert names.lock(0xFFFFFFFF81002308) == "swap_avail_lock"


def test_a_kernel_without_a_map_has_no_names(tmp_path: Path) -> None:
    assert not symbols.load(tmp_path)
    names = Names(symbols.load(tmp_path), read(tmp_path, document()))
    assert (names.line(DEVICE), names.code(0x81001210)) == ("heap", "?")


def test_a_map_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / symbols.FILE).write_text("ffffffff81000000 T\n")
    with pytest.raises(CannotMeasure, match="System.map:1: is not 'ADDRESS TYPE NAME'"):
        symbols.load(tmp_path)


def test_figures(tmp_path: Path) -> None:
    found = read(tmp_path, document())
    got = simmetrics.measure(found, Names(Symbols(MAP), found), 100)
    assert got["throughput_mib_s"].value == pytest.approx(100 * 4096 / (1 << 20) / 2e-3)
    assert got["ns_per_page"].value == 2e4
    assert got["idle_share"].value == 0.25 and got["spin_share"].value == 0.05
    assert got["stall_share"].value == 0.25 and got["contended_per_page"].value == 0.3
    assert got["transfers_per_page"].value == 1.0 and got["far_transfers_per_page"].value == 0.6
    assert got["line|swap device 0 +0xc0"].value == 0.1
    assert got["written|swap device 0 +0xc0"].value == 0.07
    assert got["line|heap of native_queued_spin_lock_slowpath"].value == 0.01
    assert "pair|swap device 0 +0xc0|native_queued_spin_lock_slowpath|get_swap_pages" in got
    assert got["wait|swap device 0 +0xd8|get_swap_pages"].value == 0.3


def test_what_the_plugin_is_told() -> None:
    machine = machinefile.load("haswell-ep-2s")
    told = simfile.text(simfile.Simulation(machine, 18, 250, 3), Symbols(MAP)).splitlines()
    for line in ("cpus 18", "socket 8 0", "socket 9 1", "skew_seed 3",
                 "leaf 0xffffffff81001000 0xffffffff81001040",
                 "bulk 0xffffffff81001500 0xffffffff81001540", "span lock 0xffffffff81001040",
                 "span irq 0xffffffff81001540", "peek 0xffffffff81002000",
                 "peek 0xffffffff81002188"):
        assert line in told, line
    value = machine.figures["ns_per_instruction"].value
    assert f"quantum_fs {round(value * 1e6) * 250}" in told


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
