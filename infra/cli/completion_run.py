"""Runs `dialtone completion`. The shells ask `dialtone completion words WORD…` at each Tab, so nothing goes stale."""

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from infra.cli.commands import CommandParser
from infra.cli.main import command_parser
from infra.projects.project import NUMBERS_FILE, Project, flow_names, nearest

SCRIPTS: Mapping[str, str] = MappingProxyType(
    {
        "bash": """\
_dialtone() {
    local IFS=$'\\n'
    COMPREPLY=($(dialtone completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _dialtone dialtone
""",
        "zsh": """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
_dialtone() {
    local -a found
    found=("${(@f)$(dialtone completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    [[ -n "$found" ]] && compadd -- $found || _files
}
compdef _dialtone dialtone
""",
        "fish": """\
complete -c dialtone -a '(dialtone completion words (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
""",
    }
)
"""Where nothing is offered, bash and zsh complete names of files; fish offers those anyway."""

NUMBER = re.compile(r"""^["']?(\+[0-9]+)["']?[ \t]*:""", re.MULTILINE)


def run(given: argparse.Namespace) -> int:
    """Print a shell's part, or what may follow the words."""
    if given.shell in SCRIPTS:
        print(SCRIPTS[given.shell], end="")
        return 0
    for each in candidates(command_parser(), given.words or [""], nearest()):
        print(each)
    return 0


def candidates(parser: CommandParser, words: Sequence[str], project: Project) -> list[str]:
    """What may stand in place of the last word, which is being written; nothing where that is a name of a file."""
    *before, current = words
    parser, rest = _command(parser, before)
    expecting = _option(parser, rest[-1]) if rest else None
    if expecting is not None and expecting.nargs != 0:
        known: Iterable[str] = _values(expecting, project)
    elif current.startswith("-"):
        known = (option for action in _visible(parser) for option in action.option_strings)
    elif parser.commands:
        known = parser.commands
    else:
        known = (
            value for action in _visible(parser) if not action.option_strings for value in _values(action, project)
        )
    return sorted(each for each in set(known) if each.startswith(current))


def _command(parser: CommandParser, words: Sequence[str]) -> tuple[CommandParser, Sequence[str]]:
    """The command that the words name, with those that come after it."""
    for place, word in enumerate(words):
        if word in parser.commands:
            parser = parser.commands[word]
            parser.prepare()
            return _command(parser, words[place + 1 :])
    return parser, words


def _visible(parser: CommandParser) -> list[argparse.Action]:
    return [each for each in parser._actions if each.help != argparse.SUPPRESS]  # noqa: SLF001 -- argparse names no other way to them


def _option(parser: CommandParser, word: str) -> argparse.Action | None:
    return next((each for each in _visible(parser) if word in each.option_strings), None)


def _values(action: argparse.Action, project: Project) -> Iterable[str]:
    if action.choices:
        return map(str, action.choices)
    match action.metavar or action.dest:
        case "FLOW" | "FLOW|FILE" | "flow":
            return flow_names(project.flows)
        case "number" | "NUMBER":
            file = project.flows / NUMBERS_FILE
            return NUMBER.findall(file.read_text(encoding="utf-8")) if file.is_file() else ()
        case "ENV":
            return project.environments()
    return ()
