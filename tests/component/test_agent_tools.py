# SPDX-License-Identifier: GPL-2.0-only
"""Tools that the agent runs around the workload, and what it does about those that hang or fail."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.component.agentrun import PHASES, Agent


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
