"""What a Boltzmann machine finds in digits, used by a linear classifier: beside scikit-learn's.

The setting is that of scikit-learn's "Restricted Boltzmann Machine features for digit
classification": each image also moved by a pixel to all four sides, 100 hidden units, 10 epochs,
and a logistic regression on what they say. Without scikit-learn, ours is measured alone.
"""

import time

import numpy as np

import nnfast as nn

OPTIONS = {"learning_rate": 0.06, "n_iter": 10}


def nudged(X, y):
    """The images, and each of them moved by a pixel up, down, left and right."""
    padded = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    places = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    moved = [padded[:, row : row + 8, column : column + 8] for row, column in places]
    return np.concatenate(moved).reshape(-1, 64).astype(np.float32), np.tile(y, 5)


def classified(features, y, test_features, y_test):
    """The accuracy on the test rows of a softmax layer on features."""
    net = nn.FeedForward(f"{features.shape[1]}-10", output="softmax", seed=0)
    net.compile(optimizer=nn.Adam(0.02))
    net.fit(features, y, epochs=30, batch_size=64, verbose=0)
    return net.evaluate(test_features, y_test)["accuracy"]


def machines():
    ours = nn.unsupervised.BernoulliRBM(100, seed=0, **OPTIONS)
    yield "nnfast", ours, lambda X, draw: ours.score_samples(X, seed=draw)
    try:
        from sklearn.neural_network import BernoulliRBM
    except ImportError:
        return
    theirs = BernoulliRBM(100, random_state=np.random.RandomState(0), **OPTIONS)
    yield "scikit-learn", theirs, lambda X, draw: theirs.score_samples(X)


(X, y), (X_test, y_test) = nn.datasets.split(
    *nudged(*nn.datasets.digits()), test_fraction=0.2, seed=0
)
raw = classified(X, y, X_test, y_test)
print(f"{'pixels alone':14} accuracy {raw:.3f}")
found = {}
for name, machine, score in machines():
    start = time.perf_counter()
    machine.fit(X)
    seconds = time.perf_counter() - start
    likelihood = np.mean([score(X_test, draw).mean() for draw in range(20)])
    accuracy = classified(machine.transform(X), y, machine.transform(X_test), y_test)
    found[name] = likelihood, accuracy, seconds
    print(
        f"{name:14} accuracy {accuracy:.3f}, pseudo-log-likelihood {likelihood:.2f}, "
        f"{seconds:.2f} s"
    )
likelihood, accuracy, seconds = found["nnfast"]
assert accuracy > raw + 0.04
if len(found) > 1:
    other_likelihood, other_accuracy, other_seconds = found["scikit-learn"]
    print(f"scikit-learn takes {other_seconds / seconds:.1f} times as long")
    assert abs(likelihood - other_likelihood) < 0.8
    assert accuracy > other_accuracy - 0.01
