# SPDX-License-Identifier: GPL-2.0-only
"""Claim files: each key refuses what it cannot be, in one line with its place."""
from __future__ import annotations

from pathlib import Path

import pytest
from experimentfile import write
from hypothesis import given
from hypothesis import strategies as st

from runner import paths
from runner.bisect import question
from runner.campaign import campaign
from runner.claim import claimfile
from runner.errors import UsageError
from runner.judge import tier
from runner.metrics import letters, requests, steady
from runner.records import Metric
from tests.smallgit import commit, git

EXPERIMENT = """\
format = 1
base = "6.1:vanilla"
test = ["6.1:batch-add"]
devices = ["pmem", "brd"]
threads = [1, 2]
tiers = ["exact", "locks", "timed"]
"""
GOOD = EXPERIMENT + """\
[claim]
statement = "swaps out faster"
[claim.source]
title = "a title"
author = "an author"
date = "2016-05-03"
published = "a list"
message_id = "1234.5.camel@example.org"
url = "https://example.org/1"
silent_on = ["the number of runs"]
[[claim.cell]]
threads = 1
effect = 0.25
tolerance = 0.1
tiers = ["timed"]
cause = "a cause"
[[claim.cell]]
device = "brd"
threads = 2
metric = "locks.swap_cache_tree.acquisitions_per_page"
effect = -0.9
tolerance = 0.05
tiers = ["locks"]
"""

BAD = {
    "statement": ["1", '""', '"a\\u001bb"'],
    "title": ["1", '""'],
    "author": ["[]"],
    "date": ['"May 2016"', "2016-05-03", '"2016-13-01"', '""'],
    "published": ["1"],
    "message_id": ['"none"', '"<a@b>"', '"a b@c"', "1"],
    "url": ["1", '"a\\nb"'],
    "silent_on": ['"the number of runs"', "[1]", "[]"],
    "device": ['"floppy"', '"pmem-legacy"', "1"],
    "threads = 1": ["0", "4", '"1"', "[1]"],
    "metric": ['"speed"', '"locks.x.waits"', "1"],
    "effect = 0": ["-1.1", "nan", '"25%"', "1001"],
    "tolerance = 0.1": ["-0.1", "nan", '"10%"'],
    'tiers = ["timed"]': ["[]", '["fast"]', '["exact"]', '"timed"', '["locks"]'],
    'tiers = ["locks"]': ['["timed"]', '["torture"]'],
    "cause": ["1", '""'],
}


def test_the_good_one_is_good(tmp_path: Path) -> None:
    claim = claimfile.load(write(tmp_path, GOOD))
    assert (claim.name, claim.base, claim.test) == ("x", "6.1:vanilla", "6.1:batch-add")
    assert claim.source.message_id == "1234.5.camel@example.org"
    assert [(one.device, one.threads, one.metric) for one in claim.cells] == [
        ("pmem", 1, "throughput_mib_s"), ("brd", 2, "locks.swap_cache_tree.acquisitions_per_page")]
    assert claim.cells[0].band == (0.15, 0.35)


@pytest.mark.parametrize("key, value", [(key, value) for key, values in BAD.items()
                                        for value in values])
def test_bad_value(tmp_path: Path, key: str, value: str) -> None:
    lines = GOOD.splitlines()
    after = lines.index("[claim]")
    at = next(at for at, line in enumerate(lines) if at > after and line.startswith(key))
    name = lines[at].split(" = ")[0]
    lines[at] = f"{name} = {value}"
    path = write(tmp_path, "\n".join(lines) + "\n")
    with pytest.raises(UsageError) as caught:
        claimfile.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{at + 1}: "), message
    assert name in message and "\n" not in message and message.isprintable()


@pytest.mark.parametrize("key", ["statement", "title", "date", "effect = 0", "tolerance = 0.1",
                                 'tiers = ["timed"]', "threads = 1"])
def test_missing_key(tmp_path: Path, key: str) -> None:
    lines = GOOD.splitlines()
    after = lines.index("[claim]")
    text = "\n".join(line for at, line in enumerate(lines)
                     if at < after or not line.startswith(key)) + "\n"
    with pytest.raises(UsageError, match=rf"x\.toml:\d+: claim.*{key.split()[0]}: missing"):
        claimfile.load(write(tmp_path, text))


@pytest.mark.parametrize("change, says", [
    (("[claim]", "[claims]"), "claims: is not known here"),
    (('cause = "a cause"', 'reason = "x"'), r"claim\.cell\.1\.reason: is not known here"),
    (("[claim.source]", 'machine = "m"\n[claim.source]'), r"claim\.machine: is not known here"),
    (('author =', "auhtor ="), r"auhtor: is not known here.*did you mean author"),
    (('test = ["6.1:batch-add"]', ""), "compares two kernels"),
    (('base = "6.1:vanilla"\ntest = ["6.1:batch-add"]', 'kernels = ["6.1:vanilla"]'),
     "compares two kernels"),
])
def test_what_does_not_make_a_claim(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(UsageError, match=says):
        claimfile.load(write(tmp_path, GOOD.replace(*change)))


def test_an_experiment_is_no_claim(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="x.toml:1: claim: missing"):
        claimfile.load(write(tmp_path, EXPERIMENT))


def test_a_claim_without_cells(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x.toml:7: claim.cell: missing; .*\[\[claim.cell\]\]"):
        claimfile.load(write(tmp_path, GOOD[:GOOD.index("[[claim.cell]]")]))


def test_cells_that_are_no_tables(tmp_path: Path) -> None:
    text = GOOD[:GOOD.index("[[claim.cell]]")].replace("[claim]", "[claim]\ncell = [1]")
    with pytest.raises(UsageError, match="x.toml:8: claim.cell: 1 is not a table"):
        claimfile.load(write(tmp_path, text))


def test_the_same_place_twice(tmp_path: Path) -> None:
    again = '[[claim.cell]]\nthreads = 1\neffect = 0\ntolerance = 1\ntiers = ["timed"]\n'
    path = write(tmp_path, GOOD + again)
    with pytest.raises(UsageError, match=rf"x.toml:{GOOD.count(chr(10)) + 1}: .*a second time"):
        claimfile.load(path)


def test_names_and_paths() -> None:
    assert claimfile.find("chen-2016") == paths.CONFIGS / "claims/chen-2016.toml"
    assert claimfile.find("./mine") == Path("mine") and claimfile.find("a.toml") == Path("a.toml")
    with pytest.raises(UsageError, match="known: .*chen-2016.*did you mean chen-2016"):
        claimfile.find("chen-2015")


@pytest.mark.parametrize("file", sorted((paths.CONFIGS / "claims").glob("*.toml")),
                         ids=lambda file: file.stem)
def test_checked_in_claims_load(file: Path) -> None:
    claim = claimfile.load(file)
    assert claim.cells and claim.source.title


def test_the_2016_claim_is_what_was_published() -> None:
    claim = claimfile.load(claimfile.find("chen-2016"))
    assert (claim.base, claim.test) == ("6.1:pagewise", "6.1:batched")
    assert [(one.threads, one.effect, one.tiers) for one in claim.cells] == [
        (1, 0.25, ("timed", "lockstep")), (16, 0.85, ("timed", "lockstep"))]
    assert claim.source.date == "2016-05-03" and claim.source.silent_on


@given(st.text())
def test_any_text_is_a_claim_or_one_line(tmp_path_factory: pytest.TempPathFactory,
                                         text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "x.toml"
    path.write_text(GOOD + text, encoding="utf-8", errors="replace")
    try:
        claimfile.load(path)
    except UsageError as error:
        assert str(error).isprintable()


TIERS = ("exact", "locks", "timed")
DECIDING = list(dict.fromkeys([*(own for name in TIERS for own in tier.find(name).own_metrics),
                               *steady.KNOWN]))


@pytest.mark.parametrize("metric", [metric for metric in DECIDING if metric not in (
    "swap_efficiency", *letters.UNITS, *requests.NAMES)])
def test_every_metric_with_a_direction_decides(tmp_path: Path, metric: str) -> None:
    """As a claim's, a threshold's and a bisect's; what other loads alone have: in their tests."""
    able = [name for name in TIERS if tier.find(name).claimed(metric)]
    made = claimfile.load(write(tmp_path, GOOD.replace('["timed"]', f'["{able[0]}"]').replace(
        "threads = 1\n", f'threads = 2\nmetric = "{metric}"\n').replace(
        "[claim]", f'[workload]\nlatency = true\nswapin = "random"\nswapoff = true\n'
        f'free = true\n[rules.thresholds]\n"{metric}" = 0.1\n[claim]')))
    assert made.cells[0].metric == metric
    assert made.experiment.rules.thresholds == {metric: 0.1}
    asked, name = question.metric_of(made.experiment, metric)
    assert asked == metric and tier.find(name).answers(metric)
    assert question.threshold_of(made.experiment, metric) == 0.1


@pytest.mark.parametrize("metric, says", [
    ("latency_ns.swap_in.p99", "is measured with workload.latency = true alone"),
    ("latency_ns.swap_in.p97", "is not a metric"), ("latency_ns.swapin.p99", "is not a metric"),
    ("swap_efficiency", "is measured with instruments.fio = true alone"),
    ("locks.swap_path.acquisitions_per_page", "timed does not measure"),
    ("instructions_per_written_page", "timed does not measure"), ("pswpout", "is not a metric"),
    ("profile.x", "is not a metric")])
def test_a_metric_that_is_not_measured_so(tmp_path: Path, metric: str, says: str) -> None:
    file = write(tmp_path, GOOD.replace("effect = 0.25", f'metric = "{metric}"\neffect = 0.25'))
    with pytest.raises(UsageError) as error:
        claimfile.load(file)
    assert says in str(error.value)


def test_what_is_measured_has_a_name_here() -> None:
    """No metric gets a direction and is then of no use to any decision."""
    for name, metric in measured("exact") | measured("timed") | measured("locks"):
        assert not metric.better or tier.is_metric(name), name


def measured(name: str) -> set[tuple[str, Metric]]:
    folder = paths.ROOT / "tests/data/evidence/brd-locks"
    return set(tier.find(name).measure(folder).items())


@pytest.mark.parametrize("effect, tolerance, says", [
    ("42", "0.1", "effect: 42 is +4200% of the base: where 42 percent are meant, write 0.42; "
                  "where 42 is, add large = true"),
    ("42.0", "0.1", "effect: 42 is"), ("3", "0.1", "write 0.03"), ("2.5", "0.1", "write 0.025"),
    ("-42", "0.1", "effect: -42 is -4200% of the base: where -42 percent are meant, write -0.42"),
    ("0.42", "5", "tolerance: 5 is +500% of the base: where 5 percent are meant, write 0.05"),
    ("-42\nlarge = true", "0.1", "effect: -42 is"), ("0.4", "-3", "tolerance: -3 is"),
    ("-1.5", "0.1", "effect: -1.5 is not in -1..1000")])
def test_a_change_that_reads_like_percent_is_asked_about(tmp_path: Path, effect: str,
                                                         tolerance: str, says: str) -> None:
    file = write(tmp_path, GOOD.replace("effect = 0.25", f"effect = {effect}").replace(
        "tolerance = 0.1", f"tolerance = {tolerance}"))
    with pytest.raises(UsageError) as error:
        claimfile.load(file)
    assert says in str(error.value) and "\n" not in str(error.value)


def test_a_large_change_can_be_meant(tmp_path: Path) -> None:
    for effect, more in (("42", "large = true\n"), ("2", ""), ("1.85", "")):
        file = write(tmp_path, GOOD.replace("effect = 0.25", f"{more}effect = {effect}"))
        assert claimfile.load(file).cells[0].effect == float(effect)


def with_git(tmp_path: Path) -> Path:
    file = tmp_path / "far.toml"
    file.write_text(GOOD.replace('"6.1:vanilla"', '"git:/nowhere/linux@v6.17"').replace(
        '"6.1:batch-add"', '"git:/nowhere/linux@v6.18"').replace(
            'statement =', 'kernels = "two releases"\nstatement ='))
    return file


def test_a_kernel_that_is_not_here_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    wanted = claimfile.load(with_git(tmp_path))
    assert wanted.kernels == "two releases"
    with pytest.raises(UsageError, match="claim far: no kernel git:/nowhere/linux@v6.17: "
                       "/nowhere/linux: no such folder.*'git clone https://git.kernel.org/.* "
                       "/nowhere/linux'.*--tree DIR") as error:
        claimfile.sources(wanted)
    assert "\n" not in str(error.value)


def test_another_repository_has_the_same_commits(tmp_path: Path) -> None:
    tree = tmp_path / "my linux"
    tree.mkdir()
    git(tree, "init", "--quiet")
    commit(tree, "one", "Kbuild")
    git(tree, "tag", "v6.17")
    file = with_git(tmp_path)
    given = claimfile.of_tree(file, tree)
    wanted = claimfile.load(file, given=given)
    assert (wanted.base, wanted.test) == (f"git:{tree}@v6.17", f"git:{tree}@v6.18")
    with pytest.raises(UsageError, match=f"claim far: no kernel git:{tree}@v6.18: .*has no commit"):
        claimfile.sources(wanted)
    git(tree, "tag", "v6.18")
    claimfile.sources(wanted)
    # The campaign has them, so one that is resumed needs no --tree.
    home = campaign.create(wanted.experiment, tmp_path / "results", given)
    assert claimfile.load(home.experiment_file).test == f"git:{tree}@v6.18"
    with pytest.raises(UsageError, match="--tree: names no kernel of a git repository"):
        claimfile.of_tree(paths.CONFIGS / "claims/chen-2016.toml", tree)
