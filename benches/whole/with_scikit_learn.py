"""MNIST with scikit-learn, from import to accuracy: `with_scikit_learn.py DATA EPOCHS BATCH`."""

import sys

import numpy as np
from sklearn.neural_network import MLPClassifier

path, epochs, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = np.load(path)
x, x_test = (data[name].astype(np.float32) / 255 for name in ("x", "x_test"))

net = MLPClassifier((256, 128), alpha=0, batch_size=batch, max_iter=epochs, random_state=0)
net.fit(x, data["y"])
print(net.score(x_test, data["y_test"]))
