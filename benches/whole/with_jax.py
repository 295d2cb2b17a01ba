"""MNIST with JAX, from import to accuracy: `with_jax.py DATA EPOCHS BATCH`."""

import sys
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax

path, epochs, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = np.load(path)
x, x_test = (jnp.asarray(data[name].astype(np.float32) / 255) for name in ("x", "x_test"))
y, y_test = (jnp.asarray(data[name], dtype=jnp.int32) for name in ("y", "y_test"))

random = np.random.default_rng(0)
sizes = (784, 256, 128, 10)
parameters = [
    (
        jnp.asarray(random.normal(0, (2 / inputs) ** 0.5, (inputs, units)), dtype=jnp.float32),
        jnp.zeros(units, dtype=jnp.float32),
    )
    for inputs, units in pairwise(sizes)
]
optimizer = optax.adam(1e-3)


def logits(parameters, x):
    *hidden, (last, bias) = parameters
    for kernel, biases in hidden:
        x = jax.nn.relu(x @ kernel + biases)
    return x @ last + bias


def loss(parameters, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(logits(parameters, x), y).mean()


@partial(jax.jit, donate_argnums=0)
def epoch(carry, x, y, batches):
    def step(carry, rows):
        parameters, state = carry
        gradients = jax.grad(loss)(parameters, x[rows], y[rows])
        updates, state = optimizer.update(gradients, state)
        return (optax.apply_updates(parameters, updates), state), None

    return jax.lax.scan(step, carry, batches)[0]


carry = parameters, optimizer.init(parameters)
# The rows that do not fill a batch are left out of an epoch: a scan wants equal steps.
used = len(x) // batch * batch
for _ in range(epochs):
    order = random.permutation(len(x))[:used].astype(np.int32)
    carry = epoch(carry, x, y, order.reshape(-1, batch))
answers = jax.jit(lambda parameters, x: logits(parameters, x).argmax(axis=1))(carry[0], x_test)
print(float((answers == y_test).mean()))
