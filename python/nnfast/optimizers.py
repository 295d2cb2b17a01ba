"""Optimizers: how the weights follow the gradient.

The conventions are Keras'. Where PyTorch or scikit-learn take another default, the class says so.
A learning rate is a number, or one of `nnfast.schedules`, asked for the rate of every step. In the
formulas w is a parameter, g its gradient and t = 1, 2, ... the step.

>>> import nnfast as nn
>>> nn.Adam(0.01)
Adam(learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-07)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from nnfast._frozen import checked, flag, optional_real, real, whole
from nnfast._registry import Registry, Spec
from nnfast.schedules import Schedule, learning_rate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from dataclasses import KW_ONLY

    from nnfast.layers import Layer
    from nnfast.losses import Loss

registry: Registry[Optimizer] = Registry("optimizer")

CLIPS = ("clip_value", "clip_norm", "global_clip_norm")

Self = TypeVar("Self", bound="Optimizer")


class Optimizer(Spec):
    """How the weights follow the gradient; the base class of all optimizers.

    These parameters, by name, every optimizer has beside its own. In this order a step adds up
    gradients, clips, decays, follows its own rule, and averages.

    Parameters
    ----------
    weight_decay : float, default 0.0
        w -= learning_rate weight_decay w before the optimizer's rule, of all weights and biases:
        decoupled, so that it is no part of the loss. At least 0; `AdamW` takes 0.004. In PyTorch
        only AdamW's is this; its other optimizers' is ``L2(weight_decay / 2)``.
    clip_value : float, optional
        Every value of the gradient is brought into [-clip_value, clip_value].
    clip_norm : float, optional
        The gradient of each array (kernel, bias, ...) that is longer is shortened to this length.
    global_clip_norm : float, optional
        The same of the gradient of all arrays together. Only one of the three can be given; Keras
        calls them clipvalue, clipnorm and global_clipnorm.
    ema_momentum : float, optional
        In [0, 1). Beside the weights their running mean is kept, m = ema_momentum m +
        (1 - ema_momentum) w after each update, starting from the first one's weights: see
        `FeedForward.averaged_weights`. Keras' use_ema takes 0.99. Here it is of the weights after
        their constraints, and moves with updates, not with every accumulated batch.
    accumulation_steps : int, default 1
        Over how many batches gradients are averaged before an update. What is left at the end of
        an epoch stays for the next. Keras calls it gradient_accumulation_steps.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019; Pascanu, Mikolov and
    Bengio, "On the difficulty of training recurrent neural networks", ICML 2013; Polyak and
    Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.SGD(0.1, momentum=0.9, clip_norm=1.0)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=False, clip_norm=1.0)
    """

    registry: ClassVar[Registry[Any]] = registry
    full_batch: ClassVar[bool] = False
    """Whether every step is one from all rows."""

    def check(self, layers: Sequence[Layer], loss: Loss, parameters: int) -> None:
        """Refuse a network, of so many parameters, or a loss that it cannot learn by."""

    def with_learning_rate(self: Self, rate: object, argument: str) -> Self:
        """Return the same optimizer with another learning rate, after every check of it."""
        if self.full_batch:
            raise ValueError(
                f"{argument} is {rate!r}, but {type(self).__name__} finds the length of each step "
                "by itself; wanted is an optimizer of the first order"
            )
        return self.replace(learning_rate=learning_rate(rate, argument))

    _shared: ClassVar[dict[str, Any]] = {
        "weight_decay": real(default=0.0, minimum=0.0),
        "clip_value": optional_real(above=0.0),
        "clip_norm": optional_real(above=0.0),
        "global_clip_norm": optional_real(above=0.0),
        "ema_momentum": optional_real(minimum=0.0, below=1.0),
        "accumulation_steps": whole(default=1, below=2**32),
    }

    if TYPE_CHECKING:
        _: KW_ONLY
        weight_decay: float = 0.0
        clip_value: float | None = None
        clip_norm: float | None = None
        global_clip_norm: float | None = None
        ema_momentum: float | None = None
        accumulation_steps: int = 1

    def _without_shared(self, given: dict[str, Any]) -> dict[str, Any]:
        """Set the shared parameters; return the others."""
        for name, parameter in self._shared_ones().items():
            value = given.get(name, parameter.default)
            described = f"{name} of {type(self).__name__}"
            self._set(name, parameter.check(value, described, **parameter.bounds))
        clips = [name for name in CLIPS if getattr(self, name) is not None]
        if len(clips) > 1:
            raise ValueError(
                f"{' and '.join(clips)} of {type(self).__name__} are given; wanted is one of them"
            )
        return {name: value for name, value in given.items() if name not in self._shared_ones()}

    def _shared_ones(self) -> dict[str, Any]:
        """Return the shared parameters that are not the optimizer's own, as weight decay may be."""
        return {n: one for n, one in self._shared.items() if n not in self._parameters}

    def _changed(self) -> dict[str, Any]:
        """Return the shared parameters that are not as usual."""
        shared = self._shared_ones().items()
        return {n: getattr(self, n) for n, one in shared if getattr(self, n) != one.default}

    def rule(self) -> dict[str, Any]:
        """Return the name and the optimizer's own parameters as a plain dict."""
        return super().config()

    def update(self) -> dict[str, Any]:
        """Return the shared parameters as a plain dict."""
        shared = self._shared_ones()
        return {name: getattr(self, name) for name in shared}

    def config(self) -> dict[str, Any]:
        """Return the name and all parameters but the usual shared ones as a plain dict."""
        return {**self.rule(), **self._changed()}

    def replace(self: Self, **changes: Any) -> Self:
        """Return the same with some parameters changed."""
        return type(self)(**{**self.values(), **self._changed(), **changes})

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        return same if same is NotImplemented else same and self.update() == other.update()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((super().__hash__(), *self.update().values()))

    def __repr__(self) -> str:
        changed = "".join(f", {name}={value!r}" for name, value in self._changed().items())
        return f"{super().__repr__()[:-1]}{changed})"


class SGD(Optimizer):
    """Stochastic gradient descent: w -= learning_rate g, with momentum if wanted.

    With momentum: v = momentum v - learning_rate g; w += v, or, with Nesterov's look-ahead,
    w += momentum v - learning_rate g.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.01
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
    learning_rate: float | Schedule = checked(learning_rate, default=0.01)
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
    learning_rate : float or Schedule, default 0.001
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
    learning_rate: float | Schedule = checked(learning_rate, default=0.001)
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
    learning_rate : float or Schedule, default 0.001
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
    learning_rate: float | Schedule = checked(learning_rate, default=0.001)
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


class Nadam(Optimizer):
    """Adam with Nesterov's momentum: the step looks ahead to the next first moment.

    m and v are Adam's. With u_t = beta_1 (1 - 0.96^(momentum_decay t) / 2) and p_t their product up
    to t: w -= learning_rate m' / (sqrt(v / (1 - beta_2^t)) + epsilon), where
    m' = u_(t+1) m / (1 - p_(t+1)) + (1 - u_t) g / (1 - p_t).

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        At least 0. PyTorch takes 0.002.
    beta_1, beta_2 : float, default 0.9 and 0.999
        In [0, 1).
    epsilon : float, default 1e-7
        Above 0. PyTorch takes 1e-8.
    momentum_decay : float, default 1.0
        How soon u_t comes to beta_1; at least 0. Keras' is 1, and has no name; PyTorch takes 0.004.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop, algorithm 8.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Nadam().momentum_decay
    1.0
    """

    name = "nadam"
    learning_rate: float | Schedule = checked(learning_rate, default=0.001)
    _: KW_ONLY
    beta_1: float = real(default=0.9, minimum=0.0, below=1.0)
    beta_2: float = real(default=0.999, minimum=0.0, below=1.0)
    epsilon: float = real(default=1e-7, above=0.0)
    momentum_decay: float = real(default=1.0, minimum=0.0)


class Adamax(Optimizer):
    """Adam with the largest gradient in the place of the root of the second moment.

    m += (1 - beta_1) (g - m); u = max(beta_2 u, abs(g));
    w -= learning_rate / (1 - beta_1^t) m / (u + epsilon).
    PyTorch adds epsilon to abs(g) within the maximum instead.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        At least 0. PyTorch takes 0.002.
    beta_1, beta_2 : float, default 0.9 and 0.999
        In [0, 1).
    epsilon : float, default 1e-7
        Above 0. PyTorch takes 1e-8.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, section 7.1.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Adamax(0.002)
    Adamax(learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-07)
    """

    name = "adamax"
    learning_rate: float | Schedule = checked(learning_rate, default=0.001)
    _: KW_ONLY
    beta_1: float = real(default=0.9, minimum=0.0, below=1.0)
    beta_2: float = real(default=0.999, minimum=0.0, below=1.0)
    epsilon: float = real(default=1e-7, above=0.0)


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of all their squares: steps that grow ever shorter.

    a += g^2; w -= learning_rate g / sqrt(a + epsilon), where a starts from
    initial_accumulator_value.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        At least 0. PyTorch and the paper take 0.01.
    initial_accumulator_value : float, default 0.1
        At least 0. PyTorch takes 0.
    epsilon : float, default 1e-7
        Above 0, inside the root as in Keras; PyTorch adds 1e-10 outside it.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12, 2011.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Adagrad(0.01).initial_accumulator_value
    0.1
    """

    name = "adagrad"
    learning_rate: float | Schedule = checked(learning_rate, default=0.001)
    _: KW_ONLY
    initial_accumulator_value: float = real(default=0.1, minimum=0.0)
    epsilon: float = real(default=1e-7, above=0.0)


class Adadelta(Optimizer):
    """Steps as large, in the root of the mean square, as those before them.

    v = rho v + (1 - rho) g^2; d = sqrt(u + epsilon) g / sqrt(v + epsilon);
    u = rho u + (1 - rho) d^2; w -= learning_rate d.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        At least 0. Keras' default, with which little is learned; the paper has none and PyTorch
        takes 1.0.
    rho : float, default 0.95
        In [0, 1). PyTorch takes 0.9.
    epsilon : float, default 1e-7
        Above 0: the first steps are about its root. PyTorch takes 1e-6.

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701, algorithm 1.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Adadelta(1.0)
    Adadelta(learning_rate=1.0, rho=0.95, epsilon=1e-07)
    """

    name = "adadelta"
    learning_rate: float | Schedule = checked(learning_rate, default=0.001)
    _: KW_ONLY
    rho: float = real(default=0.95, minimum=0.0, below=1.0)
    epsilon: float = real(default=1e-7, above=0.0)


class Lion(Optimizer):
    """The sign of the momentum: every weight moves by the learning rate, one way or the other.

    w -= learning_rate sign(beta_1 m + (1 - beta_1) g), then m = beta_2 m + (1 - beta_2) g.

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        At least 0. The paper advises a third to a tenth of Adam's.
    beta_1, beta_2 : float, default 0.9 and 0.99
        In [0, 1): the momentum's share in the step, and what the momentum keeps.

    References
    ----------
    Chen et al., "Symbolic discovery of optimization algorithms", arXiv:2302.06675, algorithm 2.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.Lion(3e-4)
    Lion(learning_rate=0.0003, beta_1=0.9, beta_2=0.99)
    """

    name = "lion"
    learning_rate: float | Schedule = checked(learning_rate, default=0.001)
    _: KW_ONLY
    beta_1: float = real(default=0.9, minimum=0.0, below=1.0)
    beta_2: float = real(default=0.99, minimum=0.0, below=1.0)


class Rprop(Optimizer):
    """Resilient backpropagation: a step size for each weight, by the gradient's sign alone.

    A step size starts from the learning rate. While the gradient keeps its sign the step size is
    multiplied by eta_plus; where the sign has turned it is multiplied by eta_minus, and the weight
    stays for this step: iRprop-, which is PyTorch's Rprop. For full batches
    (``fit(batch_size=len(X))``): from batch to batch signs turn by chance.

    Parameters
    ----------
    learning_rate : float, default 0.01
        The first step size, at least 0. No schedule: step sizes find their own way.
    eta_minus : float, default 0.5
        In (0, 1).
    eta_plus : float, default 1.2
        Above 1.
    minimum_step, maximum_step : float, default 1e-6 and 50
        Between which step sizes stay.

    References
    ----------
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm", ICNN 1993; Igel and Huesken, "Empirical evaluation of the improved Rprop learning
    algorithms", Neurocomputing 50, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> import nnfast as nn
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> net = nn.FeedForward("1-8-1", hidden="tanh", seed=0).compile(nn.Rprop())
    >>> net.fit(X, np.sin(3 * X), epochs=200, batch_size=50).history["loss"][-1] < 0.01
    True
    """

    name = "rprop"
    learning_rate: float = real(default=0.01, minimum=0.0)
    _: KW_ONLY
    eta_minus: float = real(default=0.5, above=0.0, below=1.0)
    eta_plus: float = real(default=1.2, above=1.0)
    minimum_step: float = real(default=1e-6, above=0.0)
    maximum_step: float = real(default=50.0, above=0.0)

    def _check(self) -> None:
        if self.minimum_step > self.maximum_step:
            raise ValueError(
                f"minimum_step of Rprop is {self.minimum_step} and maximum_step is "
                f"{self.maximum_step}; wanted is a minimum that is not above the maximum"
            )

    def with_learning_rate(self: Self, rate: object, argument: str) -> Self:
        """Refuse, since the step sizes have long gone their own way."""
        raise ValueError(
            f"{argument} is {rate!r}, but the learning rate of Rprop is only the size of its first "
            "step; wanted is another optimizer, or compile with Rprop anew"
        )
