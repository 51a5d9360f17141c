# SPDX-License-Identifier: GPL-2.0-only
"""swapscale completion: what bash completes, made from the parser itself."""
from __future__ import annotations

import argparse
from collections.abc import Iterator

from runner.commands.options import Commands
from runner.errors import Exit
from runner.progress import Progress

_SCRIPT = """\
# SPDX-License-Identifier: GPL-2.0-only
# Made by 'swapscale completion bash'; try it with:  source <(./swapscale completion bash)
_swapscale()
{{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    local options files=yes

    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{names}" -- "$current"))
        return
    fi
    case "${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}}" in
{commands}
    esac
    case "$before" in
{values}
    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    # A second word that is one of a few is no file.
    if [ "$COMP_CWORD" -gt 2 ] || [ "$files" = yes ]; then
        COMPREPLY+=($(compgen -f -- "$current"))
    fi
}}
complete -o filenames -F _swapscale swapscale ./swapscale
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("completion", help="print what bash completes")
    parser.add_argument("shell", choices=("bash",), help="for which shell")
    parser.set_defaults(run=do_completion)


def leaves(parser: argparse.ArgumentParser, above: str = ""
           ) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command, those with an action as 'kernel build'."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for group in inner:
        for name, leaf in group.choices.items():
            yield from leaves(leaf, f"{above} {name}".strip())
    if not inner:
        yield above, parser


def bash(parser: argparse.ArgumentParser) -> str:
    commands: list[str] = []
    values: dict[str, set[str]] = {}
    for name, leaf in leaves(parser):
        words = [option for action in leaf._actions for option in action.option_strings]
        few = [str(choice) for action in leaf._actions if not action.option_strings
               for choice in action.choices or ()]
        pattern = f'"{name}"*' if " " in name else f'"{name} "*'
        commands.append(f'    {pattern}) options="{" ".join(sorted([*words, *few]))}"'
                        f'{" files=no" if few else ""} ;;')
        for action in leaf._actions:
            if action.option_strings and action.choices:
                values.setdefault(action.option_strings[-1], set()).update(
                    str(choice) for choice in action.choices)
    names = sorted({name.partition(" ")[0] for name, _ in leaves(parser)})
    groups: dict[str, list[str]] = {}
    for name, _ in leaves(parser):
        if " " in name:
            groups.setdefault(name.partition(" ")[0], []).append(name.partition(" ")[2])
    commands += [f'    "{name} "*) options="{" ".join(actions)}" files=no ;;'
                 for name, actions in groups.items()]
    told = [f'    {option}) COMPREPLY=($(compgen -W "{" ".join(sorted(choices))}" -- "$current"))'
            " ; return ;;" for option, choices in sorted(values.items())]
    return _SCRIPT.format(commands="\n".join(commands), names=" ".join(names),
                          values="\n".join(told))


def do_completion(args: argparse.Namespace, progress: Progress) -> Exit:
    print(bash(args.parser), end="")
    return Exit.OK
