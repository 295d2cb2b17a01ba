"""How ONNX says each activation: as one operator, or as a formula of several.

A formula is a tree. A leaf is the string "x", a number, or a `Parameter`; all else is a tuple: the
operator, its inputs, and, last, a dict of its attributes where it has any that matter. RowMean
stands for ReduceMean over a row, which keeps the axis: its attributes changed with the version.

The writer takes the first form that it may use, and the reader knows all of them: so what is
written is read, whatever it was written as.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

Tree: TypeAlias = "str | float | Parameter | tuple[Any, ...]"


class Parameter(NamedTuple):
    """What an activation's parameter of that name is written for."""

    name: str


class Form(NamedTuple):
    """One way to say an activation.

    `opset` is the first version of the operators that knows it, or None for what is only read.
    `double` says whether it holds for float64 too: an attribute is a float32, and onnxruntime has
    some operators for float32 alone.
    """

    tree: Tree
    opset: int | None = 13
    double: bool = True


class Constants(NamedTuple):
    """Numbers in the formulas, as in `nnfast.activations`."""

    selu_alpha: float = 1.6732632423543772
    selu_scale: float = 1.0507009873554805
    cubic: float = 0.044715
    root_2: float = math.sqrt(2.0)
    root_2_over_pi: float = math.sqrt(2.0 / math.pi)


C = Constants()
X = "x"
ABOVE = ("Max", X, 0.0)
BELOW = ("Min", X, 0.0)
ALPHA, SLOPE, EPSILON = Parameter("alpha"), Parameter("negative_slope"), Parameter("epsilon")
BETA = Parameter("beta")
STEEP = ("Mul", X, BETA)
POWER = ("Sub", ("Exp", BELOW), 1.0)
SIGMOID = ("Sigmoid", X)
SOFTPLUS = ("Add", ABOVE, ("Log", ("Add", 1.0, ("Exp", ("Neg", ("Abs", X))))))
HARD_SIGMOID = ("Div", ("Clip", ("Add", X, 3.0), 0.0, 6.0), 6.0)
SIXTH = {"alpha": 1.0 / 6.0, "beta": 0.5}
HALF_NORMAL = ("Add", 1.0, ("Erf", ("Div", X, C.root_2)))
CENTRED = ("Sub", X, ("RowMean", X))


TAIL = (
    0.09441064130196894,
    -0.17039772154811111,
    0.12437925533921507,
    -0.07170740735847711,
    0.03086480410921059,
    -0.008492095113566573,
    0.0005075620245260657,
    0.000638810854996745,
    -0.00018718387082136597,
    -4.554157766684389e-05,
    2.8646654551260893e-05,
    4.5963372053090685e-06,
    -4.299405107187889e-06,
    -7.718689443384263e-07,
    6.555028255882806e-07,
    1.4780333250843574e-07,
    -8.933614956509792e-08,
    -1.752878304867488e-08,
    7.679783392161763e-09,
)
"""Half of exp(z^2) erfc(z), z = y / sqrt(2), as a polynomial of (y - 4) / (y + 4) for y from 0 on.

Interpolated in its Chebyshev points: y times the difference, times exp(-y^2 / 2), is below 2e-14.
"""


def _exact_gelu() -> Tree:
    """Return x P(x) without an error function, which evaluators have in float32 alone if at all.

    With Q = 1 - P, the upper tail, it is max(x, 0) - abs(x) Q(abs(x)).
    """
    size = ("Abs", X)
    place = ("Div", ("Sub", size, 4.0), ("Add", size, 4.0))
    tail: Tree = TAIL[-1]
    for coefficient in TAIL[-2::-1]:
        tail = ("Add", ("Mul", tail, place), coefficient)
    density = ("Exp", ("Mul", -0.5, ("Mul", X, X)))
    return ("Sub", ABOVE, ("Mul", size, ("Mul", density, tail)))


def _by_tanh(cube: Tree) -> Tree:
    """Return 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))."""
    inner = ("Add", X, ("Mul", C.cubic, cube))
    return ("Add", 1.0, ("Tanh", ("Mul", C.root_2_over_pi, inner)))


def _products(factor: Tree, *, double: bool = True) -> list[Form]:
    """Return the three orders in which x times a factor is halved."""
    return [
        Form(("Mul", ("Mul", 0.5, X), factor), double=double),
        Form(("Mul", 0.5, ("Mul", X, factor)), None),
        Form(("Mul", X, ("Mul", 0.5, factor)), None),
    ]


def _layer_norm(square: Tree) -> Form:
    return Form(("Div", CENTRED, ("Sqrt", ("Add", ("RowMean", square), EPSILON))))


FORMS: dict[str, list[Form]] = {
    "elu": [
        Form(("Elu", X, {"alpha": ALPHA}), double=False),
        Form(("Add", ABOVE, ("Mul", ALPHA, POWER))),
        Form(("Celu", X, {"alpha": 1.0}), None),
    ],
    "exponential": [Form(("Exp", X))],
    "gelu": [
        Form(("Gelu", X, {"approximate": "none"}), 20, double=False),
        *_products(HALF_NORMAL, double=False),
        Form(_exact_gelu()),
    ],
    "gelu_by_tanh": [
        Form(("Gelu", X, {"approximate": "tanh"}), 20, double=False),
        *_products(_by_tanh(("Mul", X, ("Mul", X, X)))),
        *_products(_by_tanh(("Pow", X, 3.0))),
    ],
    "hard_sigmoid": [Form(("HardSigmoid", X, SIXTH), double=False), Form(HARD_SIGMOID)],
    "hard_swish": [
        Form(("HardSwish", X), 14, double=False),
        Form(("Mul", X, ("HardSigmoid", X, SIXTH)), double=False),
        Form(("Mul", X, HARD_SIGMOID)),
        Form(("Div", ("Mul", X, HARD_SIGMOID[1]), 6.0), None),
    ],
    "leaky_relu": [
        Form(("LeakyRelu", X, {"alpha": SLOPE}), double=False),
        Form(("Add", ABOVE, ("Mul", SLOPE, BELOW))),
    ],
    "log_softmax": [Form(("LogSoftmax", X)), Form(("Log", ("Softmax", X)), None)],
    "mish": [
        Form(("Mish", X), 18, double=False),
        Form(("Mul", X, ("Tanh", ("Softplus", X))), double=False),
        Form(("Mul", X, ("Tanh", SOFTPLUS))),
    ],
    "relu": [Form(("Relu", X)), Form(ABOVE, None)],
    "selu": [
        Form(("Selu", X, {"alpha": C.selu_alpha, "gamma": C.selu_scale}), double=False),
        Form(("Mul", C.selu_scale, ("Add", ABOVE, ("Mul", C.selu_alpha, POWER)))),
    ],
    "sigmoid": [Form(SIGMOID)],
    "silu": [Form(("Swish", X, {"alpha": 1.0}), 24, double=False), Form(("Mul", X, SIGMOID))],
    "softmax": [Form(("Softmax", X)), Form(("Exp", ("LogSoftmax", X)), None)],
    "softplus": [
        Form(("Softplus", X), double=False),
        Form(SOFTPLUS),
        Form(("Where", ("Greater", X, 20.0), X, ("Softplus", X)), None),  # as PyTorch says it
        Form(("Where", ("Greater", STEEP, 20.0), X, ("Div", ("Softplus", STEEP), BETA)), None),
    ],
    "softsign": [
        Form(("Softsign", X), double=False),
        Form(("Div", X, ("Add", 1.0, ("Abs", X)))),
    ],
    "step": [
        Form(("Where", ("Greater", X, 0.0), 1.0, 0.0)),
        Form(("Cast", ("Greater", X, 0.0)), None),
    ],
    "tanh": [Form(("Tanh", X))],
    # No activation, but said in the same two ways.
    "layer_norm": [
        _layer_norm(("Mul", CENTRED, CENTRED)),
        _layer_norm(("Pow", CENTRED, 2.0)),
    ],
}
"""By the name of each activation without learned parameters, as `source` calls them."""
