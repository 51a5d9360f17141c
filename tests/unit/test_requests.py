# SPDX-License-Identifier: GPL-2.0-only
"""What key-value servers' own benchmarks print, of the versions that Debian 12 and 13 have."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner import paths
from runner.bisect import question
from runner.claim import claimfile
from runner.errors import CannotMeasure
from runner.jsonread import Json
from runner.metrics import guestfile, letters, requests

DATA = Path(__file__).parent.parent / "data" / "tools"
HEAD = ('"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",'
        '"p99_latency_ms","max_latency_ms"\n')


def document(folder: Path, table: object) -> Json:
    (folder / "w.json").write_text(json.dumps({"benchmark": table}))
    return guestfile.document(folder / "w.json")


@pytest.mark.parametrize("file, get", [
    ("redis-benchmark-7.0.15.csv", (4940.71, 15.0, 11199.0)),
    ("redis-benchmark-8.0.2.csv", (1562.5, 15.0, 21135.0)),
    ("valkey-benchmark-8.1.1.csv", (1682.37, 15.0, 17599.0)),
])
def test_of_each_version(tmp_path: Path, file: str, get: tuple[float, float, float]) -> None:
    found = requests.measure(document(tmp_path, (DATA / file).read_text()), "w")
    told = [found[f"get_{name}"].value for name in ("requests_per_s", "p50_us", "p99_us")]
    assert told == pytest.approx(get)
    assert found["get_requests_per_s"].better == "higher" and found["get_p99_us"].better == "lower"
    assert ("set_p50_us" in found) is (file == "redis-benchmark-7.0.15.csv")


@pytest.mark.parametrize("table, says", [
    ("", "w: benchmark: has no column test: ''"),
    ("GET: 123.45 requests per second, p50=0.071 msec", "has no column test: 'GET: 123.45"),
    ('"GET","123.45"', "has no column test"),                       # redis 6.0 and older
    (HEAD, "has neither get nor set"),
    (HEAD + '"GET","nan","1","1","1","1","1","1"', "has no figures"),
    (HEAD + '"GET","many","1","1","1","1","1","1"', "is not a row of its table"),
    (HEAD + '"GET","1"', "is not a row of its table"),
    (HEAD + '"GET","0.00","0","0","0","0","0","0"', "get: no requests were made"),
    (7, "benchmark: 7 is not a text"),
])
def test_what_is_no_such_table_is_one_line(tmp_path: Path, table: object, says: str) -> None:
    with pytest.raises(CannotMeasure) as caught:
        requests.measure(document(tmp_path, table), "w")
    assert says in str(caught.value) and str(caught.value).isprintable()


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text(tmp_path: Path, text: str) -> None:
    with pytest.raises(CannotMeasure) as caught:
        requests.measure(document(tmp_path, HEAD + text), "w")
    assert str(caught.value).isprintable()


def test_loads_without_requests_have_none_of_it(tmp_path: Path) -> None:
    assert requests.measure(document(tmp_path, None), "w") == {}
    assert set(requests.NAMES) <= set(letters.SPEEDS)   # of time, which instructions are not


@pytest.mark.parametrize("metric", requests.NAMES)
def test_each_is_a_claims_a_thresholds_and_a_bisects(tmp_path: Path, metric: str) -> None:
    text = (paths.CONFIGS / "loads/keyvalue.toml").read_text("utf-8")
    file = tmp_path / "c.toml"
    file.write_text(text.partition("[rules.thresholds]")[0].replace(
        'operations = ["get"]', 'operations = ["get", "set"]')
        + f'[rules.thresholds]\n{metric} = 0.1\n' + """
[claim]
statement = "a server answers sooner"
[claim.source]
title = "a mail"
date = "2026-01-01"
[[claim.cell]]
threads = 4
tiers = ["timed"]
""" + f'metric = "{metric}"\neffect = 0.25\ntolerance = 0.1\n')
    made = claimfile.load(file)
    assert made.cells[0].metric == metric
    assert made.experiment.rules.thresholds == {metric: 0.1}
    assert question.metric_of(made.experiment, metric)[0] == metric
    assert question.threshold_of(made.experiment, metric) == 0.1
