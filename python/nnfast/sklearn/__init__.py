"""scikit-learn's neural networks, computed by nnfast: change the import, keep the program.

`MLPClassifier`, `MLPRegressor`, `Perceptron` and `BernoulliRBM` have the parameters, the defaults,
the fitted attributes, the warnings and the errors of scikit-learn 1.9, start from the same weights
and take the rows in the same order, so that they learn the same. What they can do beyond is in
parameters by keyword that come last. `Autoencoder` and `SelfOrganizingMap` are transformers.

Importing this module is what imports scikit-learn: ``pip install 'nnfast[sklearn]'``.

>>> from nnfast.sklearn import MLPClassifier
>>> MLPClassifier((32,), max_iter=50)
MLPClassifier(hidden_layer_sizes=(32,), max_iter=50)
"""

from __future__ import annotations

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "nnfast.sklearn wants scikit-learn 1.7 or newer: pip install 'nnfast[sklearn]'"
    ) from error

from nnfast.sklearn._autoencoder import Autoencoder
from nnfast.sklearn._boltzmann import BernoulliRBM
from nnfast.sklearn._classifier import MLPClassifier
from nnfast.sklearn._maps import SelfOrganizingMap
from nnfast.sklearn._perceptron import Perceptron
from nnfast.sklearn._regressor import MLPRegressor

__all__ = [
    "Autoencoder",
    "BernoulliRBM",
    "MLPClassifier",
    "MLPRegressor",
    "Perceptron",
    "SelfOrganizingMap",
]
