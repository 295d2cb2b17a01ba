"""scikit-learn's checks of every estimator; two of the perceptron's are expected to fail."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from nnfast.sklearn import (
    Autoencoder,
    BernoulliRBM,
    MLPClassifier,
    MLPRegressor,
    Perceptron,
    SelfOrganizingMap,
)

ESTIMATORS = [
    MLPClassifier(max_iter=100),
    MLPRegressor(max_iter=100),
    BernoulliRBM(n_iter=5),
    Perceptron(max_iter=5),
    Autoencoder((4, 2), max_iter=5),
    SelfOrganizingMap(3, 4),
]


# A row that weighs 2 corrects the perceptron once, by twice as much; the same row twice may correct
# it once or twice, and where it stands matters. So what is learned cannot be the same both as in
# scikit-learn, which has these two checks on its own list, and whatever way rows are weighed.
ORDER_MATTERS = {
    "Perceptron": {
        "check_sample_weight_equivalence_on_dense_data": "rows are learned one by one",
        "check_sample_weight_equivalence_on_sparse_data": "rows are learned one by one",
    }
}


def expected(estimator: Any) -> dict[str, str]:
    return ORDER_MATTERS.get(type(estimator).__name__, {})


# Some checks ask for less than converges.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
# Some let weights be drawn from the system, where units may start dead.
@pytest.mark.filterwarnings("ignore::nnfast.TrainingWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected)
def test_check(estimator: Any, check: Any) -> None:
    check(estimator)
