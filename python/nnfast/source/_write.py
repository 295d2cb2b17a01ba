"""Choosing the language, and what the writers share."""

from __future__ import annotations

import keyword
import os
import re
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from nnfast import _validation
from nnfast._version import version
from nnfast.source import _program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast.network import FeedForward
    from nnfast.source._program import Argument, Operation, Program

    Array: TypeAlias = NDArray[Any]

LANGUAGES = ("python", "c", "javascript")
COLUMNS = 100


def to_source(
    network: FeedForward,
    language: str,
    path: str | os.PathLike[str] | None = None,
    *,
    name: str = "net",
) -> str:
    """Return a network as a program: see `FeedForward.to_source`."""
    _validation.choice(language, "language", LANGUAGES)
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}; wanted is a string")
    if not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name):
        raise ValueError(f"name is {name!r}; wanted is a name of letters, digits and _")
    text = _writer(language)(_program.of_network(network), name).text()
    if path is not None:
        from nnfast._files import write_whole

        write_whole(path, text.encode())
    return text


def _writer(language: str) -> type[Writer]:
    if language == "c":
        from nnfast.source._c import C

        return C
    if language == "javascript":
        from nnfast.source._javascript import JavaScript

        return JavaScript
    from nnfast.source._python import Python

    return Python


class Writer(ABC):
    """What writes one program in one language: the tables of a language are its subclass'."""

    none: ClassVar[str]
    """What stands for an argument that is not there."""
    calls: ClassVar[dict[str, str]]
    """For each operation how it is called, with its arguments by name in braces."""
    helpers: ClassVar[dict[str, str]]
    """For each operation the function that is called, where there is one, and what they need.

    In calls, helpers and functions, @ stands before a function of the file itself."""
    functions: ClassVar[dict[str, str]]
    """For each pointwise activation its value, as an expression of x and its parameters."""
    by_unit: ClassVar[bool] = True
    """Whether a kernel is written unit by unit, else input by input."""

    def __init__(self, program: Program, name: str) -> None:
        self.program, self.name = program, name
        self.constants: list[str] = []
        self._counts: dict[str, int] = {}

    @abstractmethod
    def text(self) -> str:
        """Return the whole file."""

    @abstractmethod
    def constant(self, name: str, values: Array) -> str:
        """Return the declaration of an array under a name."""

    @abstractmethod
    def function(self, name: str, parameters: list[str], value: str) -> str:
        """Return the definition of a pointwise activation."""

    def number(self, value: float) -> str:
        """Return a number as it is written."""
        return repr(float(value))

    def constant_name(self, argument: str, count: int) -> str:
        """Return what the array of an argument is called, the next of that name."""
        return f"{argument}_{count}".upper()

    # Operations --------------------------------------------------------------------------------

    def call(self, operation: Operation, **more: str) -> str:
        """Return the line for an operation; its arrays become constants."""
        written = {name: self._argument(name, it) for name, it in operation.arguments.items()}
        if operation.function:
            parameters = [f", {value}" for value in written.values()]
            written = {"function": operation.function, "parameters": "".join(parameters)}
        sizes = {"inputs": str(operation.inputs), "outputs": str(operation.outputs)}
        call = self.calls[operation.name].format(**written, **sizes, **more)
        return self.named(call)

    def _argument(self, name: str, value: Argument) -> str:
        if value is None:
            return self.none
        if isinstance(value, (int, float)):
            return str(value) if isinstance(value, int) else self.number(value)
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        constant = self.constant_name(name, count)
        values: Array = value.T if name == "kernel" and self.by_unit else value
        self.constants.append(self.constant(constant, values))
        return constant

    def definitions(self) -> list[str]:
        """Return the functions that the operations call, and those that these call, each once."""
        found: dict[str, str] = {}
        for operation in self.program.operations:
            if operation.function:
                self._define(operation.function, list(operation.arguments), found)
            elif operation.name in self.helpers:
                self._define(operation.name, [], found)
        return list(found.values())

    def _define(self, name: str, parameters: list[str], found: dict[str, str]) -> None:
        """Add a function to those found, after those that it calls."""
        if name in found:
            return
        if name in self.helpers:
            text = self.helpers[name].strip("\n")
        else:
            text = self.function(name, parameters, self.functions[name])
        for called in re.findall(r"@(\w+)\(", text):
            if called != name:
                self._define(called, [], found)
        found[name] = self.named(text)

    def named(self, text: str) -> str:
        """Return a text in which @ stands before the names of the file's own functions."""
        return text.replace("@", "")

    # What all of them say ------------------------------------------------------------------------

    def about(self, sentences: list[str], begin: str) -> str:
        """Return what is in the file, in lines that begin with the same."""
        program = self.program
        title = f"A feedforward network, {program.architecture}, by nnfast {version()}."
        text = " ".join(sentences).format(
            outputs=_counted(program.outputs, "output"), inputs=_counted(program.inputs, "number")
        )
        return "\n".join(
            (begin + line).rstrip() for line in (title, "", *textwrap.wrap(text, COLUMNS - 3))
        )


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def numbers(values: Array) -> Iterable[str]:
    """Return numbers as the shortest texts that are read back as the same, in their own type."""
    return (str(value) for value in values.ravel())


def wrapped(items: Iterable[str], indent: str = "    ") -> str:
    """Return items with commas between them, in lines of a legible length."""
    lines, line = [], ""
    for item in items:
        if line and len(indent) + len(line) + len(item) + 2 >= COLUMNS:
            lines.append(indent + line + ",")
            line = ""
        line += f", {item}" if line else item
    return "\n".join([*lines, indent + line])
