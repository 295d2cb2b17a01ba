"""The network as a whole: learning, batches, counters, state, and how it reads its data."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from nnfast.reference import Network, permutation
from nnfast.reference.random import SHUFFLE
from reference.networks import LOSSES_BY_OUTPUT, build, compiled, dense, dropout, targets

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
EXCLUSIVE_OR = np.array([[0.0], [1.0], [1.0], [0.0]])
SPARSE = "sparse_categorical_cross_entropy"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exclusive_or_is_learned(seed: int, dtype: str) -> None:
    network = build(2, [dense(4, "tanh"), dense(1, "sigmoid")], seed=seed, dtype=dtype)
    loss = "binary_cross_entropy"
    compiled(network, loss, optimizer="adam", learning_rate=0.05, metrics=("accuracy",))
    for _ in range(500):
        report = network.train_epoch(CORNERS, EXCLUSIVE_OR, 4, True)
    assert report[0] < 0.05
    assert report[1] == 1.0
    assert network.predict(CORNERS).round().tolist() == EXCLUSIVE_OR.tolist()


@pytest.mark.parametrize(("loss", "from_logits", "output"), LOSSES_BY_OUTPUT)
def test_every_loss_goes_down_and_float32_stays_float32(
    loss: str, from_logits: bool, output: str
) -> None:
    network = build(4, [dense(8, "elu"), dense(3, output)], dtype="float32")
    compiled(network, loss, from_logits=from_logits, optimizer="adam", learning_rate=0.01)
    x = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    y = targets(loss, 20, 3)
    y = y if y.dtype == np.uint32 else y.astype(np.float32)
    losses = [network.train_epoch(x, y, 7, True)[0] for _ in range(30)]
    assert losses[-1] < losses[0]
    arrays = [*network.parameters(), *network.gradients(x, y)[1], network.predict(x)]
    arrays += [array for slot in network.state()["slots"] for array in slot]
    assert {array.dtype.name for array in arrays} == {"float32"}


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 4, 7, 10, 99])
def test_an_epoch_is_its_batches(shuffle: bool, batch_size: int) -> None:
    layers = [dense(5, "tanh"), dropout(0.3), dense(3, "softmax")]
    x, y = np.random.default_rng(0).normal(size=(10, 4)), targets(SPARSE, 10, 3)
    whole, pieces = (
        compiled(build(4, layers, seed=3), SPARSE, optimizer="adam", metrics=("accuracy",))
        for _ in range(2)
    )
    for epoch in range(3):
        report = whole.train_epoch(x, y, batch_size, shuffle)
        order = permutation(10, 3, SHUFFLE, epoch) if shuffle else np.arange(10)
        total = np.zeros(2)
        for start in range(0, 10, batch_size):
            rows = order[start : start + batch_size]
            total += np.array(pieces.train_batch(x[rows], y[rows])) * len(rows)
        assert report == pytest.approx((total / 10).tolist(), rel=1e-12)
    for ours, theirs in zip(whole.parameters(), pieces.parameters(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    steps = 3 * -(-10 // batch_size)
    assert (whole.state()["step"], whole.state()["epoch"]) == (steps, 3)
    assert (pieces.state()["step"], pieces.state()["epoch"]) == (steps, 0)


def test_the_reported_loss_is_from_before_the_update() -> None:
    x, y = CORNERS, EXCLUSIVE_OR
    network = compiled(build(2, [dense(4, "tanh"), dense(1)]), learning_rate=0.5)
    before = network.evaluate(x, y, 4)
    assert network.train_batch(x, y) == before
    assert network.evaluate(x, y, 4) != before


def test_evaluation_does_not_depend_on_the_batch_size() -> None:
    metrics = ("accuracy", "mean_squared_error", "mean_absolute_error")
    network = compiled(build(4, [dense(3, "softmax")]), SPARSE, metrics=metrics)
    x, y = np.random.default_rng(0).normal(size=(50, 4)), targets(SPARSE, 50, 3)
    reports = [network.evaluate(x, y, size) for size in (1, 7, 50, 256)]
    for report in reports:
        np.testing.assert_allclose(report, reports[0], rtol=1e-13)
    a = network.predict(x)
    one_hot = np.eye(3)[y]
    assert reports[0] == pytest.approx([
        -np.log(a[np.arange(50), y]).mean(),
        (a.argmax(axis=1) == y).mean(),
        np.square(a - one_hot).mean(),
        np.abs(a - one_hot).mean(),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("optimizer", "parameters"),
    [
        ("sgd", {}),
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("rmsprop", {"momentum": 0.5, "centered": True}),
        ("adam", {}),
        ("adamw", {}),
    ],
)
def test_training_goes_on_from_a_saved_state(optimizer: str, parameters: dict[str, float]) -> None:
    layers = [dense(6, "prelu"), dropout(0.25), dense(3, "softmax")]
    x, y = np.random.default_rng(0).normal(size=(23, 4)), targets(SPARSE, 23, 3)

    def fresh() -> Network:
        return compiled(build(4, layers, seed=8), SPARSE, optimizer=optimizer, **parameters)

    first = fresh()
    for _ in range(2):
        first.train_epoch(x, y, 5, True)
    saved, weights = first.state(), first.parameters()
    first_reports = [first.train_epoch(x, y, 5, True) for _ in range(2)]

    second = fresh()
    second.set_parameters(weights)
    second.set_state(**saved)
    assert [second.train_epoch(x, y, 5, True) for _ in range(2)] == first_reports
    for ours, theirs in zip(second.parameters(), first.parameters(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_compile_starts_the_optimizer_afresh_and_keeps_the_epochs() -> None:
    network = compiled(build(2, [dense(1)]), optimizer="adam")
    network.train_epoch(CORNERS, EXCLUSIVE_OR, 2, True)
    compiled(network, optimizer="rmsprop")
    state = network.state()
    assert (state["step"], state["epoch"]) == (0, 1)
    assert [len(slot) for slot in state["slots"]] == [2]
    assert not any(array.any() for slot in state["slots"] for array in slot)


def test_what_is_handed_out_is_a_copy() -> None:
    network = compiled(build(2, [dense(1, "prelu")]), optimizer="adam")
    network.train_epoch(CORNERS, EXCLUSIVE_OR, 2, True)
    before = network.predict(CORNERS)
    for array in [*network.parameters(), *network.state()["slots"][0]]:
        array[...] = 99.0
    np.testing.assert_array_equal(network.predict(CORNERS), before)
    assert not any((array == 99.0).any() for array in network.state()["slots"][0])
    values = network.parameters()
    network.set_parameters(values)
    values[0][...] = 99.0
    np.testing.assert_array_equal(network.predict(CORNERS), before)


@pytest.mark.parametrize("source", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("shuffle", [True, False])
def test_data_of_any_type_and_strides_give_the_same_numbers(source: str, shuffle: bool) -> None:
    x = np.random.default_rng(0).integers(0, 4, (20, 6)).astype(source)
    y = targets(SPARSE, 20, 3)
    views = [
        x.astype(np.float64),
        x,
        np.asfortranarray(x),
        np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3],
        x[::-1, ::-1].copy()[::-1, ::-1],
    ]
    outcomes = []
    for view in views:
        unchanged = view.copy()
        network = compiled(build(6, [dense(5, "relu"), dense(3, "softmax")]), SPARSE)
        report = network.train_epoch(view, y, 8, shuffle)
        outcomes.append([report, network.evaluate(view, y, 6), network.predict(view).tolist()])
        np.testing.assert_array_equal(view, unchanged)
    for report, evaluation, prediction in outcomes[1:]:
        np.testing.assert_allclose(report, outcomes[0][0], rtol=1e-13)
        np.testing.assert_allclose(evaluation, outcomes[0][1], rtol=1e-13)
        np.testing.assert_allclose(prediction, outcomes[0][2], rtol=1e-12)


def test_the_data_are_never_copied_whole() -> None:
    x = np.zeros((40_000, 100), dtype=np.uint8, order="F")
    y = np.zeros(40_000, dtype=np.uint32)
    network = compiled(build(100, [dense(8, "relu"), dense(2, "softmax")]), SPARSE)
    tracemalloc.start()
    try:
        network.train_epoch(x[:, ::-1], y, 512, True)
        network.evaluate(x, y, 512)
        network.predict(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < x.nbytes * 8 / 5  # in float64 it would be eight times its size


def test_prediction_of_no_rows_and_of_many() -> None:
    network = build(3, [dense(2, "tanh")], dtype="float32")
    assert network.predict(np.zeros((0, 3))).shape == (0, 2)
    x = np.random.default_rng(0).normal(size=(2500, 3))
    assert network.predict(x).dtype == np.float32
    np.testing.assert_allclose(network.predict(x)[2400:], network.predict(x[2400:]), atol=1e-6)


def test_the_same_seed_gives_the_same_run() -> None:
    layers = [dense(5, "tanh"), dropout(0.5), dense(3, "softmax")]
    x, y = np.random.default_rng(0).normal(size=(12, 4)), targets(SPARSE, 12, 3)

    def run(seed: int) -> list[list[float]]:
        network = compiled(build(4, layers, seed=seed), SPARSE)
        return [network.train_epoch(x, y, 5, True) for _ in range(3)]

    assert run(2**63 + 1) == run(2**63 + 1)
    assert run(2**63 + 1) != run(2**63)


def test_learning_before_compile_is_refused() -> None:
    network = build(2, [dense(1)])
    for learn in (
        lambda: network.train_epoch(CORNERS, EXCLUSIVE_OR, 2, True),
        lambda: network.gradients(CORNERS, EXCLUSIVE_OR),
        lambda: network.evaluate(CORNERS, EXCLUSIVE_OR, 2),
    ):
        with pytest.raises(RuntimeError, match="call compile first"):
            learn()


def test_numbers_that_run_away_do_so_without_a_warning() -> None:
    network = compiled(build(2, [dense(4, "elu"), dense(1)]), learning_rate=1e200)
    reports = [network.train_epoch(CORNERS, EXCLUSIVE_OR, 4, False)[0] for _ in range(5)]
    assert not np.isfinite(reports[-1])
