"""Specs, the small frozen objects that say *what* to use, and the registries that find them.

An activation, a loss, an optimizer, an initializer or a metric is one subclass of its kind's base
class. Writing the subclass is all it takes to add one: the class registers itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from nnfast._frozen import REQUIRED, Frozen, Parameter


class Spec(Frozen):
    """A named choice with its parameters."""

    registry: ClassVar[Registry[Any]]
    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" in cls.__dict__:
            cls.registry.add(cls)

    def config(self) -> dict[str, Any]:
        """Return the name and the parameters as a plain dict, the inverse of `from_config`."""
        described = {
            name: value.config() if isinstance(value, Spec) else value
            for name, value in self.values().items()
        }
        return {"name": self.name, **described}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """Return the spec that a dict made by `config` describes."""
        return cls.registry.from_config(config)


S = TypeVar("S", bound=Spec)


class Registry(Generic[S]):
    """The specs of one kind, found by name, alias, class or instance."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._classes: dict[str, type[S]] = {}
        self._spellings: dict[str, type[S]] = {}
        self.open: tuple[type[S], ...] = ()
        """Base classes of objects that a user makes of his own."""

    def add(self, cls: type[S]) -> None:
        """Register a class under its name, its aliases and its own name."""
        self._classes[cls.name] = cls
        for spelling in (cls.name, *cls.aliases, cls.__name__.lower()):
            if self._spellings.setdefault(spelling, cls) is not cls:
                raise ValueError(f"two {self.kind} classes are called {spelling!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names, sorted."""
        return tuple(sorted(self._classes))

    @property
    def classes(self) -> tuple[type[S], ...]:
        """The classes, sorted by name."""
        return tuple(self._classes[name] for name in self.names)

    def get(self, identifier: object, argument: str | None = None) -> S:
        """Return the spec meant by a name, a class or an instance.

        Raises
        ------
        ValueError
            For an unknown name, with the nearest known one.
        TypeError
            For anything that is neither a name, nor a class nor an instance of this kind.
        """
        if isinstance(identifier, str):
            return self._named(identifier, argument)()
        known = (*self._classes.values(), *self.open)
        if isinstance(identifier, known):
            return identifier
        if isinstance(identifier, type) and issubclass(identifier, known):
            return identifier()
        raise TypeError(
            f"{argument or self.kind} is {identifier!r}; wanted is the name, the class or an "
            f"instance of one of: {', '.join(self.names)}"
        )

    def from_config(self, config: Mapping[str, Any]) -> S:
        """Return the spec that a dict with the key ``name`` and its parameters describes."""
        parameters = dict(config)
        cls = self._named(parameters.pop("name"), None)
        return cls(**parameters)

    def _named(self, name: str, argument: str | None) -> type[S]:
        spelling = name.strip().lower().replace("-", "_").replace(" ", "_")
        if spelling in self._spellings:
            return self._spellings[spelling]
        from difflib import get_close_matches

        nearest = get_close_matches(spelling, self._spellings, n=1)
        hint = f" (did you mean {self._spellings[nearest[0]].name!r}?)" if nearest else ""
        where = f"{argument}: " if argument else ""
        raise ValueError(
            f"{where}unknown {self.kind} {name!r}{hint}; known are {', '.join(self.names)}"
        )


def optional_member(*, of: Registry[Any]) -> Any:
    """Declare a parameter of a frozen value: as `member`, or None."""

    def check(value: object, argument: str) -> Any:
        return None if value is None else of.get(value, argument)

    return Parameter(check, None, {})


def member(*, of: Registry[Any]) -> Any:
    """Declare a parameter of a frozen value: a spec, given by name, class or instance."""
    return Parameter(of.get, REQUIRED, {})
