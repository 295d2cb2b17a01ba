"""Pictures of activations, of learning rates, of what layers do, and of memory's energy."""

from __future__ import annotations

import numpy as np
import pytest

import nnfast as nn


def labels(axes) -> list[str]:
    return [line.get_label() for line in axes.lines]


# Activations


def test_every_activation_is_drawn_with_its_derivative() -> None:
    pictures = nn.plot.activations().child_axes
    names = [one.get_title().split("\n")[0] for one in pictures]
    assert names == list(nn.activations.registry.names)
    for axes, cls in zip(pictures, nn.activations.registry.classes, strict=True):
        z, f = axes.lines[2].get_data()
        _, slope = axes.lines[3].get_data()
        if not cls.over_rows:
            there = np.isfinite(f)
            np.testing.assert_allclose(f[there], cls()(z[there]))
            there = np.isfinite(slope)
            np.testing.assert_allclose(slope[there], cls().derivative(z[there]))
            assert there.sum() > 795  # all but the jumps


def test_softmax_is_that_of_the_row_z_0() -> None:
    axes = nn.plot.activations("softmax")
    z, f = axes.lines[2].get_data()
    np.testing.assert_allclose(f, 1 / (1 + np.exp(-z)), rtol=1e-6)
    slope = axes.lines[3].get_ydata()
    np.testing.assert_allclose(slope, f * (1 - f), rtol=1e-5)
    assert axes.get_title() == "softmax\nfirst of (z, 0)"


def test_titles_have_the_parameters_and_jumps_no_line() -> None:
    elu, leaky, step = nn.plot.activations(
        [nn.activations.ELU(0.5), "leaky_relu", nn.activations.Step]
    ).child_axes
    assert elu.get_title() == "elu\nalpha = 0.5"
    assert leaky.get_title() == "leaky_relu\nnegative_slope = 0.2"
    assert np.isnan(step.lines[2].get_ydata()).sum() == 1


def test_an_activation_of_ones_own_over_another_span() -> None:
    class Sine(nn.activations.Activation):
        def forward(self, z):
            return np.sin(z)

        def derivative(self, z):
            return np.cos(z)

    axes = nn.plot.activations(Sine(), span=(0, 7), derivatives=False)
    assert len(axes.lines) == 3
    assert axes.get_xlim() == (0, 7)
    assert axes.get_title() == "Sine"


def test_activations_that_are_refused() -> None:
    with pytest.raises(ValueError, match=r"names\[1\]: unknown activation 'rleu' \(did you mean"):
        nn.plot.activations(["tanh", "rleu"])
    with pytest.raises(ValueError, match="names must hold at least one activation"):
        nn.plot.activations([])
    with pytest.raises(ValueError, match="span must rise"):
        nn.plot.activations("tanh", span=(1, -1))
    with pytest.raises(ValueError, match="span must be two numbers, got 4"):
        nn.plot.activations("tanh", span=4)
    with pytest.raises(TypeError, match="derivatives must be True or False"):
        nn.plot.activations("tanh", derivatives="yes")


# Learning curves of others, and learning rates


def test_learning_curves_of_scikit_learn() -> None:
    from sklearn.neural_network import MLPClassifier

    X, y = nn.datasets.digits()
    with pytest.warns(match="Maximum iterations"):
        theirs = MLPClassifier((8,), max_iter=4, early_stopping=True, random_state=0).fit(
            X[:300], y[:300]
        )
    axes = nn.plot.learning_curves(theirs)
    assert axes.lines[0].get_ydata().tolist() == theirs.loss_curve_
    scores = nn.plot.learning_curves(theirs, metric="score").lines[0]
    assert (scores.get_ydata().tolist(), scores.get_label()) == (
        theirs.validation_scores_,
        "validation",
    )
    listed = nn.plot.learning_curves(theirs.loss_curve_)
    assert listed.lines[0].get_ydata().tolist() == theirs.loss_curve_


def test_learning_rates_of_a_schedule() -> None:
    schedule = nn.schedules.CosineDecay(0.0, 90, warmup_target=0.1, warmup_steps=10)
    axes = nn.plot.learning_rate_curve(schedule)
    steps, rates = axes.lines[0].get_data()
    assert steps.tolist() == list(range(111))
    np.testing.assert_allclose(rates, [schedule(int(step)) for step in steps])
    optimizer = nn.plot.learning_rate_curve(nn.Adam(schedule), steps=20)
    assert optimizer.lines[0].get_xdata()[-1] == 20
    assert nn.plot.learning_rate_curve(schedule, log=True).get_yscale() == "log"


@pytest.mark.parametrize("name", nn.schedules.registry.names)
def test_every_schedule_is_shown_for_as_long_as_it_changes(name: str) -> None:
    schedules = nn.schedules
    schedule = {
        "cosine_decay": schedules.CosineDecay(0.1, 10_000),
        "cosine_decay_restarts": schedules.CosineDecayRestarts(0.1, 4_000),
        "exponential_decay": schedules.ExponentialDecay(0.1, 4_000, 0.5),
        "inverse_time_decay": schedules.InverseTimeDecay(0.1, 4_000, 1.0),
        "linear_warmup": schedules.LinearWarmup(schedules.CosineDecay(0.1, 9_000), 1_000),
        "one_cycle": schedules.OneCycle(0.1, 10_000),
        "piecewise_constant_decay": schedules.PiecewiseConstantDecay([5_000, 10_000], [3, 2, 1]),
        "polynomial_decay": schedules.PolynomialDecay(0.1, 10_000),
    }[name]
    steps, rates = nn.plot.learning_rate_curve(schedule).lines[0].get_data()
    assert 10_000 < steps[-1] < 16_000
    assert len(steps) <= 2_001
    assert rates.max() > 1.5 * rates.min()


def test_learning_rates_of_a_run() -> None:
    X = np.linspace(-1, 1, 40).reshape(-1, 1)
    schedule = nn.schedules.ExponentialDecay(0.1, 10, 0.5)
    net = nn.FeedForward("1-1", seed=0).compile(nn.SGD(schedule))
    run = net.fit(X, X[:, 0], epochs=4, batch_size=10, verbose=0)
    for source in (run, net, net.history, {"lr": net.history["learning_rate"]}):
        axes = nn.plot.learning_rate_curve(source)
        assert axes.lines[0].get_xdata().tolist() == [1, 2, 3, 4]
        assert axes.lines[0].get_ydata().tolist() == net.history["learning_rate"]
        assert axes.get_xlabel() == "epoch"


def test_learning_rates_that_are_refused() -> None:
    with pytest.raises(ValueError, match="a rate that nothing changes is not kept"):
        nn.plot.learning_rate_curve({"loss": [1.0]})
    with pytest.raises(ValueError, match="rates holds no epoch yet"):
        nn.plot.learning_rate_curve(nn.FeedForward("1-1"))
    with pytest.raises(ValueError, match=r"rates must have a schedule, .* is fixed"):
        nn.plot.learning_rate_curve(nn.Adam())
    with pytest.raises(TypeError, match=r"rates must be a Schedule, an optimizer, .*got int"):
        nn.plot.learning_rate_curve(3)
    with pytest.raises(ValueError, match="steps belongs to a schedule"):
        nn.plot.learning_rate_curve({"lr": [1.0]}, steps=3)
    with pytest.raises(ValueError, match="steps must be an integer of at least 1, got 0"):
        nn.plot.learning_rate_curve(nn.schedules.CosineDecay(0.1, 5), steps=0)


# Layers


@pytest.fixture
def deep():
    net = nn.FeedForward(
        [
            nn.Input(4),
            nn.Dense(6, "tanh"),
            nn.Dropout(0.5),
            nn.Dense(5, "relu"),
            nn.Dense(3, "softmax"),
        ],
        seed=0,
    )
    kernel, *rest = net.get_weights()
    kernel[:, :3] *= 50  # three units that are near a limit for almost all rows
    rest[1][:, 0] = -10
    rest[2][0] = -100  # one that is dead
    net.set_weights([kernel, *rest])
    X = np.random.default_rng(0).normal(size=(200, 4))
    return net, X, np.arange(200) % 3


def test_saturation_says_what_diagnose_says(deep) -> None:
    net, X, _ = deep
    found = {layer.name: layer for layer in net.diagnose(X).layers}
    pictures = nn.plot.saturation(net, X).child_axes
    assert len(pictures) == 2 * 3  # none for dropout
    titles = [one.get_title() for one in pictures[::2]]
    saturated = 100 * found["dense_1"].saturated
    assert titles[0] == f"dense_1: tanh\n{saturated:.0f} % saturated"
    assert found["dense_2"].dead == 0.2
    assert titles[1] == "dense_2: relu\n20 % dead"
    for axes in pictures[::2]:
        assert axes.patches[0].get_data().values.sum() == pytest.approx(1.0)
    # The shaded parts hold what is saturated: the outermost bins on both sides.
    edges = pictures[0].patches[0].get_data().edges
    counts = pictures[0].patches[0].get_data().values
    near = (np.abs(edges[:-1] + edges[1:]) / 2) > 0.98
    assert counts[near].sum() == pytest.approx(found["dense_1"].saturated, abs=0.02)
    units = [one.patches[0].get_data().values for one in pictures[1::2]]
    assert [int(values.sum()) for values in units] == [6, 5, 3]
    assert units[1][0] == 1  # the dead one


def test_saturation_of_what_is_not_finite_and_of_many_layers() -> None:
    net = nn.FeedForward([3, *[4] * 6, 2], seed=0)
    assert len(nn.plot.saturation(net, np.ones((5, 3))).child_axes) == 14


def test_gradient_flow_says_what_diagnose_says(deep) -> None:
    net, X, y = deep
    before = net.get_weights()
    layers = [one for one in net.diagnose(X, y).layers if one.gradient_norm is not None]
    upper, lower = nn.plot.gradient_flow(net, X, y).child_axes
    assert upper.lines[0].get_ydata().tolist() == [one.gradient_norm for one in layers]
    assert lower.lines[0].get_ydata().tolist() == [one.update_ratio for one in layers]
    assert [text.get_text() for text in lower.get_xticklabels()] == [one.name for one in layers]
    assert (upper.get_yscale(), lower.get_yscale()) == ("log", "log")
    for old, new in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_gradient_flow_of_gradients_that_are_zero() -> None:
    net = nn.FeedForward("2-3-1", initializer="zeros")
    upper, _ = nn.plot.gradient_flow(net, [[1.0, 2.0]], [3.0]).child_axes
    assert np.isnan(upper.lines[0].get_ydata()).tolist() == [True, False]
    assert [text.get_text() for text in upper.texts] == ["0"]


def test_layers_that_are_refused() -> None:
    for draw in (lambda x: nn.plot.saturation(x, [[1]]), lambda x: nn.plot.gradient_flow(x, 1, 1)):
        with pytest.raises(TypeError, match="net must be a FeedForward, got str"):
            draw("net")


# Energy


def test_energy_of_several_states_of_a_memory() -> None:
    rng = np.random.default_rng(0)
    patterns = np.where(rng.random((2, 60)) < 0.5, 1, -1)
    memory = nn.unsupervised.Hopfield().fit(patterns)
    starts = np.array([np.where(rng.random(60) < 0.2, -p, p) for p in patterns for _ in range(2)])
    axes = nn.plot.hopfield_energy(memory, starts)
    curves, rests = axes.lines[::2], axes.lines[1::2]
    for start, line, rest in zip(starts, curves, rests, strict=True):
        energies = memory.energy(memory.path(start))
        np.testing.assert_array_equal(line.get_ydata(), energies)
        assert np.all(np.diff(energies) <= 0)
        assert rest.get_xydata().tolist() == [[len(energies) - 1, energies[-1]]]
    assert curves[0].get_color() == curves[1].get_color() != curves[2].get_color()
    assert axes.get_title() == "4 states come to rest in 2"
    assert nn.plot.hopfield_energy(memory, patterns[0]).get_title() == "1 state comes to rest in 1"


def test_energy_that_is_refused() -> None:
    memory = nn.unsupervised.Hopfield().fit([[1, -1, 1, -1]])
    with pytest.raises(TypeError, match="memory must be a Hopfield network, got str"):
        nn.plot.hopfield_energy("memory", [1, -1])
    with pytest.raises(ValueError, match="X must hold from 1 to 50 states, got 51"):
        nn.plot.hopfield_energy(memory, np.ones((51, 4)))
