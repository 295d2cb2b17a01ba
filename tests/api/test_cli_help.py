"""The help: every command has some, and what it shows as examples can be typed."""

from __future__ import annotations

import argparse
import re
import shlex
from importlib import import_module

import pytest

from nnfast.cli import _main, main


def examples(command: str) -> list[list[str]]:
    """Return the arguments of each of a command's examples."""
    text = import_module(f"nnfast.cli.{command}").EXAMPLES.replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        for part in re.split(r" \| | > ", line.strip()):
            if part.startswith("nnfast "):
                found.append(shlex.split(part)[1:])
    return found


@pytest.mark.parametrize("command", _main.COMMANDS)
def test_help(command, capsys):
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: nnfast {command} [options]")
    assert "examples:\n  nnfast" in said
    parser = argparse.ArgumentParser()
    import_module(f"nnfast.cli.{command}").add_options(parser)
    assert [one.dest for one in parser._actions if not one.help] == []
    assert "--json" in said


@pytest.mark.parametrize("command", _main.COMMANDS)
def test_examples_can_be_typed(command):
    found = examples(command)
    assert found
    for arguments in found:
        assert arguments[0] == command
        options = _main.parser(arguments).parse_args(arguments)
        assert options.run is import_module(f"nnfast.cli.{command}").run


def test_of_all(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for command in _main.COMMANDS:
        assert re.search(rf"^    {command} +[a-z]", said, re.M)
    assert main([]) == 2
    assert capsys.readouterr().err == said
