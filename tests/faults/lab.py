# SPDX-License-Identifier: GPL-2.0-only
"""Where one fault is injected: a folder with a cache, results and a place for temporary files of
its own, and the front door run in it.

Kernels and sources are the user's: links in the cache of the lab.
"""
from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner import paths, programs
from runner.campaign.store import load_samples
from runner.records import Sample

KERNEL = f"6.1:{paths.ROOT}/tests/series/phase-faults"
#: Every process that a lab starts has it in its environment, and so have theirs.
MARK = "SWAPSCALE_FAULT"
PATIENCE = 300.0           # seconds until something that must come is given up

#: What a run takes of a checkout.
_CHECKOUT = ("runner", "configs", "kernels", "workloads", "lockstep", "plots", "setup",
             "build/lib")
#: In hostile.c: what its agent is to do.
_ASKED = b"what-this-agent-is-to-do"

_EXPERIMENT = """\
format = 1
title = "a fault"
kernels = ["{kernel}"]
tiers = {tiers}
threads = {threads}
{top}
[guest]
ram_mib = 128
swap_mib = {swap}
{guest}
[workload]
ratio = {ratio}
{workload}
[rules]
# What else the machine does is no property of what is tried here.
host = "any"
self_check = false
pairs = 1
pswpout_floor = 1000
[limits]
boot_s = {boot}
silence_s = {silence}
total_s = 600
"""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    said: str              # on stderr

    @property
    def complaints(self) -> list[str]:
        """The lines that say why it could not."""
        return [line for line in self.said.splitlines() if line.startswith("swapscale: ")]

    @property
    def complaint(self) -> str:
        """The one line that says why; the last where it is not one, so that it shows."""
        found = self.complaints
        return found[0] if len(found) == 1 else " / ".join(found) or "nothing"

    @property
    def bug(self) -> bool:
        return "Traceback (most recent call last)" in self.said


@dataclass
class Lab:
    """One fault's."""

    folder: Path
    root: Path = paths.ROOT                      # the checkout whose front door is used
    env: dict[str, str] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    planned: int = 1                             # samples of its experiment
    #: Whether the campaign that was made is gone on with in the end, without the fault.
    resumed: bool = True
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("results", "tmp", "cache/swapscale/images"):
            (self.folder / name).mkdir(parents=True)
        for one in paths.cache().iterdir():
            if one.name in ("accelerator.json", "tarballs"):
                # Notes that are kept beside, and small.
                (shutil.copytree if one.is_dir() else shutil.copy2)(one, self.cache / one.name)
            elif one.name not in ("images", "initramfs"):
                (self.cache / one.name).symlink_to(one)
        for one in (paths.cache() / "images").glob("[0-9a-f]*"):
            (self.cache / "images" / one.name).symlink_to(one)

    @property
    def cache(self) -> Path:
        return self.folder / "cache" / "swapscale"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Of every process of the lab's."""
        return {**os.environ, MARK: self.token, "TMPDIR": str(self.folder / "tmp"),
                "XDG_CACHE_HOME": str(self.folder / "cache"), **self.env, **(more or {})}

    # What it asks for.

    def experiment(self, kernel: str = KERNEL, tier: str = "exact", threads: str = "[1]",
                   top: str = "", guest: str = "", workload: str = "", swap: int = 128,
                   ratio: float = 1.2, silence: int = 30, boot: int = 240) -> Path:
        """The experiment's file; its campaign will have a boot for each thread count."""
        self.planned = threads.count(",") + 1
        file = self.folder / "x.toml"
        file.write_text(_EXPERIMENT.format(
            kernel=kernel, tiers=f'["{tier}"]', threads=threads, top=top, guest=guest, swap=swap,
            workload=workload, ratio=ratio, silence=silence, boot=boot), encoding="utf-8")
        return file

    # What it runs.

    def argv(self, *words: str | Path) -> list[str]:
        return [str(self.root / "swapscale"), *map(str, words)]

    def start(self, *words: str | Path, env: Mapping[str, str] | None = None,
              prefix: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """The front door, under way; what it says is in out and said."""
        with open(self.folder / "out", "wb") as out, open(self.folder / "said", "wb") as said:
            process = subprocess.Popen([*prefix, *self.argv(*words)], cwd=self.root, stdout=out,
                                       stdin=subprocess.DEVNULL, stderr=said,
                                       env=self.environment(env), start_new_session=True)
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> Done:
        """Wait for what was started."""
        status = process.wait(PATIENCE * 2)
        return Done(status, *((self.folder / name).read_text("utf-8", "replace")
                              for name in ("out", "said")))

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None,
            prefix: tuple[str, ...] = ()) -> Done:
        """The front door, to its end."""
        return self.end(self.start(*words, env=env, prefix=prefix))

    def begin(self, **kinds: str | int | float) -> subprocess.Popen[bytes]:
        """'run' of an experiment, under way."""
        return self.start("run", self.experiment(**kinds),  # type: ignore[arg-type]
                          "--results", self.results)

    def measure(self, **kinds: str | int | float) -> Done:
        """'run' of an experiment, to its end."""
        return self.end(self.begin(**kinds))

    def resume(self, env: Mapping[str, str] | None = None) -> Done:
        return self.run("run", "--resume", self.campaign, env=env)

    # What it made.

    @property
    def campaigns(self) -> list[Path]:
        return sorted(one for one in self.results.iterdir() if one.is_dir())

    @property
    def campaign(self) -> Path:
        (found,) = self.campaigns
        return found

    def samples(self, torn: bool = False) -> list[Sample]:
        """On record."""
        files = [one / "samples.jsonl" for one in self.campaigns]
        return [one for file in files if file.exists() for one in load_samples(file, torn)]

    def processes(self) -> list[int]:
        """All that run with our mark, this one left out."""
        mark, found = f"{MARK}={self.token}".encode(), []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def guests(self) -> list[int]:
        """QEMUs of ours that boot a kernel of the experiment's."""
        found = []
        for one in self.processes():
            try:
                words = Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].rpartition(b"/")[2].startswith(b"qemu-system") and b"-initrd" in words:
                found.append(one)
        return found

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for what must come; TimeoutError where it does not."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("what the fault waits for never came")
            time.sleep(0.02)

    def hostile(self, word: str) -> None:
        """Another checkout, alike but for its guest's agent, which is the hostile one."""
        self.root = self.folder / "checkout"
        # Were a program missing, make would build all that it can, the agent among it.
        built = [one for one in paths.BUILD.iterdir() if one.is_file() and os.access(one, os.X_OK)]
        for source in (*(paths.ROOT / name for name in ("swapscale", "Makefile", *_CHECKOUT)),
                       *built):
            place = self.root / source.relative_to(paths.ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, place)
        agent = (paths.BUILD / "tests" / "hostile").read_bytes()
        assert agent.count(_ASKED) == 1 and len(word) <= len(_ASKED)
        (self.root / "build/agent").write_bytes(
            agent.replace(_ASKED, word.encode().ljust(len(_ASKED), b"\0")))
        assert programs.built(self.root), "make would replace the hostile agent"

    def plain(self, text: str) -> str:
        """A line without what differs from run to run."""
        text = re.sub(r"\bx-\d{8}-\d{6}(-\d+)?", "CAMPAIGN", text)
        for folder, name in ((self.results, "results"), (self.cache, "CACHE"),
                             (self.folder, "LAB"), (self.root, "."), (paths.ROOT, ".")):
            text = text.replace(str(folder), name)
        return text
