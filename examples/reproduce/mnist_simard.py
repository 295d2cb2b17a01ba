"""Simard, Steinkraus and Platt 2003: 784-800-10 on MNIST with the cross-entropy, 1.6 %.

"Best practices for convolutional neural networks", the row without distorted digits.
Gradient descent with a learning rate that falls, as in the paper; momentum 0.9 and batches of 64
where it took single rows. The first rate, 0.1, made the fewest errors of 0.03, 0.06 and 0.1 on the
last 10,000 training images, with 12,000 others to learn from.
"""

from typing import Any

from _common import Published, reproduce

import nnfast as nn


def train(seed: int, X: Any, y: Any, epochs: int) -> nn.FeedForward:
    net = nn.FeedForward("784-800-10", hidden="tanh", output="softmax", seed=seed)
    slow = epochs // 5
    for rate, part in ((0.1, epochs - 2 * slow), (0.03, slow), (0.01, slow)):
        net.compile(nn.SGD(rate, momentum=0.9), "cross_entropy")
        net.fit(X, y, epochs=part, batch_size=64)
    return net


if __name__ == "__main__":
    title = "Simard et al. 2003: 784-800-10, tanh, cross-entropy"
    reproduce(Published(title, 1.60, train, epochs=25, quick_epochs=10), __doc__)
