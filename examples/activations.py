"""Activations and their derivatives in numbers, and what saturation does to a deep net."""

import numpy as np

import nnfast as nn

z = np.array([-10.0, -2.0, -0.5, 0.0, 0.5, 2.0, 10.0])
NAMES = ("step", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus")

print("z                " + "".join(f"{value:11g}" for value in z))
for name in NAMES:
    function = getattr(nn.activations, name)
    print(f"{name:11} f    " + "".join(f"{value:11.6f}" for value in function(z)))
    print("            f'   " + "".join(f"{value:11.6f}" for value in function.derivative(z)))

# The gradient of a layer is that of the layer above times f'. Where f' is below 1 everywhere, as
# the sigmoid's, which is at most 1/4, little of it reaches the first of many layers.
rng = np.random.default_rng(0)
X, y = rng.normal(size=(256, 16)), rng.normal(size=(256, 1))
print("\nlength of the gradient of the first of 8 hidden layers, over that of the last:")
ratios = {}
for name in ("sigmoid", "tanh", "relu", "elu", "selu", "gelu"):
    net = nn.FeedForward([16, *[32] * 8, 1], hidden=name, seed=0)
    _, gradients = net.gradients(X, y)
    kernels = [gradient for gradient in gradients if gradient.ndim == 2]
    ratios[name] = np.linalg.norm(kernels[0]) / np.linalg.norm(kernels[7])
    print(f"  {name:8} {ratios[name]:.6f}")
assert ratios["sigmoid"] < 0.001 < 0.1 < ratios["relu"]
