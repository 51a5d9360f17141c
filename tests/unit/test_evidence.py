# SPDX-License-Identifier: GPL-2.0-only
"""samples.jsonl: what is written is read back; what is torn or wrong is named."""
from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.campaign.campaign import Campaign
from runner.campaign.store import from_line, held, load_samples, to_line
from runner.errors import CannotMeasure, UsageError
from runner.reason import Reason, ReasonKind
from runner.records import Accelerator, Cell, Metric, Outcome, Sample

names = st.text(string.ascii_letters + string.digits + "._-: ", min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)

samples = st.builds(
    Sample, number=st.integers(0, 10**6), repeat=st.integers(0, 1000),
    cell=st.builds(Cell, names, names, st.integers(1, 1024), names, names),
    accelerator=st.sampled_from([str(one) for one in Accelerator]), vcpus=st.integers(1, 64),
    kernel_key=names, image_sha256=names, outcome=st.sampled_from([str(one) for one in Outcome]),
    detail=st.text(), invalid=st.lists(st.builds(
        Reason, st.sampled_from(list(ReasonKind)), st.text())).map(tuple),
    metrics=st.dictionaries(names, st.builds(Metric, numbers, names, names, names, names)),
    evidence=st.integers(0, 10**8).map("evidence/{:04d}".format),
    started=names, wall_seconds=numbers, host=st.dictionaries(names, names),
    fingerprint=names)

ONE = Sample(0, 0, Cell("6.1:vanilla", "pmem", 1, "swapstorm", "exact"), "icount", 1, "k", "i",
             "ok", "", (), {"pswpout": Metric(5.0, "pages", "", "workload.json")},
             "evidence/0000", "2026-01-01T00:00:00+00:00", 1.0, {"cores": "2"}, "f")


@given(samples)
def test_round_trip(sample: Sample) -> None:
    line = to_line(sample)
    assert "\n" not in line
    assert from_line(line, "x:1") == sample


@given(st.text() | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(json.dumps))
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_line(text, "x:1")
    assert str(caught.value).startswith("x:1: ") and str(caught.value).isprintable()


#: Keys that older versions did not write.
YOUNGER = {"layout": 0, "purpose": ""}


@pytest.mark.parametrize("key", YOUNGER)
def test_lines_of_older_versions_are_read(key: str) -> None:
    data = json.loads(to_line(ONE))
    del data[key]
    assert getattr(from_line(json.dumps(data), "x:1"), key) == YOUNGER[key]


@pytest.mark.parametrize("key", sorted(set(json.loads(to_line(ONE))) - set(YOUNGER)))
def test_each_missing_key_is_named(key: str) -> None:
    data = json.loads(to_line(ONE))
    del data[key]
    with pytest.raises(UsageError, match=f"x:1: document: has no '{key}'"):
        from_line(json.dumps(data), "x:1")


@pytest.mark.parametrize("change, says", [
    ({"format": 2}, "another version"), ({"outcome": "fine"}, "'fine' is not one of ok"),
    ({"accelerator": "magic"}, "not one of kvm"), ({"number": True}, "number: True is not"),
    ({"metrics": {"x": {"value": "5"}}}, "metrics.x: value: '5' is not a number"),
    ({"evidence": "evidence/../../0000"}, "is not evidence/NUMBER"),
    ({"cell": []}, "cell: is not an object"),
])
def test_wrong_values_are_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        from_line(json.dumps(json.loads(to_line(ONE)) | change), "x:1")


@pytest.mark.parametrize("text, outcome, kind", [
    ("PAGE CONTENTS WRONG: 1 of 9 pages", "ok", ReasonKind.CONTENTS),
    ("UNSOUND: swapoff of /dev/ram0 does not end", "ok", ReasonKind.UNSOUND),
    ("lockup: watchdog: BUG: soft lockup", "lockup", ReasonKind.BOOT),
    ("lockup: watchdog: BUG: soft lockup", "timeout", ReasonKind.UNKNOWN),
    ("swap device filled up (99.5% used)", "ok", ReasonKind.UNKNOWN)])
def test_reasons_of_older_versions_are_texts(text: str, outcome: str, kind: ReasonKind) -> None:
    data = json.loads(to_line(ONE)) | {"invalid": [text], "outcome": outcome}
    assert from_line(json.dumps(data), "x:1").invalid == (Reason(kind, text),)


def test_a_kind_of_a_later_version_is_unknown() -> None:
    data = json.loads(to_line(ONE)) | {"invalid": [{"kind": "cosmic", "text": "a ray"}]}
    assert from_line(json.dumps(data), "x:1").invalid == (Reason(ReasonKind.UNKNOWN, "a ray"),)


@pytest.mark.parametrize("reason, says", [
    (7, "invalid: is not an object"), ({"kind": "boot"}, "invalid: has no 'text'"),
    ({"kind": 1, "text": ""}, "invalid: kind: 1 is not a text")])
def test_a_reason_that_is_none(reason: object, says: str) -> None:
    data = json.loads(to_line(ONE)) | {"invalid": [reason]}
    with pytest.raises(UsageError, match=f"x:1: {says}"):
        from_line(json.dumps(data), "x:1")


def test_doubt_of_older_versions_stood_in_the_evidence() -> None:
    data = json.loads(to_line(ONE))
    assert "doubt" not in data["metrics"]["pswpout"]
    data["metrics"]["pswpout"]["evidence"] = "x: &xa->xa_lock#6 (unproven: may be swap_cache_tree)"
    (found,) = from_line(json.dumps(data), "x:1").metrics.values()
    assert (found.evidence, found.doubt) == ("x: &xa->xa_lock#6", "swap_cache_tree")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none(value: str) -> None:
    with pytest.raises(UsageError):
        from_line(to_line(ONE).replace('"value": 5.0', f'"value": {value}'), "x:1")


def test_torn_line_is_set_aside_and_the_rest_kept(tmp_path: Path) -> None:
    home = Campaign(tmp_path)
    home.append(ONE)
    home.append(ONE)
    whole = home.samples_file.read_bytes()
    torn = whole[:len(whole) // 4]
    home.samples_file.write_bytes(whole + torn)
    with pytest.raises(UsageError, match="samples.jsonl:3: is not JSON"):
        load_samples(home.samples_file)
    said = home.mend()
    assert said and "cut short" in said
    assert home.samples_file.read_bytes() == whole
    assert (tmp_path / "samples.torn").read_bytes() == torn + b"\n"
    assert home.mend() is None
    assert home.samples() == [ONE, ONE]


def test_evidence_of_an_interrupted_boot_is_kept(tmp_path: Path) -> None:
    home = Campaign(tmp_path)
    for times in range(3):
        folder = home.evidence_for(7)
        assert not list(folder.iterdir())
        (folder / "console.log").write_text(str(times))
    kept = sorted(path.read_text() for path in tmp_path.glob("evidence/*/console.log"))
    assert kept == ["0", "1", "2"]


def test_one_runner_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path, "campaign"):
        with pytest.raises(CannotMeasure, match="another runner"):
            with held(tmp_path, "campaign"):
                pass
