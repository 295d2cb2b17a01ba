"""MNIST with nnfast, from import to accuracy: `with_nnfast.py DATA EPOCHS BATCH`."""

import sys

import numpy as np

import nnfast as nn

path, epochs, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = np.load(path)
x, x_test = (data[name].astype(np.float32) / 255 for name in ("x", "x_test"))

net = nn.FeedForward("784-256-128-10", output="softmax", seed=0).compile(nn.Adam(1e-3))
net.fit(x, data["y"], epochs=epochs, batch_size=batch, verbose=0)
print(net.evaluate(x_test, data["y_test"])["accuracy"])
