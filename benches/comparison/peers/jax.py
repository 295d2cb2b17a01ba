"""JAX: a whole epoch is one compiled function, a scan over its batches; many nets are one vmap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from comparison.cases import Elementwise, ManyNets, Prediction, Training
from comparison.data import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Data

Parameters = list[tuple[jax.Array, jax.Array]]

optimizer = optax.adam(LEARNING_RATE, b1=BETA_1, b2=BETA_2, eps=EPSILON)


def with_dtype(dtype: str) -> None:
    jax.config.update("jax_enable_x64", dtype == "float64")


def parameters_of(data: Data) -> Parameters:
    arrays = [jnp.array(array) for array in data.weights]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def logits(parameters: Parameters, x: jax.Array) -> jax.Array:
    *hidden, (last, bias) = parameters
    for kernel, biases in hidden:
        x = jax.nn.relu(x @ kernel + biases)
    return x @ last + bias


def loss(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
    losses = optax.softmax_cross_entropy_with_integer_labels(logits(parameters, x), y)
    return losses.mean()


def run(carry: Any, x: jax.Array, y: jax.Array, batches: jax.Array, unroll: int) -> Any:
    """Make a step on every row of `batches`, which are indices into the data."""

    def step(carry: Any, rows: jax.Array) -> tuple[Any, None]:
        parameters, state = carry
        gradients = jax.grad(loss)(parameters, x[rows], y[rows])
        updates, state = optimizer.update(gradients, state)
        return (optax.apply_updates(parameters, updates), state), None

    return jax.lax.scan(step, carry, batches, unroll=unroll)[0]


def training(case: Training, data: Data, *, unroll: int = 1) -> Network:
    return Network(case, data, unroll)


class Network:
    """The order of the rows is drawn by NumPy, which is faster at it than JAX on a CPU."""

    def __init__(self, case: Training | ManyNets, data: Data, unroll: int) -> None:
        with_dtype(case.dtype)
        self._case, self._data = case, data
        self._x, self._y = jnp.array(data.x), jnp.array(data.y, dtype=jnp.int32)
        # The old weights and moments give their memory to the new ones.
        self._run = jax.jit(self.runner(unroll), donate_argnums=0)
        self._random = np.random.default_rng(0)
        self.reset()

    def runner(self, unroll: int) -> Callable[..., Any]:
        return partial(run, unroll=unroll)

    def reset(self) -> None:
        parameters = parameters_of(self._data)
        self._carry = parameters, optimizer.init(parameters)

    def order(self) -> Array:
        return self._random.permutation(self._case.rows)

    def epoch(self) -> None:
        self._go(self.order())
        jax.block_until_ready(self._carry)

    def _go(self, order: Array) -> None:
        batches = order.astype(np.int32).reshape(*order.shape[:-1], -1, self._case.batch)
        self._carry = self._run(self._carry, self._x, self._y, batches)

    def weights_after(self, steps: int) -> list[Array]:
        self._go(np.arange(steps * self._case.batch))
        return [np.array(array) for layer in self._carry[0] for array in layer]


def many(case: ManyNets, data: Data) -> Nets:
    return Nets(case, data, unroll=1)


class Nets(Network):
    """All networks in one array, each with its own order of the rows."""

    def runner(self, unroll: int) -> Callable[..., Any]:
        return jax.vmap(super().runner(unroll), in_axes=(0, None, None, 0))

    def reset(self) -> None:
        super().reset()
        self._carry = jax.tree.map(lambda leaf: jnp.stack([leaf] * self._case.nets), self._carry)

    def order(self) -> Array:
        return np.stack([super(Nets, self).order() for _ in range(self._case.nets)])

    def weights_after(self, steps: int) -> list[Array]:
        self._go(np.stack([np.arange(steps * self._case.batch)] * self._case.nets))
        return [np.array(array[0]) for layer in self._carry[0] for array in layer]


def prediction(case: Prediction, data: Data) -> Callable[[], Array]:
    with_dtype(case.dtype)
    parameters = parameters_of(data)
    predict = jax.jit(lambda x: jax.nn.softmax(logits(parameters, x)))
    return lambda: np.asarray(predict(data.x))


FUNCTIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "leaky_relu": partial(jax.nn.leaky_relu, negative_slope=0.2),
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "elu": jax.nn.elu,
}


def elementwise(case: Elementwise, data: Data) -> Callable[[], Array]:
    with_dtype("float32")
    function = FUNCTIONS[case.function]
    function = jax.jit(jax.vmap(jax.grad(function)) if case.derivative else function)
    x = jnp.array(data.x)
    return lambda: np.asarray(function(x))  # a view, once it is done
