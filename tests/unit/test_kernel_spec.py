# SPDX-License-Identifier: GPL-2.0-only
"""Kernel names and the definitions behind them."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import paths
from runner.errors import UsageError
from runner.kernel import definitions, spec
from runner.kernel.series import Part

NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}(@[0-9]{1,4})?\Z")
PLACES = st.from_regex(r"\A/[a-z0-9/._-]{1,30}\Z")
REFS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._/^~+-]{0,20}\Z")


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration folder and a kernels/ with one source and two series."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    kernels = tmp_path / "kernels"
    for series in ("batch", "old/6.1"):
        (kernels / "series" / series).mkdir(parents=True)
        (kernels / "series" / series / "series").write_text("one.patch\ntwo.patch\n")
    (kernels / "kernels.toml").write_text(
        '[source."6.1"]\nkind = "debian"\npackage = "linux-source-6.1"\n'
        '[source."6.12"]\nkind = "tarball"\npath = "l.tar.xz"\nmake = { KCFLAGS = "-fcommon" }\n')
    monkeypatch.setattr(paths, "KERNELS", kernels)
    own = tmp_path / "config" / "swapscale"
    own.mkdir(parents=True)
    return own / "kernels.toml"


SOURCES = NAMES.filter(lambda name: name not in ("git", "tarball", "dir", "image", "debian")
                       and "@" not in name)


@given(SOURCES, st.from_regex(r"[0-9a-f]{64}", fullmatch=True))
def test_state_of_a_defined_source(source: str, state: str) -> None:
    assert spec.split(f"{source}@{state}:vanilla") == spec.Words("", source, state, "vanilla")


@given(SOURCES, NAMES)
def test_defined_source(source: str, series: str) -> None:
    assert spec.split(f"{source}:{series}") == spec.Words("", source, "", series)
    assert spec.split(source) == spec.Words("", source, "", "vanilla")


@given(PLACES, REFS, NAMES)
def test_git(place: str, ref: str, series: str) -> None:
    assert spec.split(f"git:{place}@{ref}:{series}") == spec.Words("git", place, ref, series)
    assert spec.split(f"git:{place}") == spec.Words("git", place, "HEAD", "vanilla")


@given(st.sampled_from(["tarball", "dir"]), PLACES, NAMES)
def test_places(kind: str, place: str, series: str) -> None:
    assert spec.split(f"{kind}:{place}:./{series}") == spec.Words(kind, place, "", f"./{series}")


@given(PLACES)
def test_image(place: str) -> None:
    assert spec.split(f"image:{place}") == spec.Words("image", place, "", "vanilla")


@given(st.text(max_size=60))
def test_any_text_gives_words_or_one_line(text: str) -> None:
    try:
        words = spec.split(text)
    except UsageError as error:
        assert str(error).isprintable()
    else:
        assert words.place and words.series


@pytest.mark.parametrize("name, problem", [
    ("", "'' is not a kernel"),
    ("6.1:", "6.1:: nothing stands after the last ':'"),
    (":vanilla", ":vanilla: names no source"),
    ("git:@v6.9", "names no path"),
    ("git:/src/linux@--upload-pack=x", "'--upload-pack=x' is not a branch"),
    ("6.1:a b", "'a b' is not a series"),
    ("6.1\x1b[2J", "is not a kernel"),
    ("6.2", "6.2: is not a source; known: 6.1, 6.12 (did you mean 6.12?)"),
    ("6.1:bath", "bath is not a series; known: vanilla, batch, old (did you mean batch?)"),
    ("6.1:vanila", "vanila is not a series; known: vanilla, batch, old (did you mean vanilla?)"),
    ("6.12:old", "series old has no patches for 6.12; it has for: 6.1"),
    ("6.1:./none", "./none: has no file 'series'"),
    ("6.1:batch+", "'' is not a series"),
    ("6.1:batch@x", "'batch@x' is not a series"),
    ("6.1:batch@3", "batch has 2 patches, not 3"),
    ("6.1:old+batch+old", "old is in it already"),
    ("6.1:vanilla+batch", "vanilla is the source without patches"),
])
def test_wrong_names(name: str, problem: str) -> None:
    with pytest.raises(spec.NameError_) as caught:
        spec.parse(name)
    assert problem in str(caught.value)
    assert str(caught.value).isprintable()


def test_series_of_the_source_is_found_first() -> None:
    series = paths.KERNELS / "series"
    assert spec.parse("6.1").stack == ()
    assert spec.parse("6.1:old").stack == (Part("old", series / "old" / "6.1"),)
    assert spec.parse("6.12:batch").stack == (Part("batch", series / "batch"),)
    assert spec.parse("git:/src/linux@v6.9:batch").stack == (Part("batch", series / "batch"),)


def stack(name: str) -> str:
    return "+".join(part.name + ("" if part.upto is None else f"@{part.upto}")
                    for part in spec.parse(name).stack)


def test_a_series_brings_what_it_stands_on() -> None:
    home = paths.KERNELS / "series"
    (home / "old" / "base").write_text("batch\n")
    assert stack("6.1:old") == "batch+old"
    assert stack("6.1:old@0") == "batch+old@0"
    assert stack("6.1:batch+old@1") == "batch+old@1"
    with pytest.raises(spec.NameError_, match="old stands on batch, and another part of batch"):
        spec.parse("6.1:batch@1+old")
    with pytest.raises(spec.NameError_, match="batch is in it already"):
        spec.parse("6.1:old+batch")
    (home / "batch" / "base").write_text("old@1\n")
    with pytest.raises(spec.NameError_, match="the base of batch, 'old@1', is no series"):
        spec.parse("6.1:old")
    (home / "batch" / "base").write_text("batch\n")
    with pytest.raises(spec.NameError_, match="the base of batch, 'batch', is no series"):
        spec.parse("6.1:batch")


def test_series_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/series").write_text("a.patch\n")
    assert spec.parse("6.1:./mine").stack == (Part("./mine", tmp_path / "mine"),)
    assert stack("6.1:batch@1+./mine@1") == "batch@1+./mine@1"


def test_image_takes_no_series(user: Path) -> None:
    user.write_text('[source.distro]\nkind = "image"\nimage = "/boot/vmlinuz"\n')
    assert spec.parse("distro").source.path == Path("/boot/vmlinuz")
    with pytest.raises(spec.NameError_, match="a ready image takes no series"):
        spec.parse("distro:batch")


def test_definitions(user: Path) -> None:
    user.write_text('[source.mine]\nkind = "git"\ntree = "linux"\nref = "v6.9"\ncc = "gcc-11"\n'
                    'fragments = ["x.config"]\nwithout = ["CONFIG_PSI", "SLUB"]\n'
                    '[source."6.12"]\nkind = "dir"\npath = "/src"\n')
    found = definitions.load()
    assert list(found) == ["6.1", "6.12", "mine"]
    assert found["6.1"].path == Path("/usr/src/linux-source-6.1.tar.xz")
    assert found["6.12"].kind == "dir"                        # the user's wins
    assert found["mine"].path == user.parent / "linux"
    assert found["mine"].fragments == (user.parent / "x.config",)
    assert found["mine"].without == ("PSI", "SLUB")


def test_git_refs_share_one_tree(user: Path) -> None:
    trees = {spec.parse(f"git:/src/linux@{ref}").source.tree_id() for ref in ("v6.8", "v6.9")}
    assert len(trees) == 1
    assert spec.parse("git:/src/other@v6.9").source.tree_id() not in trees


@pytest.mark.parametrize("text, problem", [
    ('[source.x]\nkind = "svn"', "kernels.toml:2: source.x.kind: 'svn' is not one of debian"),
    ('[source.x]\nkind = "debian"', "source.x.package: missing"),
    ('[source.x]\nkind = "debian"\npackage = "../x"', "kernels.toml:3: source.x.package: '../x'"),
    ('[source.x]\nkind = "git"\ntree = "/l"\nref = "-x"', ":4: source.x.ref: '-x' is not a branch"),
    ('[source.x]\nkind = "dir"\npath = "/l"\nmodules = "/m"', ":4: source.x.modules: is not known"),
    ('[source.x]\nkind = "dir"\npath = "/l"\n[source.x.make]\nO = "/x"',
     ":5: source.x.make.O: is not a make variable to set here"),
    ('[source.x]\nkind = "dir"\npath = "/l"\nwithout = ["A B"]', ":4: source.x.without: 'A B'"),
    ('[source.git]\nkind = "dir"\npath = "/l"', ":1: source.git: is not a name for a source"),
    ('[sources.x]', ":1: sources: is not known here"),
])
def test_wrong_definitions(user: Path, text: str, problem: str) -> None:
    user.write_text(text + "\n")
    with pytest.raises(UsageError) as caught:
        definitions.load()
    assert problem in str(caught.value)
