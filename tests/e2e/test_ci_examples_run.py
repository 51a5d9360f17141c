# SPDX-License-Identifier: GPL-2.0-only
"""The commands of the CI examples, run as their schedulers would, with a short load."""
from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.sandbox import Sandbox

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("ci"))


def works(sandbox: Sandbox, line: str, **env: str) -> None:
    status, said = sandbox.type(line, env)
    assert status == 0, f"{line}: exit status {status}\n{said}"


def here(sandbox: Sandbox, text: str, state: Path) -> str:
    """A path of the machine the example is for, in the sandbox."""
    return text.replace("/opt/swapscale", str(sandbox.folder)).replace(
        "/var/lib/swapscale", str(state))


def nights(state: Path) -> int:
    return len(list(state.glob("*/night.json")))


def test_github_actions(sandbox: Sandbox, tmp_path: Path) -> None:
    workflow = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
    (job,) = workflow["jobs"].values()
    summary = tmp_path / "summary.md"
    for step in job["steps"]:
        if "run" in step:
            works(sandbox, step["run"], RESULTS=str(tmp_path / "state"),
                  GITHUB_STEP_SUMMARY=str(summary))
    assert nights(tmp_path / "state") == 1
    assert "Nightly swap-out" in summary.read_text()
    for step in job["steps"]:
        if "upload-artifact" in step.get("uses", ""):
            assert (sandbox.folder / step["with"]["path"] / "nightly.html").is_file()


@pytest.mark.slow             # the next two are a night each, of the same commands
def test_gitlab(sandbox: Sandbox, tmp_path: Path) -> None:
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["nightly"]
    for line in job["script"]:
        works(sandbox, line, RESULTS=str(tmp_path / "state"))
    assert nights(tmp_path / "state") == 1
    assert xml.parse(sandbox.folder / job["artifacts"]["reports"]["junit"]).getroot().tag == \
        "testsuites"


@pytest.mark.slow
def test_crontab(sandbox: Sandbox, tmp_path: Path) -> None:
    text = (EXAMPLES / "crontab").read_text()
    (command,) = re.findall(r"^[\d*/,-]+(?: [\d*/,-]+){4} (.+)$", text, re.MULTILINE)
    # There on the machine that the example is for; cron writes its log into it.
    state = tmp_path / "state"
    state.mkdir()
    works(sandbox, here(sandbox, command, state))
    assert nights(state) == 1
    assert (state / "nightly.log").stat().st_size and (state / "out/nightly.md").is_file()


def test_systemd(sandbox: Sandbox, tmp_path: Path) -> None:
    unit = dict(re.findall(r"^(\w+)=(.+)$", (EXAMPLES / "swapscale-nightly.service").read_text(),
                           re.MULTILINE))
    assert unit["WorkingDirectory"] == "/opt/swapscale"
    state = tmp_path / unit["StateDirectory"]
    # StateDirectory= makes it before anything starts.
    state.mkdir()
    works(sandbox, here(sandbox, unit["ExecStart"], state))
    assert nights(state) == 1 and (state / "out/nightly.md").is_file()
