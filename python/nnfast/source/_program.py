"""A network as a list of operations that any language can say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from nnfast import _steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast.network import FeedForward

    Array: TypeAlias = NDArray[Any]
    Argument: TypeAlias = Array | float | int | None


class Operation(NamedTuple):
    """One thing done to a row, of so many values before and after it.

    ==============  ==============================================================
    name            arguments
    ==============  ==============================================================
    scale           factor
    affine          center, factor, offset: (x - center) * factor + offset
    embed           passed, columns, categories, dimensions, vectors: see `_embed`
    dense           kernel (inputs, units), bias
    normalize       gamma, beta, epsilon: by mean and variance of the row
    apply           the parameters of the `function`, an activation of each value
    prelu           alpha
    softmax
    log_softmax
    keep            place: where to keep the row, for
    add             place: which adds what was kept
    ==============  ==============================================================

    An argument that is None is left out of the arithmetic.
    """

    name: str
    inputs: int
    outputs: int
    arguments: Mapping[str, Argument]
    function: str = ""


class Program(NamedTuple):
    """What is to be written: the operations, and how outputs become classes, if they do."""

    architecture: str
    inputs: int
    outputs: int
    dtype: str
    operations: list[Operation]
    decision: _steps.Decision | None


WHY = (
    "whose mathematics is Python, which cannot be written in another language; wanted are "
    "activations of nnfast's"
)


def of_network(network: FeedForward) -> Program:
    """Return the program of a network."""
    operations: list[Operation] = []
    width = _add(operations, _steps.of_network(network, WHY), network.inputs, network.dtype)
    for operation in operations:
        for name, value in operation.arguments.items():
            if value is not None and not np.all(np.isfinite(value)):
                raise ValueError(
                    f"the network has a {name} that is not finite; wanted are weights that are "
                    "finite numbers"
                )
    return Program(
        network.architecture,
        network.inputs,
        width,
        network.dtype.name,
        operations,
        _steps.decision(network),
    )


def _add(
    operations: list[Operation], steps: list[_steps.Step], width: int, dtype: np.dtype[Any]
) -> int:
    """Append the operations of steps on rows of a width; return the width after them."""
    for step in steps:
        if isinstance(step, _steps.Block):
            place = sum(operation.name == "keep" for operation in operations)
            operations.append(Operation("keep", width, width, {"place": place}))
            _add(operations, step.steps, width, dtype)
            operations.append(Operation("add", width, width, {"place": place}))
            continue
        operation = _operation(step, width, dtype)
        operations.append(operation)
        width = operation.outputs
    return width


def _operation(step: _steps.Step, width: int, dtype: np.dtype[Any]) -> Operation:
    if isinstance(step, _steps.Product):
        units = step.kernel.shape[1]
        return Operation("dense", width, units, {"kernel": step.kernel, "bias": step.bias})
    if isinstance(step, _steps.Applied):
        return _applied(step, width)
    if isinstance(step, _steps.Embedded):
        return _embed(step, width)
    if isinstance(step, _steps.Scaled):
        return Operation("scale", width, width, {"factor": step.factor})
    if isinstance(step, _steps.Standardized):
        factor = (1 / step.deviation.astype(np.float64)).astype(dtype)
        return _affine(width, step.mean, factor, None)
    assert isinstance(step, _steps.Normalized)
    if step.mean is None or step.variance is None:
        affine = {"gamma": step.gamma, "beta": step.beta}
        return Operation("normalize", width, width, {**affine, "epsilon": step.epsilon})
    gamma = 1.0 if step.gamma is None else step.gamma.astype(np.float64)
    factor = (gamma / np.sqrt(step.variance.astype(np.float64) + step.epsilon)).astype(dtype)
    return _affine(width, step.mean, factor, step.beta)


def _affine(width: int, center: Array, factor: Array, offset: Array | None) -> Operation:
    arguments = {"center": center, "factor": factor, "offset": offset}
    return Operation("affine", width, width, arguments)


def _applied(step: _steps.Applied, width: int) -> Operation:
    activation = step.activation
    if step.alpha is not None:
        return Operation("prelu", width, width, {"alpha": step.alpha})
    if activation.over_rows:
        return Operation(activation.name, width, width, {})
    function, arguments = function_of(activation)
    return Operation("apply", width, width, dict(arguments), function)


def function_of(activation: Any) -> tuple[str, dict[str, float]]:
    """Return the name of the function that an activation is, and its parameters."""
    values = activation.values()
    if activation.name == "gelu":  # two functions under one name
        return ("gelu_by_tanh" if values["approximate"] else "gelu"), {}
    return activation.name, values


def _embed(step: _steps.Embedded, width: int) -> Operation:
    """Return the operation of embedded columns.

    First come the columns `passed` on; then, for each of the `columns` with codes, the vector of
    its code. A code is a row among its `categories`, and has as many values as its `dimensions`;
    `vectors` holds the tables of all columns, one after the other.
    """
    tables = step.tables.values()
    arguments = {
        "passed": np.array(step.passed, dtype=np.intp),
        "columns": np.array(list(step.tables), dtype=np.intp),
        "categories": np.array([len(table) for table in tables], dtype=np.intp),
        "dimensions": np.array([table.shape[1] for table in tables], dtype=np.intp),
        "vectors": np.concatenate([table.ravel() for table in tables]),
    }
    outputs = len(step.passed) + sum(table.shape[1] for table in tables)
    return Operation("embed", width, outputs, arguments)
