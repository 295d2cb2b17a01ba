"""A single threshold learns AND and OR from its mistakes, and cannot learn XOR."""

import warnings

import numpy as np

import nnfast as nn

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

for name, y in {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}.items():
    unit = nn.Perceptron(epochs=50)
    with warnings.catch_warnings():  # for XOR it warns that it has not converged
        warnings.simplefilter("ignore", nn.ConvergenceWarning)
        unit.fit(X, y)

    first, second = unit.weights_[:, 0]
    print(f"{name}: wanted {y}, answered {unit.predict(X).tolist()}")
    print(f"  says 1 where {first:+g} x1 {second:+g} x2 {unit.bias_[0]:+g} > 0")
    shown = ", ".join(map(str, unit.mistakes_[:8])) + (", ..." if len(unit.mistakes_) > 8 else "")
    print(f"  mistakes in each epoch: {shown}")
    print(f"  {'converged' if unit.converged_ else 'not converged'} after {unit.epochs_} epochs")

    separable = name != "XOR"
    assert unit.converged_ == separable
    assert (unit.score(X, y) == 1.0) == separable
