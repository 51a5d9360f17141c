# SPDX-License-Identifier: GPL-2.0-only
"""Loads: what [workload] takes for each, what is started, what it gives and what it lacks."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner import load, paths
from runner.bisect import question
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.instruments import outputs
from runner.load.workload import Start
from runner.metrics import steady
from runner.records import LOADS, MIB
from runner.vm import toollayer

BUILD = 'program = "build"\nmemcg_mib = 20'


def write(folder: Path, work: str, top: str = "threads = [2]\n", guest: str = "") -> Path:
    file = folder / "x.toml"
    file.write_text(f'format = 1\nbase = "6.1:vanilla"\ntiers = ["exact"]\n{top}[guest]\n'
                    f"ram_mib = 192\n{guest}[workload]\n{work}\n")
    return file


@pytest.mark.parametrize("work, top, says", [
    ('program = "biuld"', "", "workload.program: 'biuld' is not one of swapstorm, stress-"),
    ('program = "build"', "threads = [2]\n", "workload.memcg_mib: missing: the limit of the group "
                                             "that the compilers run in"),
    (BUILD + "\nratio = 2.0", "", "workload.ratio: is not known here; known: "),
    (BUILD.replace("20", "192"), "", "a limit of 192 MiB is none in a guest of 192 MiB; lower it"),
    (BUILD.replace("20", "7"), "threads = [2]\n", "memcg_mib: 7 MiB are less than the 8 MiB that 2 "
                                                  "compilers need to get on; raise it or lower"),
    (BUILD.replace("20", "180"), "threads = [40]\n", "40 compilers of 20 MiB do not fit in 180 MiB "
                                                     "and 512 MiB of swap; lower threads or"),
    (BUILD + "\nunits = 1", "threads = [2]\n", "units: 1 units are less than 2 compilers at a"),
    (BUILD + "\nunits = 0", "", "workload.units: 0 is not in 1..10000"),
    (BUILD, "threads = [65]\n", "65 compilers at a time are more than 64; lower threads"),
])
def test_what_is_refused_of_a_build(tmp_path: Path, work: str, top: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan.load(write(tmp_path, work, top))
    assert says in str(caught.value) and re.match(r"\S+x.toml:\d+: ", str(caught.value))


KV = 'program = "keyvalue"\nmemcg_mib = 32\n'


@pytest.mark.parametrize("work, says", [
    ('program = "keyvalue"', "memcg_mib: missing: the limit of the server's group, such as half of "
                             "its data (29 here)"),
    (KV + 'server = "redsi"', "workload.server: 'redsi' is not one of redis, valkey (did you mean"),
    (KV + "keys = 10000", "32 MiB hold all of the 5 MiB of 10000 keys, so nothing would swap;"),
    (KV + "keys = 1000000", "583 MiB of keys do not fit in 32 MiB and 512 MiB of swap; lower keys"),
    (KV.replace("32", "3"), "3 MiB are less than the 4 MiB that an empty server needs; raise it"),
    (KV.replace("32", "192"), "a limit of 192 MiB is none in a guest of 192 MiB; lower it"),
    (KV + 'operations = ["get", "incr"]', "operations: 'incr' is not one of get, set"),
    (KV + 'operations = ["set"]\nverify = true', 'verify: only operations = ["get"] leaves'),
    (KV + "value_bytes = 65537", "workload.value_bytes: 65537 is not in 1..65536"),
    (KV + "units = 3", "workload.units: is not known here; known: "),
])
def test_what_is_refused_of_a_server(tmp_path: Path, work: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan.load(write(tmp_path, work))
    assert says in str(caught.value) and re.match(r"\S+x.toml:\d+: ", str(caught.value))


@pytest.mark.parametrize("server", ["redis", "valkey"])
def test_a_server_is_started_with_its_own_benchmark(tmp_path: Path, server: str) -> None:
    experiment = plan.load(write(tmp_path, f'{KV}server = "{server}"\noperations = ["set", "get"]'))
    words = load.find("keyvalue").argv(experiment.workload, Start(192 * MIB, 2, 0.0))
    told = dict(zip(words, words[1:]))
    assert told["--server"] == f"/bin/{server}-server" and told["--operations"] == "set,get"
    assert (told["--clients"], told["--memcg"]) == ("2", "32M") and "--verify" not in words
    assert experiment.instruments.programs == (f"{server}-server", f"{server}-benchmark")
    assert plan.flavour(experiment, "timed", "pmem") == f"perf+tools{LOADS}"
    assert not experiment.lacks("get_p99_us")


def test_a_server_that_is_not_installed_is_one_line(tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = plan.load(write(tmp_path, KV + 'server = "valkey"'))
    monkeypatch.setattr(toollayer, "_FOLDERS", str(tmp_path))
    with pytest.raises(CannotMeasure, match=r"^valkey-benchmark: .*\(apt-get install valkey-tools"):
        toollayer.files(experiment.instruments.programs)


def test_no_tier_that_counts_locks_beside_a_compiler(tmp_path: Path) -> None:
    file = write(tmp_path, BUILD)
    file.write_text(file.read_text().replace('"exact"', '"exact", "locks"'))
    with pytest.raises(UsageError, match="tools run in the tiers exact and timed; take locks out"):
        plan.load(file)


def test_a_build_is_started_in_a_group_with_its_compiler(tmp_path: Path) -> None:
    experiment = plan.load(write(tmp_path, BUILD + "\nseed = 5\nunits = 9"))
    kind = load.find(experiment.workload.program)
    words = kind.argv(experiment.workload, Start(192 * MIB, 2, 0.0))
    assert words[0] == "/bin/swapbuild" and "--verify" in words and "--tmpfs" in words
    told = dict(zip(words, words[1:]))
    assert [told[f"--{key}"] for key in ("jobs", "units", "memcg", "seed", "notify-fd")] == [
        "2", "9", "20M", "5", "3"]
    assert experiment.instruments.programs == ("gcc",)
    assert plan.flavour(experiment, "exact", "pmem") == f"perf+tools{LOADS}"
    assert plan.flavour(experiment, "exact", "zram") == f"perf+tools+devices{LOADS}"
    assert toollayer.ram(["gcc"]) < 100 * MIB
    assert {"bin/gcc", "bin/cc1", "bin/as"} <= set(toollayer.files(["gcc"]))


@pytest.mark.parametrize("file", sorted((paths.CONFIGS / "loads").glob("*.toml")),
                         ids=lambda file: file.stem)
def test_every_example_runs_the_load_of_its_name(file: Path) -> None:
    assert plan.load(file).workload.program == file.stem


@pytest.mark.parametrize("program, work, metric, says", [
    ("build", BUILD, "load_system_ns_per_unit", ""),
    ("swapstorm", "", "load_system_ns_per_unit",
     'is not of the load swapstorm; set workload.program = "build" or "keyvalue"'),
    ("build", BUILD, "swapoff_s",
     'is not of the load build; set workload.program = "swapstorm"'),
    ("swapstorm", "", "swapoff_s", "is measured with workload.swapoff alone; set it"),
    ("swapstorm", "swapoff = true", "swapoff_s", ""),
])
def test_what_a_load_cannot_measure_is_said(tmp_path: Path, program: str, work: str, metric: str,
                                            says: str) -> None:
    experiment = plan.load(write(tmp_path, work))
    assert experiment.workload.program == program
    assert experiment.lacks(metric) == says


def test_a_build_can_be_bisected_by_its_system_time(tmp_path: Path) -> None:
    experiment = plan.load(write(tmp_path, BUILD))
    assert question.metric_of(experiment, "load_system_ns_per_unit") == (
        "load_system_ns_per_unit", "exact")


def test_a_tool_that_is_not_installed_is_one_line(tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = plan.load(write(tmp_path, BUILD))
    monkeypatch.setattr(toollayer, "_FOLDERS", str(tmp_path))
    with pytest.raises(CannotMeasure, match=r"^gcc: is not installed, .*\(apt-get install gcc\)$"):
        toollayer.files(experiment.instruments.programs)


def test_a_load_that_has_not_swapped_says_how_it_would(tmp_path: Path) -> None:
    (tmp_path / "workload.json").write_text('{"swapbuild": 1, "page_size": 4096, "phases": '
                                            '{"fill": null, "steady": null}}')
    with pytest.raises(CannotMeasure, match="no steady phase: .*; lower workload.memcg_mib or rai"):
        steady.read(tmp_path)
    assert outputs.measure(tmp_path, {}) == {}
