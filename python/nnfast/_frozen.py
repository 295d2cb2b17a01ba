"""Frozen values: made once, compared by what they hold, and shown as they are made.

Python's dataclasses would do it, but compile some six functions for each class when it is imported:
for the classes here that alone would take longer than all the rest of the package's import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from nnfast import _validation

if TYPE_CHECKING:
    from dataclasses import KW_ONLY  # noqa: F401 (what `_: KW_ONLY` in a class means)
    from inspect import Signature

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda cls: cls


Self = TypeVar("Self", bound="Frozen")


class Parameter:
    """A parameter as its class declares it: the default, and the check that every value passes."""

    def __init__(self, check: Any, default: Any, bounds: dict[str, Any]) -> None:
        self.check = check
        self.default = default
        self.bounds = bounds


REQUIRED: Any = object()


def real(*, default: float = REQUIRED, **bounds: float) -> Any:
    """Declare a finite real number, with the bounds that `_validation.number` knows."""
    return Parameter(_validation.number, default, bounds)


def optional_real(**bounds: float) -> Any:
    """Declare a number as `real` does, or None, which is the default."""

    def check(value: object, argument: str, **bounds: float) -> float | None:
        return None if value is None else _validation.number(value, argument, **bounds)

    return Parameter(check, None, bounds)


def whole(*, default: int = REQUIRED, **bounds: int) -> Any:
    """Declare a whole number, with the bounds that `_validation.integer` knows."""
    return Parameter(_validation.integer, default, bounds)


def flag(*, default: bool = REQUIRED) -> Any:
    """Declare a True or False."""
    return Parameter(_validation.boolean, default, {})


def checked(check: Any, *, default: Any = REQUIRED, **bounds: Any) -> Any:
    """Declare a value that another check, given its name and these bounds, is there for."""
    return Parameter(check, default, bounds)


def word(*, default: str = REQUIRED, among: tuple[str, ...]) -> Any:
    """Declare one of some words."""
    return Parameter(_validation.choice, default, {"allowed": among})


class _Signature:
    """What `help` and editors show of a class: made from its parameters when it is asked for."""

    def __get__(self, instance: object, cls: type[Frozen]) -> Signature:
        from inspect import Parameter as Shown, Signature

        if cls.__init__ is not Frozen.__init__:
            raise AttributeError("__signature__")  # the constructor has one of its own
        shown = []
        for name, parameter in cls._parameters.items():
            kind = Shown.POSITIONAL_OR_KEYWORD if name in cls._positional else Shown.KEYWORD_ONLY
            default = Shown.empty if parameter.default is REQUIRED else parameter.default
            shown.append(Shown(name, kind, default=default))
        return Signature(shown)


@dataclass_transform(frozen_default=True, field_specifiers=(real, whole, flag, word, checked))
class Frozen:
    """A value with checked parameters: immutable, comparable, hashable.

    A subclass declares its parameters as a dataclass does its fields; those after ``_: KW_ONLY``
    can be given by name only.
    """

    _parameters: ClassVar[dict[str, Parameter]] = {}
    _positional: ClassVar[tuple[str, ...]] = ()
    __signature__: ClassVar[Any] = _Signature()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        by_name_only = False
        for name in cls.__annotations__:
            by_name_only |= name == "_"
            parameter = cls.__dict__.get(name)
            if isinstance(parameter, Parameter):
                cls._parameters = {**cls._parameters, name: parameter}
                if not by_name_only:
                    cls._positional = (*cls._positional, name)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cls = type(self)
        kwargs = self._without_shared(kwargs)
        names = list(cls._parameters)
        if len(args) > len(cls._positional):
            raise TypeError(
                f"{cls.__name__} takes {len(cls._positional)} values without a name but was given "
                f"{len(args)}; by name it takes {', '.join(names) or 'none'}"
            )
        given = dict(zip(cls._positional, args, strict=False))
        for name, value in kwargs.items():
            if name in given or name not in names:
                problem = "was given twice" if name in given else "is no parameter"
                raise TypeError(
                    f"{name} {problem} of {cls.__name__}; it takes {', '.join(names) or 'none'}"
                )
            given[name] = value
        for name, parameter in cls._parameters.items():
            value = given.get(name, parameter.default)
            if value is REQUIRED:
                raise TypeError(f"{name} of {cls.__name__} is missing")
            described = f"{name} of {cls.__name__}"
            self._set(name, parameter.check(value, described, **parameter.bounds))
        self._check()

    def _without_shared(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take what is no parameter of this class but of a base class, by name; return the rest."""
        return given

    def _check(self) -> None:
        """Check what concerns several parameters at once."""

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def values(self) -> dict[str, Any]:
        """Return the parameters by name."""
        return {name: getattr(self, name) for name in self._parameters}

    def replace(self: Self, **changes: Any) -> Self:
        """Return the same with some parameters changed."""
        return type(self)(**{**self.values(), **changes})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set; use replace")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.values() == other.values()

    def __hash__(self) -> int:
        return hash((type(self), *self.values().values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{type(self).__name__}({shown})"
