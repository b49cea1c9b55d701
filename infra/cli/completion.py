"""`dialtone completion`: what lets a shell complete commands, options, flows and numbers."""

import argparse

from infra.cli.commands import later

SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Print the shell's completion script. Append it to ~/.bashrc for bash or ~/.zshrc for zsh; write it to"
        " ~/.config/fish/completions/dialtone.fish for fish."
    )
    parser.add_argument("shell", choices=(*SHELLS, "words"), metavar="|".join(SHELLS), help="which shell")
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)  # what stands on the line so far
    parser.set_defaults(run=later("infra.cli.completion_run"))
