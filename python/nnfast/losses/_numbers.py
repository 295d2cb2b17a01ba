"""Losses of numbers, each output by itself: of a row, the mean over its outputs, as in Keras."""

from __future__ import annotations

from typing import ClassVar

from nnfast._frozen import real
from nnfast.activations import Activation
from nnfast.losses._base import Loss, value_range


class MeanSquaredError(Loss):
    """The squared error: for each row, the mean over the outputs of (a - t)^2.

    Its derivative by an output a is 2 (a - t) / outputs. As in Keras and PyTorch; scikit-learn
    halves it. Fits any output activation.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.MeanSquaredError()
    MeanSquaredError()
    """

    name = "mean_squared_error"
    aliases = ("mse",)
    targets = "values"


class MeanAbsoluteError(Loss):
    """The absolute error: for each row, the mean over the outputs of abs(a - t).

    Its derivative by an output a is sign(a - t) / outputs, 0 where a = t. Fits any output
    activation.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.losses.registry.get("mae")
    MeanAbsoluteError()
    """

    name = "mean_absolute_error"
    aliases = ("mae",)
    targets = "values"


class Huber(Loss):
    """Squared near the target, absolute far from it: a row that is far off pulls no harder.

    For each row, the mean over the outputs, with e = a - t, of e^2 / 2 where abs(e) <= delta, else
    of delta (abs(e) - delta / 2). Its derivative by an output is e cut off at +-delta, divided by
    the outputs. As Keras' Huber and PyTorch's HuberLoss; PyTorch's SmoothL1Loss is this divided by
    delta (which it calls beta). Fits any output activation.

    Parameters
    ----------
    delta : float, default 1.0
        The error, in the units of y, from which on it is counted as it is and not squared.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1", initializer="zeros").compile(loss=nn.Huber(delta=2.0))
    >>> net.evaluate([[1.0], [1.0]], [1.0, 10.0])  # 1/2 and 2 (10 - 1)
    {'loss': 9.25}
    """

    name = "huber"
    aliases = ("huber_loss",)
    targets = "values"
    delta: float = real(default=1.0, above=0.0)


class LogCosh(Loss):
    """log(cosh(a - t)), the mean over the outputs of a row: a Huber loss without a kink.

    Nearly e^2 / 2 for a small error e = a - t, and abs(e) - log(2) for a large one. Computed as
    abs(e) + log(1 + exp(-2 abs(e))) - log(2), where nothing overflows. Its derivative by an output
    is tanh(e) / outputs. As in Keras. Fits any output activation.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1", initializer="zeros").compile(loss="log_cosh")
    >>> round(net.evaluate([[1.0]], [1e4])["loss"], 2)
    9999.31
    """

    name = "log_cosh"
    aliases: ClassVar[tuple[str, ...]] = ("logcosh",)
    targets = "values"


class MeanAbsolutePercentageError(Loss):
    """The absolute error in percent of the target: 100 times the mean of abs(a - t) / abs(t).

    Where abs(t) is below 1e-7, 1e-7 stands for it, as in Keras: a target of zero then outweighs
    all others, and another loss suits such data. (scikit-learn's metric of this name has no factor
    of 100.) Fits any output activation.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1", initializer="zeros").compile(loss="mape")
    >>> net.evaluate([[1.0]], [5.0])
    {'loss': 100.0}
    """

    name = "mean_absolute_percentage_error"
    aliases = ("mape",)
    targets = "values"


class MeanSquaredLogarithmicError(Loss):
    """The squared distance of logarithms: the mean of (log(1 + a) - log(1 + t))^2.

    For targets that range over orders of magnitude, none negative. As in Keras, an output below
    1e-7 counts as 1e-7, and its derivative there is 0: an output activation such as softplus keeps
    it above. Fits any output activation.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1", initializer="zeros").compile(loss="msle")
    >>> round(net.evaluate([[1.0]], [9.0])["loss"], 4)  # log(10)^2
    5.3019
    """

    name = "mean_squared_logarithmic_error"
    aliases = ("msle",)
    targets = "nonnegative"


class Poisson(Loss):
    """For counts: a - t log a, the mean over the outputs of a row.

    How unlikely a count t is of a Poisson distribution with the mean a, less the constant log t!.
    Computed as a - t log(a + epsilon). (PyTorch's PoissonNLLLoss takes the logarithm of
    the mean unless it is told log_input=False, which is this loss.) Targets are numbers from 0 on,
    also such as rates, which are no whole numbers; the output activation must have positive values
    alone, as exponential, softplus and sigmoid do.

    Parameters
    ----------
    epsilon : float, default 1e-7
        What keeps the logarithm finite where a rounds to 0: Keras' 1e-7, PyTorch's 1e-8,
        scikit-learn's 0.

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("1-1", output="exponential", initializer="zeros")
    >>> round(net.compile(loss="poisson").evaluate([[1.0]], [5.0])["loss"], 4)  # 1 - 5 log(1)
    1.0
    """

    name = "poisson"
    aliases = ("poisson_loss",)
    targets = "nonnegative"
    epsilon: float = real(default=1e-7, minimum=0.0)

    def check_output(self, output: Activation) -> None:
        """Refuse an output activation that has values of zero or less."""
        if value_range(output)[0] <= 0.0:
            raise ValueError(
                f"loss {self.name} does not fit the output activation {output.name}, which gives "
                "means of zero or less; wanted is one that does not: exponential or softplus"
            )
