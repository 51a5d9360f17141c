# SPDX-License-Identifier: GPL-2.0-only
"""What the documentation tells a user to type is what the front door takes."""
from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from runner import cli, paths

PAGES = [paths.ROOT / "README.md", *sorted((paths.ROOT / "docs").glob("*.md"))]
MAN = (paths.ROOT / "docs/man/swapscale.1").read_text(encoding="utf-8")


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found += [(page.name, one) for one in re.findall(r"\./swapscale ([^`\n|>)]+)", text)]
    return found


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 10


@pytest.mark.parametrize("page, command", commands())
def test_command_is_one_the_front_door_takes(page: str, command: str) -> None:
    cli.parser().parse_args(shlex.split(command))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_the_documentation_names_exist(page: Path) -> None:
    for name in re.findall(r"`((?:configs|docs|kernels|runner|setup|tests)/[\w./-]*)`",
                           page.read_text(encoding="utf-8")):
        assert (paths.ROOT / name).exists(), name


def leaves(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    inner = [action for action in parser._actions
             if isinstance(action, argparse._SubParsersAction)]
    return [leaf for action in inner for one in action.choices.values() for leaf in leaves(one)] \
        if inner else [parser]


def test_man_page_has_every_command_and_option() -> None:
    for leaf in leaves(cli.parser()):
        assert f".Cm {leaf.prog.removeprefix('swapscale ')}" in MAN, leaf.prog
        for action in leaf._actions:
            for option in action.option_strings:
                if option.startswith("--") and option != "--help":
                    assert f"Fl -{option[2:]}" in MAN, f"{leaf.prog} {option}"
