"""`assay doctor`: what this terminal and machine can do."""

from __future__ import annotations

import argparse

from tui.commands.common import DONE, Add, say


def add(to: Add) -> None:
    """Add the command."""
    to("doctor", _doctor, "says what this terminal and machine can do")


def _doctor(arguments: argparse.Namespace) -> int:
    from analysis.run.doctor import report
    from tui.commands.own_command import command_fact
    from tui.commands.terminal_facts import fact_line, terminal_facts

    for line in [fact_line("command", command_fact()), *terminal_facts(), *report()]:
        say(line)
    return DONE
