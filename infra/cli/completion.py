"""`dialtone completion`: what lets a shell complete commands, options, flows and numbers."""

import argparse

from infra.cli.commands import later

SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Print what a shell has to read. It goes to the end of ~/.bashrc for bash, of ~/.zshrc for zsh, and into"
        " ~/.config/fish/completions/dialtone.fish for fish."
    )
    parser.add_argument("shell", choices=(*SHELLS, "words"), metavar="|".join(SHELLS), help="which shell")
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)  # what stands on the line so far
    parser.set_defaults(run=later("infra.cli.completion_run"))
