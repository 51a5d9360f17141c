# SPDX-License-Identifier: GPL-2.0-only
"""Each patch of each series builds without a warning: bisect may stop anywhere.

So does every whole series with all of the kernel's own checks, without swap, and without
memory control groups.
"""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runner import paths
from runner.judge.tier import TABLE
from runner.kernel import build, series, spec
from runner.progress import Progress

WHOLE = [f"{source}:{name}" for name in series.names()
         for source in series.sources_of(name) if source != "any"]
PREFIXES = [f"{name}@{number}" for name in WHOLE
            for number in range(1, len(series.entries(spec.parse(name).stack[-1].folder)) + 1)]
#: (kernel, flavour)
BUILDS = [(name, flavour) for flavour in sorted({one.flavour for one in TABLE.values()})
          # A debug kernel takes half a minute: of a series only what is tortured.
          for name in (WHOLE if flavour == "debug" else PREFIXES)]
#: What a source without an option is in the user's own kernels.toml.
LESS = """\
[source."{source}"]
description = "without {option}"
kind = "debian"
package = "linux-source-{source}"
suite = "{suite}"
fragments = {fragments}
"""

pytestmark = pytest.mark.slow


def warnings(key: str) -> list[str]:
    log = (paths.cache() / "images" / key / "build.log").read_text(errors="replace")
    # Kconfig's 'override' notes come from the way fragments are merged.
    return [line for line in log.splitlines() if re.search(r"\bwarning:", line)
            and not re.match(r"\.config:\d+:warning: override", line)]


def test_there_are_prefixes_to_build() -> None:
    assert len(PREFIXES) > 20


@pytest.mark.parametrize("name,flavour", BUILDS)
def test_prefix_builds_without_a_warning(name: str, flavour: str) -> None:
    assert warnings(build.build(name, flavour, Progress()).key) == []


@pytest.mark.parametrize("option", ["SWAP", "MEMCG"])
@pytest.mark.parametrize("source", sorted({name.partition(":")[0] for name in WHOLE}))
def test_series_build_without_an_option(swapscale, tmp_path: Path, source: str,
                                        option: str) -> None:
    fragments = [f"{tmp_path}/less.config"]
    (tmp_path / "less.config").write_text(f"CONFIG_{option}=n\n", encoding="utf-8")
    own = tmp_path / "swapscale/kernels.toml"
    own.parent.mkdir()
    own.write_text(LESS.format(source=source, suite=spec.parse(source).source.suite, option=option,
                               fragments=json.dumps(fragments)), encoding="utf-8")
    done = swapscale("kernel", "build", "--json", "--flavour", "perf",
                     *(name for name in WHOLE if name.startswith(f"{source}:")),
                     env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr[-3000:]
    for one in json.loads(done.stdout):
        config = (Path(one["image"]).parent / "config").read_text(encoding="utf-8")
        assert f"CONFIG_{option}=y" not in config, "a test that cannot fail"
        assert warnings(one["key"]) == [], one["kernel"]
