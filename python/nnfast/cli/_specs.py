"""Choices with parameters as they are typed: ``adam``, ``sgd(momentum=0.9)``, ``l2(1e-4)``.

What is typed is read as an expression of literals, and never evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from csv import reader as csv_reader
from typing import TYPE_CHECKING, Any

from nnfast.cli._errors import Misused

if TYPE_CHECKING:
    from nnfast._registry import Registry

WORDS = {"true": True, "false": False, "none": None}


def split(text: str) -> list[str]:
    """Split at commas, but not at those within brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def call(text: str, option: str) -> tuple[str, list[Any], dict[str, Any]]:
    """Return the name, the values and the named values of what was typed."""
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return name, [], {}
    try:
        tree = ast.parse(f"f({rest}", mode="eval").body
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
            raise ValueError
        values = [_literal(one) for one in tree.args]
        named = {str(one.arg): _literal(one.value) for one in tree.keywords}
    except (SyntaxError, ValueError):
        raise Misused(
            f"{option} is {text!r}; wanted is a name, or a name with its parameters, such as "
            "'sgd(learning_rate=0.1, momentum=0.9)'"
        ) from None
    return name.strip(), values, named


def spec(
    registry: Registry[Any],
    text: str,
    option: str,
    complete: Callable[[type, dict[str, Any]], dict[str, Any]] | None = None,
) -> Any:
    """Return the member of a registry that was typed.

    Parameters
    ----------
    registry : Registry
    text, option : str
        What was typed, and after which option.
    complete : callable, optional
        Is given the class and the named parameters, and returns them with what else is known.
    """
    name, values, named = call(text, option)
    try:
        cls = registry._named(name, None)
        if complete is not None:
            named = complete(cls, named)
        return cls(*values, **named)
    except (TypeError, ValueError) as error:
        raise Misused(f"{option}: {error}") from None


def specs(registry: Registry[Any], text: str, option: str) -> list[Any]:
    """Return the members of a registry that were typed, between commas."""
    return [spec(registry, part, option) for part in split(text)]


def whole_numbers(text: str, option: str) -> list[int]:
    """Return numbers typed as 64,32 or 64-32."""
    parts = text.replace("-", ",").split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise Misused(f"{option} is {text!r}; wanted are numbers of nodes, such as 64,32")
    return [int(part) for part in parts]


def names(text: str | None) -> list[str]:
    """Return the names typed between commas; those with commas of their own stand in quotes."""
    if text is None:
        return []
    return [part.strip() for part in next(csv_reader([text], skipinitialspace=True), []) if part]


def one_of_each(values: Sequence[Any], count: int, option: str) -> list[Any]:
    """Return a value for each of so many layers, given one for all or one for each."""
    if len(values) == 1:
        return list(values) * count
    if len(values) != count:
        raise Misused(f"{option} has {len(values)} values; wanted is 1, or {count}, one a layer")
    return list(values)


def _literal(tree: ast.expr) -> Any:
    if isinstance(tree, ast.Name):
        return WORDS.get(tree.id.lower(), tree.id)
    if isinstance(tree, (ast.List, ast.Tuple)):
        return [_literal(one) for one in tree.elts]
    return ast.literal_eval(tree)
