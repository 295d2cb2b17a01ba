"""Losses that a user writes in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nnfast._frozen import Frozen
from nnfast.losses._base import Loss, registry

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class CustomLoss(Loss):
    """The base class of losses of your own: two methods on arrays.

    A network with such a loss computes on the NumPy backend, which is slower, whichever layers it
    has; with another loss it goes back. It is refused where ``backend="rust"`` was asked for. What
    the methods return is checked. As the loss is Python code, such a network cannot be saved to a
    file: compile it with a built-in loss first. A subclass may have a constructor and attributes
    like any other class.

    Attributes
    ----------
    targets : str, class attribute, default "values"
        What y may hold, and how the methods get it: "values", numbers of the shape of the outputs;
        "nonnegative", such numbers from 0 on; "probabilities", within [0, 1].

    Examples
    --------
    A squared error that counts twice where the output is too low:

    >>> import numpy as np
    >>> import nnfast as nn
    >>> class TooLow(nn.CustomLoss):
    ...     def rows(self, outputs, targets):
    ...         error = outputs - targets
    ...         return np.mean(np.where(error < 0, 2, 1) * error**2, axis=1)
    ...
    ...     def gradient(self, outputs, targets):
    ...         error = outputs - targets
    ...         return np.where(error < 0, 2, 1) * 2 * error / error.shape[1]
    >>> net = nn.FeedForward("1-1", initializer="zeros").compile("sgd", TooLow())
    >>> net.evaluate([[1.0]], [3.0]), net.backend
    ({'loss': 18.0}, 'numpy')
    """

    targets: ClassVar[str] = "values"
    TARGETS: ClassVar[tuple[str, ...]] = ("values", "nonnegative", "probabilities")

    def __init_subclass__(cls) -> None:
        # Past Spec's: a user's class enters no registry, for the core does not know it.
        super(Frozen, cls).__init_subclass__()
        if "name" not in cls.__dict__:
            cls.name = cls.__name__
        if cls.targets not in CustomLoss.TARGETS:
            raise ValueError(
                f"targets of {cls.__name__} is {cls.targets!r}; wanted is one of "
                f"{', '.join(CustomLoss.TARGETS)}"
            )

    def __init__(self) -> None:
        pass

    def rows(self, outputs: Array, targets: Array) -> Array:
        """Return the loss of each row.

        Parameters
        ----------
        outputs, targets : ndarray of shape (rows, outputs)
            Of the network's dtype, and read-only.

        Returns
        -------
        ndarray of shape (rows,)
        """
        raise NotImplementedError(f"{type(self).__name__} has no method rows")

    def gradient(self, outputs: Array, targets: Array) -> Array:
        """Return the derivative of each row's loss by its own outputs.

        The mean over the rows of a batch is none of it.

        Parameters
        ----------
        outputs, targets : ndarray of shape (rows, outputs)
            Of the network's dtype, and read-only.

        Returns
        -------
        ndarray of shape (rows, outputs)
        """
        raise NotImplementedError(f"{type(self).__name__} has no method gradient")

    def config(self) -> dict[str, Any]:
        """Refuse: what is Python code has no description."""
        raise ValueError(
            f"the loss {self!r} is Python code of your own, which no file can hold; to save the "
            "network, compile it with a built-in loss first"
        )

    # Objects of a user's class are like any others: neither frozen nor compared by parameters.
    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Checked:
    """A user's loss as the NumPy backend calls it: what it returns is checked."""

    fused_with = None
    decides_by_sign = False

    def __init__(self, loss: CustomLoss) -> None:
        self._loss = loss

    def rows(self, values: Array, t: Array) -> Array:
        """Return the loss of each row."""
        return self._called("rows", values, t, (len(values),), "the loss of each row")

    def gradient(self, values: Array, t: Array) -> Array:
        """Return the derivative of each row's loss by its outputs."""
        return self._called("gradient", values, t, values.shape, "a derivative by each output")

    def point(self, a: Array) -> Array:
        """Return the outputs that metrics compare with the targets: all."""
        return a

    def _called(
        self, method: str, values: Array, t: Array, shape: tuple[int, ...], meaning: str
    ) -> Array:
        returned: Any
        with np.errstate(all="ignore"):
            returned = getattr(self._loss, method)(_read_only(values), _read_only(t))
        named, wanted = f"{type(self._loss).__name__}.{method}", f"{shape}, {meaning}"
        if not isinstance(returned, (np.ndarray, np.generic)):
            raise TypeError(
                f"{named} returned a {type(returned).__name__}; wanted is an array of the shape "
                f"{wanted}"
            )
        if returned.dtype.kind not in "fiu":
            raise TypeError(f"{named} returned {returned.dtype}; wanted are real numbers")
        if returned.shape != shape:
            raise ValueError(f"{named} returned the shape {returned.shape}; wanted is {wanted}")
        result: Array = returned.astype(values.dtype, copy=False)
        wrong = ~np.isfinite(result)
        if wrong.any() and np.isfinite(values).all():
            place = tuple(int(index) for index in np.argwhere(wrong)[0])
            raise ValueError(
                f"{named} returned {result[place]} at {list(place)}, where the outputs are finite; "
                "wanted are finite numbers"
            )
        return result


def _read_only(array: Array) -> Array:
    view: Array = array.view()
    view.flags.writeable = False
    return view


def callable_by_numpy(loss: Loss) -> tuple[Checked, ...]:
    """Return what the NumPy backend has to be given of a user's loss; of ours, nothing."""
    return (Checked(loss),) if isinstance(loss, CustomLoss) else ()


def checked_loss(loss: object) -> Loss:
    """Return the loss meant by a name, a class or an instance, of ours or of a user's."""
    if isinstance(loss, type) and issubclass(loss, CustomLoss):
        loss = loss()
    if isinstance(loss, CustomLoss):
        return loss
    return registry.get(loss, "loss")
