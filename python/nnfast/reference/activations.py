"""Activations on arrays, as a backend offers them.

What each computes is said once, in NumPy, in the folder `nnfast.activations`: one small class for
each, whose `forward` maps z to the output a and whose `derivative_from` gives da/dz. Those classes
are what a user gives to a layer as well, and the only part of the package beside this folder that
the oracle imports.
"""

from __future__ import annotations

import json

import numpy as np

from nnfast.activations import Activation
from nnfast.activations._rows import softmax
from nnfast.activations._sigmoids import sigmoid

from .arrays import Array

__all__ = ["Activation", "activation", "activation_derivative", "sigmoid", "softmax"]


@np.errstate(all="ignore")
def activation(config: str, x: Array, out: Array | None = None) -> Array:
    """Apply an activation to an array.

    Parameters
    ----------
    config : str
        JSON, such as ``{"name": "elu", "alpha": 1.0}``.
    x : ndarray of float32 or float64, any shape
        Net inputs. Softmax goes along the last axis.

    Returns
    -------
    ndarray
        The outputs, same shape and type; `out` or a new array.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast import reference
    >>> reference.activation('{"name": "relu"}', np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    a = Activation.from_config(json.loads(config)).forward(x)
    return _written(a.copy() if a is x else a, out)


@np.errstate(all="ignore")
def activation_derivative(config: str, x: Array, out: Array | None = None) -> Array:
    """Evaluate the derivative of an activation on an array.

    Parameters
    ----------
    config : str
        JSON, such as ``{"name": "elu", "alpha": 1.0}``.
    x : ndarray of float32 or float64, any shape
        Net inputs.
    out : ndarray, optional
        Where the result is written to, of its shape and type; may be x.

    Returns
    -------
    ndarray
        da/dz at x, same shape and type. For softmax the Jacobians, shape (..., k, k).

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast import reference
    >>> reference.activation_derivative('{"name": "sigmoid"}', np.array([0.0]))
    array([0.25])
    """
    function = Activation.from_config(json.loads(config))
    return _written(
        function.derivative_from(x if function.keeps == "input" else function.forward(x)), out
    )


def _written(result: Array, out: Array | None) -> Array:
    if out is None:
        return result
    out[...] = result
    return out
