"""MLPClassifier and MLPRegressor learn what scikit-learn's learn: the same weights and curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.datasets import load_digits, make_multilabel_classification, make_regression

import nnfast.sklearn as ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

random = np.random.RandomState(0)
DIGITS, LABELS = (array[:330] for array in load_digits(return_X_y=True))
DIGITS = DIGITS / 16
WEIGHTS = random.rand(330)
ROWS, NUMBERS = make_regression(210, 8, n_targets=3, random_state=0, noise=1)
NUMBERS = NUMBERS / 50
COUNTS = random.poisson(np.exp(ROWS[:, :2] / 3)).astype(float)
SEVERAL = make_multilabel_classification(200, random_state=0)

# What is learned, and how much it is weighted; 330 and 210 rows leave a smaller last batch.
CASES: dict[str, tuple[str, Any, Any, Any]] = {
    "classes": ("MLPClassifier", DIGITS, LABELS, None),
    "weighted classes": ("MLPClassifier", DIGITS, LABELS, WEIGHTS),
    "sparse rows": ("MLPClassifier", sparse.csr_array(DIGITS), LABELS, WEIGHTS),
    "two classes": ("MLPClassifier", DIGITS, LABELS % 2, None),
    "several labels": ("MLPClassifier", SEVERAL[0] / 10, SEVERAL[1], None),
    "numbers": ("MLPRegressor", ROWS, NUMBERS[:, 0], None),
    "weighted numbers": ("MLPRegressor", ROWS, NUMBERS[:, 0], WEIGHTS[:210]),
    "several numbers": ("MLPRegressor", ROWS, NUMBERS, None),
    "several weighted numbers": ("MLPRegressor", ROWS, NUMBERS, WEIGHTS[:210]),
    "counts": ("MLPRegressor", ROWS / 3, COUNTS[:, 0], None),
    "several weighted counts": ("MLPRegressor", ROWS / 3, COUNTS, WEIGHTS[:210]),
}
TOLERANCES = {"sgd": 1e-12, "adam": 1e-12, "lbfgs": 1e-9}


def both(kind: str, x: Any, y: Any, weights: Any = None, **options: Any) -> tuple[Any, Any]:
    options = {"max_iter": 15, "random_state": 3, **options}
    return tuple(
        getattr(library, kind)(**options).fit(x, y, sample_weight=weights)
        for library in (theirs, ours)
    )


def assert_same(wanted: Any, found: Any, tolerance: float) -> None:
    for mine, other in zip(found.coefs_, wanted.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, atol=tolerance)
    for mine, other in zip(found.intercepts_, wanted.intercepts_, strict=True):
        np.testing.assert_allclose(mine, other, atol=tolerance)
    for name in ("loss_curve_", "validation_scores_", "loss_", "best_loss_"):
        if getattr(wanted, name, None) is not None:
            np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=tolerance)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(found, name) == getattr(wanted, name), name


@pytest.mark.parametrize("solver", TOLERANCES)
@pytest.mark.parametrize("case", CASES)
def test_case(case: str, solver: str) -> None:
    kind, x, y, weights = CASES[case]
    options = {"loss": "poisson"} if "counts" in case else {}
    wanted, found = both(kind, x, y, weights, solver=solver, **options)
    assert_same(wanted, found, TOLERANCES[solver])
    np.testing.assert_allclose(found.predict(x), wanted.predict(x), rtol=1e-8)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("solver", TOLERANCES)
def test_activation(activation: str, solver: str) -> None:
    options = {"activation": activation, "hidden_layer_sizes": (20, 10), "alpha": 0.1}
    wanted, found = both("MLPClassifier", DIGITS, LABELS, solver=solver, **options)
    assert_same(wanted, found, TOLERANCES[solver])


@pytest.mark.parametrize(
    "options",
    [
        {"shuffle": False, "batch_size": 330},
        {"solver": "sgd", "shuffle": False, "batch_size": 330},
        {"batch_size": 1000},
        {"alpha": 0.0},
        {"hidden_layer_sizes": ()},
        {"solver": "sgd", "momentum": 0.0},
        {"solver": "sgd", "momentum": 1.0, "learning_rate_init": 1e-4},
        {"solver": "sgd", "nesterovs_momentum": False},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1},
        {
            **{"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1},
            **{"max_iter": 60, "n_iter_no_change": 2, "tol": 1e-2},
        },
        {"early_stopping": True, "max_iter": 60, "n_iter_no_change": 3, "learning_rate_init": 0.01},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Got `batch_size` less than 1")
def test_option(options: dict[str, Any]) -> None:
    assert_same(*both("MLPClassifier", DIGITS, LABELS, **options), 1e-12)


@pytest.mark.parametrize("y", [LABELS, LABELS % 2], ids=["ten", "two"])
def test_early_stopping_with_weights(y: Any) -> None:
    options = {"early_stopping": True, "max_iter": 40, "n_iter_no_change": 3, "tol": 1e-2}
    assert_same(*both("MLPClassifier", DIGITS, y, WEIGHTS, **options), 1e-12)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit(solver: str) -> None:
    pair = []
    for library in (theirs, ours):
        model = library.MLPClassifier(solver=solver, random_state=1, learning_rate="invscaling")
        for part in range(6):
            rows = slice(50 * part, 50 * part + 50)
            if part == 3:
                model.set_params(alpha=1.0, learning_rate_init=1.0)  # the latter comes too late
            model.partial_fit(DIGITS[rows], LABELS[rows], classes=np.arange(10))
        pair.append(model)
    assert_same(*pair, 1e-12)


@pytest.mark.parametrize("solver", TOLERANCES)
def test_warm_start(solver: str) -> None:
    pair = []
    for library in (theirs, ours):
        model = library.MLPRegressor(
            solver=solver, warm_start=True, max_iter=4, random_state=1, learning_rate="invscaling"
        )
        for _ in range(3):
            model.fit(ROWS, NUMBERS[:, 0])
        pair.append(model)
    assert_same(*pair, TOLERANCES[solver])


def test_single_precision() -> None:
    wanted, found = both("MLPClassifier", DIGITS.astype(np.float32), LABELS)
    assert found.coefs_[0].dtype == np.float32
    assert_same(wanted, found, 1e-4)


def test_a_loss_is_not_cut_off_where_a_probability_rounds_to_zero() -> None:
    x, y = 1e4 * ROWS, (NUMBERS[:, 0] > 0).astype(int)
    wanted, found = both("MLPClassifier", x, y, max_iter=1)
    assert wanted.loss_ < 36.05  # -log(2^-52)
    assert found.loss_ > 1000
    for mine, other in zip(found.coefs_, wanted.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-12)


def test_a_stopped_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from nnfast.sklearn._rules import Rules

    counted = Rules._count

    def stop(self: Any) -> None:
        counted(self)
        if self._of.n_iter_ == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Rules, "_count", stop)
    model = ours.MLPClassifier(random_state=0, learning_rate_init=0.01)
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model.fit(DIGITS, LABELS)
    assert model.n_iter_ == 3
    assert model.score(DIGITS, LABELS) > 0.3


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    options = {
        **{"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1},
        **{"max_iter": 60, "n_iter_no_change": 2, "tol": 1e-2, "verbose": True},
    }
    for early_stopping in (False, True):
        printed = []
        for library in (theirs, ours):
            model = library.MLPClassifier(random_state=3, early_stopping=early_stopping, **options)
            model.fit(DIGITS, LABELS)
            printed.append(capsys.readouterr().out.splitlines())
        assert printed[0] == printed[1]
        assert any("Setting learning rate" in line for line in printed[1])


def test_errors_are_theirs() -> None:
    wrong = [
        {"hidden_layer_sizes": -1},
        {"alpha": -1},
        {"momentum": 2},
        {"batch_size": 0},
        {"validation_fraction": 1.0},
        {"n_iter_no_change": 0.5},
        {"hidden_layer_sizes": (3, 0)},
    ]
    for options in wrong:
        said = []
        for library in (theirs, ours):
            with pytest.raises(ValueError) as error:  # noqa: PT011 (the words are compared)
                library.MLPClassifier(**options).fit(DIGITS, LABELS)
            said.append(str(error.value))
        assert said[0] == said[1]
