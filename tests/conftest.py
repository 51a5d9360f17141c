# SPDX-License-Identifier: GPL-2.0-only
"""What tests share: the checkout on the path, the front door, an experiment, a browser."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# A busy machine is slow for reasons that are no property of the code.
settings.register_profile("swapscale", deadline=None)
settings.load_profile("swapscale")

# What a script starts with '&' ignores SIGINT, and so do its children: tests that
# interrupt the runner would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
pytest_plugins = ["tests.times"]
if TYPE_CHECKING:
    from tests.browser import Browser

Swapscale = Callable[..., "subprocess.CompletedProcess[str]"]

EXPERIMENT = """\
format = 1
title = "end-to-end test"
base = "6.1:vanilla"
{top}
[guest]
ram_mib = 256
swap_mib = {swap}
{guest}
[workload]
ratio = {ratio}
verify = {verify}
[rules]
# What else the machine does while it runs tests is no property of swapscale.
host = "any"
pairs = 1
pswpout_floor = {floor}
"""


#: What takes longest first, so that no worker is left alone with it at the end.
_FIRST = ("e2e", "component", "unit")


@pytest.hookimpl(tryfirst=True)   # before xdist names the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For workers side by side: a module that boots is one worker's, since it shares its boots."""
    def room(item: pytest.Item) -> str:
        return Path(item.path).parent.name

    items.sort(key=lambda item: _FIRST.index(room(item)) if room(item) in _FIRST else -1)
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if room(item) != "unit":
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def swapscale() -> Swapscale:
    """Run ./swapscale as a user would; `env` adds variables."""
    def run(*args: str | Path, env: dict[str, str] | None = None,
            cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(ROOT / "swapscale"), *map(str, args)], text=True,
                              capture_output=True, cwd=cwd, env={**os.environ, **(env or {})},
                              check=False, timeout=3000)
    return run


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory):
    """Write an experiment file; keywords fill in what a test is about."""
    def write(name: str = "test", top: str = 'tiers = ["exact"]', guest: str = "",
              swap: int = 320, ratio: float = 1.25, verify: str = "false",
              floor: int = 1000) -> Path:
        path = tmp_path_factory.mktemp("experiment") / f"{name}.toml"
        path.write_text(EXPERIMENT.format(top=top, guest=guest, swap=swap, ratio=ratio,
                                          verify=verify, floor=floor), encoding="utf-8")
        return path
    return write


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A fresh headless Chromium; skips where there is none."""
    from tests.browser import Browser
    one = Browser(tmp_path_factory.mktemp("profile"))
    yield one
    one.driver.quit()


def one_line(text: str) -> str:
    """The last line of stderr, which must be the only complaint."""
    complaints = [line for line in text.splitlines() if line.startswith("swapscale: ")]
    assert len(complaints) == 1, text
    return complaints[0]
