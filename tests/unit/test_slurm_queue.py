# SPDX-License-Identifier: GPL-2.0-only
"""What Slurm's commands said, captured, and what we read in it."""
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.campaign import queue
from runner.campaign.parts import Parts
from runner.errors import CannotMeasure
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data" / "slurm"


def captured(name: str) -> list[queue.Queued]:
    return queue.parse((DATA / f"squeue-{name}.txt").read_text())


def test_running_and_waiting() -> None:
    found = captured("running")
    assert [(one.index, one.waits, one.node) for one in found] == [
        (2, True, ""), (3, True, ""), (4, True, ""), (0, False, "vm"), (1, False, "vm")]
    assert {(one.job, one.name) for one in found} == {(queue.Job(1), "swapscale-ab-1")}
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


def test_jobs_of_several_clusters() -> None:
    found = queue.parse("CLUSTER: far\n7|0|RUNNING|None|n1|a\n\nCLUSTER: near\n"
                        "CLUSTER: third\n7|0|PENDING|Resources||a\n")
    assert [(one.job, one.node) for one in found] == [
        (queue.Job(7, "far"), "n1"), (queue.Job(7, "third"), "")]


@pytest.mark.parametrize("state, waits", [
    ("PENDING", True), ("CONFIGURING", False), ("RUNNING", False), ("COMPLETING", False),
    ("STAGE_OUT", False), ("SIGNALING", False),
    # A task that was preempted or whose node failed to boot, and that a site's rules put back
    ("REQUEUED", True), ("REQUEUE_FED", True), ("REQUEUE_HOLD", True), ("SPECIAL_EXIT", True),
    ("RESV_DEL_HOLD", True), ("SUSPENDED", True), ("STOPPED", True),
    # In a queue for as long as MinJobAge says
    *((one, False) for one in ("PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "TIMEOUT",
                               "DEADLINE", "FAILED", "CANCELLED", "COMPLETED", "REVOKED"))])
def test_every_state_of_squeue(state: str, waits: bool) -> None:
    """JOB STATE CODES of squeue(1), 22.05 to 24.05."""
    (one,) = queue.parse(f"7|0|{state}|None|n1|a\n")
    assert (one.state, one.waits) == (state, waits)


def test_another_job_s_name_may_be_anything() -> None:
    found = queue.parse("7|N/A|RUNNING|None|n1|a|b|c\n"
                        "67108865|0|PENDING|Resources||swapscale-x-1\n")
    assert [(one.job.number, one.name) for one in found] == [
        (7, "a|b|c"), (67108865, "swapscale-x-1")]  # and a federation's number


# A site of several clusters: what sbatch sends where, and who is asked for it afterwards.

REQUEST = queue.Request("swapscale-ab-1", "#!/bin/sh\n", "/tmp", "x", 1, 1, 100, False)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("sbatch", "squeue", "scancel", "sinfo"):
        (tmp_path / name).write_text((DATA / "site.sh").read_text())
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SITE", str(tmp_path))
    for variable in ("SBATCH_CLUSTERS", "SLURM_CLUSTERS"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.mark.parametrize("variables, where", [
    ({}, ""), ({"SBATCH_CLUSTERS": "far"}, "far"), ({"SLURM_CLUSTERS": "far"}, "far"),
    ({"SBATCH_CLUSTERS": "far,near"}, "far"),
    ({"SBATCH_CLUSTERS": "far", "SLURM_CLUSTERS": "near"}, "far")])
def test_a_job_is_asked_for_where_it_was_sent(site: Path, monkeypatch: pytest.MonkeyPatch,
                                              variables: dict[str, str], where: str) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    job = queue.submit(REQUEST)
    assert job == queue.Job(11, where)
    # Known of, as the one that submitted does, or not, as the first look of one that resumes.
    for known in ([where], []):
        assert [(one.job, one.index) for one in queue.listed("swapscale-ab-", known)] == [(job, 0)]
    assert f"bad disk of {where or 'default'}" in queue.ailing([where])
    queue.cancel([job])
    assert queue.listed("swapscale-ab-", [where]) == []
    assert not list(site.glob("jobs.*"))


def test_a_runner_with_another_environment_finds_the_jobs(
        site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = queue.submit(REQUEST)
    monkeypatch.setenv("SBATCH_CLUSTERS", "far")
    far = queue.submit(REQUEST)
    monkeypatch.delenv("SBATCH_CLUSTERS")
    parts = Parts(site)
    assert parts.clusters() == []
    for job in (default, far, far):
        parts.keep_cluster(job.cluster)
    assert parts.clusters() == ["", "far"]
    # One id, two jobs.
    assert {one.job for one in queue.listed("swapscale-ab-", Parts(site).clusters())} == {
        queue.Job(11), queue.Job(11, "far")}
    # The default cluster is asked even where the environment names another.
    monkeypatch.setenv("SLURM_CLUSTERS", "near")
    assert {one.job for one in queue.listed("swapscale-ab-", parts.clusters())} == {
        queue.Job(11), queue.Job(11, "far")}
    queue.cancel([far])
    assert {one.job for one in queue.listed("swapscale-ab-", parts.clusters())} == {default}


def test_a_node_is_asked_for_in_its_cluster(site: Path) -> None:
    job = queue.submit(dataclasses.replace(REQUEST, node="n1@far"))
    assert job.cluster == "far"
    asked = (site / "asked").read_text()
    assert "--nodelist=n1 [far]" in asked and "--clusters=far" in asked


@pytest.mark.parametrize("said", ["", "x", "7;", "7;a b", "7;far;near", "7;\x1b[31m"])
def test_an_answer_that_is_no_job(site: Path, said: str) -> None:
    (site / "sbatch").write_text(f"#!/bin/sh\nprintf '%s\\n' '{said}'\n")
    if said == "7;":
        assert queue.submit(REQUEST) == queue.Job(7)
        return
    with pytest.raises(CannotMeasure, match="is no job's number"):
        queue.submit(REQUEST)


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


@pytest.mark.parametrize("variable, value", [
    ("SQUEUE_STATES", "RUNNING"), ("SQUEUE_PARTITION", "gpu"), ("SQUEUE_FORMAT2", "jobid"),
    ("SQUEUE_USERS", "root"), ("SINFO_FORMAT", "%n"), ("SCANCEL_STATE", "PENDING"),
    ("SCANCEL_INTERACTIVE", "true"), ("SBATCH_WAIT", "1"), ("SLURM_MEM_PER_CPU", "4096"),
    ("SLURM_MEM_PER_NODE", "4096"), ("SBATCH_MEM_PER_CPU", "4096"), ("SLURM_CPUS_PER_TASK", "8"),
    ("SLURM_TRES_PER_TASK", "cpu:8")])
def test_habits_of_the_user_s_shell_stay_there(site: Path, monkeypatch: pytest.MonkeyPatch,
                                               variable: str, value: str) -> None:
    """ENVIRONMENT VARIABLES of squeue(1), scancel(1) and sbatch(1); in a job of their own people
    meet 'SLURM_MEM_PER_CPU, SLURM_MEM_PER_GPU, and SLURM_MEM_PER_NODE are mutually exclusive'."""
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("SBATCH_PARTITION", "slow")
    for name in ("sbatch", "squeue", "scancel", "sinfo"):
        (site / name).write_text("#!/bin/sh\ncase $0 in */sbatch) echo 11;; esac\n"
                                 'env > "$SITE/env.$(basename $0)"\n')
    job = queue.submit(REQUEST)
    queue.listed("x", [""])
    queue.ailing([""])
    queue.cancel([job])
    for name in ("sbatch", "squeue", "scancel", "sinfo"):
        seen = (site / f"env.{name}").read_text().splitlines()
        assert f"{variable}={value}" not in seen and "SBATCH_PARTITION=slow" in seen


@pytest.mark.parametrize("said, job", [
    # TACC's sbatch greets and checks on standard output, above what was asked for
    ("-----------------------------------------------------------------\n"
     "           Welcome to the Lonestar6 Supercomputer\n"
     "--> Verifying valid submit host (login1)...OK\n\n2313374\n", queue.Job(2313374)),
    ("11;far\n", queue.Job(11, "far")), ("note: 3 nodes left\n11;far-2.b\n\n",
                                         queue.Job(11, "far-2.b")),
    ("67108865\n", queue.Job(67108865))])
def test_what_a_site_says_above_the_number(site: Path, said: str, job: queue.Job) -> None:
    (site / "said").write_text(said)
    (site / "sbatch").write_text('#!/bin/sh\ncat "$SITE/said"\n')
    assert queue.submit(REQUEST) == job


@pytest.mark.parametrize("said", ["", "Submitted batch job 11\n", "11;a b\n", "11\nbye\n"])
def test_what_is_no_number(site: Path, said: str) -> None:
    (site / "said").write_text(said)
    (site / "sbatch").write_text('#!/bin/sh\ncat "$SITE/said"\n')
    with pytest.raises(CannotMeasure, match="is no job's number"):
        queue.submit(REQUEST)
