# SPDX-License-Identifier: GPL-2.0-only
"""Programs as built, the agent's runs, and pages for a browser: what several modules share."""
from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runner import programs
from runner.progress import Progress
from tests.component import pages
from tests.component.agentrun import AGENT, Agent, Run, drain, job, take_in

pytest.register_assert_rewrite("tests.component.commands", "tests.component.flippedbit")


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    programs.build(Progress())


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """Run the agent on a job file's text; `meanwhile` is called with its process."""
    def run(job: str | None,
            meanwhile: Callable[[subprocess.Popen[str]], None] | None = None,
            more: tuple[str, ...] = ()) -> Run:
        file = tmp_path / "job"
        if job is not None:
            file.write_text(job)
        streams = [bytearray(), bytearray()]
        pipes = [os.pipe(), os.pipe()]
        process = subprocess.Popen(
            [AGENT, "--no-init", "--channel-fd", str(pipes[0][1]), "--heartbeat-fd",
             str(pipes[1][1]), "--job", str(file), *more], text=True,
            pass_fds=[pipes[0][1], pipes[1][1]], stderr=subprocess.PIPE)
        readers = []
        for (ours, its), stream in zip(pipes, streams):
            os.close(its)
            readers.append(threading.Thread(target=drain, args=(ours, stream)))
            readers[-1].start()
        if meanwhile is not None:
            meanwhile(process)
        stderr = process.communicate(timeout=60)[1]
        for reader in readers:
            reader.join()
        return take_in(process.returncode, streams, tmp_path, stderr)
    return run


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], str]:
    """A job whose workload is this Python text."""
    def write(text: str) -> str:
        script = tmp_path / "workload.py"
        script.write_text("import os, sys, mmap, struct, signal, subprocess\n" + text)
        return job("/usr/bin/python3", "-S", str(script))
    return write


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.of_a_comparison(tmp_path_factory.mktemp("results") / "campaign")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.of_hostile_text(tmp_path_factory.mktemp("results") / "hostile")


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.of_thirty_nights(tmp_path_factory.mktemp("history"))
