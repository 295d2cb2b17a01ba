"""Words that no row has had: what a network makes of them.

Code 0 stands for what is missing and for words to come. Where no training row had it, its vector is
still the one that was drawn at first, and says anything. The mean of the others' vectors, each as
often as its word was there, says: as usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn
from nnfast import _architecture

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


def settle(net: nn.FeedForward, X: Array) -> None:
    """Give code 0 of each column, where no row of X has it, the mean vector of the rows."""
    names = [name for name, _ in _architecture.parameters(net.layers, net.bias)]
    weights = net.get_weights()
    changed = False
    for layer in net.layers:
        if not isinstance(layer, nn.Embedding):
            continue
        for column, *_ in layer.columns:
            codes = X[:, column].astype(np.int64)
            place = next(
                place for place, name in enumerate(names) if name.endswith(f".embeddings_{column}")
            )
            counts = np.bincount(codes, minlength=len(weights[place]))
            if counts[0] == 0:
                weights[place][0] = counts @ weights[place].astype(np.float64) / len(codes)
                changed = True
    if changed:
        net.set_weights(weights)
