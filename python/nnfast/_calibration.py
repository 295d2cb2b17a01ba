"""Whether probabilities are what they say: of rows with 80 %, are 80 % right?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


class Calibration(NamedTuple):
    """Probabilities in bins.

    Attributes
    ----------
    edges : ndarray of shape (bins + 1,)
        The bins' borders.
    counts : ndarray of shape (bins,)
        How many rows are in each.
    predicted, observed : ndarray of shape (bins,)
        The mean probability in each, and the share of rows that it came true for; NaN where there
        are no rows.
    error : float
        The expected calibration error: the mean of what lies between the two, each bin weighed by
        its rows.
    """

    edges: Array
    counts: Array
    predicted: Array
    observed: Array
    error: float


def calibration(
    probabilities: Array, true: Array, *, bins: int = 10, strategy: str = "uniform"
) -> Calibration:
    """Return how often what has a probability comes true, bin by bin.

    The bins are scikit-learn's (`calibration_curve`): of equal width, or by quantiles, which gives
    them about equally many rows. The error is that of Guo, Pleiss, Sun and Weinberger, "On
    calibration of modern neural networks", ICML 2017, section 2.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    if strategy == "quantile":
        edges = np.quantile(probabilities, edges)
    places = np.searchsorted(edges[1:-1], probabilities)
    counts = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):
        predicted = np.bincount(places, weights=probabilities, minlength=bins) / counts
        observed = np.bincount(places, weights=true, minlength=bins) / counts
    error = float(np.nansum(counts * np.abs(predicted - observed)) / counts.sum())
    return Calibration(edges, counts, predicted, observed, error)
