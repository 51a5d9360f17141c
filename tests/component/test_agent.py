# SPDX-License-Identifier: GPL-2.0-only
"""The agent itself, outside a guest: a job in, frames out, a real workload between."""
from __future__ import annotations

import os
import signal
import struct
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.vm.channel import Decoder, Frame, FrameType, Receiver

ROOT = Path(__file__).resolve().parent.parent.parent
AGENT = ROOT / "build" / "agent"
JOB = ("swapscale-job 1\ndevice pmem\ndevice-bytes 536870912\nlock-stat 0\nheartbeat-ms 10\n"
       "{args}end\n")


@dataclass
class Run:
    """What one run of the agent left."""

    status: int
    frames: list[Frame]
    beats: list[tuple[int, int]]         # guest ns, pages
    files: dict[str, bytes]
    stderr: str = ""
    texts: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Everything but HELLO and files: (type, text)."""
        self.texts = [(frame.type.name, frame.payload.decode()) for frame in self.frames
                      if frame.type not in (FrameType.HELLO, FrameType.FILE)]


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    subprocess.run(["make", "-s", "build/agent"], cwd=ROOT, check=True)


def drain(fd: int, into: bytearray) -> None:
    while data := os.read(fd, 65536):
        into += data
    os.close(fd)


Agent = Callable[..., Run]


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


def take_in(status: int, streams: list[bytearray], tmp_path: Path, stderr: str) -> Run:
    decoders = Decoder(), Decoder("heartbeat")
    frames, beats = (list(decoder.feed(bytes(stream)))
                     for decoder, stream in zip(decoders, streams))
    for decoder in decoders:
        decoder.finish()
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    receiver = Receiver(evidence)
    for frame in frames:
        receiver.take(frame)
    receiver.close()
    assert {frame.type for frame in beats} <= {FrameType.HEARTBEAT}
    return Run(status, frames, [struct.unpack("<QQ", beat.payload) for beat in beats],
               {path.name: path.read_bytes() for path in evidence.iterdir()}, stderr)


def job(*args: str) -> str:
    return JOB.format(args="".join(f"arg {arg}\n" for arg in args))


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], str]:
    """A job whose workload is this Python text."""
    def write(text: str) -> str:
        script = tmp_path / "workload.py"
        script.write_text("import os, sys, mmap, struct, signal, subprocess\n" + text)
        return job("/usr/bin/python3", "-S", str(script))
    return write


PHASES = """
page = mmap.mmap(4, 65536)
os.write(3, b"steady-begin\\n")
assert len(os.read(3, 16)) == 1
struct.pack_into("<Q", page, 0, 1000)
struct.pack_into("<Q", page, 64 * 1023, 234)
os.write(3, b"steady-end\\n")
assert len(os.read(3, 16)) == 1
print('{"swapstorm": 1}')
print("a word", file=sys.stderr)
"""


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


def tool(when: str, name: str, *args: str, env: tuple[str, ...] = ()) -> str:
    return (f"tool {when} {name}\n" + "".join(f"tool-arg {arg}\n" for arg in args)
            + "".join(f"tool-env {one}\n" for one in env))


def shell(text: str) -> tuple[str, ...]:
    return "/bin/sh", "-c", text


def with_tools(text: str, *tools: str) -> str:
    return text.removesuffix("end\n") + "".join(tools) + "end\n"


def test_tools_around_the_workload(agent: Agent, python: Callable[[str], str]) -> None:
    """Before, beside and after it, in this order, whatever the job's."""
    run = agent(with_tools(
        python(PHASES),
        tool("after", "last", *shell("echo done")),
        tool("beside", "noise", *shell("trap 'echo stopped; exit 0' INT; while :; do sleep 0.01; "
                                       "done")),
        tool("before", "fio", *shell("echo $JOBS $SWAP_DEVICE; echo word >&2; exit 3"),
             env=("JOBS=2",)),
        tool("provision", "ndctl", *shell("exit 0"))))
    assert run.status == 0
    assert run.texts == [
        ("EVENT", "tool ndctl runs"), ("EVENT", "tool ndctl exited 0"),
        ("EVENT", "tool fio runs"), ("EVENT", "tool fio exited 3"),
        ("EVENT", "steady-begin"), ("EVENT", "steady-end"), ("WORKLOAD", "exited 0"),
        ("EVENT", "tool noise exited 0"), ("EVENT", "tool last runs"),
        ("EVENT", "tool last exited 0"), ("DONE", "")]
    assert run.files["tool.fio.out"] == b"2\n" and run.files["tool.fio.err"] == b"word\n"
    assert run.files["tool.noise.out"] == b"stopped\n"
    assert run.files["tool.last.out"] == b"done\n" and run.files["tool.ndctl.out"] == b""


def test_window_is_told(agent: Agent, python: Callable[[str], str]) -> None:
    """The load begins when the tool listens, the steady phase when it has answered, and ends
    when it has."""
    run = agent(with_tools(python(PHASES), tool("window", "perf", *shell(
        "while read word <&3; do echo $word; [ $word = stop ] && exit 0; "
        "printf 'ack\\n\\0' >&4; done"))))
    assert run.files["tool.perf.out"] == b"ping\nenable\ndisable\nstop\n"
    assert run.texts[-3:] == [("WORKLOAD", "exited 0"), ("EVENT", "tool perf exited 0"),
                              ("DONE", "")]


@pytest.mark.parametrize("answers", [0, 1, 2])
def test_tool_that_does_not_answer(agent: Agent, python: Callable[[str], str],
                                   answers: int) -> None:
    """To ping, enable or disable: the load goes on, and how the tool ended is told."""
    run = agent(with_tools(python(PHASES), tool("window", "perf", *shell(
        "read word <&3; printf 'ack\\n\\0' >&4; " * answers + "read word <&3; echo why >&2; exit 7"
        ))))
    assert run.status == 0 and ("WORKLOAD", "exited 0") in run.texts
    assert ("EVENT", "tool perf exited 7") in run.texts
    assert run.files["tool.perf.err"] == b"why\n"


HANG = "trap '' INT TERM; while :; do sleep 1; done"
ACK = "read word <&3; printf 'ack\\n\\0' >&4; "


@pytest.mark.parametrize("when, script, said, waits", [
    ("provision", HANG, "perf has not ended in 1 s", "runs"),
    ("before", HANG, "perf has not ended in 1 s", "runs"),
    ("after", HANG, "perf has not ended in 1 s", "runs"),
    ("beside", HANG, "perf has not ended when told to in 1 s", "runs"),
    ("window", HANG, "perf has not answered 'ping' in 1 s", "silent"),
    ("window", ACK + HANG, "perf has not answered 'enable' in 1 s", "silent"),
    ("window", 2 * ACK + HANG, "perf has not answered 'disable' in 1 s", "silent"),
    ("window", 3 * ACK + HANG, "perf has not ended when told to in 1 s", "runs"),
    ("window", "read word <&3; printf half >&4; " + HANG, "perf has not answered 'ping' in 1 s",
     "silent")])
def test_tool_that_hangs_is_named(agent: Agent, python: Callable[[str], str], when: str,
                                  script: str, said: str, waits: str) -> None:
    run = agent(with_tools(python(PHASES), tool(when, "perf", *shell(script))),
                more=("--tool-ms", "1500"))
    assert run.status == 1 and run.texts[-1] == ("ERROR", f"tool: {said}")
    # The host knows from the first second on who is waited for.
    assert run.texts[-2] == ("EVENT", f"tool perf {waits}")


def test_tool_that_is_slow_is_no_fault(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(with_tools(python(PHASES), tool("window", "perf", *shell(
        ACK + "read word <&3; sleep 1.5; printf 'ack\\n' >&4; " + ACK + "read word <&3; exit 0"))))
    assert run.status == 0 and run.texts[-1] == ("DONE", "")
    at = run.texts.index(("EVENT", "tool perf silent"))
    assert run.texts[at + 1] == ("EVENT", "tool perf answered")


def test_tool_that_hangs_up(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(with_tools(python(PHASES), tool("window", "perf", *shell(
        "exec 4>&-; while :; do sleep 1; done"))))
    assert run.status == 0 and ("EVENT", "tool perf killed 9") in run.texts


def test_tool_that_ends_early(agent: Agent, python: Callable[[str], str]) -> None:
    """Its end is seen beside the workload, and it is not signalled again."""
    run = agent(with_tools(python("import time; time.sleep(0.2)\n" + PHASES),
                           tool("beside", "noise", *shell("exit 7"))))
    assert ("EVENT", "tool noise exited 7") in run.texts and run.status == 0


def test_tool_that_cannot_start(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(with_tools(python(PHASES), tool("before", "fio", "/no/such/fio")))
    assert run.texts == [("ERROR", "exec: /no/such/fio: No such file or directory")]


def test_tool_that_says_too_much(agent: Agent, python: Callable[[str], str]) -> None:
    run = agent(with_tools(python(PHASES), tool("before", "fio", *shell("yes | head -c 5000000"))))
    assert 4 << 20 <= len(run.files["tool.fio.out"]) < (4 << 20) + 4096
    assert run.texts[:2] == [("EVENT", "tool fio runs"), ("EVENT", "tool fio exited 0")]
