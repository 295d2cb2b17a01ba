"""How a configuration names an activation, a loss, an optimizer, an initializer or a metric.

A family is a class that inherits from `Named` directly; its members inherit from the family and
give their name in the class statement. That statement is the whole registration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing_extensions import Self


class Named:
    """Base of every family of things that a configuration asks for by name.

    Examples
    --------
    >>> from nnfast.reference.named import Named
    >>> class Shape(Named): ...
    >>> class Square(Shape, name="square"):
    ...     def __init__(self, side: float = 1.0) -> None:
    ...         self.side = side
    >>> Shape.from_config({"name": "square", "side": 2.0}).side
    2.0
    >>> Shape.names()
    ['square']
    """

    name: ClassVar[str]
    members: ClassVar[dict[str, type[Any]]]

    def __init_subclass__(cls, name: str | None = None) -> None:
        """Open a family (no name), or enter a member under its name."""
        if name is not None:
            cls.name = name
            cls.members[name] = cls
        elif Named in cls.__bases__:
            cls.members = {}

    @classmethod
    def names(cls) -> list[str]:
        """List the names of the family, sorted."""
        return sorted(cls.members)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make the member that a configuration asks for.

        Parameters
        ----------
        config : mapping
            ``{"name": ..., parameter: value, ...}``; what is left out takes its default.

        Raises
        ------
        ValueError
            If the family has no such member.
        """
        parameters = dict(config)
        name = parameters.pop("name")
        if name not in cls.members:
            family, known = cls.__name__.lower(), ", ".join(cls.names())
            raise ValueError(f"{family} name {name!r} is unknown; known are {known}.")
        member: Self = cls.members[name](**parameters)
        return member
