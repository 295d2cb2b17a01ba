"""What `FeedForward` takes as an architecture, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, strategies as st

import nnfast as nn
from nnfast import _architecture, activations

sizes = st.lists(st.integers(1, 40), min_size=2, max_size=6)


@given(sizes)
def test_string_list_and_layers_mean_the_same(numbers):
    text = "-".join(map(str, numbers))
    layers = [nn.Input(numbers[0]), *(nn.Dense(number, "relu") for number in numbers[1:-1])]
    layers.append(nn.Dense(numbers[-1]))
    built = [_architecture.build(form, "relu", "linear", None) for form in (text, numbers, layers)]
    assert built[0] == built[1] == built[2] == tuple(layers)
    assert "-".join(map(str, _architecture.sizes(built[0]))) == text


layer = st.one_of(
    st.builds(nn.Dropout, st.floats(0, 0.99)),
    st.builds(
        nn.Dense,
        st.integers(1, 40),
        st.sampled_from([activations.registry.get(name) for name in activations.registry.names]),
        use_bias=st.booleans(),
        kernel_initializer=st.sampled_from(nn.initializers.registry.names),
    ),
)


@given(st.lists(layer, max_size=5), st.sampled_from(["parameter", "embedded"]))
def test_layers_survive_their_description(middle, bias):
    layers = (nn.Input(3), *middle, nn.Dense(2))
    description = json.loads(json.dumps(_architecture.config(layers, bias)))
    assert _architecture.from_config(description) == layers


def test_spaces_arrays_and_tuples_are_fine():
    for form in (" 3 - 2-1", (3, 2, 1), np.array([3, 2, 1]), [np.int64(3), 2, 1], range(3, 0, -1)):
        assert nn.FeedForward(form).architecture == "3-2-1"


def test_hidden_may_be_one_for_each_layer():
    net = nn.FeedForward(
        "4-3-2-1", hidden=["tanh", activations.ELU(0.5)], output=nn.layers.activations.Sigmoid
    )
    functions = [layer.activation for layer in net.layers[1:]]
    assert functions == [activations.Tanh(), activations.ELU(0.5), activations.Sigmoid()]
    assert nn.FeedForward("4-1", hidden=[]).architecture == "4-1"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("3--2", r"layers is '3--2', which has an empty part; wanted are whole numbers of nodes"),
        ("", "layers is '', which has an empty part"),
        ("-3-2", "has an empty part"),
        ("3-2-", "has an empty part"),
        ("3-0-2", "has a layer of 0 nodes; wanted are at least 1"),
        ("3-x-2", "has the part 'x'"),
        ("3-2.5-2", "has the part '2.5'"),
        ("3-²-2", "has the part '²'"),
        ("3, 2", "has the part '3, 2'"),
        ("3", "layers is '3'; wanted are at least two sizes"),
        ("3-99999999999999999999999999", "has a layer of 99999999999999999999999999 nodes"),
        ([3], "wanted are at least two sizes"),
        ([], "wanted are at least two sizes"),
        ([3, 0, 2], r"layers\[1\] is 0; wanted is a whole number of at least 1"),
        ([3, -1], r"layers\[1\] is -1"),
        ([3, 2**31], r"layers\[1\] is 2147483648; .*below"),
        ([nn.Dense(3), nn.Dense(2)], r"layers\[0\] is Dense\(3.*exactly one Input, and it comes f"),
        ([nn.Input(3), nn.Input(3), nn.Dense(2)], r"layers\[1\] is Input\(3\)"),
        ([nn.Input(3)], "layers has no Dense"),
        ([nn.Input(3), nn.Dropout(0.5)], "layers has no Dense"),
        ([nn.Input(3), nn.Dense(2), nn.Dropout(0.5)], r"layers ends with Dropout\(0.5\)"),
    ],
)
def test_an_impossible_architecture_gets_one_sentence(form, sentence):
    with pytest.raises(ValueError, match=sentence):
        nn.FeedForward(form)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ([3, 2.0], r"layers\[1\] is 2.0; wanted is a whole number"),
        ([3, True], r"layers\[1\] is True"),
        (["3", "2"], r"layers\[0\] is '3'"),
        (32, "layers is 32; wanted is a string such as"),
        (None, "layers is None"),
        (nn.Input(3), r"layers is Input\(3\)"),
        ([nn.Input(3), 2], r"layers\[1\] is 2; wanted is Input first"),
        ([nn.Input(3), nn.Dense], r"layers\[1\] is <class"),
    ],
)
def test_an_architecture_of_the_wrong_type_gets_one_sentence(form, sentence):
    with pytest.raises(TypeError, match=sentence):
        nn.FeedForward(form)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"hidden": ["relu"]}, ValueError, "hidden has 1 activations; wanted are 2"),
        ({"hidden": ["relu", "x"]}, ValueError, r"hidden\[1\]: unknown activation 'x'"),
        ({"hidden": 3}, TypeError, "hidden is 3"),
        ({"output": "sofmax"}, ValueError, "output: unknown activation 'sofmax' .*'softmax'"),
        ({"initializer": "he"}, ValueError, "initializer: unknown initializer 'he'"),
        ({"bias": "none"}, ValueError, "bias is 'none'; wanted is one of 'parameter', 'embedded'"),
        ({"dtype": "float16"}, ValueError, "dtype is 'float16'; wanted is 'float32' or 'float64'"),
        ({"dtype": None}, ValueError, "dtype is None"),
        ({"dtype": "fast"}, ValueError, "dtype is 'fast'"),
        ({"seed": -1}, ValueError, "seed is -1; wanted is a whole number of at least 0"),
        ({"seed": 2**64}, ValueError, "seed is 18446744073709551616"),
        ({"seed": 1.5}, TypeError, "seed is 1.5"),
        ({"threads": 0}, ValueError, "threads is 0"),
        ({"backend": "cuda"}, ValueError, "backend is 'cuda'; wanted is 'rust' or 'numpy'"),
    ],
)
def test_a_wrong_option_gets_one_sentence(options, error, sentence):
    with pytest.raises(error, match=sentence):
        nn.FeedForward("4-3-2-1", **options)


@pytest.mark.parametrize(
    "option", [{"hidden": "elu"}, {"output": "tanh"}, {"initializer": "zeros"}]
)
def test_options_of_numbers_do_not_go_with_layers(option):
    with pytest.raises(ValueError, match="hidden, output and initializer belong to"):
        nn.FeedForward([nn.Input(3), nn.Dense(2)], **option)


def test_parameters_have_names_and_shapes():
    layers = [nn.Input(3), nn.Dense(4, "prelu"), nn.Dropout(0.5), nn.Dense(2, use_bias=False)]
    assert _architecture.parameters(layers, "parameter") == [
        ("layers.0.kernel", (3, 4)),
        ("layers.0.bias", (4,)),
        ("layers.0.alpha", (4,)),
        ("layers.2.kernel", (4, 2)),
    ]
    assert _architecture.parameters(layers, "embedded") == [
        ("layers.0.weight", (4, 4)),
        ("layers.0.alpha", (4,)),
        ("layers.2.kernel", (4, 2)),
    ]
    assert nn.FeedForward(layers).parameter_count == 12 + 4 + 4 + 8
