# SPDX-License-Identifier: GPL-2.0-only
"""Metrics from evidence, and evidence that is missing or lies."""
from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from runner.errors import CannotMeasure
from runner.judge.tier import find
from runner.metrics import guestfile, lockclass, lockkeys, lockstat
from runner.metrics.lockfigures import LEFT_OUT, LOCK_STAT, SITES

DATA = Path(__file__).resolve().parent.parent / "data"
Edit = Callable[[dict[str, Any]], Any]


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A sample's folder, whole."""
    for file in (DATA / "evidence/contended").iterdir():
        shutil.copy(file, tmp_path)
    shutil.copy(DATA / "lock_stat/linux-6.1.192-2vcpu.txt", tmp_path / LOCK_STAT)
    shutil.copy(DATA / "lock_stat/linux-6.1.192-2vcpu.lockdep", tmp_path / lockkeys.LOCKDEP_FILE)
    shutil.copy(DATA / "lock_stat/linux-6.1.192.lock-keys.txt", tmp_path / lockkeys.KEYS_FILE)
    return tmp_path


def edit(evidence: Path, change: Edit) -> None:
    file = evidence / "workload.json"
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def failing(evidence: Path, tier: str = "exact") -> str:
    with pytest.raises(CannotMeasure) as error:
        find(tier).measure(evidence)
    assert str(error.value).isprintable()
    return str(error.value)


def test_exact(evidence: Path) -> None:
    found = find("exact").measure(evidence)
    assert found["instructions_per_page"].value == 5705266230 / 151455
    assert found["instructions_per_page"].better == "lower"
    assert found["instructions_per_written_page"].value == 5705266230 / 140000
    assert "throughput_mib_s" not in found


def test_timed(evidence: Path) -> None:
    found = find("timed").measure(evidence)
    assert found["throughput_mib_s"].value == pytest.approx(151455 * 4096 / 2**20 / 5.70526623)
    assert found["throughput_mib_s"].better == "higher"
    assert "instructions_per_page" not in found


def test_counters_are_rises_over_the_window(evidence: Path) -> None:
    found = {name: metric.value for name, metric in find("exact").measure(evidence).items()}
    assert found["pswpout"] == 151455
    assert found["pswpin_per_page"] == 14 / 151455
    assert found["pswpout_agreement"] == 1
    # By reclaimer only: pgscan_anon and pgscan_file count the same pages again.
    assert found["pgscan_per_page"] == (205395 - 78818 + 207418) / 151455
    assert found["direct_share"] == 64057 / (64057 + 162611 - 75213)
    assert found["allocstall_per_page"] == (5 + 1437) / 151455
    assert found["pgmajfault_per_page"] == 14 / 151455
    assert found["slots_used"] == 2048 / 4
    assert found["steady_s"] == 5.70526623 and found["fill_s"] == 0.5
    assert found["fairness_min_max"] == 0.75
    assert found["fairness_jain"] == pytest.approx(140000**2 / (2 * (80000**2 + 60000**2)))


def test_counters_of_old_kernels_are_split_by_zone(evidence: Path) -> None:
    (evidence / "steady-begin.vmstat").write_text("pswpout 0\n")
    (evidence / "steady-end.vmstat").write_text(
        "pswpout 151455\npgscan_kswapd_dma 1\npgscan_kswapd_dma32 20\npgscan_kswapd_movable 300\n"
        "pgscan_direct_normal 4000\npgscan_direct_throttle 50000\npgsteal_kswapd_normal 3\n"
        "pgsteal_direct_dma32 1\nallocstall 7\nallocstall_other 100\n")
    found = {name: metric.value for name, metric in find("exact").measure(evidence).items()}
    assert found["pgscan_per_page"] == 4321 / 151455
    assert found["direct_share"] == 0.25
    assert found["allocstall_per_page"] == 7 / 151455


def test_locks(evidence: Path) -> None:
    found = find("locks").measure(evidence)
    assert "throughput_mib_s" not in found and "instructions_per_page" not in found
    tree = found["locks.swap_cache_tree.acquisitions_per_page"]
    assert tree.value == 453950 / 151455
    assert tree.evidence == "steady-end.lock_stat: &xa->xa_lock#5"
    assert found["locks.swap_cache_tree.contentions_per_page"].value == 741 / 151455
    assert found["locks.swap_cgroup.contentions_per_page"].value == 3198 / 151455
    assert found["locks.swap_device.hold_us_per_page"].unit == "µs/page"
    assert not any("rcu_read_lock" in name or ".annotation." in name for name in found)


def test_a_real_sample() -> None:
    folder = DATA / "evidence/brd-locks"
    found = {name: metric.value for name, metric in find("locks").measure(folder).items()}
    taken = {name: found[f"locks.{name}.acquisitions_per_page"] for name in (
        "swap_cache_tree", "swap_cluster", "swap_cgroup", "swap_slots", "swap_device")}
    assert taken == pytest.approx({"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_cgroup": 1.0,
                                   "swap_slots": 1.0, "swap_device": 1 / 64}, rel=0.01)
    assert found["pswpout"] == 57011 and found["pswpout_agreement"] == 1.0


def test_small_locks_are_folded_and_nothing_is_lost(evidence: Path) -> None:
    found = find("locks").measure(evidence)
    assert "locks.shmem_swaplist_mutex.acquisitions_per_page" not in found
    total = sum(metric.value for name, metric in found.items()
                if name.endswith(".acquisitions_per_page") and ".swap_path." not in name)
    classes = lockclass.identify(lockstat.load(evidence / LOCK_STAT).classes)
    assert total * 151455 == pytest.approx(sum(
        one.lock.acquisitions for one in classes if one.stable != lockclass.ANNOTATION))
    assert len(found) < 200


def test_contention_and_where_it_was(evidence: Path) -> None:
    found = find("locks").measure(evidence)
    assert found["locks.swap_cache_tree.contention_share"].value == 741 / 453950
    assert found["locks.swap_cache_tree.wait_us_per_page"].unit == "µs/page"
    sites = {name: metric.value for name, metric in found.items()
             if name.startswith("contended.")}
    assert 0 < len(sites) <= SITES
    assert all(re.fullmatch(r"contended\.[a-z0-9_A-Z]+\.[A-Za-z0-9_]+", name) for name in sites)
    stat = lockstat.load(evidence / LOCK_STAT)
    most = max(site.count for one in stat.classes for site in one.waiters)
    assert max(sites.values()) >= most / 151455


def test_what_nothing_proves_says_so_and_is_in_no_sum(evidence: Path) -> None:
    shutil.copy(DATA / "lock_stat/linux-6.1.192.txt", evidence / LOCK_STAT)
    (evidence / lockkeys.LOCKDEP_FILE).unlink()
    found = find("locks").measure(evidence)
    assert "locks.swap_cache_tree.acquisitions_per_page" not in found
    tree = found["locks.xa_xa_lock.acquisitions_per_page"]
    assert tree.doubt == "swap_cache_tree"
    assert not found["locks.swap_cgroup.acquisitions_per_page"].doubt
    assert not any(name.startswith("locks.swap_path.") for name in found)


def test_the_sum_of_the_swap_path(evidence: Path) -> None:
    found = find("locks").measure(evidence)
    whole = found["locks.swap_path.acquisitions_per_page"]
    assert whole.better == "lower" and "swap_cache_tree, swap_cgroup" in whole.evidence
    parts = [found[f"locks.{name}.acquisitions_per_page"].value for name in lockclass.SWAP_PATH
             if f"locks.{name}.acquisitions_per_page" in found]
    assert sum(parts) <= whole.value < sum(parts) + 0.01  # swapon's mutex and the like
    assert found["locks.swap_path.contentions_per_page"].value > 0


def test_a_lock_that_is_gone_is_taken_no_times(evidence: Path) -> None:
    text = (evidence / LOCK_STAT).read_text()
    (evidence / LOCK_STAT).write_text("".join(
        line for line in text.splitlines(keepends=True)
        if "&cache->free_lock" not in line and "&cache->alloc_lock" not in line))
    found = find("locks").measure(evidence)
    for lock in ("swap_slots", "swap_slots_free", "percpu_swap_cluster"):
        gone = found[f"locks.{lock}.acquisitions_per_page"]
        assert gone.value == 0 and gone.evidence.startswith(f"{lockkeys.LOCKDEP_FILE}: no class")
    (evidence / lockkeys.KEYS_FILE).unlink()
    found = find("locks").measure(evidence)
    assert "locks.swap_slots.acquisitions_per_page" not in found


def test_fields_that_are_odd_are_counted_and_the_sample_stands(evidence: Path) -> None:
    text = (evidence / LOCK_STAT).read_text()
    whole = find("locks").measure(evidence)
    row = next(line for line in text.splitlines() if line[:40].strip() == "&xa->xa_lock#5")
    held = row.split()[11]
    (evidence / LOCK_STAT).write_text(text.replace(row, row.replace(held, "-1.-22".rjust(
        len(held)))))
    found = find("locks").measure(evidence)
    assert found[LEFT_OUT].value == 1 and "holdtime-total '-1.-22'" in found[LEFT_OUT].evidence
    assert {name for name in whole if name not in found} == {
        "locks.swap_cache_tree.hold_us_per_page", "locks.swap_path.hold_us_per_page"}
    assert all(found[name] == whole[name] for name in found if name in whole)


@pytest.mark.parametrize("name", ["workload.json", "steady-begin.vmstat", "steady-end.vmstat",
                                  "steady-end.swaps", "steady-end.lock_stat"])
def test_missing_evidence_is_named(evidence: Path, name: str) -> None:
    (evidence / name).unlink()
    assert failing(evidence, "locks").startswith(f"{name}: missing")
    (evidence / name).symlink_to("/etc/passwd")
    assert failing(evidence, "locks").startswith(f"{name}: missing"), "links are not followed"


def test_truncated_lock_stat(evidence: Path) -> None:
    whole = (evidence / LOCK_STAT).read_text()
    (evidence / LOCK_STAT).write_text(whole[:30000])
    assert failing(evidence, "locks").startswith("steady-end.lock_stat:")
    (evidence / LOCK_STAT).write_text(whole)
    assert find("locks").measure(evidence)


def test_lockdep_that_gave_up(evidence: Path) -> None:
    first, rest = (evidence / LOCK_STAT).read_text().split("\n", 1)
    (evidence / LOCK_STAT).write_text(f"{first}\n*WARNING* lock debugging disabled!!\n{rest}")
    assert "lockdep turned itself off" in failing(evidence, "locks")


@pytest.mark.parametrize("text, said", [
    ("pswpout 1", "is cut"), ("pswpout one\n", ":1: is not 'name count'"),
    ("pswpout -1\n", ":1: is not 'name count'"),
    ("nr_free 1\n", "has no pswpout"), ("pswpout 1\npswpout 2\n", ":2: is not"),
    ("pswpout 99999999999999999999\n", ":1: is not"),
    ("pswpout 1\npgscan_direct -\n", ":2: is not"),
    ("pswpout 1\npgfree\n", ":2: is not"), ("pswpout 1\npgsteal_kswapd 1 2\n", ":2: is not"),
])
def test_malformed_vmstat(evidence: Path, text: str, said: str) -> None:
    (evidence / "steady-end.vmstat").write_text(text)
    message = failing(evidence)
    assert message.startswith("steady-end.vmstat") and said in message


@pytest.mark.parametrize("line", [
    "\x1b[31m 2", "nr_dirty many", "nr_dirty", "nr-odd 1", "nr_big 99999999999999999999999", "",
    "nr_two 1 2", "nr_free_pages 1\nnr_free_pages 2", "\xb5 1", "n" * 80 + " 1", "pgscan 1 2"])
def test_a_line_of_vmstat_that_no_figure_needs_may_be_odd(evidence: Path, line: str) -> None:
    whole = find("exact").measure(evidence)
    for name in ("steady-begin.vmstat", "steady-end.vmstat"):
        text = (evidence / name).read_text()
        (evidence / name).write_text(f"{line}\n{text}{line}\n", encoding="latin-1")
    assert find("exact").measure(evidence) == whole


@pytest.mark.parametrize("text, said", [
    ("", ":1: is not the head"),
    ("Filename Type\n/dev/ram0 partition x 0 -2\n", ":2: is not a row"),
])
def test_malformed_swaps(evidence: Path, text: str, said: str) -> None:
    (evidence / "steady-end.swaps").write_text(text)
    assert said in failing(evidence)


def steady(**values: Any) -> Edit:
    return lambda document: document["phases"]["steady"].update(values)


@pytest.mark.parametrize("change, said", [
    (lambda d: d["phases"].update(steady=None), "no steady phase"),
    (lambda d: d["phases"].pop("steady"), "no steady phase"),
    (lambda d: d.pop("phases"), "has no 'phases'"),
    (lambda d: d.update(phases=[]), "phases: is not an object"),
    (lambda d: d.update(swapstorm=2), "version is not 1"),
    (lambda d: d.update(page_size=0), "page_size: 0 is not a whole number"),
    (lambda d: d.update(per_thread=[{}] * 1025), "per_thread: is not a list of at most 1024"),
    (lambda d: d["per_thread"][1].update(steady_pages=True), "per_thread[1]: steady_pages: True"),
    (steady(pswpout_end=0), "nothing to measure"),
    (steady(end_ns=0), "nothing to measure"),
    (steady(end_ns=1e9), "phases.steady: end_ns: 1000000000.0 is not a whole number"),
    (steady(end_ns=-1), "end_ns: -1 is not"),
    (steady(end_ns=1 << 70), "end_ns: 1180591620717411303424 is not"),
    (steady(end_ns="\x1b[31m"), "end_ns: '\\x1b[31m' is not"),
])
def test_malformed_workload(evidence: Path, change: Edit, said: str) -> None:
    edit(evidence, change)
    message = failing(evidence)
    assert message.startswith("workload.json: ") and said in message


@pytest.mark.parametrize("raw, said", [
    (b"", "is not JSON"), (b"[]", "is not an object"), (b'{"swapstorm": NaN}', "NaN is not JSON"),
    (b'{"swapstorm": Infinity}', "Infinity is not JSON"), (b"[" * 1000, "nests deeper than 16"),
    (b"\xff\xfe", "is not JSON"), (b'{"swapstorm": ' + b"9" * 5000 + b"}", "is not JSON"),
    (b" " * (guestfile.MAX_WORKLOAD + 1), "is over 4194304 bytes"),
])
def test_hostile_workload(evidence: Path, raw: bytes, said: str) -> None:
    (evidence / "workload.json").write_bytes(raw)
    message = failing(evidence)
    assert message.startswith("workload.json: ") and said in message


def test_window_without_swap_out_by_the_kernel(evidence: Path) -> None:
    shutil.copy(evidence / "steady-begin.vmstat", evidence / "steady-end.vmstat")
    assert "nothing to measure" in failing(evidence)


@settings(max_examples=200, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["swapstorm", "phases", "per_thread", "page_size"]),
                       st.recursive(st.none() | st.booleans() | st.integers() | st.floats()
                                    | st.text(), lambda inner: st.lists(inner)
                                    | st.dictionaries(st.sampled_from(
                                        ["steady", "begin_ns", "end_ns", "steady_pages"]), inner),
                                    max_leaves=10)))
def test_any_document_measures_or_complains(evidence: Path, document: dict[str, Any]) -> None:
    (evidence / "workload.json").write_text(json.dumps(document))
    failing(evidence)
