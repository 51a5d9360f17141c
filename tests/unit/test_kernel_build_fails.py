# SPDX-License-Identifier: GPL-2.0-only
"""Builds that fail, are killed, or meet another runner."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import kernelhome
import pytest
from kernelhome import PATCH, compiled, define

from runner import paths
from runner.errors import CannotMeasure, DoesNotBuild, UsageError
from runner.kernel import build, cache, kbuild, make
from runner.progress import Progress


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return kernelhome.lay_out(tmp_path, monkeypatch)


def test_compiler_error_is_the_message_and_the_log_stays() -> None:
    build.build("toy:vanilla", "perf", Progress())
    with pytest.raises(CannotMeasure) as caught:
        build.build("toy:broken", "perf", Progress())
    message = str(caught.value)
    assert message.startswith("build of toy:broken (perf): mm/swapfile.c:4:")
    assert "error: 'one_more' undeclared" in message
    log = Path(message.rpartition("the whole log: ")[2])
    assert "one_more" in log.read_text()
    assert build.cached("toy:broken", "perf") is None
    # The failed series does not stay in the way of the next one.
    assert compiled(build.build("toy:more", "perf", Progress()).key) == ["mm/swapfile.o"]


def test_series_that_does_not_apply_builds_nothing(home: Path) -> None:
    (home / "kernels/series/more/one.patch").write_text(PATCH.replace("64", "63"))
    with pytest.raises(UsageError, match="series more: one.patch: mm/swapfile.c: hunk 1 of 1"):
        build.build("toy:more", "perf", Progress())


def test_option_that_vanishes_builds_nothing(home: Path) -> None:
    fragment = home / "kernels/config/base.config"
    fragment.write_text("CONFIG_SWAP=y\nCONFIG_FRONTSWAP=y\n")
    with pytest.raises(UsageError) as caught:
        build.build("toy", "perf", Progress())
    assert f"{fragment}:2: CONFIG_FRONTSWAP=y: no such option" in str(caught.value)
    assert not list((home / "cache/swapscale").glob("images/*"))


RUNNER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from runner import paths
paths.KERNELS = Path(sys.argv[2])
from runner.kernel import build
from runner.progress import Progress
class Log(Progress):
    def log(self, line):
        print(line, flush=True)
print(build.build("toy:vanilla", "perf", Log()).key, flush=True)
"""


def second_runner(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", RUNNER, str(paths.ROOT), str(home / "kernels")],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def tree_home() -> Path:
    return paths.cache() / "sources" / build.spec.parse("toy").source.tree_id()


def test_second_runner_waits_says_so_and_finds_the_image(home: Path) -> None:
    recipe = build._recipe(build.spec.parse("toy:vanilla"), "perf")
    with cache.lock(tree_home(), "toy", Progress()) as lock:
        other = second_runner(home)
        assert other.stdout is not None
        assert other.stdout.readline() == (
            f"toy:vanilla (perf): waiting for another runner (process {os.getpid()}) that builds "
            "from the same source\n")
        key = cache.key(recipe.told())
        build._make(recipe, key, build.Tree(tree_home()), lock.fd, Progress())
        stamp = (paths.cache() / "images" / key / "kernel.json").stat().st_ino
    assert other.stdout.read() == key + "\n"
    assert other.wait() == 0
    other.stdout.close()
    assert (paths.cache() / "images" / key / "kernel.json").stat().st_ino == stamp


def test_killed_runner_takes_its_make_along(home: Path) -> None:
    """The compiler stands still until it is let go; the runner dies meanwhile."""
    gate, started = home / "gate", home / "started"
    os.mkfifo(gate)
    os.mkfifo(started)
    slow = home / "slow-cc"
    slow.write_text("#!/bin/sh\nif [ \"$1\" = --version ]; then echo slow; exit; fi\n"
                    f"echo $$ > {started}\nread go < {gate}\nexec gcc \"$@\"\n")
    slow.chmod(0o755)
    define(home / "kernels", f'cc = "{slow}"')
    other = second_runner(home)
    assert other.stdout is not None
    with open(started, encoding="utf-8") as file:
        assert int(file.readline())            # a compiler is at work
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    other.stdout.close()
    slow.write_text("#!/bin/sh\nif [ \"$1\" = --version ]; then echo slow; exit; fi\n"
                    "exec gcc \"$@\"\n")
    # Needs the lock, which the children share: so it waits for their end.
    built = build.build("toy:vanilla", "perf", Progress())
    assert build.cached("toy:vanilla", "perf") == built


def test_interrupted_build_leaves_nothing_that_breaks_the_next(
        monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(count: int, file: str) -> None:
        raise KeyboardInterrupt

    real = make.run
    with monkeypatch.context() as patched:
        patched.setattr(make, "run", lambda *args: real(*args[:4], interrupt))
        with pytest.raises(KeyboardInterrupt):
            build.build("toy:more", "perf", Progress())
    images = paths.cache() / "images"
    assert not images.exists() or not list(images.iterdir())
    more = build.build("toy:more", "perf", Progress())
    vanilla = build.build("toy:vanilla", "perf", Progress())
    assert more.image_sha256 != vanilla.image_sha256


def test_missing_tools_are_named(home: Path) -> None:
    define(home / "kernels", 'cc = "gcc-of-tomorrow -m64"')
    with pytest.raises(CannotMeasure, match="gcc-of-tomorrow is not installed; apt-get install"):
        build.build("toy", "perf", Progress())


@pytest.mark.parametrize("log, wanted", [
    ("  CC x.o\nmm/x.c: In function 'f':\nmm/x.c:3:9: error: 'y' undeclared\nmm/x.c:4: error: z\n"
     "make[2]: *** [scripts/Makefile.build:250: mm/x.o] Error 1\n",
     "mm/x.c:3:9: error: 'y' undeclared"),
    ("mm/x.c:9:10: fatal error: linux/no.h: No such file or directory\n",
     "mm/x.c:9:10: fatal error: linux/no.h: No such file or directory"),
    ("ld: mm/x.o: in function `f':\nx.c:(.text+0x1): undefined reference to `g'\nmake: *** [x]\n",
     "x.c:(.text+0x1): undefined reference to `g'"),
    ("make[1]: *** No rule to make target 'mm/y.o', needed by 'mm/built-in.a'.  Stop.\n",
     "make[1]: *** No rule to make target 'mm/y.o', needed by 'mm/built-in.a'.  Stop."),
    ("  HOSTCC x\nsh: 1: lz4: not found\nmake[2]: *** [x] Error 127\nmake: *** [y] Error 2\n",
     "sh: 1: lz4: not found"),
    ("strange\n", "strange"),
    ("", "make failed and said nothing"),
])
def test_first_error(tmp_path: Path, log: str, wanted: str) -> None:
    (tmp_path / "log").write_text(log)
    assert make.first_error(tmp_path / "log") == wanted


def test_progress_note_survives_damage() -> None:
    build.build("toy:vanilla", "perf", Progress())
    note = tree_home() / "perf" / "swapscale.json"
    assert json.loads(note.read_text())["files"] == 3      # two compiled, one linked
    note.write_text("[]")
    build.build("toy:more", "perf", Progress())
    assert json.loads(note.read_text())["files"] == kbuild.FILES


@pytest.mark.parametrize("said, whose", [
    ("mm/rmap.c:3:9: error: implicit declaration of function 'x'", DoesNotBuild),
    ("cc1: fatal error: /tmp/x.s: No space left on device", CannotMeasure),
    ("gcc: fatal error: Killed signal terminated program cc1", CannotMeasure),
    ("/bin/sh: 1: flex: not found", CannotMeasure),
])
def test_whose_fault_a_failed_build_is(tmp_path: Path, said: str,
                                       whose: type[CannotMeasure]) -> None:
    with open(tmp_path / "lock", "w", encoding="ascii") as lock, \
            pytest.raises(CannotMeasure) as error:
        make.run(["sh", "-c", 'echo "$0"; exit 2', said], tmp_path / "log", "build", lock.fileno())
    assert type(error.value) is whose
