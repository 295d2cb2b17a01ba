"""SciPy's L-BFGS-B, as scikit-learn runs it, on the gradients of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize
from sklearn.utils.optimize import _check_optimize_result

from nnfast.sklearn import _network
from nnfast.sklearn._sparse import SparseGradients, chunks

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from nnfast.network import FeedForward
    from nnfast.sklearn._network import Goal

    Array: TypeAlias = NDArray[Any]


class Objective:
    """Loss and gradient as functions of all weights, then all biases, in one vector.

    Parameters
    ----------
    net : FeedForward
        Without penalties of its own.
    x : ndarray or CSR matrix
    goal : Goal
    weights : ndarray of shape (rows,), optional
    l2 : float
        What the square of a weight costs.
    """

    def __init__(
        self, net: FeedForward, x: Any, goal: Goal, weights: Array | None, l2: float
    ) -> None:
        self._net, self._x, self._goal, self._l2 = net, x, goal, l2
        count = x.shape[0]
        shares = np.full(count, goal.scale)
        if weights is not None:
            shares *= np.asarray(weights, np.float64) * (count / np.sum(weights, dtype=np.float64))
        self.shares = shares / goal.scale
        self._weights = shares.astype(net.dtype)
        coefs, intercepts = _network.take(net)
        self._shapes = [array.shape for array in coefs + intercepts]
        self._layers = len(coefs)
        self._sparse = SparseGradients.of(net, x, goal.loss)

    def unpack(self, vector: Array) -> tuple[list[Array], list[Array]]:
        """Return weights and biases."""
        arrays, start = [], 0
        for shape in self._shapes:
            end = start + int(np.prod(shape))
            arrays.append(vector[start:end].reshape(shape))
            start = end
        return arrays[: self._layers], arrays[self._layers :]

    def pack(self, coefs: list[Array], intercepts: list[Array]) -> Array:
        """Return weights and biases as one vector."""
        return np.hstack([array.ravel() for array in coefs + intercepts])

    def __call__(self, vector: Array) -> tuple[float, Array]:
        """Return the loss and its gradient."""
        coefs, intercepts = self.unpack(vector)
        loss, gradients = self._gradients(coefs, intercepts)
        pairs = list(_network.positions(self._net))
        penalty = 0.0
        if self._l2:
            penalty = self._l2 * sum(float(np.vdot(coef, coef)) for coef in coefs)
            for (kernel, _), coef in zip(pairs, coefs, strict=True):
                gradients[kernel] = gradients[kernel] + 2.0 * self._l2 * coef
        slopes = self.pack([gradients[k] for k, _ in pairs], [gradients[b] for _, b in pairs])
        # Of several columns, half the mean squared error is reported while the gradient is that of
        # half the sum: so it is there.
        return loss / self._goal.columns + penalty, slopes

    def _gradients(self, coefs: list[Array], intercepts: list[Array]) -> tuple[float, list[Array]]:
        """Return the loss and its derivatives by the network's parameters, without penalties."""
        net, values = self._net, self._goal.values
        if self._sparse is not None:
            return self._sparse(coefs, intercepts, values, self._weights)
        _network.put(net, coefs, intercepts)
        net._compile_for(self._goal.loss)
        total: tuple[float, list[Array]] | None = None
        for part, x in chunks(self._x):
            # The network gives the mean over the part; the share of all rows is wanted.
            weights = self._weights[part] * net.dtype.type(len(x) / self._x.shape[0])
            found = net._network.gradients(x, values[part], net.threads, weights)
            if total is not None:
                pairs = zip(total[1], found[1], strict=True)
                found = total[0] + found[0], [one + other for one, other in pairs]
            total = found
        assert total is not None
        return total


def fit(
    estimator: Any, net: FeedForward, x: Any, goal: Goal, weights: Array | None, l2: float
) -> None:
    """Let an estimator learn by SciPy's optimizer, and set its `loss_` and `n_iter_`."""
    from sklearn.utils.fixes import _get_additional_lbfgs_options_dict

    objective = Objective(net, x, goal, weights, l2)
    result = scipy.optimize.minimize(
        objective,
        objective.pack(*_network.take(net)),
        method="L-BFGS-B",
        jac=True,
        options={
            "maxfun": estimator.max_fun,
            "maxiter": estimator.max_iter,
            "gtol": estimator.tol,
            **_get_additional_lbfgs_options_dict("iprint", 1 if estimator.verbose else -1),
        },
    )
    estimator.n_iter_ = _check_optimize_result("lbfgs", result, estimator.max_iter)
    _network.put(net, *objective.unpack(result.x))
    loss = float(result.fun)
    if goal.constant is not None:
        loss += float(np.mean(objective.shares * goal.constant))
    estimator.loss_ = loss
