"""Specs and their registries: names, classes and instances; checks, round trips, equality."""

from __future__ import annotations

import copy
import inspect
import json
import pickle

import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from nnfast import (
    _backend,
    activations,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
)

KINDS = {
    "activations": activations,
    "constraints": constraints,
    "losses": losses,
    "optimizers": optimizers,
    "initializers": initializers,
    "metrics": metrics,
}
CLASSES = [cls for module in KINDS.values() for cls in module.registry.classes]


@pytest.mark.parametrize("kind", KINDS)
def test_the_public_names_are_the_backend_s(kind, backend):
    # They stand for others of the backend's, by the output.
    public_alone = {"cross_entropy", "focal_cross_entropy"} if kind == "losses" else set()
    if kind == "metrics":
        public_alone = {cls.name for cls in metrics.registry.classes if not cls.in_core}
    assert set(KINDS[kind].registry.names) - public_alone == set(_backend.get().registry()[kind])


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_name_aliases_class_and_instance_mean_the_same(cls):
    spec = cls()
    for spelling in (cls.name, *cls.aliases, cls.__name__, cls.name.upper().replace("_", "-")):
        assert cls.registry.get(spelling) == spec
    assert cls.registry.get(cls) == spec
    assert cls.registry.get(spec) is spec


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_a_spec_survives_its_config_its_text_a_pickle_and_a_copy(cls):
    spec = cls()
    assert cls.from_config(json.loads(json.dumps(spec.config()))) == spec
    assert eval(repr(spec), {cls.__name__: cls}) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert copy.deepcopy(spec) == spec
    assert hash(copy.copy(spec)) == hash(spec)
    assert spec != object()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_a_spec_is_frozen(cls):
    spec = cls()
    with pytest.raises(AttributeError, match="frozen"):
        spec.name = "other"
    with pytest.raises(AttributeError, match="frozen"):
        del spec.name


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_a_spec_says_what_it_is(cls):
    assert cls.__doc__
    assert cls.registry.kind in (
        *("activation", "constraint", "initializer", "loss", "metric", "optimizer"),
    )


unit = st.floats(0, 1, exclude_max=True)
positive = st.floats(1e-300, 1e300)


@given(positive, unit, unit, positive, positive)
def test_every_adamw_survives_its_config_and_its_text(rate, beta_1, beta_2, epsilon, decay):
    spec = nn.AdamW(rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, weight_decay=decay)
    assert nn.AdamW.from_config(json.loads(json.dumps(spec.config()))) == spec
    assert eval(repr(spec), {"AdamW": nn.AdamW}) == spec


def test_specs_of_different_kinds_or_values_differ():
    assert nn.Adam() != nn.AdamW()
    assert nn.Adam(0.1) != nn.Adam(0.2)
    assert losses.MeanSquaredError() != metrics.MeanSquaredError()
    assert len({nn.Adam(), nn.Adam(0.001), nn.Adam(0.01)}) == 2
    assert nn.Adam().replace(beta_1=0.5) == nn.Adam(beta_1=0.5)


def test_any_number_becomes_a_float():
    import numpy as np

    assert json.dumps(nn.Adam(np.float32(0.5)).config()).startswith('{"name": "adam", "learning_r')
    assert repr(nn.SGD(1, momentum=np.int64(0))) == (
        "SGD(learning_rate=1.0, momentum=0.0, nesterov=False)"
    )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: nn.Adam(-0.1), "learning_rate of Adam is -0.1; wanted is a finite number of at"),
        (lambda: nn.Adam(float("nan")), "learning_rate of Adam is nan; wanted is a finite"),
        (lambda: nn.Adam(float("inf")), "learning_rate of Adam is inf; wanted is a finite"),
        (lambda: nn.Adam(beta_1=1.0), "beta_1 of Adam is 1.0; .* of at least 0 and below 1"),
        (lambda: nn.Adam(beta_2=-0.1), "beta_2 of Adam is -0.1"),
        (lambda: nn.Adam(epsilon=0.0), "epsilon of Adam is 0.0; .* above 0"),
        (lambda: nn.AdamW(weight_decay=-1), "weight_decay of AdamW is -1"),
        (lambda: nn.SGD(momentum=1.0), "momentum of SGD is 1.0; .* below 1"),
        (lambda: nn.SGD(nesterov=True), "nesterov of SGD is True but momentum is 0.0"),
        (lambda: nn.RMSprop(rho=1.5), "rho of RMSprop is 1.5"),
        (lambda: activations.ELU(-1), "alpha of ELU is -1"),
        (lambda: activations.LeakyReLU(-0.1), "negative_slope of LeakyReLU is -0.1"),
        (lambda: activations.PReLU(float("nan")), "alpha of PReLU is nan"),
        (lambda: initializers.RandomNormal(stddev=-1), "stddev of RandomNormal is -1"),
        (lambda: initializers.RandomUniform(1, 0), "low of RandomUniform is 1.0 and high is 0.0"),
        (lambda: nn.Dropout(1.0), "rate of Dropout is 1.0; .* at least 0 and below 1"),
        (lambda: nn.Dense(0), "units of Dense is 0; wanted is a whole number of at least 1"),
        (lambda: nn.Input(-1), "units of Input is -1"),
        (lambda: nn.Input(3, scale=0), "scale of Input is 0.0; wanted is a finite number other t"),
        (lambda: nn.Input(3, scale=float("nan")), "scale of Input is nan; wanted is a finite"),
        (lambda: nn.Input(3, scale=float("-inf")), "scale of Input is -inf; wanted is a finite"),
    ],
)
def test_a_value_out_of_bounds_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: nn.Adam("0.1"), "learning_rate of Adam is '0.1'; wanted is a finite number"),
        (lambda: nn.Adam(True), "learning_rate of Adam is True"),
        (lambda: nn.SGD(0.1, 0.9), "SGD takes 1 values without a name but was given 2; by name"),
        (lambda: nn.Adam(lr=0.1), "lr is no parameter of Adam; it takes learning_rate, beta_1"),
        (lambda: nn.Adam(0.1, learning_rate=0.1), "learning_rate was given twice of Adam"),
        (lambda: nn.SGD(momentum=0.9, nesterov=1), "nesterov of SGD is 1; wanted is True or False"),
        (lambda: nn.Dense(2.0), "units of Dense is 2.0; wanted is a whole number"),
        (lambda: nn.Dense(True), "units of Dense is True"),
        (lambda: nn.Input(), "units of Input is missing"),
        (lambda: nn.Input(3, 0.5), "Input takes 1 values without a name but was given 2; by name"),
        (lambda: nn.Input(3, scale="1/255"), "scale of Input is '1/255'; wanted is a finite"),
        (lambda: nn.Dense(3, 7), "activation of Dense is 7; wanted is the name, the class or an"),
        (lambda: activations.GELU(1), "approximate of GELU is 1; wanted is True or False"),
        (lambda: nn.Dense(3, nn.Adam), "activation of Dense is <class"),
    ],
)
def test_a_value_of_the_wrong_type_gets_one_sentence(make, sentence):
    with pytest.raises(TypeError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("name", "nearest"), [("rellu", "relu"), ("sigmod", "sigmoid"), ("leaky-rely", "leaky_relu")]
)
def test_an_unknown_name_gets_the_nearest_known_and_the_list(name, nearest):
    with pytest.raises(
        ValueError, match=f"hidden: unknown activation '{name}' .*'{nearest}'.*elu,"
    ):
        nn.FeedForward("2-2-1", hidden=name)


def test_an_unknown_name_near_to_nothing_gets_the_list():
    with pytest.raises(
        ValueError, match=r"^unknown optimizer 'zzzz'; known are adadelta, adagrad, adam"
    ):
        optimizers.registry.get("zzzz")


def test_an_unknown_parameter_in_a_config_is_refused():
    with pytest.raises(TypeError, match="slope is no parameter of ELU"):
        activations.ELU.from_config({"name": "elu", "slope": 1})


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [(cls, "he_uniform") for cls in ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "mish")]
    + [("hard_swish", "he_uniform"), ("selu", "lecun_normal")]
    + [(cls, "glorot_uniform") for cls in ("linear", "step", "sigmoid", "tanh", "softmax")],
)
def test_the_activation_chooses_the_initializer(activation, initializer):
    assert nn.Dense(2, activation).kernel_initializer.name == initializer
    assert nn.Dense(2, activation).bias_initializer.name == "zeros"
    given = nn.Dense(2, activation, kernel_initializer="lecun_normal")
    assert given.kernel_initializer.name == "lecun_normal"


def test_layers_are_compared_and_shown_by_what_they_hold():
    assert nn.Dense(3, "relu") == nn.Dense(3, activations.ReLU())
    assert nn.Dense(3) != nn.Dense(3, use_bias=False)
    assert len({nn.Input(3), nn.Input(3), nn.Dropout(0.5), nn.Dropout(0.5)}) == 2
    names = vars(activations) | vars(initializers) | {"Dense": nn.Dense}
    for layer in (
        nn.Dense(3),
        nn.Dense(3, activations.ELU(0.5), use_bias=False),
        nn.Dense(3, "tanh", kernel_initializer="he_normal", bias_initializer="random_normal"),
    ):
        assert eval(repr(layer), names) == layer
        assert pickle.loads(pickle.dumps(layer)) == layer
        assert layer.replace(units=4).units == 4


def test_the_signatures_are_shown():
    assert str(inspect.signature(nn.SGD)) == (
        "(learning_rate=0.01, *, momentum=0.0, nesterov=False)"
    )
    assert str(inspect.signature(nn.AdamW)).endswith("epsilon=1e-07, weight_decay=0.004)")
    assert str(inspect.signature(nn.Input)) == "(units, *, scale=1.0)"
    assert str(inspect.signature(nn.MeanSquaredError)) == "()"
    assert list(inspect.signature(nn.Dense).parameters)[:2] == ["units", "activation"]
