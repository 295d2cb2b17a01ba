"""What `Input(..., scale=...)` means: X times the scale, wherever X is read."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

import nnfast as nn

DTYPES = ("float32", "float64")
BYTES = np.random.default_rng(0).integers(0, 256, (50, 6)).astype(np.uint8)
Y = np.arange(50) % 3
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def network(scale=1.0, dtype="float32", **options):
    layers = [
        nn.Input(6, scale=scale),
        nn.Dropout(0.1),
        nn.Dense(5, "tanh"),
        nn.Dense(3, "softmax"),
    ]
    return nn.FeedForward(layers, dtype=dtype, seed=3, **options)


def said(net, x):
    """Return the bytes of everything that reads X."""
    first = net.gradients(x, Y)
    net.fit(x, Y, epochs=2, batch_size=8, validation_data=(x[::2], Y[::2]))
    step = net.train_on_batch(x[:7], Y[:7])
    loss, gradients = net.gradients(x, Y)
    numbers = [first[0], loss, *step.values(), *net.evaluate(x, Y).values(), *net.history.values()]
    arrays = [*first[1], *gradients, net.predict(x), net.predict(x[0]), *net.get_weights()]
    return [np.asarray(value).tobytes() for value in (*numbers, *arrays)]


@each_dtype
@pytest.mark.parametrize("scale", [0.5, -2.0, 2.0**-8])
def test_it_is_as_if_x_had_been_scaled(scale, dtype, backend):
    # By powers of two, so that scaling is exact in every dtype.
    x = np.random.default_rng(1).normal(size=(50, 6)).astype(dtype)
    assert said(network(scale, dtype), x) == said(
        network(1.0, dtype), x * np.dtype(dtype).type(scale)
    )


@each_dtype
def test_what_is_not_exact_is_rounded_in_the_network_s_dtype(dtype, backend):
    kind = np.dtype(dtype).type
    scaled = BYTES.astype(dtype) * kind(1 / 255)
    assert said(network(1 / 255, dtype), BYTES) == said(network(1.0, dtype), scaled)


@each_dtype
def test_bytes_and_floats_of_the_same_value_give_the_same_bits(dtype, backend):
    expected = said(network(1 / 255, dtype), BYTES)
    for kind in (np.float32, np.float64, np.int64):
        assert said(network(1 / 255, dtype), BYTES.astype(kind)) == expected
    if backend == "rust":  # NumPy's products round differently by the order in memory
        assert said(network(1 / 255, dtype), np.asfortranarray(BYTES)) == expected


def test_both_backends_agree():
    nets = [network(1 / 255, "float64", backend=name) for name in ("numpy", "rust")]
    for net in nets:
        net.fit(BYTES, Y, epochs=5)
    for ours, theirs in zip(*(net.get_weights() for net in nets), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_threads_change_nothing():
    x = np.random.default_rng(0).integers(0, 256, (300, 200)).astype(np.uint8)
    layers = [nn.Input(200, scale=1 / 255), nn.Dense(300, "relu"), nn.Dense(5)]
    outputs = set()
    for threads in (1, 2, 3):
        net = nn.FeedForward(layers, seed=0, threads=threads)
        net.fit(x, np.zeros((300, 5)), batch_size=128)
        outputs.add(net.predict(x).tobytes())
    assert len(outputs) == 1


def test_it_is_kept(backend, tmp_path):
    net = network(1 / 255)
    net.fit(BYTES, Y)
    net.save(tmp_path / "net.safetensors")
    loaded = nn.load(tmp_path / "net.safetensors")
    for other in (loaded, copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other.layers == net.layers
        assert other.layers[0].scale == 1 / 255
        assert other.predict(BYTES).tobytes() == net.predict(BYTES).tobytes()
        other.fit(BYTES, Y)
    net.fit(BYTES, Y)
    assert loaded.predict(BYTES).tobytes() == net.predict(BYTES).tobytes()


def test_a_file_from_before_there_was_a_scale_is_read(backend, tmp_path):
    path = tmp_path / "net.safetensors"
    net = network()
    net.save(path)
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["nnfast"])
    assert header["network"].pop("input_scale") == 1.0
    tensors = safetensors.numpy.load_file(path)
    safetensors.numpy.save_file(tensors, path, {"nnfast": json.dumps(header)})
    assert nn.load(path).layers == net.layers


@pytest.mark.parametrize("scale", [0.0, "1", None, 1e-60])
def test_a_file_with_a_scale_that_is_none_is_damaged(scale, tmp_path):
    path = tmp_path / "net.safetensors"
    network().save(path)
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["nnfast"])
    header["network"]["input_scale"] = scale
    tensors = safetensors.numpy.load_file(path)
    safetensors.numpy.save_file(tensors, path, {"nnfast": json.dumps(header)})
    with pytest.raises(ValueError, match="is damaged: scale of Input is"):
        nn.load(path)


def test_it_is_shown():
    net = network(0.5)
    assert repr(net).startswith("FeedForward([Input(6, scale=0.5), Dropout(0.1), ")
    assert "\ninput (Input)        (None, 6)           0  scale 0.5\n" in str(net.summary())
    assert "scale" not in str(network().summary())
    assert repr(nn.Input(6)) == "Input(6)"
    assert eval(repr(nn.Input(6, scale=1 / 255)), {"Input": nn.Input}) == nn.Input(6, scale=1 / 255)
    assert nn.Input(6) == nn.Input(6, scale=1) != nn.Input(6, scale=2)


def test_a_scale_beyond_the_dtype_is_refused():
    for scale in (1e-60, 1e60, -1e60):
        layers = [nn.Input(2, scale=scale), nn.Dense(1)]
        with pytest.raises(
            ValueError, match=r"scale of Input is -?1e.*wanted is, for float32, a nu"
        ):
            nn.FeedForward(layers)
        assert nn.FeedForward(layers, dtype="float64").layers[0].scale == scale


def test_values_that_the_scale_makes_infinite_are_refused(backend):
    net = nn.FeedForward([nn.Input(1, scale=-100.0), nn.Dense(1)])
    with pytest.raises(ValueError, match=r"X holds values as large as 1e\+37, which float32 ca"):
        net.predict([[1e37]])
    huge = nn.FeedForward([nn.Input(1, scale=3e38), nn.Dense(1)])
    with pytest.raises(
        ValueError, match="X holds values as large as 255, which float32 cannot hold"
    ):
        huge.predict(np.array([[255]], dtype=np.uint8))
    assert np.isfinite(net.predict([[1e35]])).all()
