"""Keras' files, ours and its own, against the real Keras: both predict the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnfast as nn
from peers.double import keras_in_double

jax = pytest.importorskip("jax")
keras = pytest.importorskip("keras")

# Keras asks NumPy for arrays in a way that NumPy 2 no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROWS = 9
SUFFIXES = (".keras", ".h5")
L = keras.layers


@pytest.fixture(autouse=True)
def fresh_names() -> None:
    keras.backend.clear_session()


def shaken(model: Any, seed: int = 0) -> Any:
    """Give every weight another value than it starts from, variances among them."""
    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # builds what is not yet
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 1.0, np.shape(each)) for each in model.get_weights()])
    return model


def blocks() -> Any:
    given = keras.Input((5,))
    x = L.Dense(4, "relu")(given)
    y = L.LayerNormalization()(x)
    y = L.Dense(6, "tanh")(y)
    inner = L.Dense(6, "gelu")(y)
    y = L.Add()([inner, y])
    y = L.Dense(4)(y)
    x = L.Add()([x, y])
    x = keras.activations.relu(x)
    return keras.Model(given, L.Dense(2, "softmax")(x))


def from_the_inputs() -> Any:
    given = keras.Input((5,))
    x = L.Add()([given, L.Dense(5, "tanh")(given)])
    return keras.Model(given, L.Dense(1)(x))


def nested() -> Any:
    first = keras.Sequential([keras.Input((5,)), L.Dense(4, "relu"), L.BatchNormalization()])
    second = keras.Sequential([keras.Input((4,)), L.Dense(3, "tanh"), L.Dense(2)])
    return keras.Sequential([keras.Input((5,)), first, L.Dropout(0.5), second, L.Softmax()])


def adapted() -> Any:
    layer = L.Normalization()
    layer.adapt(np.random.default_rng(1).normal(3.0, 2.0, (50, 5)))
    return keras.Sequential([keras.Input((5,)), layer, L.Dense(3, "selu"), L.Dense(1)])


def sequential(*layers: Any, shape: tuple[int, ...] = (5,), dtype: str = "float32") -> Any:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])


MODELS = {
    "dense": lambda: sequential(L.Dense(7, "relu"), L.Dense(3, "softmax")),
    "no_bias": lambda: sequential(L.Dense(7, "elu", use_bias=False), L.Dense(1, "sigmoid")),
    "activation_layers": lambda: sequential(
        *(L.Dense(4), L.ReLU(), L.Dense(4), L.LeakyReLU(), L.Dense(4), L.PReLU(), L.Dense(4)),
        *(L.ELU(0.3), L.Dense(4), L.Activation("silu"), L.Dense(2), L.Softmax()),
    ),
    "activation_objects": lambda: sequential(
        L.Dense(4, activation=L.LeakyReLU(0.05)),
        L.Dense(4, activation=L.PReLU()),
        L.Dense(4, activation=keras.activations.mish),
        L.Dense(4, activation=L.ReLU(negative_slope=0.4)),
        L.Dense(2, activation=L.Softmax()),
    ),
    "normalized": lambda: sequential(
        L.BatchNormalization(momentum=0.9, epsilon=1e-5),
        *(L.Dense(4, use_bias=False), L.BatchNormalization(scale=False), L.ReLU()),
        *(L.Dense(4), L.LayerNormalization(center=False), L.PReLU(), L.Dense(4)),
        *(L.BatchNormalization(center=False), L.Activation("softmax")),
    ),
    "noise": lambda: sequential(
        L.GaussianNoise(0.3), L.Dense(4, "relu"), L.Dropout(0.4), L.Dense(1), L.Dropout(0.1)
    ),
    "restrained": lambda: sequential(
        L.Dense(
            4,
            "relu",
            kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-4),
            bias_regularizer="l2",
            activity_regularizer=keras.regularizers.L1(1e-5),
            kernel_constraint=keras.constraints.MaxNorm(3),
            bias_constraint="non_neg",
            kernel_initializer=keras.initializers.RandomNormal(0.1, 0.2),
        ),
        L.Dense(2, trainable=False),
    ),
    "images": lambda: sequential(
        *(L.Rescaling(1 / 127.5, offset=-1), L.Flatten(), L.Dense(3, "relu"), L.Dense(2)),
        shape=(4, 3, 2),
    ),
    "scaled": lambda: sequential(L.Rescaling(1 / 255), L.Dense(3, "tanh"), L.Rescaling(2.0, 0.5)),
    "twice_scaled": lambda: sequential(
        L.Rescaling(2.0, 1.0),
        L.Normalization(mean=[1.0, 2, 3, 4, 5], variance=[1.0, 4, 9, 16, 25]),
        L.Rescaling(-1.0),
        L.Dense(2),
    ),
    "normalization": lambda: sequential(
        L.Normalization(mean=[1.0, 2, 3, 4, 5], variance=[1.0, 4, 9, 16, 25]), L.Dense(2)
    ),
    "reshaped": lambda: sequential(
        L.Reshape((2, -1)), L.ReLU(), L.Flatten(), L.Dense(2), shape=(6,)
    ),
    "half": lambda: sequential(L.Dense(3, "tanh", dtype="mixed_float16"), L.Dense(2)),
    "blocks": blocks,
    "from_the_inputs": from_the_inputs,
    "nested": nested,
    "activations_alone": lambda: sequential(L.Softmax()),
    "wide": lambda: sequential(L.Dense(300, "relu"), L.Dense(2)),
}


def rows(model: Any) -> np.ndarray:
    shape = model.input_shape[1:]
    return np.random.default_rng(3).normal(0.5, 2.0, (ROWS, *shape)).astype(np.float32)


def assert_the_same(model: Any, net: nn.FeedForward, tolerance: float = 1e-5) -> None:
    X = rows(model)
    ours = net.predict(X.reshape(ROWS, -1))
    np.testing.assert_allclose(ours, np.asarray(model(X)), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", MODELS)
def test_what_keras_wrote_predicts_the_same(name: str, suffix: str, tmp_path: Any) -> None:
    model = shaken(MODELS[name]())
    model.save(tmp_path / f"model{suffix}")
    if name == "nested" and suffix == ".h5":
        with pytest.raises(ValueError, match="is a model within the model"):
            nn.interop.read_keras(tmp_path / "model.h5")
        return
    net = nn.interop.read_keras(tmp_path / f"model{suffix}")
    assert_the_same(model, net, 2e-3 if name == "half" else 1e-5)

    # And back: the file that we write of it is the same model to Keras, and to us.
    for other in SUFFIXES:
        nn.interop.write_keras(net, tmp_path / f"back{other}")
        again = keras.models.load_model(tmp_path / f"back{other}")
        X = rows(model).reshape(ROWS, -1)
        np.testing.assert_allclose(net.predict(X), np.asarray(again(X)), rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(
            net.predict(X), nn.interop.read_keras(tmp_path / f"back{other}").predict(X)
        )


def test_double_precision(tmp_path: Any) -> None:
    with keras_in_double():
        model = shaken(sequential(L.Dense(3, "tanh"), L.Dense(2), dtype="float64"))
        model.save(tmp_path / "model.keras")
        net = nn.interop.read_keras(tmp_path / "model.keras")
        assert net.dtype == np.float64
        assert_the_same(model, net, 1e-12)
        nn.interop.write_keras(net, tmp_path / "back.keras")
        assert_the_same(keras.models.load_model(tmp_path / "back.keras"), net, 1e-12)


def test_an_adapted_normalization(tmp_path: Any) -> None:
    model = adapted()
    for suffix in (".keras", ".h5", ".weights.h5"):
        save = model.save_weights if suffix == ".weights.h5" else model.save
        save(tmp_path / f"model{suffix}")
    assert_the_same(model, nn.interop.read_keras(tmp_path / "model.keras"))
    assert_the_same(model, nn.interop.read_keras(tmp_path / "model.h5"))
    layers = [nn.Input(5), nn.Standardize(), nn.Dense(3, "selu"), nn.Dense(1)]
    path = tmp_path / "model.weights.h5"
    assert_the_same(model, nn.interop.read_keras(path, architecture=layers))


def test_codes(tmp_path: Any) -> None:
    model = shaken(
        keras.Sequential([keras.Input((1,)), L.Embedding(6, 3), L.Flatten(), L.Dense(2)])
    )
    X = np.arange(6).reshape(-1, 1)
    for suffix in SUFFIXES:
        model.save(tmp_path / f"model{suffix}")
        net = nn.interop.read_keras(tmp_path / f"model{suffix}")
        np.testing.assert_allclose(net.predict(X), np.asarray(model(X)), rtol=1e-5)
        nn.interop.write_keras(net, tmp_path / f"back{suffix}")
        again = keras.models.load_model(tmp_path / f"back{suffix}")
        np.testing.assert_allclose(net.predict(X), np.asarray(again(X)), rtol=1e-5)


def test_several_columns_of_codes(tmp_path: Any) -> None:
    model = shaken(
        keras.Sequential([keras.Input((2,)), L.Embedding(6, 3), L.Flatten(), L.Dense(2)])
    )
    model.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="one table for 2 columns in common"):
        net = nn.interop.read_keras(tmp_path / "model.keras")
    X = np.arange(6).reshape(3, 2)
    np.testing.assert_allclose(net.predict(X), np.asarray(model(X)), rtol=1e-5)


def tables_of_one_input() -> tuple[Any, list[np.ndarray]]:
    """Columns are taken out of one input, as we write it and as a user does."""
    given = keras.Input((6,))
    x = L.Normalization(mean=[1.0, 2, 3, 0, 0, 0], variance=[4.0, 1, 9, 1, 1, 1])(given)
    code, other = L.Flatten()(L.Embedding(4, 2)(x[:, 3:4])), L.Embedding(5, 3)(x[:, 5])
    x = L.Concatenate()([code, x[:, 1:3], other, L.Rescaling(2.0)(x[:, :1])])
    return keras.Model(given, L.Dense(2)(L.Dense(4, "relu")(x))), [rows_of_codes()]


def rows_of_codes() -> np.ndarray:
    rng = np.random.default_rng(3)
    codes = [rng.integers(0, 4, ROWS), rng.integers(0, 3, ROWS), rng.integers(0, 5, ROWS)]
    return np.column_stack([rng.normal(2.0, 3.0, (ROWS, 3)), *codes]).astype(np.float32)


def tables_of_several_inputs() -> tuple[Any, list[np.ndarray]]:
    numbers, colour = keras.Input((3,), name="numbers"), keras.Input((1,), name="colour")
    shape, sizes = keras.Input((), name="shape"), keras.Input((2,), name="sizes", dtype="int32")
    layer = L.Normalization()
    layer.adapt(np.random.default_rng(1).normal(3.0, 2.0, (50, 3)))
    x = L.Concatenate()(
        [
            L.Embedding(5, 3)(shape),
            L.Reshape((2,))(L.Embedding(4, 2)(colour)),
            layer(numbers),
            L.Flatten()(L.Embedding(6, 2)(sizes)),
        ]
    )
    model = keras.Model([colour, numbers, shape, sizes], L.Dense(1, "sigmoid")(x))
    table = rows_of_codes()
    return model, [table[:, 3:4], table[:, :3], table[:, 5], table[:, [4, 3]].astype(np.int32)]


def joined_before_a_normalization() -> tuple[Any, list[np.ndarray]]:
    one, other = keras.Input((2,), name="one"), keras.Input((3,), name="other")
    x = L.BatchNormalization()(L.Concatenate()([other, one]))
    return keras.Model([one, other], L.Dense(2)(x)), list(np.split(rows_of_codes()[:, :5], [2], 1))


TABLES = [tables_of_one_input, tables_of_several_inputs, joined_before_a_normalization]


@pytest.mark.parametrize("make", TABLES)
def test_columns_and_their_embeddings(make: Any, tmp_path: Any) -> None:
    model, given = make()
    given = given[0] if len(given) == 1 else given
    rng = np.random.default_rng(0)
    weights = [np.asarray(one) for one in model.get_weights()]
    model.set_weights([rng.uniform(0.1, 1, w.shape) if w.ndim == 2 else w for w in weights])
    model.save(tmp_path / "model.keras")
    net = nn.interop.read_keras(tmp_path / "model.keras")
    X = np.column_stack(given) if isinstance(given, list) else given
    np.testing.assert_allclose(net.predict(X), np.asarray(model(given)), rtol=1e-5, atol=1e-5)
    nn.interop.write_keras(net, tmp_path / "back.keras")
    again = keras.models.load_model(tmp_path / "back.keras")
    np.testing.assert_allclose(net.predict(X), np.asarray(again(X)), rtol=1e-5, atol=1e-5)
    assert nn.interop.read_keras(tmp_path / "back.keras").layers == net.layers


def test_our_table_in_keras(tmp_path: Any) -> None:
    columns = {
        "colour": ["red", "blue", "red", "green", None, "blue"],
        "weight": [1.0, 3.0, None, 2.0, 4.0, 5.0],
        "size": ["S", "M", "L", "L", "M", "S"],
        "price": [10.0, 12.0, 9.0, 11.0, 8.0, 7.0],
    }
    table = nn.Table.fit(columns, target="price")
    net = nn.FeedForward([*table.layers(), nn.Dense(4, "relu"), nn.Dense(1)], seed=0)
    X, y = table.encode(columns), table.targets(columns)
    net.fit(X, y, epochs=3)
    nn.interop.write_keras(net, tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(net.predict(X), np.asarray(model(X)), rtol=1e-5, atol=1e-5)
    again = nn.interop.read_keras(tmp_path / "model.keras")
    assert again.layers == net.layers
    np.testing.assert_allclose(again.predict(X), net.predict(X), rtol=1e-6)
    model.fit(X, y, epochs=1, verbose=0)  # the optimizer's variables fit
    with pytest.raises(ValueError, match=r"wanted is a path that ends in \.keras"):
        nn.interop.write_keras(net, tmp_path / "model.h5")


def test_a_model_that_was_trained(tmp_path: Any) -> None:
    X, y = nn.datasets.digits()
    model = keras.Sequential(
        [
            keras.Input((64,)),
            L.Dense(32),
            L.BatchNormalization(),
            L.Activation("relu"),
            L.Dropout(0.2),
            L.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=2, verbose=0)
    for suffix in SUFFIXES:
        model.save(tmp_path / f"model{suffix}")
        net = nn.interop.read_keras(tmp_path / f"model{suffix}")
        np.testing.assert_allclose(net.predict(X), model.predict(X, verbose=0), atol=1e-5)
        assert net.optimizer == nn.Adam()
        assert net.evaluate(X, y)["accuracy"] == pytest.approx(
            model.evaluate(X, y, verbose=0)[1], abs=1e-6
        )
        net.fit(X, y, epochs=2)  # and it learns on
        assert net.evaluate(X, y)["accuracy"] > 0.9


# Weights alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", ["parameter", "embedded"])
def test_weights_alone(bias: str, tmp_path: Any) -> None:
    model = shaken(
        sequential(
            *(L.Dense(4), L.PReLU(), L.BatchNormalization(), L.Dense(3, activation=L.PReLU())),
            *(L.LayerNormalization(), L.Dense(2, "softmax")),
        )
    )
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    net = nn.FeedForward(
        [
            nn.Input(5),
            nn.Dense(4, "prelu"),
            nn.BatchNorm(),
            nn.Dense(3, "prelu"),
            nn.LayerNorm(),
            nn.Dense(2, "softmax"),
        ],
        bias=bias,
    )
    found = nn.interop.read_keras(path, architecture=net)
    assert found is not net
    assert found.bias == bias
    assert_the_same(model, found)
    assert_the_same(model, nn.interop.read_keras(path, architecture=model.to_json()))
    with pytest.raises(ValueError, match="holds weights alone; wanted is also architecture"):
        nn.interop.read_keras(path)
    with pytest.raises(ValueError, match=r"kernel of .* has the shape"):
        nn.interop.read_keras(path, architecture="5-3-2")


# Ours, in Keras ----------------------------------------------------------------------------------

RNG = np.random.default_rng(5)
KNOWN = [name for name in nn.activations.registry.names if name not in ("step", "prelu")]


def shaken_net(layers: Any, **options: Any) -> nn.FeedForward:
    net = nn.FeedForward(layers, seed=0, **options)
    net.set_weights([RNG.uniform(0.1, 1.0, each.shape) for each in net.get_weights()])
    return net


NETS = {
    **{name: [nn.Input(5), nn.Dense(4, name), nn.Dense(2)] for name in KNOWN},
    **{f"{name}_layer": [nn.Input(5), nn.Activation(name), nn.Dense(2)] for name in KNOWN},
    "slopes": [
        nn.Input(5),
        nn.Dense(4, nn.activations.LeakyReLU(0.01)),
        nn.Dense(4, nn.activations.ELU(0.5)),
        nn.Dense(4, nn.activations.PReLU(0.25)),
        nn.Dense(2, "prelu"),
    ],
    "scaled": [nn.Input(5, scale=0.25), nn.Standardize(leave=[1]), nn.Dense(2)],
    "normalized": [
        nn.Input(5),
        nn.BatchNorm(momentum=0.9, center=False),
        nn.Dense(4, use_bias=False),
        nn.LayerNorm(epsilon=1e-5, scale=False),
        nn.Dropout(0.5),
        nn.GaussianNoise(0.5),
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
}


WRITTEN = [(name, ".keras") for name in NETS] + [(name, ".h5") for name in list(NETS)[-4:]]


@pytest.mark.parametrize(("name", "suffix"), WRITTEN)
def test_what_we_wrote_predicts_the_same(name: str, suffix: str, tmp_path: Any) -> None:
    bias = "embedded" if name == "blocks" else "parameter"
    if name == "scaled":
        net = nn.FeedForward(NETS[name], seed=0)
        net.set_weights([[1, 0, 3, 4, 5], [0.5, 1, 2, 3, 4], *net.get_weights()[2:]])
    else:
        net = shaken_net(NETS[name], bias=bias)
    path = tmp_path / f"model{suffix}"
    if name == "scaled":
        with pytest.warns(UserWarning, match="which columns Standardize"):
            nn.interop.write_keras(net, path)
    else:
        nn.interop.write_keras(net, path)
    assert_the_same(keras.models.load_model(path), net)
    again = nn.interop.read_keras(path)
    if name not in ("scaled", "linear_layer"):
        assert again.layers == net.layers
    X = rows(keras.models.load_model(path))
    np.testing.assert_allclose(again.predict(X), net.predict(X), rtol=1e-6, atol=1e-6)


OPTIMIZERS = {
    "sgd": nn.SGD(0.1),
    "momentum": nn.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "rmsprop": nn.RMSprop(0.01, rho=0.8),
    "centered": nn.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": nn.Adam(0.01, beta_1=0.8, clip_norm=1.0),
    "adamw": nn.AdamW(0.01, weight_decay=0.1),
    "nadam": nn.Nadam(),
    "adamax": nn.Adamax(),
    "adagrad": nn.Adagrad(0.1, initial_accumulator_value=0.2),
    "adadelta": nn.Adadelta(1.0, clip_value=0.5),
    "lion": nn.Lion(global_clip_norm=2.0),
    "averaged": nn.Adam(ema_momentum=0.9),
    "accumulated": nn.SGD(0.1, momentum=0.5, accumulation_steps=2),
    "cosine": nn.Adam(nn.schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3)),
    "restarts": nn.Adam(nn.schedules.CosineDecayRestarts(0.1, 10)),
    "exponential": nn.SGD(nn.schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True)),
    "inverse": nn.SGD(nn.schedules.InverseTimeDecay(0.1, 10, 0.5)),
    "piecewise": nn.SGD(nn.schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.2, 0.3])),
    "polynomial": nn.SGD(nn.schedules.PolynomialDecay(0.1, 10, power=2.0)),
}


LEARNING = [(name, ".keras") for name in OPTIMIZERS] + [("adam", ".h5"), ("cosine", ".h5")]


@pytest.mark.parametrize(("name", "suffix"), LEARNING)
def test_both_learn_on_alike(name: str, suffix: str, tmp_path: Any) -> None:
    net = nn.FeedForward("5-4-3", hidden="tanh", output="softmax", seed=0)
    net.compile(OPTIMIZERS[name], nn.SparseCategoricalCrossEntropy())
    path = tmp_path / f"model{suffix}"
    nn.interop.write_keras(net, path)
    again = nn.interop.read_keras(path)
    assert (again.optimizer, again.loss) == (net.optimizer, net.loss)
    model = keras.models.load_model(path)
    if name in ("averaged", "accumulated"):
        return  # how Keras counts differs: see the optimizers' own tests
    X, y = RNG.normal(size=(6, 5)).astype(np.float32), np.arange(6) % 3
    for _ in range(4):
        model.train_on_batch(X, y)
        again.train_on_batch(X, y)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


LOSSES = [
    ("linear", "mse"),
    ("linear", "mae"),
    ("linear", "log_cosh"),
    ("exponential", "poisson"),
    ("linear", nn.Hinge()),
    ("linear", nn.Huber()),
    ("sigmoid", nn.BinaryCrossEntropy(label_smoothing=0.1)),
    ("linear", nn.BinaryCrossEntropy(from_logits=True)),
    ("softmax", nn.CategoricalCrossEntropy(label_smoothing=0.1)),
    ("softmax", nn.losses.CategoricalFocalCrossEntropy(gamma=1.5)),
    ("sigmoid", nn.losses.BinaryFocalCrossEntropy(alpha=0.3, apply_class_balancing=True)),
    ("softmax", nn.KLDivergence()),
]


@pytest.mark.parametrize(("output", "loss"), LOSSES, ids=[str(loss) for _, loss in LOSSES])
def test_losses_go_along(output: str, loss: Any, tmp_path: Any) -> None:
    net = nn.FeedForward("5-3", output=output, seed=0).compile(loss=loss)
    path = tmp_path / "model.keras"
    nn.interop.write_keras(net, path)
    assert nn.interop.read_keras(path).loss == net.loss
    model = keras.models.load_model(path)
    X = RNG.normal(size=(6, 5)).astype(np.float32)
    y = np.eye(3)[np.arange(6) % 3].astype(np.float32)
    measured = net.evaluate(X, 2 * y - 1 if net.loss.targets == "signs" else y)["loss"]
    theirs = model.evaluate(X, y, verbose=0)
    assert measured == pytest.approx(theirs[0] if isinstance(theirs, list) else theirs, rel=1e-4)


def test_a_lambda_and_layers_of_a_user_are_not_run(tmp_path: Any) -> None:
    model = sequential(L.Dense(3), L.Lambda(lambda x: x + 1), L.Dense(1))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"layer 'lambda' \(Lambda\) is none that nnfast has"):
        nn.interop.read_keras(tmp_path / "model.keras")

    @keras.saving.register_keras_serializable(package="mine")
    class Dense(L.Dense):
        pass

    sequential(Dense(3), L.Dense(1)).save(tmp_path / "own.keras")
    with pytest.raises(ValueError, match="is a mine>Dense, a class of its author's own"):
        nn.interop.read_keras(tmp_path / "own.keras")


REFUSED = {
    "Conv1D": lambda: sequential(L.Conv1D(2, 2), L.Flatten(), L.Dense(1), shape=(5, 1)),
    "max_value": lambda: sequential(L.Dense(3), L.ReLU(max_value=6.0), L.Dense(1)),
    "relu6": lambda: sequential(L.Dense(3, "relu6"), L.Dense(1)),
    "Flatten makes": lambda: sequential(L.Dense(3), L.Flatten(), L.Dense(1), shape=(5, 2)),
    "one axis": lambda: sequential(L.Dense(3), shape=(5, 2)),
    "fixed sizes": lambda: sequential(L.Dense(3), shape=(None, 2)),
}


@pytest.mark.parametrize("problem", REFUSED)
def test_what_nnfast_does_not_have_is_refused_by_name(problem: str, tmp_path: Any) -> None:
    REFUSED[problem]().save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=problem):
        nn.interop.read_keras(tmp_path / "model.keras")


def test_what_predicts_at_random_is_refused(tmp_path: Any) -> None:
    given = keras.Input((5,))
    keras.Model(given, L.Dense(1)(L.Dropout(0.5)(given, training=True))).save(
        tmp_path / "model.keras"
    )
    with pytest.raises(ValueError, match=r"'dropout' .* is called with training=True"):
        nn.interop.read_keras(tmp_path / "model.keras")


def test_what_training_alone_wants_is_left_out(tmp_path: Any) -> None:
    model = sequential(
        L.Dense(3, kernel_regularizer=keras.regularizers.OrthogonalRegularizer()), L.Dense(1)
    )
    model.compile(keras.optimizers.Adam(amsgrad=True), "cosine_similarity", metrics=["auc"])
    model.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="left out") as caught:
        net = nn.interop.read_keras(tmp_path / "model.keras")
    said = str(caught[0].message)
    for part in ("OrthogonalRegularizer", "layer 'dense' (Dense)", "amsgrad", "cosine_similarity"):
        assert part in said
    assert_the_same(model, net)


def test_two_branches_are_refused_by_name(tmp_path: Any) -> None:
    given = keras.Input((5,))
    one, other = L.Dense(3, name="one")(given), L.Dense(3, name="other")(given)
    for name, joined in (("both", L.Concatenate(name="both")), ("sum", L.Add(name="sum"))):
        keras.Model(given, L.Dense(1)(joined([one, other]))).save(tmp_path / "model.keras")
        with pytest.raises(ValueError, match=name):
            nn.interop.read_keras(tmp_path / "model.keras")
    shared = L.Dense(5, name="shared")
    keras.Model(given, shared(shared(given))).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"'shared' .* is used 2 times"):
        nn.interop.read_keras(tmp_path / "model.keras")
