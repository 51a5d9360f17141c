# SPDX-License-Identifier: GPL-2.0-only
"""What Slurm's commands said, captured, and what we read in it."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import CannotMeasure
from runner.executor import queue
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data" / "slurm"


def captured(name: str) -> list[queue.Queued]:
    return queue.parse((DATA / f"squeue-{name}.txt").read_text())


def test_running_and_waiting() -> None:
    found = captured("running")
    assert [(one.index, one.waits, one.node) for one in found] == [
        (2, True, ""), (3, True, ""), (4, True, ""), (0, False, "vm"), (1, False, "vm")]
    assert {(one.job, one.name) for one in found} == {(1, "swapscale-ab-1")}
    assert {one.reason for one in found if one.waits} == {"Resources"}
    assert not any(one.stuck for one in found)


@pytest.mark.parametrize("name, stuck", [
    ("drained", True), ("drained-nodelist", True), ("held", False)])
def test_no_node_takes_it(name: str, stuck: bool) -> None:
    found = captured(name)
    assert found and all(one.waits for one in found)
    assert {one.stuck for one in found} == {stuck}


def test_done_is_not_waiting() -> None:
    assert [one.index for one in captured("all") if one.waits] == [4]


def test_job_that_is_no_array() -> None:
    (one,) = queue.parse("7|N/A|RUNNING|None|vm|mine\n")
    assert (one.index, one.name) == (-1, "mine")


@pytest.mark.parametrize("line", ["", "x|0|RUNNING|None|vm|n", "1|0|RUNNING|None|vm",
                                  "a table of a wrapper's"])
def test_what_was_not_asked_for(line: str) -> None:
    with pytest.raises(CannotMeasure, match="is not as asked for"):
        queue.parse(f"{line}\n")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        queue.parse(text)
    except CannotMeasure as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("file, program, says", [
    ("sbatch-memory", "sbatch", "sbatch: Memory specification can not be satisfied; Batch job "
                                "submission failed: Requested node configuration is not available"),
    ("sbatch-array", "sbatch", "sbatch: Batch job submission failed: Invalid job array"),
    ("sbatch-no-config", "sbatch", "Could not establish a configuration source"),
    ("squeue-dead", "squeue", "squeue: slurm_load_jobs error: Unable to contact slurm controller")])
def test_a_failure_is_one_line(file: str, program: str, says: str) -> None:
    said = queue.complaint(program, (DATA / f"{file}.stderr").read_text())
    assert says in said and "\n" not in said and "--executor local" in said


def test_command_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotMeasure, match="squeue: is not installed; install package"):
        queue.listed("swapscale-")
