# SPDX-License-Identifier: GPL-2.0-only
"""A reason is a kind with a text, and nothing decides by the text."""
from __future__ import annotations

import ast
from pathlib import Path

import pytest

from runner import paths
from runner.reason import Reason, ReasonKind, joined

#: Names that hold words for people.
PROSE = {"reason", "reasons", "invalid", "why", "detail", "doubt", "warning", "warnings",
         "findings", "excluded", "known", "remedy", "problem"}
#: What looks into a text.
LOOKS = {"startswith", "endswith", "find", "rfind", "index", "count", "partition", "rpartition",
         "split", "rsplit", "removeprefix", "removesuffix", "match", "fullmatch", "search",
         "findall"}
#: Words of other programs, read where they are asked, and results of versions without kinds.
OTHERS = {
    "campaign/queue.py": "squeue's reasons and sbatch's answer",
    "reason.py": "the kinds of reasons of earlier versions"}


def _holds_prose(node: ast.AST) -> bool:
    """Whether an expression is one of PROSE, or text made of one."""
    if isinstance(node, ast.Attribute):
        return node.attr in PROSE or node.attr == "text" and _holds_prose(node.value)
    if isinstance(node, ast.Subscript):
        return _holds_prose(node.value)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "str" \
            and any(map(_holds_prose, node.args)) \
            or isinstance(node.func, ast.Attribute) and _holds_prose(node.func.value)
    return isinstance(node, ast.Name) and node.id in PROSE


def _text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant)
                                               and isinstance(node.value, str) and node.value != "")


def looks(source: str) -> list[int]:
    """Lines that look into words for people."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) \
                and node.func.attr in LOOKS:
            if _holds_prose(node.func.value) and node.args or any(map(_holds_prose, node.args)):
                found.append(node.lineno)
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for op, left, right in zip(node.ops, sides, sides[1:]):
                if isinstance(op, (ast.In, ast.NotIn)) and _text(left) and _holds_prose(right) \
                        or isinstance(op, (ast.Eq, ast.NotEq)) and (
                            _text(left) and _holds_prose(right)
                            or _text(right) and _holds_prose(left)):
                    found.append(node.lineno)
    return found


def test_no_verdict_looks_into_words() -> None:
    home = paths.ROOT / "runner"
    for file in sorted(home.rglob("*.py")):
        name = file.relative_to(home).as_posix()
        lines = looks(file.read_text(encoding="utf-8"))
        assert not lines or name in OTHERS, f"runner/{name}: lines {lines}: go by a kind instead"


@pytest.mark.parametrize("line", [
    'if one.reason.startswith("known: "): pass', 'x = [r for r in s.invalid if "oops" in r.detail]',
    'y = "unproven" in metric.doubt', "_KILLED.fullmatch(result.detail)",
    're.search("x", sample.detail)', 'if sample.invalid[0].text.startswith(D): pass',
    'for reason in x: reason.startswith((A, "b"))', 'if detail == "workload killed 7": pass',
    'str(reason).startswith("PAGE")', 'x = f"{outcome}: " in reason',
    'reason.removeprefix("known: ")'])
def test_the_guard_sees(line: str) -> None:
    assert looks(line)


@pytest.mark.parametrize("line", [
    'if one.kind is ReasonKind.CONTENTS: pass', 'found = one.evidence in folders',
    'print(f"{one.reason}: x")', '"; ".join(reasons)', 'name.startswith("locks.")',
    'if not one.known: pass', 'if sample.detail == "": pass'])
def test_the_guard_lets_be(line: str) -> None:
    assert not looks(line)


@pytest.mark.parametrize("file", OTHERS)
def test_what_may_is_there(file: str) -> None:
    assert (Path(paths.ROOT) / "runner" / file).is_file()


def test_reasons_in_words() -> None:
    both = (Reason(ReasonKind.BOOT, "a"), Reason(ReasonKind.HOST, "b"))
    assert joined(both) == "a; b" and str(both[0]) == "a"
