"""What the oracle's tests share: small configurations, and differentiation by differences."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnfast.reference import Network

LOSSES_BY_OUTPUT = [
    *((loss, False, output) for loss in ("mean_squared_error", "mean_absolute_error")
      for output in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "softmax")),
    ("binary_cross_entropy", False, "sigmoid"),
    ("binary_cross_entropy", True, "linear"),
    ("categorical_cross_entropy", False, "softmax"),
    ("categorical_cross_entropy", True, "linear"),
    ("sparse_categorical_cross_entropy", False, "softmax"),
    ("sparse_categorical_cross_entropy", True, "linear"),
]  # fmt: skip
"""Every loss with every output activation that it may have: (loss, from_logits, output)."""


def activation(name: str) -> dict[str, Any]:
    """Configure an activation; PReLU starts from an alpha that shows."""
    return {"name": name, "alpha": 0.25} if name == "prelu" else {"name": name}


def stack(hidden: str, depth: int) -> list[str]:
    """Name the activations of hidden layers; exponentials of exponentials give any number."""
    between = "tanh" if hidden == "exponential" else hidden
    return [between if depth > 1 and place % 2 == 0 else hidden for place in range(depth)]


def dense(
    units: int,
    function: str = "linear",
    *,
    use_bias: bool = True,
    kernel: str = "glorot_uniform",
    bias: str = "random_normal",
) -> dict[str, Any]:
    return {
        "type": "dense",
        "units": units,
        "use_bias": use_bias,
        "activation": activation(function),
        "kernel_initializer": {"name": kernel},
        "bias_initializer": {"name": bias},
    }


def dropout(rate: float) -> dict[str, Any]:
    return {"type": "dropout", "rate": rate}


def build(
    inputs: int,
    layers: list[dict[str, Any]],
    *,
    bias: str = "parameter",
    dtype: str = "float64",
    seed: int = 0,
) -> Network:
    return Network(json.dumps({"inputs": inputs, "bias": bias, "layers": layers}), dtype, seed)


def compiled(
    network: Network,
    loss: str = "mean_squared_error",
    *,
    from_logits: bool = False,
    optimizer: str = "sgd",
    metrics: tuple[str, ...] = (),
    **parameters: Any,
) -> Network:
    chosen: dict[str, Any] = {"name": loss}
    if loss.endswith("cross_entropy"):
        chosen["from_logits"] = from_logits
    config = {
        "optimizer": {"name": optimizer, **parameters},
        "loss": chosen,
        "metrics": list(metrics),
    }
    network.compile(json.dumps(config))
    return network


def targets(loss: str, rows: int, outputs: int, seed: int = 1) -> NDArray[Any]:
    """Draw targets that suit a loss."""
    random = np.random.default_rng(seed)
    if loss == "sparse_categorical_cross_entropy":
        return random.integers(0, outputs, rows).astype(np.uint32)
    if loss == "categorical_cross_entropy":
        weights = random.random((rows, outputs))
        return weights / weights.sum(axis=1, keepdims=True)
    if loss == "binary_cross_entropy":
        return random.integers(0, 2, (rows, outputs)).astype(np.float64)
    return random.normal(size=(rows, outputs))


def central_differences(
    network: Network, x: NDArray[Any], y: NDArray[Any], step: float = 1e-6
) -> list[NDArray[np.float64]]:
    """Differentiate the mean loss by every single parameter."""
    parameters = network.parameters()
    gradients = [np.zeros_like(parameter) for parameter in parameters]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        for place in np.ndindex(parameter.shape):
            value = parameter[place]
            sides = []
            for moved in (value + step, value - step):
                parameter[place] = moved
                network.set_parameters(parameters)
                sides.append(network.evaluate(x, y, len(x))[0])
            gradient[place] = (sides[0] - sides[1]) / (2.0 * step)
            parameter[place] = value
    network.set_parameters(parameters)
    return gradients
