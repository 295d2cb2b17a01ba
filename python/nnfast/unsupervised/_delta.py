"""The delta rule: linear nodes that learn from their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _validation
from nnfast.unsupervised._method import SMALLER, Method

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]


class DeltaRule(Method):
    """The delta rule of Widrow and Hoff (least mean squares): linear nodes that learn from errors.

    A node answers y = b + w x. After every row w += learning_rate (t - y) x and
    b += learning_rate (t - y), a step against the gradient of this row's squared error. The
    weights go to the least-squares solution, and tremble around it in proportion to the rate.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Stable below 2 / (largest squared norm of a row, with 1 for the bias).
    decay : float, default 0.0
        After e epochs the learning rate is learning_rate / (1 + decay e), from row to row.
    epochs : int, default 100
    use_bias : bool, default True
    shuffle, seed, dtype, threads, backend
        As for `Hebb`.

    Attributes
    ----------
    weights_ : ndarray of shape (inputs, outputs)
        They start from zeros.
    bias_ : ndarray of shape (outputs,), or (0,) without bias
    losses_ : float64 ndarray of shape (epochs,)
        The mean squared error of each epoch, every row's from before it was learned.
    epochs_ : int

    References
    ----------
    Widrow and Hoff, "Adaptive switching circuits", IRE WESCON Convention Record 4, 1960.

    Examples
    --------
    >>> import nnfast as nn
    >>> line = nn.unsupervised.DeltaRule(learning_rate=0.1, epochs=200)
    >>> line.fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).predict([[3.0]]).round(3)
    array([7.], dtype=float32)
    """

    _options = ("learning_rate", "decay", "epochs", "use_bias", "shuffle", "seed")
    _arrays = ("components_", "bias_", "losses_")
    _counters = ("epochs_", "_dimensions")

    components_: Array
    bias_: Array
    losses_: NDArray[np.float64]
    epochs_: int
    _dimensions: int  # of y

    def __init__(
        self,
        learning_rate: float = 0.01,
        *,
        decay: float = 0.0,
        epochs: int = 100,
        use_bias: bool = True,
        shuffle: bool = True,
        seed: int = 0,
        dtype: Any = "float32",
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        self.learning_rate = _validation.number(learning_rate, "learning_rate", above=0.0)
        self.decay = _validation.number(decay, "decay", minimum=0.0)
        self.epochs = _validation.integer(epochs, "epochs")
        self.use_bias = _validation.boolean(use_bias, "use_bias")
        self.shuffle = _validation.boolean(shuffle, "shuffle")
        self._set_common(seed, dtype, threads, backend)

    def fit(self, X: ArrayLike, y: ArrayLike) -> DeltaRule:
        """Learn from zeros: `epochs` times every row, one after another.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
        y : array-like of shape (rows,) or (rows, outputs)
            Finite numbers.

        Returns
        -------
        DeltaRule
            Itself.

        Raises
        ------
        ValueError
            If the weights grow past the numbers there are.
        """
        x = self._inputs(X)
        targets = self._targets(y, len(x))
        self._start(x, y, targets)
        for _ in range(self.epochs):
            self._epoch(x, targets)
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> DeltaRule:
        """Go through the rows once, from the weights as they are.

        Parameters
        ----------
        X, y : array-like
            As in `fit`.

        Returns
        -------
        DeltaRule
            Itself.
        """
        x = self._inputs(X, self.components_.shape[1] if self._is_fitted else None)
        targets = self._targets(y, len(x))
        if not self._is_fitted:
            self._start(x, y, targets)
        elif targets.shape[1] != len(self.components_):
            raise ValueError(
                f"y has {targets.shape[1]} columns; wanted are {len(self.components_)}, as many as "
                "at first"
            )
        self._epoch(x, targets)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Return b + X w.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)

        Returns
        -------
        ndarray of shape (rows, outputs), or (rows,) if y had one dimension
        """
        self._check_fitted()
        x = self._inputs(X, self.components_.shape[1])
        bias = self.bias_ if self.use_bias else None
        outputs = self._product(x, self.weights_, bias)
        return outputs if self._dimensions > 1 else outputs[:, 0]

    @property
    def weights_(self) -> Array:
        """The weights, of the shape (inputs, outputs)."""
        self._check_fitted()
        weights: Array = self.components_.T
        return weights

    def _start(self, x: Array, y: ArrayLike, targets: Array) -> None:
        outputs = targets.shape[1]
        self.components_ = np.zeros((outputs, x.shape[1]), self.dtype)
        self.bias_ = np.zeros(outputs if self.use_bias else 0, self.dtype)
        self._dimensions = np.ndim(y)
        self.losses_ = np.empty(0)
        self.epochs_ = 0

    def _epoch(self, x: Array, targets: Array) -> None:
        components, bias = self.components_.copy(), self.bias_.copy()
        order = self._order(len(x), self.shuffle, self.epochs_)
        with np.errstate(over="ignore", invalid="ignore"):
            total = self._core.delta_epoch(
                x,
                targets,
                components,
                bias,
                order,
                self.learning_rate,
                self.decay,
                self.epochs_,
            )
        self._finite([components, bias], self.epochs_, SMALLER)
        self.components_, self.bias_ = components, bias
        self.losses_ = np.append(self.losses_, total / targets.size)
        self.epochs_ += 1

    def _shapes(self, tensors: dict[str, Array]) -> dict[str, tuple[int, ...]]:
        outputs, inputs = tensors["components_"].shape
        return {
            "components_": (outputs, inputs),
            "bias_": (outputs if self.use_bias else 0,),
            "losses_": (len(tensors["losses_"]),),
        }
