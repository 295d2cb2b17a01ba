"""Optimizers that look at all rows before each step: L-BFGS and Levenberg-Marquardt.

For small tables and functions, where they end in tens of steps what those along the gradient need
thousands for. An epoch is one step, from all rows; so `batch_size` and `shuffle` mean nothing, and
a run ends before `epochs` when there is nothing left to gain.

>>> import numpy as np
>>> import nnfast as nn
>>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
>>> net = nn.FeedForward("1-8-1", hidden="tanh", seed=0, dtype="float64").compile(nn.LBFGS())
>>> net.fit(X, np.sin(X), epochs=200).history["loss"][-1] < 1e-4
True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from nnfast._frozen import real, whole
from nnfast.optimizers import Optimizer

if TYPE_CHECKING:
    from dataclasses import KW_ONLY

    from nnfast.layers import Layer
    from nnfast.losses import Loss


class SecondOrder(Optimizer):
    """An optimizer whose every step is one from all rows; the base class of such."""

    full_batch: ClassVar[bool] = True

    def check(self, layers: Sequence[Layer], loss: Loss, parameters: int) -> None:
        """Refuse a network whose loss is another each time that it is looked at."""
        from nnfast import _architecture

        for number, layer, _ in _architecture.walk(layers):
            if not layer.repeatable:
                raise ValueError(
                    f"optimizer {self.name} compares the loss before and after a step, and "
                    f"layers[{number + 1}], {layer!r}, makes it another each time; wanted is a "
                    "network without such layers, or another optimizer"
                )
            if getattr(layer, "kernel_constraint", None) or getattr(layer, "bias_constraint", None):
                raise ValueError(
                    f"optimizer {self.name} looks along a line, and layers[{number + 1}] has a "
                    "constraint, which would bend it; wanted is a network without, or another "
                    "optimizer"
                )
        if self._changed():
            raise ValueError(
                f"{', '.join(self._changed())} of {self.name} is given; wanted is none of what "
                "optimizers share, which belongs to steps from batches"
            )


class LBFGS(SecondOrder):
    """Quasi-Newton steps with limited memory, and a line search by the strong Wolfe conditions.

    The direction is the gradient bent by the curvature that the last `history_size` steps have met.
    Along it the loss falls by 1e-4 of what its slope promises at least, and the slope shrinks to
    0.9 of itself or less. The loss never rises. The same steps as PyTorch's ``LBFGS`` with
    ``line_search_fn="strong_wolfe"``; scikit-learn's ``solver="lbfgs"`` is another implementation
    of the method, by SciPy.

    Parameters
    ----------
    learning_rate : float, default 1.0
        The first step tried along each direction, above 0; 1 is Newton's. Before any curvature is
        known, it is shortened to one of length 1 in sum.
    history_size : int, default 10
        How many steps are remembered, at least 1. SciPy takes 10, PyTorch 100.
    gradient_tolerance : float, default 1e-7
        The run ends when no derivative of the loss by a parameter is larger.
    change_tolerance : float, default 1e-9
        The run ends when a step changes no parameter, or not the loss, by more.
    line_search_steps : int, default 25
        How often a line search may look at all rows beyond its first try.

    References
    ----------
    Nocedal, "Updating quasi-Newton matrices with limited storage", Mathematics of Computation 35,
    1980; Liu and Nocedal, "On the limited memory BFGS method for large scale optimization",
    Mathematical Programming 45, 1989. The line search: Nocedal and Wright, "Numerical
    Optimization", 2006, algorithms 3.5 and 3.6.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.LBFGS(history_size=20).history_size
    20
    """

    name = "lbfgs"
    aliases = ("l_bfgs",)
    learning_rate: float = real(default=1.0, above=0.0)
    _: KW_ONLY
    history_size: int = whole(default=10)
    gradient_tolerance: float = real(default=1e-7, minimum=0.0)
    change_tolerance: float = real(default=1e-9, minimum=0.0)
    line_search_steps: int = whole(default=25)


class LevenbergMarquardt(SecondOrder):
    """Least squares by steps between Gauss and Newton's and the gradient's; MATLAB's ``trainlm``.

    d = (J'J + mu I)^-1 J'e from the errors e of all rows and outputs, and their derivatives J by
    the parameters; w -= d. Where a step does not lower the loss, the damping mu is raised until one
    does; where it does, mu is lowered. The loss never rises.

    For mean_squared_error and small networks: J'J has the square of the number of parameters, of
    which there may be 5,000 at most, and takes as many operations for each row and output.

    Parameters
    ----------
    damping : float, default 1e-3
        What mu is at first, above 0.
    damping_increase, damping_decrease : float, default 10.0 and 0.1
        What mu is multiplied by after a step that does not lower the loss, and one that does.
    largest_damping : float, default 1e10
        The run ends when not even this lowers the loss.
    gradient_tolerance : float, default 1e-7
        The run ends when no derivative of the loss by a parameter is larger.

    References
    ----------
    Levenberg, "A method for the solution of certain non-linear problems in least squares", 1944;
    Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", 1963; Hagan and
    Menhaj, "Training feedforward networks with the Marquardt algorithm", IEEE Transactions on
    Neural Networks 5, 1994.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.linspace(-3, 3, 100).reshape(-1, 1)
    >>> layers = [nn.Input(1), nn.Dense(6, "tanh", bias_initializer="random_normal"), nn.Dense(1)]
    >>> net = nn.FeedForward(layers, seed=0, dtype="float64").compile(nn.LevenbergMarquardt())
    >>> net.fit(X, np.sin(X), epochs=100).history["loss"][-1] < 1e-6
    True
    """

    name = "levenberg_marquardt"
    aliases = ("lm",)
    MOST_PARAMETERS: ClassVar[int] = 5_000
    damping: float = real(default=1e-3, above=0.0)
    _: KW_ONLY
    damping_increase: float = real(default=10.0, above=1.0)
    damping_decrease: float = real(default=0.1, above=0.0, below=1.0)
    largest_damping: float = real(default=1e10, above=0.0)
    gradient_tolerance: float = real(default=1e-7, minimum=0.0)

    def check(self, layers: Sequence[Layer], loss: Loss, parameters: int) -> None:
        """Refuse other losses than the squared error, and large networks."""
        super().check(layers, loss, parameters)
        from nnfast import _architecture

        every = [layer for _, layer, _ in _architecture.walk(layers)]
        for name in ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "mask"):
            if any(getattr(layer, name, None) for layer in every):
                raise ValueError(
                    f"optimizer {self.name} is for least squares alone, and a layer has a {name}; "
                    "wanted is a network without, or lbfgs"
                )
        if loss.name != "mean_squared_error":
            raise ValueError(
                f"optimizer {self.name} is for least squares and loss is {loss.name}; wanted is "
                "mean_squared_error, or another optimizer"
            )
        if parameters > self.MOST_PARAMETERS:
            raise ValueError(
                f"optimizer {self.name} keeps a matrix with a row and a column for each parameter, "
                f"and the network has {parameters:,}; wanted are {self.MOST_PARAMETERS:,} at most, "
                "or lbfgs"
            )
