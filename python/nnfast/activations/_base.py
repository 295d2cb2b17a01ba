"""What an activation is: the base class of all of them, and of a user's own."""

# mypy: disable-error-code=no-any-return
from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nnfast import _backend, _validation
from nnfast._registry import Registry, Spec

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    Array: TypeAlias = NDArray[np.floating[Any]]
else:
    Array = Any

PACKAGE = f"{__package__}."

registry: Registry[Activation] = Registry("activation")


class Activation(Spec):
    """What turns a node's net input z into its output a; the base class of all activations.

    Each is one class: its parameters, and its mathematics in NumPy, `forward` and
    `derivative_from`, which is what the compiled core is tested against. In training one tensor of
    each layer is kept for the way back, and `keeps` says which. NaN in gives NaN out.

    A subclass outside of this package is an activation of your own. It wants `forward(z)` and
    `derivative(z)`, both from an array of net inputs, of the shape (rows, nodes) in a network, to
    one of the same shape and dtype. In place of `derivative(z)` it may have
    ``keeps = "output"`` and `derivative_from(kept)`, if the derivative is simpler in terms of the
    output. A network with one computes in NumPy, which is slower, and can be pickled but not saved
    to a file, since to load a file never runs code.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> class Sine(nn.activations.Activation):
    ...     def forward(self, z):
    ...         return np.sin(z)
    ...     def derivative(self, z):
    ...         return np.cos(z)
    >>> net = nn.FeedForward("1-8-1", hidden=Sine(), seed=0)
    >>> net.backend
    'numpy'
    >>> net.predict([[1.0], [2.0]]).shape
    (2, 1)
    """

    registry: ClassVar[Registry[Any]] = registry
    keeps: ClassVar[Literal["output", "input"]] = "input"
    """The tensor that `derivative_from` takes: the output a or the net input z."""
    default_initializer: ClassVar[str] = "glorot_uniform"
    default_loss: ClassVar[str] = "mean_squared_error"
    parameters: ClassVar[tuple[str, ...]] = ()
    """Names of what is learned for each node, in the order of the network's weights."""
    trainable: ClassVar[bool] = True
    """False where the derivative is 0 everywhere, so that no gradient can pass."""
    over_rows: ClassVar[bool] = False
    """True where an output depends on all net inputs of its row: the derivative is a matrix."""
    own: ClassVar[bool] = True
    """True for a class outside of this package: the compiled core does not know it."""

    def __init_subclass__(cls) -> None:
        cls.own = not (cls.__module__.startswith(PACKAGE) and "name" in cls.__dict__)
        if cls.own:
            super(Spec, cls).__init_subclass__()  # checked parameters; no place in the registry
            cls.name = cls.__name__
            if cls.name in cls.registry.names:
                raise ValueError(
                    f"there is an activation {cls.name!r} already; wanted is another name"
                )
        else:
            super().__init_subclass__()

    # The mathematics -----------------------------------------------------------------------------

    def forward(self, z: Array) -> Array:
        """Map the net input z (rows, units) to the output a of the same shape."""
        raise NotImplementedError

    def derivative_from(self, kept: Array) -> Array:
        """Give da/dz (rows, units) from the kept tensor: a or z, as `keeps` says."""
        raise NotImplementedError

    def backward(self, kept: Array, g: Array) -> Array:
        """Carry g = dL/da (rows, units) back to delta = dL/dz: the chain rule."""
        return g * self.derivative_from(kept)

    def parameter_gradients(self, kept: Array, g: Array) -> list[Array]:
        """Give dL/dp for each learned parameter p, from g = dL/da (rows, units)."""
        return []

    def build(self, units: int, dtype: DTypeLike) -> tuple[Activation, list[Array]]:
        """Make what stands in a layer of this width, and its learned parameters: none, for most."""
        return self, []

    # As a function on arrays ---------------------------------------------------------------------

    def __call__(self, x: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the function's value at every element of `x`.

        `out` is an array to write them into, which must be as a new one would be: C-contiguous, of
        the result's shape and dtype. It may be `x` itself, but must not overlap it otherwise.
        """
        return self._result("activation", self._values(x), out)

    def derivative(self, x: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the function's derivative at every element of `x`; `out` is as for the value."""
        return self._result("activation_derivative", self._values(x), out)

    def _values(self, x: ArrayLike) -> NDArray[Any]:
        return _validation.float_array(x, "x")

    def _result(
        self,
        function: str,
        values: NDArray[Any],
        out: NDArray[Any] | None,
        added: tuple[int, ...] = (),
    ) -> NDArray[Any]:
        """Return what a backend's function makes of the values, whose shape gets axes `added`."""
        if out is not None:
            shape = values.shape + added
            out = _validation.output(out, shape, values.dtype, values, "x", in_place=not added)
        if not (values.flags.c_contiguous and values.flags.aligned):
            values = values.copy()
        if self.own:
            backend, described = _backend.module("numpy"), _backend.described(self.config())
        else:
            backend, described = _backend.get(), self._described
        result = getattr(backend, function)(described, values, out)
        return result if result.ndim or out is not None else result[()]

    @cached_property
    def _described(self) -> str:
        return _backend.described(self.config())

    # As a plain description ----------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """Return the parameters by name; of your own, also what it has set itself."""
        return {**super().values(), **vars(self)} if self.own else super().values()

    def config(self) -> dict[str, Any]:
        """Return the name and the parameters as a plain dict, the inverse of `from_config`."""
        if not self.own:
            return super().config()
        from ._own import handle

        return {"own": handle(self), "name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """Return the activation that a dict made by `config` describes."""
        if "own" not in config:
            return super().from_config(config)
        from ._own import Guarded, live

        return Guarded(live[config["own"]])

    def __setattr__(self, name: str, value: Any) -> None:
        if self.own and name not in self._parameters:
            self._set(name, value)
        else:
            super().__setattr__(name, value)


registry.open = (Activation,)
