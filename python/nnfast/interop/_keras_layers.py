"""From Keras' layers to ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import activations, initializers
from nnfast.interop import _keras_specs as specs
from nnfast.interop._chain import WIDEST, Chain
from nnfast.interop._hdf5 import repeated
from nnfast.interop._keras_columns import begin
from nnfast.interop._keras_graph import Place, chain as layers_of, inputs as inputs_of
from nnfast.interop._keras_specs import Unknown
from nnfast.interop._keras_weights import deviation
from nnfast.layers import BatchNorm, Dense, Dropout, Embedding, GaussianNoise, LayerNorm

if TYPE_CHECKING:
    from nnfast.interop._hdf5 import Array
    from nnfast.interop._keras_weights import ByClass, ByName
    from nnfast.network import FeedForward

    Weights = ByClass | ByName


class Reader:
    """Makes a network of Keras' description of a model and of its weights.

    What concerns only training and is not there in nnfast is put down in `left_out`; what concerns
    predictions is refused.
    """

    def __init__(self, *, since_keras_3: bool) -> None:
        self._since_keras_3 = since_keras_3
        self._dtype = "float32"
        self._shape: tuple[int, ...] = ()  # of a row, as Keras has it
        self.left_out: list[str] = []

    def network(self, model: Any, weights: Weights) -> FeedForward:
        """Return the network that a model is."""
        places = layers_of(model)
        if places and places[0].branches:
            chain = self._columns(places.pop(0), model, weights)
            self._width(chain)
        else:
            self._shape = self._input_shape(places, model)
            chain = Chain(math.prod(self._shape))
        self._take_all(places, chain, weights)
        if len(self._shape) != 1:
            raise ValueError(
                f"the model gives {self._shape} for each row; wanted is one axis, as Flatten makes"
            )
        return chain.network(self._dtype)

    def _columns(self, place: Place, model: Any, weights: Weights) -> Chain:
        """Return a chain that begins with columns of the inputs and their embeddings."""
        inputs = {steps[0].name: steps[0] for steps in place.branches}
        starts, wide = {}, 0
        for name in inputs_of(model):
            if name not in inputs:
                raise ValueError(f"{place} leaves out the input {name!r}; wanted is that all join")
            shape = inputs[name].config.get("batch_shape")
            shape = shape or inputs[name].config.get("batch_input_shape") or [None, None]
            if not all(isinstance(size, int) and size > 0 for size in shape[1:]):
                raise ValueError(f"{inputs[name]} has the shape {shape}; wanted are fixed sizes")
            starts[name] = wide
            wide += math.prod(shape[1:])
            self._note_dtype(inputs[name])
        if wide > WIDEST:
            raise ValueError(f"{place} joins columns of {wide}; wanted are {WIDEST} at most")

        def scaling(take: Callable[..., None]) -> Callable[[Place, Chain], None]:
            def taken(at: Place, chain: Chain) -> None:
                self._shape = (chain.width,)
                take(self, at, chain, weights)

            return taken

        scalings = {kind: scaling(LAYERS[kind]) for kind in ("Normalization", "Rescaling")}
        return begin(place, starts, wide, scalings, weights.read)

    def _input_shape(self, places: Sequence[Place], model: Any) -> tuple[int, ...]:
        """Return the shape of a row of the inputs."""
        if not places:
            raise ValueError("the model has no layers")
        config = places[0].config
        if places[0].inner is not None:
            return self._input_shape(layers_of(places[0].inner), places[0].inner)
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        if shape is None and isinstance(model.get("config"), dict):
            shape = model["config"].get("build_input_shape")
        if shape is None and isinstance(config.get("input_dim"), int):
            shape = [None, config["input_dim"]]
        if isinstance(shape, (list, tuple)) and len(shape) == 1 and isinstance(shape[0], list):
            shape = shape[0]
        if not isinstance(shape, (list, tuple)) or len(shape) < 2:
            raise ValueError(
                f"the model does not say the shape of its inputs but {shape!r}; build it with one, "
                "and save it again"
            )
        if not all(isinstance(size, int) and size > 0 for size in shape[1:]):
            raise ValueError(f"the model takes inputs of the shape {shape}; wanted are fixed sizes")
        return tuple(shape[1:])

    def _take_all(self, places: Iterable[Place], chain: Chain, weights: Weights) -> None:
        for place in places:
            take = LAYERS.get(place.kind)
            if place.inner is not None:
                self._take_all(layers_of(place.inner), chain, weights.inside(place))
            elif take is None:
                raise ValueError(f"{place} is none that nnfast has; it has {', '.join(LAYERS)}")
            elif place.kind in NOT_ELEMENTWISE and len(self._shape) != 1:
                raise ValueError(
                    f"{place} is given {self._shape} for each row; wanted is one axis, as Flatten "
                    "makes"
                )
            else:
                self._note_dtype(place)
                try:
                    take(self, place, chain, weights)
                except Unknown as error:
                    raise ValueError(f"{place} has {error}, which nnfast does not") from error
                except TypeError as error:
                    raise ValueError(f"{place} is not as wanted: {error}") from error
                except KeyError as error:
                    raise ValueError(f"{place} does not say its {error}") from error

    def _note_dtype(self, place: Place) -> None:
        policy = place.config.get("dtype", "float32")
        if isinstance(policy, dict):
            policy = policy.get("config", {}).get("name", "float32")
        if "int8" in str(policy) or "int4" in str(policy) or "float8" in str(policy):
            raise ValueError(f"{place} is quantized ({policy}); wanted are weights as floats")
        if policy == "float64":
            self._dtype = "float64"

    def _refuse(self, place: Place, **usual: Any) -> None:
        """Refuse settings that are not as usual."""
        for name, values in usual.items():
            allowed = values if isinstance(values, tuple) else (values,)
            value = place.config.get(name, allowed[0])
            if isinstance(value, dict) and value.get("class_name") == "ListWrapper":  # of Keras 2
                value = value.get("items")
            if value not in allowed:
                raise ValueError(f"{place} has {name}={value!r}, which nnfast does not")

    def _training_only(
        self, place: Place, names: Sequence[str], read: Callable[[Any], Any]
    ) -> dict[str, Any]:
        """Return settings that matter in training alone; put down those that are not here."""
        found = {}
        for name in names:
            try:
                found[name] = read(place.config.get(name))
            except (Unknown, TypeError, ValueError) as error:
                self.left_out.append(f"{name} of {place}, {error}")
        return found

    def _width(self, chain: Chain) -> None:
        self._shape = (chain.width,)

    # One method for each layer --------------------------------------------------------------------

    def _input(self, place: Place, chain: Chain, weights: Weights) -> None:
        pass

    def _dense(self, place: Place, chain: Chain, weights: Weights) -> None:
        config = place.config
        if config.get("quantization_config") is not None or config.get("lora_rank") is not None:
            raise ValueError(f"{place} has weights beside its kernel; wanted is a plain Dense")
        layer = Dense(
            config["units"],
            use_bias=config.get("use_bias", True),
            kernel_initializer=specs.initializer(config.get("kernel_initializer")),
            bias_initializer=specs.initializer(config.get("bias_initializer")) or "zeros",
            trainable=bool(config.get("trainable", True)),
            **self._training_only(
                place,
                ("kernel_regularizer", "bias_regularizer", "activity_regularizer"),
                specs.regularizer,
            ),
            **self._training_only(
                place, ("kernel_constraint", "bias_constraint"), specs.constraint
            ),
        )
        chain.add(layer, weights.read(place, chain.shapes(layer)))
        self._width(chain)
        self._activate(config.get("activation"), place, chain, weights)

    def _activation(self, place: Place, chain: Chain, weights: Weights) -> None:
        self._activate(place.config["activation"], place, chain, weights)

    def _activate(self, said: Any, place: Place, chain: Chain, weights: Weights) -> None:
        """Take what stands for an activation: a name, an object, or a layer."""
        kind = said.get("class_name") if isinstance(said, dict) else None
        if kind in ACTIVATION_LAYERS:
            specs.named(said)  # which refuses classes of the author's own
            inner = place._replace(kind=kind, config=said["config"])
            LAYERS[kind](self, inner, chain, _Within(weights, "activation"))
            return
        function = specs.activation(said, since_keras_3=self._since_keras_3)
        if function.over_rows and len(self._shape) != 1:
            raise ValueError(f"{place} is given {self._shape} for each row; wanted is one axis")
        chain.activation(function)

    def _relu(self, place: Place, chain: Chain, weights: Weights) -> None:
        self._refuse(place, max_value=None, threshold=(0.0, None))
        slope = specs.shortest(place.config.get("negative_slope") or 0.0)
        chain.activation(activations.LeakyReLU(slope) if slope else activations.relu)

    def _leaky_relu(self, place: Place, chain: Chain, weights: Weights) -> None:
        slope = place.config.get("negative_slope", place.config.get("alpha", 0.3))
        chain.activation(activations.LeakyReLU(specs.shortest(slope)))

    def _prelu(self, place: Place, chain: Chain, weights: Weights) -> None:
        # One alpha may be shared by all units.
        [alpha] = weights.read(place, {"alpha": None})
        if alpha.shape not in ((chain.width,), (1,)):
            raise ValueError(
                f"alpha of {place} has the shape {alpha.shape}; wanted is {(chain.width,)}"
            )
        start = specs.initializer(place.config.get("alpha_initializer"))
        first = start.value if isinstance(start, initializers.Constant) else 0.0
        chain.activation(activations.PReLU(first), [np.broadcast_to(alpha, chain.width)])

    def _elu(self, place: Place, chain: Chain, weights: Weights) -> None:
        alpha = place.config.get("alpha", 1.0)
        chain.activation(activations.ELU(specs.shortest(alpha)))

    def _softmax(self, place: Place, chain: Chain, weights: Weights) -> None:
        self._refuse(place, axis=(-1, 1, [-1], [1]))
        chain.activation(activations.softmax)

    def _dropout(self, place: Place, chain: Chain, weights: Weights) -> None:
        self._refuse(place, noise_shape=None)
        if place.config["rate"]:
            chain.add(Dropout(place.config["rate"]))

    def _gaussian_noise(self, place: Place, chain: Chain, weights: Weights) -> None:
        if place.config["stddev"]:
            chain.add(GaussianNoise(place.config["stddev"]))

    def _batch_norm(self, place: Place, chain: Chain, weights: Weights) -> None:
        self._refuse(place, axis=(-1, 1, [-1], [1]))
        self._affine(place)
        names = ("momentum", "epsilon", "center", "scale")
        layer = BatchNorm(**{name: place.config[name] for name in names if name in place.config})
        chain.add(layer, weights.read(place, chain.shapes(layer)))

    def _layer_norm(self, place: Place, chain: Chain, weights: Weights) -> None:
        self._refuse(place, axis=(-1, 1, [-1], [1]), rms_scaling=False)
        self._affine(place)
        names = ("epsilon", "center", "scale")
        layer = LayerNorm(**{name: place.config[name] for name in names if name in place.config})
        chain.add(layer, weights.read(place, chain.shapes(layer)))

    def _affine(self, place: Place) -> None:
        """Put down what nnfast's normalizations do not have, and training alone asks for."""
        for name in (
            "beta_regularizer",
            "gamma_regularizer",
            "beta_constraint",
            "gamma_constraint",
        ):
            if place.config.get(name) is not None:
                self.left_out.append(f"{name} of {place}")
        if place.config.get("trainable") is False:
            self.left_out.append(f"trainable=False of {place}")
        if place.config.get("renorm"):
            self.left_out.append(f"renorm of {place}")

    def _normalization(self, place: Place, chain: Chain, weights: Weights) -> None:
        self._refuse(place, axis=(-1, 1, [-1], [1], None, []), invert=False)
        mean, variance = place.config.get("mean"), place.config.get("variance")
        if mean is None or variance is None:
            shape = () if place.config.get("axis", -1) in (None, []) else (chain.width,)
            mean, variance = weights.read(place, {"mean": shape, "variance": shape})
        mean, variance = (np.asarray(value, dtype=float) for value in (mean, variance))
        for name, values in (("mean", mean), ("variance", variance)):
            if values.size not in (1, chain.width) or not np.isfinite(values).all():
                raise ValueError(
                    f"{place} has a {name} of the shape {values.shape}; wanted are "
                    f"{chain.width} finite numbers"
                )
        if (variance < 0).any():
            raise ValueError(f"{place} has a variance below 0; wanted is none")
        chain.standardize(mean.reshape(-1), deviation(variance).reshape(-1))

    def _rescaling(self, place: Place, chain: Chain, weights: Weights) -> None:
        scale, offset = (
            np.asarray(place.config.get(name, usual), dtype=float).reshape(-1)
            for name, usual in (("scale", 1.0), ("offset", 0.0))
        )
        for name, values in (("scale", scale), ("offset", offset)):
            fits = len(values) == 1 or (len(values),) == self._shape
            if not fits or not np.isfinite(values).all():
                raise ValueError(
                    f"{place} has a {name} of {len(values)} numbers; wanted is one finite number, "
                    "or one for each value of a row"
                )
        if len(scale) == 1 and not offset.any():
            chain.scale(float(scale[0]))
        else:
            chain.affine(scale, offset)

    def _flatten(self, place: Place, chain: Chain, weights: Weights) -> None:
        if len(self._shape) > 1:
            self._refuse(place, data_format=("channels_last", None))
        self._width(chain)

    def _reshape(self, place: Place, chain: Chain, weights: Weights) -> None:
        shape = place.config["target_shape"]
        if not all(isinstance(size, int) for size in shape) or list(shape).count(-1) > 1:
            raise ValueError(f"{place} has the target_shape {shape!r}; wanted are whole numbers")
        known = math.prod(size for size in shape if size != -1)
        full = [chain.width // max(known, 1) if size == -1 else size for size in shape]
        if math.prod(full) != chain.width:
            raise ValueError(f"{place} makes {shape} of {chain.width} values")
        self._shape = tuple(full)

    def _embedding(self, place: Place, chain: Chain, weights: Weights) -> None:
        config = place.config
        self._refuse(place, mask_zero=False)
        for name in ("embeddings_regularizer", "embeddings_constraint", "activity_regularizer"):
            if config.get(name) is not None:
                self.left_out.append(f"{name} of {place}")
        sizes = (config["input_dim"], config["output_dim"])
        [table] = weights.read(place, {"embeddings": sizes})
        # One table for all columns of codes: here each has its own, and they are equal.
        count = chain.width
        if count > WIDEST:
            raise ValueError(f"{place} is given {count} codes; wanted are {WIDEST} at most")
        layer = Embedding(
            dict.fromkeys(range(count), sizes),
            initializer=specs.initializer(config.get("embeddings_initializer")) or "random_uniform",
        )
        if count > 1:
            self.left_out.append(f"that {place} has one table for {count} columns in common")
        chain.add(layer, repeated(table, count, f"the table of {place}"))
        self._shape = (count, sizes[1])

    def _add(self, place: Place, chain: Chain, weights: Weights) -> None:
        before = self._shape
        if len(before) != 1:
            raise ValueError(f"{place} is given {before} for each row; wanted is one axis")
        block = Chain(chain.width, first=False)
        self._take_all(place.block, block, weights)
        if self._shape != before:
            raise ValueError(f"{place} adds {self._shape} to {before}; wanted is the same shape")
        chain.residual(block)


class _Within:
    """The weights of an activation that is a layer within another."""

    def __init__(self, weights: Weights, within: str) -> None:
        self._weights = weights
        self._within = within

    def read(self, place: Place, shapes: Any) -> list[Array]:
        return self._weights.read(place, shapes, self._within)


ACTIVATION_LAYERS = ("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")

LAYERS: dict[str, Callable[[Reader, Place, Chain, Any], None]] = {
    "InputLayer": Reader._input,
    "Dense": Reader._dense,
    "Activation": Reader._activation,
    "ReLU": Reader._relu,
    "LeakyReLU": Reader._leaky_relu,
    "PReLU": Reader._prelu,
    "ELU": Reader._elu,
    "Softmax": Reader._softmax,
    "Dropout": Reader._dropout,
    "GaussianNoise": Reader._gaussian_noise,
    "BatchNormalization": Reader._batch_norm,
    "LayerNormalization": Reader._layer_norm,
    "Normalization": Reader._normalization,
    "Rescaling": Reader._rescaling,
    "Flatten": Reader._flatten,
    "Reshape": Reader._reshape,
    "Embedding": Reader._embedding,
    "Add": Reader._add,
}

NOT_ELEMENTWISE = (
    *("Dense", "PReLU", "Softmax", "BatchNormalization", "LayerNormalization", "Normalization"),
    "Embedding",
)
"""What wants one axis: the others treat each value of a row by itself, whatever its place."""
