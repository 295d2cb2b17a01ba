"""Initializers: what the weights are before training.

A layer's default is chosen by its activation: ``he_uniform`` for the rectifiers (relu, leaky_relu,
prelu, elu), ``glorot_uniform`` for all others; biases start from zeros. Keras takes
``glorot_uniform`` for every layer; PyTorch draws weights and biases from +-1 / sqrt(inputs).

Values are drawn in float64 from the network's seed, by their position in the weights alone, and
then rounded to the network's dtype: the same seed gives the same weights on every machine.

>>> import nnfast as nn
>>> nn.initializers.registry.get("he_uniform")
HeUniform()
"""

from __future__ import annotations

from typing import Any, ClassVar

from nnfast._frozen import real
from nnfast._registry import Registry, Spec

registry: Registry[Initializer] = Registry("initializer")


class Initializer(Spec):
    """What the weights are before training; the base class of all initializers."""

    registry: ClassVar[Registry[Any]] = registry


class Zeros(Initializer):
    """Every value 0: the default of biases. As weights, it leaves the nodes of a layer alike.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.FeedForward("2-1", initializer="zeros").get_weights()[0].ravel()
    array([0., 0.], dtype=float32)
    """

    name = "zeros"


class Constant(Initializer):
    """Every value the same.

    Parameters
    ----------
    value : float, default 0.0

    Examples
    --------
    >>> import nnfast as nn
    >>> net = nn.FeedForward("2-1", initializer=nn.initializers.Constant(0.5))
    >>> net.get_weights()[0].ravel()
    array([0.5, 0.5], dtype=float32)
    """

    name = "constant"
    value: float = real(default=0.0)


class GlorotUniform(Initializer):
    """Uniform within +-sqrt(6 / (inputs + outputs)).

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, equation 16.

    Examples
    --------
    >>> import nnfast as nn
    >>> kernel = nn.FeedForward("3-3", initializer="glorot_uniform").get_weights()[0]
    >>> bool(abs(kernel).max() <= 1.0)
    True
    """

    name = "glorot_uniform"
    aliases = ("xavier_uniform",)


class GlorotNormal(Initializer):
    """Normal with the deviation sqrt(2 / (inputs + outputs)), cut at two deviations, as in Keras.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.
    """

    name = "glorot_normal"
    aliases = ("xavier_normal",)


class HeUniform(Initializer):
    """Uniform within +-sqrt(6 / inputs): the default before a rectifier.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, section 2.2.
    """

    name = "he_uniform"
    aliases = ("kaiming_uniform",)


class HeNormal(Initializer):
    """Normal with the deviation sqrt(2 / inputs), cut at two deviations, as in Keras.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, section 2.2.
    """

    name = "he_normal"
    aliases = ("kaiming_normal",)


class LecunUniform(Initializer):
    """Uniform within +-sqrt(3 / inputs).

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", in Neural Networks: Tricks of the Trade,
    1998, section 4.6.
    """

    name = "lecun_uniform"


class LecunNormal(Initializer):
    """Normal with the deviation sqrt(1 / inputs), cut at two deviations, as in Keras.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", in Neural Networks: Tricks of the Trade,
    1998, section 4.6.
    """

    name = "lecun_normal"


class RandomUniform(Initializer):
    """Uniform within [low, high).

    Parameters
    ----------
    low, high : float, default -0.05 and 0.05
        Keras calls them minval and maxval.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.initializers.RandomUniform(-1, 1)
    RandomUniform(low=-1.0, high=1.0)
    """

    name = "random_uniform"
    low: float = real(default=-0.05)
    high: float = real(default=0.05)

    def _check(self) -> None:
        if self.low > self.high:
            raise ValueError(
                f"low of RandomUniform is {self.low} and high is {self.high}; wanted is low <= high"
            )


class RandomNormal(Initializer):
    """Normal with a given mean and deviation, not cut.

    Parameters
    ----------
    mean : float, default 0.0
    stddev : float, default 0.05
        The standard deviation, at least 0.

    Examples
    --------
    >>> import nnfast as nn
    >>> nn.initializers.RandomNormal(stddev=0.01)
    RandomNormal(mean=0.0, stddev=0.01)
    """

    name = "random_normal"
    mean: float = real(default=0.0)
    stddev: float = real(default=0.05, minimum=0.0)
