# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of the runner itself: killed in every step, interrupted, stopped, two at once."""
from __future__ import annotations

import os
import shutil
import signal
import time

from tests.faults import left
from tests.faults.fault import Seen, add, fault
from tests.faults.lab import Lab
from tests.faults.runs import loaded, seen

_VERDICT = "Verdict: INCONCLUSIVE"
#: What a run does on its way, by what each step changes; the first and the last of each stage.
_STAGES = {
    "creating": "making the campaign, before its record is there",
    "planning": "keeping kernels' configurations and the record",
    "booting": "making evidence",
    "recording": "putting the sample on record",
    "reporting": "writing the report"}


def _stage(step: str) -> str:
    name = step.rpartition("/")[2]
    if "/evidence" in step:
        return "booting"
    if name == "samples.jsonl":
        return "recording"
    if name.startswith("report.") or "/plots" in step:
        return "reporting"
    return "planning" if "kernel-configs" in step or name == "lock" else ""


def stages(steps: list[str]) -> dict[str, list[int]]:
    """Steps, counted from 1, by stage; those without one belong to that before them."""
    found: dict[str, list[int]] = {name: [] for name in _STAGES}
    now = "creating"
    for number, step in enumerate(steps, 1):
        now = _stage(step) or now
        found[now].append(number)
    return found


def _whole(lab: Lab) -> list[str]:
    """What a run changes below results, step by step, 'CALL PATH'."""
    log = lab.folder / "steps"
    lab.run("run", lab.experiment(), "--results", lab.results,
            env=loaded(under=lab.results, log=log))
    found = log.read_text("utf-8").splitlines()
    shutil.rmtree(lab.campaign)
    return found


def _some(numbers: list[int], most: int = 6) -> list[int]:
    """The first and last of them, and what lies evenly between."""
    if len(numbers) <= most:
        return numbers
    return sorted({numbers[round(at * (len(numbers) - 1) / (most - 1))] for at in range(most)})


def _killed(stage: str, where: str) -> None:
    def act(lab: Lab) -> Seen:
        numbers = stages(_whole(lab))[stage]
        tried = _some(numbers)
        for number in tried:
            done = lab.run("run", lab.experiment(), "--results", lab.results,
                           env=loaded(under=lab.results, kill=number))
            assert done.status == -signal.SIGKILL, f"step {number} does not come: {done.status}"
            begun = any((one / "campaign.json").is_file() for one in lab.campaigns)
            problems = list(left.problems(lab)) if begun else _not_begun(lab)
            assert not problems, f"killed in step {number}: {'; '.join(problems)}"
            for one in lab.campaigns:
                shutil.rmtree(one)
        again = "made again" if stage in ("creating", "planning") else "gone on with"
        return Seen(again, "killed", f"{len(tried)} of {len(numbers)} steps tried")
    outcome = "made again" if stage in ("creating", "planning") else "gone on with"
    add(f"killed-{stage}", "runner", f"SIGKILL in the steps of {where}", outcome=outcome,
        status="killed", line=r"\d+ of \d+ steps tried", act=act)


def _not_begun(lab: Lab) -> list[str]:
    """No campaign has begun in the folder, which is said in one line."""
    if not lab.campaigns:
        return []
    done = lab.run("run", "--resume", lab.campaign)
    said = [] if done.status == 2 and "is not a campaign" in done.complaint else [
        f"--resume ends with {done.status}: {done.complaint}"]
    return said + ([f"processes {alive} are left"] if (alive := lab.processes()) else [])


for _name, _where in _STAGES.items():
    _killed(_name, _where)


@fault("killed-torn-sample", "runner", "SIGKILL half way through a line of samples.jsonl",
       outcome="gone on with", status="killed, then 3", quick=True,
       line=r"warning: results/CAMPAIGN/samples\.jsonl: last line was cut short \(\d+ bytes, "
            r"kept in samples\.torn\); that sample is measured again")
def _torn(lab: Lab) -> Seen:
    done = lab.run("run", lab.experiment(), "--results", lab.results,
                   env=loaded(under=lab.results, kill="write samples.jsonl"))
    assert done.status == -signal.SIGKILL
    again = lab.resume()
    line = next((one for one in again.said.splitlines() if "cut short" in one), "nothing")
    return Seen("gone on with", f"killed, then {again.status}", lab.plain(line))


def _sent(name: str, injected: str, number: signal.Signals) -> None:
    def act(lab: Lab) -> Seen:
        process = lab.begin()
        lab.until(lab.guests)
        os.kill(process.pid, number)
        done = lab.end(process)
        assert not lab.guests(), "a guest outlives the runner"
        line = next((one for one in done.said.splitlines() if one.startswith("interrupted; ")),
                    done.complaint)
        return Seen("no sample" if not lab.samples() else "a sample", str(done.status),
                    lab.plain(line))
    add(name, "runner", injected, outcome="no sample", status=130, act=act,
        line=r"interrupted; what was measured is kept\. Go on with: "
             r"\./swapscale run --resume results/CAMPAIGN")


_sent("interrupted", "SIGINT while a guest runs", signal.SIGINT)
_sent("ended", "SIGTERM while a guest runs", signal.SIGTERM)
_sent("hung-up", "SIGHUP while a guest runs", signal.SIGHUP)


@fault("killed-beside", "runner", "SIGKILL while two guests run", outcome="gone on with",
       status="killed, then 3", line=_VERDICT)
def _beside(lab: Lab) -> Seen:
    process = lab.begin(threads="[1, 2]")
    lab.until(lambda: len(lab.guests()) == min(2, len(os.sched_getaffinity(0))))
    process.kill()
    process.wait()
    lab.until(lambda: not lab.guests())
    return _then(lab)


def _then(lab: Lab) -> Seen:
    again = lab.resume()
    return Seen("gone on with", f"killed, then {again.status}", seen(lab, again).line)


@fault("killed-between", "runner", "SIGKILL after the first of two samples",
       outcome="gone on with", status="killed, then 3", line=_VERDICT)
def _between(lab: Lab) -> Seen:
    process = lab.begin(threads="[1, 2]")
    lab.until(lambda: lab.samples(torn=True))
    process.kill()
    process.wait()
    lab.until(lambda: not lab.guests())
    return _then(lab)


@fault("runner-stopped", "runner", "the runner is stopped for 40 s, longer than a guest may be "
       "silent, then goes on", outcome="ok", status=3, line=_VERDICT)
def _stopped(lab: Lab) -> Seen:
    process = lab.begin()
    lab.until(lab.guests)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(40)
    os.kill(process.pid, signal.SIGCONT)
    return seen(lab, lab.end(process))


@fault("two-runners", "runner", "a second runner goes on with a campaign that is being measured",
       outcome="no second one", status="4, the first 3", quick=True,
       line=r"swapscale: results/CAMPAIGN: another runner is at work on this campaign; .+")
def _two(lab: Lab) -> Seen:
    process = lab.begin()
    lab.until(lab.guests)
    aside = Lab(lab.folder / "second", token=lab.token)
    second = aside.run("run", "--resume", lab.campaign)
    done = lab.end(process)
    return Seen("no second one" if len(lab.samples()) == 1 else "two samples",
                f"{second.status}, the first {done.status}", lab.plain(second.complaint))


@fault("two-campaigns", "runner", "two runners begin a campaign of one experiment in one second",
       outcome="both ok", status="3, 3", line=_VERDICT)
def _campaigns(lab: Lab) -> Seen:
    file = lab.experiment()
    aside = Lab(lab.folder / "second", token=lab.token)
    both = [one.start("run", file, "--results", lab.folder / "both") for one in (lab, aside)]
    done = [one.end(process) for one, process in zip((lab, aside), both)]
    folders = list((lab.folder / "both").iterdir())
    records = [(one / "samples.jsonl").read_bytes().count(b"\n") for one in folders]
    line = next((one for one in done[0].out.splitlines() if one.startswith("Verdict: ")), "")
    return Seen("both ok" if records == [1, 1] else f"records of {records}",
                ", ".join(str(one.status) for one in done), line)
