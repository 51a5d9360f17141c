# SPDX-License-Identifier: GPL-2.0-only
"""The agent itself, outside a guest: a job in, frames out, a real workload between."""
from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.vm.channel import FrameType
from tests.component.agentrun import AGENT, PHASES, Agent, job


def test_whole_course(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(python(PHASES))
    assert run.status == 0 and run.stderr == ""
    hello = dict(line.split(" ", 1) for line in run.frames[0].payload.decode().splitlines())
    assert run.frames[0].type is FrameType.HELLO
    assert hello["agent"] == "1"
    assert hello["release"] == os.uname().release
    assert hello["cpus"] == str(os.sysconf("SC_NPROCESSORS_ONLN"))
    assert hello["memtotal-kib"] == Path("/proc/meminfo").read_text().split()[1]
    assert hello["cmdline"].strip() == Path("/proc/cmdline").read_text().strip()
    assert run.texts == [("EVENT", "steady-begin"), ("EVENT", "steady-end"),
                         ("WORKLOAD", "exited 0"), ("DONE", "")]
    assert run.files["workload.json"] == b'{"swapstorm": 1}\n'
    assert run.files["workload.stderr"] == b"a word\n"
    for when in "before", "steady-begin", "steady-end", "after":
        assert b"pswpout " in run.files[f"{when}.vmstat"]
        assert run.files[f"{when}.meminfo"].startswith(b"MemTotal:")
        assert run.files[f"{when}.swaps"].startswith(b"Filename")
        for name in "memory", "cpu", "io":
            pressure = Path("/proc/pressure") / name
            assert (f"{when}.psi-{name}" in run.files) == pressure.exists()


def test_heartbeat_carries_progress(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(python(PHASES))
    assert len(run.beats) >= 2
    assert run.beats == sorted(run.beats)
    assert run.beats[0][1] == 0
    # The last beat comes after the workload's end; both its threads' words are in.
    assert run.beats[-1][1] == 1234


def test_order_of_what_is_sent(agent: Agent, python: Callable[[str], str]) -> None:
    """A snapshot stands before the event that names it, and after all before it."""
    run = agent(python(PHASES))
    seen: list[str] = []
    for frame in run.frames:
        word = frame.type.name
        if frame.type is FrameType.FILE:
            word = frame.payload[1:1 + frame.payload[0]].decode().split(".")[0]
        elif frame.type is FrameType.EVENT:
            word = "event " + frame.payload.decode()
        if seen[-1:] != [word]:
            seen.append(word)
    assert seen == ["HELLO", "before", "steady-begin", "event steady-begin", "steady-end",
                    "event steady-end", "workload", "after", "WORKLOAD", "DONE"]


def test_what_the_workload_is_given(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(python(
        "print(sorted(int(f) for f in os.listdir('/proc/self/fd'))[:5])\n"
        "print([int(f) for f in os.listdir('/proc/self/fd') if os.path.exists("
        "'/proc/self/fd/' + f) and int(f) > 4])\n"
        "print(sorted(os.environ), os.read(0, 1), os.fstat(4).st_size)\n"
        "print(open('/proc/self/oom_score_adj').read(), end='')\n"
        "print(signal.pthread_sigmask(signal.SIG_BLOCK, []), "
        "signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)\n"))
    assert run.files["workload.stderr"] == b""
    assert run.files["workload.json"].decode().splitlines() == [
        "[0, 1, 2, 3, 4]", "[]", "['HOME', 'LC_ALL', 'PATH'] b'' 65536", "1000", "set() True"]


@pytest.mark.parametrize("text, ended", [
    ("sys.exit(3)", "exited 3"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "killed 9"),
    ("os.kill(os.getpid(), signal.SIGPIPE)", "exited 0"),    # Python ignores it
    ("signal.signal(signal.SIGPIPE, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGPIPE)",
     "killed 13"),
    ("os.closerange(0, 5)", "exited 0"),
])
def test_how_it_ended(agent: Agent, python: Callable[[str], str], text: str, ended: str) -> None:
    run = agent(python(text))
    assert run.texts == [("WORKLOAD", ended), ("DONE", "")]
    assert "after.vmstat" in run.files
    assert run.files["workload.json"] == b""
    assert run.status == 0


def test_cannot_be_executed(agent: Agent) -> None:
    run = agent(job("/nonesuch/program"))
    assert run.texts == [("ERROR", "exec: /nonesuch/program: No such file or directory")]
    assert run.status == 1


@pytest.mark.parametrize("text, says", [
    (None, "job: {job}: No such file or directory"),
    ("", "job: no 'end' line: cut short"),
    (job("/bin/true")[:-4], "job: no 'end' line: cut short"),
    (job(), "job: arg: missing"),
    (job("/bin/true", "colour red\nflavour sweet"), "job: line 8: flavour: unknown key"),
    ("x" * 70000, "job: {job}: File too large"),
])
def test_bad_job(agent: Agent, tmp_path: Path, text: str | None, says: str) -> None:
    run = agent(text)
    assert run.texts == [("ERROR", says.format(job=tmp_path / "job"))]
    assert run.frames[0].type is FrameType.HELLO
    assert run.status == 1


def test_lock_stat_that_is_not_there(agent: Agent) -> None:
    if Path("/proc/sys/kernel/lock_stat").exists():
        pytest.skip("this host's kernel has lock statistics")
    run = agent(job("/bin/true").replace("lock-stat 0", "lock-stat 1"))
    assert run.texts == [("ERROR", "lock-stat: /proc/sys/kernel/lock_stat: No such file or "
                                   "directory: the kernel needs CONFIG_LOCK_STAT")]


@pytest.mark.parametrize("lines, says", [
    ("steady-end\\n", "protocol: the workload notified 'steady-end', steady-begin was due"),
    ("steady-begin\\nsteady-begin\\n",
     "protocol: the workload notified 'steady-begin', steady-end was due"),
    ("steady-begin\\nsteady-end\\nsteady-end\\n",
     "protocol: the workload notified 'steady-end', nothing was due"),
    ("x" * 40, "protocol: the workload notified a line of more than 31 characters"),
])
def test_wrong_phase(agent: Agent, python: Callable[[str], str], lines: str, says: str) -> None:
    # It would wait for ever: the agent must end it.
    run = agent(python(f"os.write(3, b'{lines}')\nwhile True: signal.pause()"))
    assert run.texts[-1] == ("ERROR", says)
    assert run.status == 1


def test_large_output_comes_whole(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(python("sys.stdout.write(''.join(f'{i:07}\\n' for i in range(500_000)))"))
    assert run.files["workload.json"].decode() == "".join(f"{i:07}\n" for i in range(500_000))
    assert run.texts == [("WORKLOAD", "exited 0"), ("DONE", "")]


def test_too_much_output(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(python("while True: os.write(1, b'x' * 65536)"))
    assert run.texts == [("ERROR", "protocol: the workload wrote more than 4194304 bytes to "
                                   "stdout")]
    assert run.files["workload.json"] == b"x" * (4 << 20)


def test_stderr_is_cut(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(python("os.write(2, b'e' * 70000)"))
    assert run.files["workload.stderr"] == b"e" * 65536
    assert run.texts == [("EVENT", "workload-stderr-cut 70000"), ("WORKLOAD", "exited 0"),
                         ("DONE", "")]


def test_child_left_behind(agent: Agent, python: Callable[[str], str], tmp_path: Path) -> None:
    """It holds the pipes open; the workload's end counts."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    run = agent(python(f"print('said', flush=True)\nsubprocess.Popen(['cat', '{fifo}'])"))
    os.close(os.open(fifo, os.O_WRONLY))
    assert run.files["workload.json"] == b"said\n"
    assert run.texts == [("WORKLOAD", "exited 0"), ("DONE", "")]


def test_killed_agent_reads_as_failed(agent: Agent, python: Callable[[str], str],
                                      tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def kill(process: subprocess.Popen[str]) -> None:
        pid = int(fifo.read_text())
        process.kill()
        os.kill(pid, signal.SIGKILL)

    run = agent(python(f"open('{fifo}', 'w').write(str(os.getpid()))\n"
                       "while True: signal.pause()"), kill)
    assert run.status == -signal.SIGKILL
    assert run.texts == []


def test_channel_that_breaks(tmp_path: Path) -> None:
    (tmp_path / "job").write_text(job("/bin/true"))
    ours, its = os.pipe()
    os.close(ours)
    with open(os.devnull, "wb") as null:
        done = subprocess.run(
            [AGENT, "--no-init", "--channel-fd", str(its), "--heartbeat-fd", str(null.fileno()),
             "--job", str(tmp_path / "job")], pass_fds=[its, null.fileno()],
            capture_output=True, text=True, timeout=60, check=False)
    os.close(its)
    assert done.stderr == "swapscale-agent: channel: write: Broken pipe\n"
    assert done.returncode == 1


@pytest.mark.parametrize("args", [
    [], ["--no-init"], ["--no-init", "--channel-fd", "x", "--heartbeat-fd", "1"],
    ["--no-init", "--channel-fd", "1000", "--heartbeat-fd", "1"],
    ["--no-init", "--channel-fd", "1", "--heartbeat-fd", "1", "more"],
    ["--channel-fd", "1", "--heartbeat-fd", "1"]])
def test_usage(args: list[str]) -> None:
    """Never as PID 1 by mistake: without --no-init it only says how it is used."""
    done = subprocess.run([AGENT, *args], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("usage: agent --no-init --channel-fd N --heartbeat-fd N "
                                "--job FILE [--tool-ms N]\n")
    assert done.stdout == ""
