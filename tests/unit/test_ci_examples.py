# SPDX-License-Identifier: GPL-2.0-only
"""The CI examples: parsed by what reads them, and their commands are ones that are taken."""
from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from runner import cli, paths

EXAMPLES = paths.ROOT / "docs" / "examples"
FILES = sorted(one for one in EXAMPLES.iterdir())


def taken(line: str) -> None:
    """A line of shell that calls ./swapscale or setup/install calls it rightly."""
    for command in re.findall(r"(?:\./|/opt/swapscale/)swapscale ((?:(?!&&|2>|>>).)*)", line):
        args = cli.parser().parse_args(shlex.split(command))
        assert (paths.ROOT / args.config).is_file()
    for script in re.findall(r"(?<![\w/])(setup/\w+)", line):
        assert (paths.ROOT / script).is_file()


def test_there_is_one_for_each() -> None:
    assert {one.name for one in FILES} == {
        "github-actions.yml", "gitlab-ci.yml", "crontab", "swapscale-nightly.service",
        "swapscale-nightly.timer"}


@pytest.mark.parametrize("file", FILES, ids=lambda one: one.name)
def test_commands_are_ones_the_front_door_takes(file: Path) -> None:
    text = file.read_text()
    taken(text)
    assert file.suffix == ".timer" or "swapscale nightly configs/nightly.toml" in text


def test_github_actions() -> None:
    found = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
    # YAML 1.1 reads the key 'on' as true.
    assert re.fullmatch(r"[\d*/, -]+", found[True]["schedule"][0]["cron"])
    (job,) = found["jobs"].values()
    assert job["runs-on"] and all("run" in one or "uses" in one for one in job["steps"])
    for step in job["steps"]:
        if "run" in step:
            subprocess.run(["sh", "-n", "-c", step["run"]], check=True)
    (run,) = [one["run"] for one in job["steps"] if "nightly" in one.get("run", "") and
              "swapscale" in one["run"]]
    out = run.split("--output ")[1]
    assert [one["with"]["path"] for one in job["steps"] if "with" in one] == [f"{out}/"]


def test_gitlab() -> None:
    found = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())
    for line in found["nightly"]["script"]:
        subprocess.run(["sh", "-n", "-c", line], check=True)
    assert found["nightly"]["artifacts"]["reports"]["junit"] == "out/nightly.junit.xml"
    assert found["nightly"]["allow_failure"]["exit_codes"] == [3]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd(tmp_path: Path) -> None:
    # The unit as it would be where the checkout is installed.
    program = tmp_path / "swapscale"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name in ("swapscale-nightly.service", "swapscale-nightly.timer"):
        text = (EXAMPLES / name).read_text().replace("/opt/swapscale", str(tmp_path))
        (tmp_path / name).write_text(re.sub("^(User|Documentation)=.*$", "", text,
                                            flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                           *(str(tmp_path / one) for one in ("swapscale-nightly.service",
                                                             "swapscale-nightly.timer"))],
                          capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "swapscale-nightly" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
    calendar = re.search("OnCalendar=(.+)", (EXAMPLES / "swapscale-nightly.timer").read_text())
    assert calendar
    subprocess.run(["systemd-analyze", "calendar", calendar[1]], check=True, capture_output=True)


def test_crontab() -> None:
    lines = [line for line in (EXAMPLES / "crontab").read_text().splitlines()
             if line and not line.startswith("#")]
    settings = [line for line in lines if re.fullmatch(r"[A-Z]+=\S+", line)]
    (job,) = [line for line in lines if line not in settings]
    fields = re.fullmatch(r"(\d+) (\d+) (\*) (\*) (\*) (.+)", job)
    assert fields and int(fields[1]) < 60 and int(fields[2]) < 24
    # Cron turns a bare % into a newline.
    assert "%" not in fields[6]
    subprocess.run(["sh", "-n", "-c", fields[6]], check=True)
