# SPDX-License-Identifier: GPL-2.0-only
"""./swapscale shell: a person at a terminal, played through a pty."""
from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import CannotMeasure
from runner.paths import ROOT
from runner.records import MIB, BuiltKernel, SwapDevice
from runner.vm import shell

#: busybox 1.37 (Debian 13) has ~ before it, an earlier one /.
PROMPT = " # "
PATIENCE = 240.0      # seconds until the test gives up; not a thing measured

PERSON = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from runner.records import MIB, Accelerator, BuiltKernel, SwapDevice
from runner.vm import shell
kernel = BuiltKernel({kernel.name!r}, {kernel.flavour!r}, {kernel.key!r}, {kernel.release!r},
                     Path({image!r}), {kernel.image_sha256!r})
sys.exit(shell.shell(kernel, Accelerator.TCG, 2, 256 * MIB, SwapDevice("pmem", 64 * MIB)))
"""


class Terminal:
    """One end of a pty with the shell at the other."""

    def __init__(self, kernel: BuiltKernel) -> None:
        self._end, self.theirs = pty.openpty()
        self.modes = termios.tcgetattr(self.theirs)
        text = PERSON.format(root=str(ROOT), kernel=kernel, image=str(kernel.image))
        self.process = subprocess.Popen([sys.executable, "-c", text], stdin=self.theirs,
                                        stdout=self.theirs, stderr=self.theirs)
        self.seen = ""

    def expect(self, text: str) -> None:
        """Read until `text` comes; what was before it is forgotten."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self._end], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} never came; seen: {self.seen[-2000:]!r}"
            self.seen += os.read(self._end, 65536).decode("utf-8", "replace")
        self.seen = self.seen.partition(text)[2]

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.theirs)
        os.close(self._end)


@pytest.fixture
def terminal(built: BuiltKernel) -> Iterator[Terminal]:
    one = Terminal(built)
    yield one
    one.close()


def test_commands_and_a_clean_end(terminal: Terminal, built: BuiltKernel) -> None:
    terminal.expect("leave with 'exit' or with Ctrl-A X")
    terminal.expect(PROMPT)
    # The echo of what is typed holds $((...)), the answer its value.
    terminal.type('echo "$(uname -r) is $((6 * 7))"\n')
    terminal.expect(f"{built.release} is 42")
    # Ctrl-C is for the guest.
    terminal.type("sh -c 'echo \"asleep $((3 + 4))\"; sleep 100000'\n")
    terminal.expect("asleep 7")
    terminal.type("\x03")
    terminal.type('mkswap /dev/pmem0 >/dev/null && swapon /dev/pmem0; echo "swapon: $((3 - 3))"\n')
    terminal.expect("swapon: 0")
    terminal.type("exit\n")
    terminal.expect("reboot: Power down")
    assert terminal.process.wait(PATIENCE) == 0


def test_escape_ends_it_and_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.expect(PROMPT)
    assert termios.tcgetattr(terminal.theirs) != terminal.modes
    terminal.type("\x01x")
    terminal.process.wait(PATIENCE)
    assert termios.tcgetattr(terminal.theirs) == terminal.modes


def test_busybox_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shell, "BUSYBOX", tmp_path / "busybox")
    with pytest.raises(CannotMeasure, match="install package busybox-static"):
        shell.layer(SwapDevice("pmem", 64 * MIB))
