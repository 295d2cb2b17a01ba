"""Optimizers: how the weights follow the gradient.

The conventions are Keras'. Where PyTorch or scikit-learn take another default, the class says so.
In the formulas w is a parameter, g its gradient and t = 1, 2, ... the step.

>>> import nnfast as nn
>>> nn.Adam(0.01)
Adam(learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-07)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nnfast._frozen import flag, real
from nnfast._registry import Registry, Spec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from dataclasses import KW_ONLY

    from nnfast.layers import Layer
    from nnfast.losses import Loss

registry: Registry[Optimizer] = Registry("optimizer")


class Optimizer(Spec):
    """How the weights follow the gradient; the base class of all optimizers."""

    registry: ClassVar[Registry[Any]] = registry
    full_batch: ClassVar[bool] = False
    """Whether every step is one from all rows."""

    def check(self, layers: Sequence[Layer], loss: Loss, parameters: int) -> None:
        """Refuse a network, of so many parameters, or a loss that it cannot learn by."""


class SGD(Optimizer):
    """Stochastic gradient descent: w -= learning_rate g, with momentum if wanted.

    With momentum: v = momentum v - learning_rate g; w += v, or, with Nesterov's look-ahead,
    w += momentum v - learning_rate g.

    Parameters
    ----------
    learning_rate : float, default 0.01
        At least 0. Keras' default; PyTorch and scikit-learn take 0.001.
    momentum : float, default 0.0
        In [0, 1). scikit-learn takes 0.9.
    nesterov : bool, default False
        Wants momentum. scikit-learn takes True.

    References
    ----------
    Robbins and Monro, "A stochastic approximation method", 1951; Polyak, "Some methods of speeding
    up the convergence of iteration methods", 1964; Sutskever, Martens, Dahl and Hinton, "On the
    importance of initialization and momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.SGD(0.1, momentum=0.9, nesterov=True)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    """

    name = "sgd"
    learning_rate: float = real(default=0.01, minimum=0.0)
    _: KW_ONLY
    momentum: float = real(default=0.0, minimum=0.0, below=1.0)
    nesterov: bool = flag(default=False)

    def _check(self) -> None:
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("nesterov of SGD is True but momentum is 0.0; wanted is momentum > 0")


class RMSprop(Optimizer):
    """Gradients divided by the root of their running mean square.

    v = rho v + (1 - rho) g^2; w -= learning_rate g / sqrt(v + epsilon). Centered, v less the square
    of the gradients' running mean is taken instead. With momentum, m = momentum m + step; w -= m.

    Parameters
    ----------
    learning_rate : float, default 0.001
        At least 0. PyTorch takes 0.01.
    rho : float, default 0.9
        In [0, 1). PyTorch calls it alpha and takes 0.99.
    momentum : float, default 0.0
        In [0, 1).
    epsilon : float, default 1e-7
        Above 0, inside the root as in Keras; PyTorch adds 1e-8 outside it.
    centered : bool, default False

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: RMSProp", Neural Networks for Machine Learning, 2012.
    Centered: Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.RMSprop(0.01).rho
    0.9
    """

    name = "rmsprop"
    learning_rate: float = real(default=0.001, minimum=0.0)
    _: KW_ONLY
    rho: float = real(default=0.9, minimum=0.0, below=1.0)
    momentum: float = real(default=0.0, minimum=0.0, below=1.0)
    epsilon: float = real(default=1e-7, above=0.0)
    centered: bool = flag(default=False)


class Adam(Optimizer):
    """Adaptive moments: steps of about the learning rate's size, whatever the gradient's scale.

    m += (1 - beta_1) (g - m); v += (1 - beta_2) (g^2 - v);
    w -= learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon).
    This epsilon is the paper's epsilon-hat, as in Keras and scikit-learn; PyTorch's is added after
    the correction of v. The default optimizer.

    Parameters
    ----------
    learning_rate : float, default 0.001
        At least 0.
    beta_1, beta_2 : float, default 0.9 and 0.999
        In [0, 1).
    epsilon : float, default 1e-7
        Above 0. PyTorch and scikit-learn take 1e-8.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, section 2.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Adam() == nn.optimizers.registry.get("adam")
    True
    """

    name = "adam"
    learning_rate: float = real(default=0.001, minimum=0.0)
    _: KW_ONLY
    beta_1: float = real(default=0.9, minimum=0.0, below=1.0)
    beta_2: float = real(default=0.999, minimum=0.0, below=1.0)
    epsilon: float = real(default=1e-7, above=0.0)


class AdamW(Adam):
    """Adam with decoupled weight decay: w -= learning_rate weight_decay w, then Adam's step.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon : float
        As in `Adam`.
    weight_decay : float, default 0.004
        At least 0, applied to all parameters alike. PyTorch takes 0.01.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.AdamW(weight_decay=0.01).weight_decay
    0.01
    """

    name = "adamw"
    _: KW_ONLY
    weight_decay: float = real(default=0.004, minimum=0.0)
