"""LeCun, Bottou, Bengio and Haffner 1998: 784-300-10 on MNIST, 4.7 %

"Gradient-based learning applied to document recognition", Proceedings of the IEEE 86. The
figure without distorted copies of the digits, 20 passes over the 60,000, squared error.
"""

from functools import partial

from _common import Published, reproduce
from _lecun import train

if __name__ == "__main__":
    architecture = "784-300-10"
    reproduce(
        Published(
            f"LeCun et al. 1998: {architecture}, tanh, squared error",
            4.70,
            partial(train, architecture),
            epochs=20,
            quick_epochs=15,
        ),
        __doc__,
    )
