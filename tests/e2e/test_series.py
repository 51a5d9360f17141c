# SPDX-License-Identifier: GPL-2.0-only
"""Every series of the checkout applies to the sources it is for, patch by patch, in good style."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from runner import paths
from runner.kernel import build, cache, series, spec
from runner.kernel.tree import Tree
from runner.progress import Progress
from tests import passed
from tests.smallgit import git

SERIES = paths.KERNELS / "series"
#: Every named series with every source it has patches for.
NAMES = [f"{source}:{name}" for name in series.names() for source in series.sources_of(name)
         if source != "any"]
PATCHES = sorted(SERIES.rglob("*.patch"))
#: Warnings of checkpatch that the series' README explains.
EXPLAINED = {"batched/6.12/0001": "WARNING: data_race without comment"}


def home_of(name: str) -> Path:
    """The source tree in the cache; fetched by the first build of that source."""
    source = spec.parse(name).source
    build.build(f"{source.name}:vanilla", "lockstat", Progress())
    return paths.cache() / "sources" / source.tree_id()


def test_there_are_series_to_check() -> None:
    assert len(NAMES) > 5 and len(PATCHES) > 10


@pytest.mark.parametrize("name", NAMES)
def test_series_applies_on_what_it_stands_on(name: str) -> None:
    home = home_of(name)
    with cache.lock(home, name, Progress()):
        # Read only: the tree stays as the last build left it.
        made = Tree(home).plan(series.load(spec.parse(name).stack))
    assert made and all(content is not None for content in made.values())


@pytest.mark.parametrize("name", NAMES)
def test_git_am_makes_the_same_of_it(name: str, tmp_path: Path) -> None:
    """On a repository of the files that the stack touches."""
    home, stack = home_of(name), spec.parse(name).stack
    with cache.lock(home, name, Progress()):
        tree = Tree(home)
        made = tree.plan(series.load(stack))
        before = {path: tree.pristine(path) for path in made}
    for path, content in before.items():
        if content is not None:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content.data)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "as it was")
    patches = [part.folder / patch for part in stack for patch, _ in series.entries(part.folder)]
    git(tmp_path, "am", "-q", *map(str, patches))
    assert {path: (tmp_path / path).read_bytes() for path in made} == {
        path: content.data for path, content in made.items() if content is not None}
    assert git(tmp_path, "log", "--format=%s").count("\n") == len(patches)


@pytest.mark.parametrize("name", NAMES)
def test_series_lists_every_patch_beside_it(name: str) -> None:
    part = spec.parse(name).stack[-1]
    listed = [patch for patch, _ in series.entries(part.folder)]
    assert sorted(listed) == sorted(file.name for file in part.folder.glob("*.patch"))


@pytest.mark.parametrize("name", sorted({name.partition(":")[2] for name in NAMES}))
def test_series_has_a_readme(name: str) -> None:
    assert series.description(name)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: str(patch.relative_to(SERIES)))
def test_checkpatch_of_the_tree_finds_nothing(patch: Path) -> None:
    tree = home_of(f"{patch.parent.name}:vanilla") / "src"
    explained = EXPLAINED.get(str(patch.relative_to(SERIES))[:len("batched/6.12/0001")])
    inputs = [patch.read_bytes(), str(explained).encode(), *(
        (tree / "scripts" / one).read_bytes()
        for one in ("checkpatch.pl", "spelling.txt", "const_structs.checkpatch"))]
    if passed.before(inputs):
        return
    done = subprocess.run(["perl", "scripts/checkpatch.pl", "--no-tree", "--strict", str(patch)],
                          cwd=tree, capture_output=True, text=True, check=False, timeout=120)
    found = re.search(r"total: (\d+) errors, (\d+) warnings, (\d+) checks", done.stdout)
    assert found is not None, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines()
            if re.match(r"(ERROR|WARNING|CHECK): ", line)]
    assert said == ([explained] if explained else []), done.stdout
    passed.now(inputs)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: str(patch.relative_to(SERIES)))
def test_patch_says_what_and_why(patch: Path) -> None:
    head = patch.read_text(encoding="utf-8").split("\n---\n")[0]
    said, _, body = head.partition("\nSubject: ")[2].partition("\n\n")
    assert re.match(r"(\[[^]]*\] )?mm", said), "a subject that names the part of mm"
    assert re.search(r"^Signed-off-by: \S.* <\S+@\S+>$", body, re.MULTILINE)
    assert len(body.splitlines()) > 4, "why"
    assert re.search(r"measured|per\s+swapped-out\s+page|no (caller yet|functional change)", body,
                     re.IGNORECASE), "the effect: what was measured, or why there is none"
    assert all(len(line) <= 75 for line in body.splitlines()), "lines a mail can quote"
