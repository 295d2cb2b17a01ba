"""The least time that a case can take on a machine: its arithmetic, or its bytes."""

from __future__ import annotations

from functools import singledispatch

from comparison.cases import Case, Elementwise, Prediction, Training, kernels
from comparison.machine import Limits, Machine, at_size

SIZES = {"float32": 4, "float64": 8}


@singledispatch
def seconds(case: Case, machine: Machine) -> float | None:
    """Return the roofline's time, or None where there is none to speak of."""
    return None


@seconds.register
def _(case: Training, machine: Machine) -> float:
    """Three products a layer, two in the first; weights and both moments, read and written."""
    limits, itemsize = machine.limits(case.threads), SIZES[case.dtype]
    operations = 2 * case.batch * (3 * kernels(case.sizes) - case.sizes[0] * case.sizes[1])
    held = 3 * parameters(case.sizes) * itemsize
    return max(operations / peak(limits, itemsize), 2 * held / at_size(limits.update, held))


@seconds.register
def _(case: Prediction, machine: Machine) -> float:
    """A product a layer; the weights, read."""
    limits, itemsize = machine.limits(case.threads), SIZES[case.dtype]
    operations = 2 * case.rows * kernels(case.sizes)
    held = parameters(case.sizes) * itemsize
    return max(operations / peak(limits, itemsize), held / at_size(limits.read, held))


@seconds.register
def _(case: Elementwise, machine: Machine) -> float:
    """An array read, another written."""
    moved = 2 * case.elements * SIZES["float32"]
    return moved / at_size(machine.limits(case.threads).update, moved)


def peak(limits: Limits, itemsize: int) -> float:
    """Return the operations a second: a register holds half as many float64."""
    return limits.peak * SIZES["float32"] / itemsize


def parameters(sizes: tuple[int, ...]) -> int:
    return kernels(sizes) + sum(sizes[1:])
