"""State_dicts in safetensors files against the real PyTorch: both predict the same."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

import nnfast as nn

torch = pytest.importorskip("torch")
files = pytest.importorskip("safetensors.torch")
T = torch.nn

ROWS = np.random.default_rng(3).normal(0.5, 2.0, (9, 5)).astype(np.float32)
KNOWN = [n for n in nn.activations.registry.names if n not in ("step", "exponential", "prelu")]


class Residual(T.Sequential):
    """A block that adds its input to its output, as the metadata and the page have it."""

    def forward(self, x: Any) -> Any:
        return x + super().forward(x)


def shaken(model: Any) -> Any:
    generator = torch.Generator().manual_seed(0)
    state = model.state_dict()
    for name, values in state.items():
        if values.is_floating_point():
            state[name] = torch.rand(values.shape, generator=generator, dtype=values.dtype) + 0.1
    model.load_state_dict(state)
    return model.eval()


def rebuilt(path: Any) -> Any:
    """Build the model that the metadata names, and give it the file's weights."""
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["nnfast.torch"])
    known = {**vars(T), "Residual": Residual}
    model = T.Sequential(*(eval(text, known) for text in header["modules"]))
    state = files.load_file(path)
    if any(values.dtype == torch.float64 for values in state.values()):
        model = model.double()
    model.load_state_dict(state)
    return model.eval()


def assert_the_same(model: Any, net: nn.FeedForward, tolerance: float = 1e-5) -> None:
    X = ROWS[:, : net.inputs]
    dtype = next(iter(model.state_dict().values())).dtype
    with torch.no_grad():
        theirs = model(torch.from_numpy(X).to(dtype)).numpy()
    np.testing.assert_allclose(net.predict(X), theirs, rtol=tolerance, atol=tolerance)


# What PyTorch wrote ------------------------------------------------------------------------------

MODELS = {
    "linear": (
        lambda: T.Sequential(T.Linear(5, 4), T.ReLU(), T.Linear(4, 3)),
        "5-4-3",
    ),
    "twelve": (
        lambda: T.Sequential(*(m for _ in range(12) for m in (T.Linear(5, 5), T.ReLU())))[:-1],
        "-".join(["5"] * 13),
    ),
    "everything": (
        lambda: T.Sequential(
            T.Flatten(),
            T.BatchNorm1d(5, affine=False),
            T.Linear(5, 4, bias=False),
            T.BatchNorm1d(4),
            T.PReLU(),
            T.Dropout(0.3),
            T.Linear(4, 3),
            T.PReLU(3),
            T.LayerNorm(3),
            T.Linear(3, 2),
            T.Softmax(dim=-1),
        ),
        [
            nn.Input(5),
            nn.BatchNorm(epsilon=1e-5, center=False, scale=False),
            nn.Dense(4, use_bias=False),
            nn.BatchNorm(epsilon=1e-5),
            nn.Dense(4, "prelu", use_bias=False, mask=np.eye(4)),
            nn.Dense(3, "prelu"),
            nn.LayerNorm(epsilon=1e-5),
            nn.Dense(2, "softmax"),
        ],
    ),
    "norm_without_bias": (
        lambda: T.Sequential(T.LayerNorm(5, bias=False), T.Linear(5, 2)),
        [nn.Input(5), nn.LayerNorm(epsilon=1e-5, center=False), nn.Dense(2)],
    ),
    "double": (
        lambda: T.Sequential(T.Linear(5, 4), T.Tanh(), T.Linear(4, 1)).double(),
        [nn.Input(5), nn.Dense(4, "tanh"), nn.Dense(1)],
    ),
    "blocks": (
        lambda: T.Sequential(Residual(T.Linear(5, 3), T.ReLU(), T.Linear(3, 5)), T.Linear(5, 2)),
        [nn.Input(5), nn.Residual([nn.Dense(3, "relu"), nn.Dense(5)]), nn.Dense(2)],
    ),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("bias", ["parameter", "embedded"])
def test_what_pytorch_wrote_predicts_the_same(name: str, bias: str, tmp_path: Any) -> None:
    make, architecture = MODELS[name]
    model = shaken(make())
    files.save_file(model.state_dict(), tmp_path / "model.safetensors")
    given = nn.FeedForward(architecture, bias=bias)
    net = nn.interop.read_torch(tmp_path / "model.safetensors", given)
    assert net.bias == bias
    assert net.dtype == ("float64" if name == "double" else "float32")
    assert_the_same(model, net, 1e-12 if name == "double" else 1e-5)


def test_modules_with_names_of_their_own(tmp_path: Any) -> None:
    """Which is first, numbers do not say: kinds and shapes do."""
    modules = {
        "fc1": T.Linear(5, 4),
        "norm1": T.BatchNorm1d(4),
        "act1": T.PReLU(),
        "fc2": T.Linear(4, 4),
        "norm2": T.BatchNorm1d(4),
        "act2": T.ReLU(),
        "classify": T.Linear(4, 3),
    }
    model = shaken(T.Sequential(OrderedDict(modules)))
    files.save_file(model.state_dict(), tmp_path / "model.safetensors")
    norm = nn.BatchNorm(epsilon=1e-5, momentum=0.9)
    slopes = nn.Dense(4, "prelu", use_bias=False, mask=np.eye(4))
    layers = [nn.Input(5), nn.Dense(4), norm, slopes, nn.Dense(4), norm, nn.Activation("relu")]
    net = nn.interop.read_torch(tmp_path / "model.safetensors", [*layers, nn.Dense(3)])
    assert_the_same(model, net)


def test_a_model_with_names_that_was_trained(tmp_path: Any) -> None:
    class Digits(T.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1 = T.Linear(64, 32)
            self.norm = T.BatchNorm1d(32)
            self.out = T.Linear(32, 10)

        def forward(self, x: Any) -> Any:
            return self.out(torch.relu(self.norm(self.fc1(x))))

    X, y = nn.datasets.digits()
    rows, labels = torch.from_numpy(X.astype(np.float32)), torch.from_numpy(y.astype(np.int64))
    torch.manual_seed(0)
    model = Digits()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(30):
        optimizer.zero_grad()
        T.functional.cross_entropy(model(rows), labels).backward()
        optimizer.step()
    model.eval()
    files.save_file(model.state_dict(), tmp_path / "digits.safetensors")
    net = nn.interop.read_torch(
        tmp_path / "digits.safetensors",
        [
            nn.Input(64),
            nn.Dense(32),
            nn.BatchNorm(epsilon=1e-5, momentum=0.9),
            nn.Activation("relu"),
            nn.Dense(10),
        ],
    )
    with torch.no_grad():
        theirs = model(rows).numpy()
    np.testing.assert_allclose(net.predict(X), theirs, rtol=1e-5, atol=1e-5)
    assert np.mean(net.predict(X).argmax(axis=1) == y) > 0.9


# Ours, in PyTorch --------------------------------------------------------------------------------

RNG = np.random.default_rng(5)

NETS: dict[str, Any] = {
    **{name: [nn.Input(5), nn.Dense(4, name), nn.Dense(2)] for name in KNOWN},
    **{f"{name}_layer": [nn.Input(5), nn.Activation(name), nn.Dense(2)] for name in KNOWN},
    "slopes": [
        nn.Input(5),
        nn.Dense(4, nn.activations.LeakyReLU(0.01)),
        nn.Dense(4, nn.activations.ELU(0.5)),
        nn.Dense(4, nn.activations.GELU(approximate=True)),
        nn.Dense(4, nn.activations.PReLU(0.25), use_bias=False),
        nn.Dense(2, "prelu"),
    ],
    "scaled": [nn.Input(5, scale=0.25), nn.Dense(2)],
    "standardized": [nn.Input(5, scale=0.25), nn.Standardize(), nn.Dense(2, "sigmoid")],
    "scaled_and_normalized": [nn.Input(5, scale=0.25), nn.BatchNorm(), nn.Dense(2)],
    "normalized": [
        nn.Input(5),
        nn.BatchNorm(momentum=0.9, center=False),
        nn.Dense(4, use_bias=False),
        nn.LayerNorm(epsilon=1e-5, scale=False),
        nn.Dropout(0.5),
        nn.LayerNorm(center=False, scale=False),
        nn.BatchNorm(center=False, scale=False),
        nn.Dense(2),
    ],
    "blocks": [
        nn.Input(5),
        nn.Residual(
            [nn.LayerNorm(), nn.Dense(6, "relu"), nn.Residual([nn.Dense(6, "prelu")]), nn.Dense(5)]
        ),
        nn.Residual([nn.Dense(5, "tanh")]),
        nn.Dense(2),
    ],
    "step": [
        nn.Input(5),
        nn.Dense(4),
        nn.BatchNorm(),
        nn.Dense(4, "softmax", use_bias=False, trainable=False, mask=np.eye(4)),
    ],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETS)
def test_what_we_wrote_predicts_the_same(name: str, dtype: str, tmp_path: Any) -> None:
    bias = "embedded" if name == "blocks" else "parameter"
    net = nn.FeedForward(NETS[name], bias=bias, dtype=dtype, seed=0)
    weights = [RNG.uniform(0.1, 1.0, each.shape) for each in net.get_weights()]
    if name == "step":
        weights[-1] = np.eye(4)
    net.set_weights(weights)
    path = tmp_path / "model.safetensors"
    nn.interop.write_torch(net, path)
    model = rebuilt(path)
    # PyTorch computes some of these with larger errors than float64 has.
    assert_the_same(model, net, 1e-5 if dtype == "float32" else 1e-8)
    again = nn.interop.read_torch(path)
    assert again.layers == net.layers
    assert (again.bias, again.dtype) == (net.bias, net.dtype)
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(again.predict(ROWS), net.predict(ROWS), rtol=tolerance)


def test_what_was_learned_further_in_pytorch_comes_back(tmp_path: Any) -> None:
    layers = [nn.Input(5), nn.BatchNorm(center=False), nn.Dense(2, "softmax")]
    net = nn.FeedForward(layers, seed=0)
    net.fit(ROWS, np.array(["yes", "no", "yes"] * 3))
    path = tmp_path / "model.safetensors"
    nn.interop.write_torch(net, path)
    model = rebuilt(path)
    with torch.no_grad():
        model[1].weight += 1.0
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    files.save_file(model.state_dict(), path, metadata)
    again = nn.interop.read_torch(path)
    assert_the_same(model, again)
    assert again.classes_.tolist() == ["no", "yes"]
    with torch.no_grad():
        model[0].bias += 1.0
    files.save_file(model.state_dict(), path, metadata)
    with pytest.raises(ValueError, match=r"has a bias, which BatchNorm.* has not"):
        nn.interop.read_torch(path)
