# SPDX-License-Identifier: GPL-2.0-only
"""A git history on top of Debian's Linux 6.1, made of commits whose effect is known.

The import of the source is kept beside the cache's other trees, by the tarball's checksum;
commits are written by git fast-import, so nothing is checked out.
"""
from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.files import sha256
from runner.kernel import cache, debsource, spec
from runner.progress import Progress

#: Files of mm/ that every configuration compiles, for commits that do no harm.
COMPILED = ("mm/vmscan.c", "mm/swapfile.c", "mm/page_io.c", "mm/swap_state.c", "mm/rmap.c",
            "mm/workingset.c", "mm/memory.c", "mm/swap_slots.c")


@dataclass(frozen=True)
class Commit:
    subject: str
    path: str
    change: Callable[[str], str]
    brief: bool = False       # the next commit takes it back, beside what it does itself


def git(repository: Path, *words: str, data: bytes | None = None) -> str:
    return subprocess.run(["git", "-C", str(repository), *words], input=data, check=True,
                          capture_output=True).stdout.decode("utf-8", "replace")


def _member(tar: tarfile.TarFile, one: tarfile.TarInfo) -> bytes:
    name = one.name.partition("/")[2].encode()
    if one.issym():
        body, mode = one.linkname.encode(), b"120000"
    else:
        held = tar.extractfile(one)
        assert held is not None
        body, mode = held.read(), b"100755" if one.mode & 0o100 else b"100644"
    return b"M %s inline %s\ndata %d\n%s\n" % (mode, name, len(body), body)


def _header(mark: int, subject: str, parent: str) -> bytes:
    said = subject.encode()
    return (f"commit refs/heads/master\nmark :{mark}\n"
            f"committer Swapscale <swapscale@example.org> {1700000000 + mark} +0000\n"
            f"data {len(said)}\n").encode() + said + b"\n" + (
                f"from {parent}\n".encode() if parent else b"")


def imported() -> Path:
    """A bare repository whose master is the unpatched source; made once, about a minute."""
    source = spec.parse("6.1:vanilla").source
    debsource.obtain(source, Progress())
    tarball = debsource.place(source)
    place = paths.cache() / "test-trees" / sha256(tarball)[:16] / "linux.git"
    place.parent.mkdir(parents=True, exist_ok=True)
    with cache.lock(place.parent, "git import of 6.1", Progress()):
        if not (place / "imported").exists():
            git(place.parent, "init", "--quiet", "--bare", "-b", "master", str(place))
            with (subprocess.Popen(["git", "-C", str(place), "-c", "core.compression=1",
                                    "fast-import", "--quiet", "--force"],
                                   stdin=subprocess.PIPE) as into,
                  tarfile.open(tarball, "r|*") as tar):
                assert into.stdin is not None
                into.stdin.write(_header(1, "Linux 6.1", ""))
                for one in tar:
                    if one.isfile() or one.issym():
                        into.stdin.write(_member(tar, one))
                into.stdin.close()
                assert into.wait() == 0
            (place / "imported").touch()
    return place


#: Stands for what is done for each page that swap_writepage() gives to the device.
CALL = "\tret = __swap_writepage(&folio->page, wbc);\nout:\n"
#: The same, so far above it that a change there can be taken back by itself.
BEFORE = "\tret = arch_prepare_to_swap(&folio->page);\n"


def each_page(statements: str, where: str = CALL) -> Callable[[str], str]:
    """What mm/page_io.c becomes when it does something more for each page swapped out."""
    def change(text: str) -> str:
        assert text.count(where) == 1
        return text.replace(where, f"\t{{\n{statements}\t}}\n{where}")
    return change


def slower(rounds: int) -> Commit:
    """2 * rounds + 1 instructions more for each page, the same in every kernel."""
    return Commit(f"mm/page_io: {2 * rounds + 1} instructions more", "mm/page_io.c", each_page(
        f"\t\tunsigned int left = {rounds};\n\n"
        '\t\tasm volatile("1:\\tdec %0\\n\\tjnz 1b" : "+r" (left) : : "cc");\n'))


#: Takes the lock of the swap cache's tree once more for each page.
LOCK_ROUND = Commit("mm/page_io: one more round of the tree's lock", "mm/page_io.c", each_page(
    "\t\tstruct address_space *cache =\n"
    "\t\t\tswap_address_space((swp_entry_t){ page_private(&folio->page) });\n\n"
    "\t\txa_lock_irq(&cache->i_pages);\n\t\txa_unlock_irq(&cache->i_pages);\n", BEFORE))


def appended(text: str) -> Callable[[str], str]:
    return lambda before: before + text


def harmless(number: int) -> Commit:
    """Adds a function that nobody calls: another image, the same work for each page."""
    name = f"swapscale_unused_{number}"
    return Commit(f"mm: keep {name} at hand", COMPILED[number % len(COMPILED)], appended(
        f"\nint {name}(int one);\nint {name}(int one)\n{{\n\treturn one * {number + 3};\n}}\n"))


def warm_place(name: str = "try") -> Path:
    """Where an end-to-end test's repository is: always there, so that its build folder in the
    cache is warm from one run to the next."""
    return imported().parent.parent / name


def make(place: Path, commits: Sequence[Commit]) -> list[str]:
    """A repository at `place` with master on top of 6.1; object ids from the import on.

    `place` decides where the kernels are built, so a place that stays is warm.
    """
    base = imported()
    if not place.is_dir():
        git(paths.ROOT, "init", "--quiet", "--bare", "-b", "master", str(place))
        (place / "objects/info/alternates").write_text(f"{base / 'objects'}\n")
    root = git(base, "rev-parse", "master").strip()
    held: dict[str, str] = {}
    again: dict[str, str] = {}
    stream, parent = b"", root
    for mark, one in enumerate(commits, 1):
        files, again = again, {}
        held |= files
        before = held.get(one.path) or git(base, "show", f"master:{one.path}")
        files[one.path] = held[one.path] = one.change(before)
        assert held[one.path] != before, one.subject
        if one.brief:
            again[one.path] = before
        stream += _header(mark, one.subject, parent)
        for path, text in files.items():
            body = text.encode()
            stream += b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(body), body)
        stream += b"\n"
        parent = f":{mark}"
    git(place, "fast-import", "--quiet", "--force", data=stream)
    return git(place, "rev-list", "--reverse", "master").split()


BROKEN = Commit("mm: a call of what is not there", "mm/rmap.c",
                appended("\nint swapscale_broken(void);\nint swapscale_broken(void)\n{\n"
                         "\treturn swapscale_missing();\n}\n"), brief=True)
PANICS = Commit("init: panic in a late init call", "init/main.c", appended(
    "\nstatic int __init swapscale_panics(void)\n{\n\tpanic(\"swapscale: does not boot\");\n}\n"
    "late_initcall(swapscale_panics);\n"), brief=True)
NOTHING = Commit("mm: say what reclaim is for", "mm/vmscan.c",
                 appended("/* Pages nobody needs make room for others. */\n"))
#: Of some 12,000 instructions that a page costs: 1%.
SLOWER = slower(60)


def planted() -> list[Commit]:
    """25 commits: harmless ones, those above, and one round more of a lock."""
    found = [harmless(at) for at in range(25)]
    found[4], found[7], found[11], found[16], found[17] = (PANICS, SLOWER, BROKEN, LOCK_ROUND,
                                                           NOTHING)
    return found
