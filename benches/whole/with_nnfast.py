"""MNIST with nnfast, from import to accuracy: `with_nnfast.py DATA EPOCHS BATCH`."""

import sys

import numpy as np

import nnfast as nn

path, epochs, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = np.load(path)

dense = [nn.Dense(256, "relu"), nn.Dense(128, "relu"), nn.Dense(10, "softmax")]
net = nn.FeedForward([nn.Input(784, scale=1 / 255), *dense], seed=0).compile(nn.Adam(1e-3))
net.fit(data["x"], data["y"], epochs=epochs, batch_size=batch, verbose=0)
print(net.evaluate(data["x_test"], data["y_test"])["accuracy"])
