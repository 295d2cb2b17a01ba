"""Losses of several outputs for each column of y: more of a number than its mean."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nnfast import _validation
from nnfast._frozen import Parameter, flag, real
from nnfast.activations import Activation
from nnfast.losses._base import Loss

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    Array: TypeAlias = NDArray[Any]

MOST_QUANTILES = 99


def _levels(value: object, argument: str) -> tuple[float, ...]:
    """Return quantiles as a tuple: numbers between 0 and 1, each larger than the one before."""
    if isinstance(value, (str, bytes)) or not (hasattr(value, "__iter__") or np.isscalar(value)):
        raise TypeError(f"{argument} is {value!r}; wanted is a list of numbers between 0 and 1")
    given = [value] if np.isscalar(value) else list(value)
    if not 0 < len(given) <= MOST_QUANTILES:
        raise ValueError(f"{argument} has {len(given)} members; wanted are 1 to {MOST_QUANTILES}")
    levels = tuple(
        _validation.number(level, f"{argument}[{place}]", above=0.0, below=1.0)
        for place, level in enumerate(given)
    )
    if any(low >= high for low, high in pairwise(levels)):
        raise ValueError(
            f"{argument} is {list(levels)}; wanted is each quantile once, the smallest first"
        )
    return levels


def _blocks(outputs: ArrayLike, count: int, loss: Loss) -> Array:
    """Return outputs (..., count * columns) as (count, ..., columns)."""
    values = _validation.array(outputs, "outputs")
    if values.ndim == 0 or values.shape[-1] % count:
        raise ValueError(
            f"outputs has the shape {values.shape}; wanted are outputs of a network with "
            f"{loss!r}, {count} for each column of y"
        )
    columns = values.shape[-1] // count
    blocks: Array = np.moveaxis(values.reshape(*values.shape[:-1], count, columns), -2, 0)
    return blocks


class Quantile(Loss):
    """The pinball loss: outputs below which y lies with given probabilities.

    For a quantile q with its output a, max(q (t - a), (q - 1) (t - a)); for each row, the mean over
    quantiles and columns of y. Its derivative by an output is (1 - q) where it is above t, -q
    where below, each divided by the outputs. Two quantiles make a band: 0.1 and 0.9 one that holds
    80 % of what comes. q = 0.5 is the median, at half the absolute error.

    The network has one output for each quantile and column of y: first those of the first quantile
    for all columns, then those of the second, and so on. `read` takes them apart. Metrics are of
    the quantile nearest to 0.5.

    Parameters
    ----------
    quantiles : list of float or float, default (0.1, 0.5, 0.9)
        Each in (0, 1), the smallest first, 99 at most.

    References
    ----------
    Koenker and Bassett, "Regression quantiles", Econometrica 46, 1978.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.random.default_rng(0).random((1000, 1))
    >>> y = X[:, 0] * np.random.default_rng(1).normal(size=1000)
    >>> loss = nn.Quantile([0.1, 0.9])
    >>> net = nn.FeedForward("1-16-2", seed=0).compile(nn.Adam(0.01), loss)
    >>> _ = net.fit(X, y, epochs=30)
    >>> low, high = loss.read(net.predict(X))
    >>> bool(abs(np.mean((low[:, 0] <= y) & (y <= high[:, 0])) - 0.8) < 0.05)
    True
    """

    name = "quantile"
    aliases = ("pinball", "pinball_loss", "quantile_loss")
    targets = "values"
    quantiles: Sequence[float] = Parameter(_levels, (0.1, 0.5, 0.9), {})  # type: ignore[assignment]

    @property
    def outputs_for_each(self) -> int:
        """How many outputs of the network belong to each column of y."""
        return len(self.quantiles)

    def check_output(self, output: Activation) -> None:
        """Refuse softmax and its logarithm, whose outputs are shares of one."""
        if output.name in ("softmax", "log_softmax"):
            raise ValueError(
                f"loss quantile does not fit the output activation {output.name}; wanted is one of "
                "each output by itself, such as linear"
            )

    def read(self, outputs: ArrayLike) -> Array:
        """Return outputs quantile by quantile.

        Parameters
        ----------
        outputs : array-like of shape (rows, outputs) or (outputs,)
            What `FeedForward.predict` returned.

        Returns
        -------
        ndarray of shape (quantiles, rows, columns of y) or (quantiles, columns of y)
            In the order of `quantiles`, each row's sorted: where learned quantiles cross, that
            brings them nearer to the true ones (Chernozhukov, Fernandez-Val and Galichon,
            "Quantile and probability curves without crossing", Econometrica 78, 2010).

        Examples
        --------
        >>> import nnfast as nn
        >>> low, median, high = nn.Quantile().read([[1.0, 2.0, 5.0], [0.0, 3.0, 2.0]])
        >>> median.tolist(), high.tolist()
        ([[2.0], [2.0]], [[5.0], [3.0]])
        """
        return np.sort(_blocks(outputs, len(self.quantiles), self), axis=0)

    def point(self, outputs: Array) -> Array:
        """Return the outputs of the quantile nearest to 0.5."""
        nearest = min(range(len(self.quantiles)), key=lambda i: abs(self.quantiles[i] - 0.5))
        median: Array = _blocks(outputs, len(self.quantiles), self)[nearest]
        return median


class MeanAndVariance(NamedTuple):
    """What `GaussianNLL` predicts of each number."""

    mean: Array
    """In the units of y."""
    variance: Array
    """In the square of these; its root is the standard deviation."""


class GaussianNLL(Loss):
    """The negative log-likelihood of a normal distribution whose mean and variance are predicted.

    For each row, the mean over the columns of y of (log v + (m - t)^2 / v) / 2. The network has two
    outputs for each column, linear ones: first the means m of all columns, then for each a number
    r of which v = log(1 + exp(r)) + epsilon is the variance. `read` gives both. Metrics are of the
    means.

    The variance is a softplus and not exp(r): it grows no faster than r, so that no step throws it
    far away and nothing overflows. PyTorch's GaussianNLLLoss leaves it to the user to make v
    positive, cuts it off at epsilon, and is otherwise the same; Keras has no such loss. Scale y to
    a deviation of about 1, where r starts.

    Parameters
    ----------
    epsilon : float, default 1e-6
        The smallest variance, in the square of the units of y.
    full : bool, default False
        Whether the constant log(2 pi) / 2 belongs to it.

    References
    ----------
    Nix and Weigend, "Estimating the mean and variance of the target probability distribution",
    ICNN 1994. The variance is that of Lakshminarayanan, Pritzel and Blundell, "Simple and scalable
    predictive uncertainty estimation using deep ensembles", NeurIPS 2017, section 2.2.

    Examples
    --------
    >>> import nnfast as nn
    >>> loss = nn.GaussianNLL()
    >>> net = nn.FeedForward("1-2", initializer="zeros").compile(loss=loss)
    >>> mean, variance = loss.read(net.predict([[1.0]]))
    >>> mean, variance  # log(2) at the start
    (array([[0.]], dtype=float32), array([[0.6931482]], dtype=float32))
    """

    name = "gaussian_nll"
    aliases = ("gaussian_nll_loss", "gaussian_negative_log_likelihood")
    targets = "values"
    epsilon: float = real(default=1e-6, above=0.0)
    full: bool = flag(default=False)

    @property
    def outputs_for_each(self) -> int:
        """How many outputs of the network belong to each column of y."""
        return 2

    def check_output(self, output: Activation) -> None:
        """Refuse all but linear outputs."""
        if output.name != "linear":
            raise ValueError(
                f"loss {self.name} does not fit the output activation {output.name}; wanted is "
                "linear: it makes the variances positive itself"
            )

    def read(self, outputs: ArrayLike) -> MeanAndVariance:
        """Return the means and the variances that outputs stand for.

        Parameters
        ----------
        outputs : array-like of shape (rows, outputs) or (outputs,)
            What `FeedForward.predict` returned.

        Returns
        -------
        MeanAndVariance
            ``mean`` and ``variance``, each of the shape (rows, columns of y) or (columns of y,).

        Examples
        --------
        >>> import nnfast as nn
        >>> nn.GaussianNLL().read([3.0, -50.0]).variance.round(9)
        array([1.e-06])
        """
        mean, raw = _blocks(outputs, 2, self)
        return MeanAndVariance(mean, np.logaddexp(raw, raw.dtype.type(0)) + self.epsilon)

    def point(self, outputs: Array) -> Array:
        """Return the means."""
        mean: Array = _blocks(outputs, 2, self)[0]
        return mean
