"""What Keras' files say of a network, and where its weights go."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfast import _architecture, schedules
from nnfast._version import version
from nnfast.interop import _hdf5, _keras_specs as specs
from nnfast.metrics import UserMetric

if TYPE_CHECKING:
    from nnfast.interop._hdf5 import Array
    from nnfast.interop._keras_plan import Plan, Step

KERAS = "3.15.1"
"""Of which version of Keras the layout is."""

INPUT = "input_layer"

FIXED = (1980, 1, 1, 0, 0, 0)
"""The time of every member of an archive, so that the same network is the same file."""


def _entry(plan: Plan, step: Step) -> dict[str, Any]:
    """Return Keras' description of a layer."""
    if step.kind == "GetItem":
        found = specs.described("keras.src.ops.numpy", "GetItem", {"name": step.name})
        return {**found, "registered_name": "GetItem"}
    config = {"name": step.name, "trainable": True, "dtype": plan.net.dtype.name, **step.config}
    entry = specs.described("keras.layers", step.kind, config)
    if step.weights or step.kind == "Normalization":
        entry["build_config"] = {"input_shape": [None, *step.shape]}
    return entry


def _input(plan: Plan) -> dict[str, Any]:
    config = {
        "batch_shape": [None, plan.net.inputs],
        "dtype": plan.net.dtype.name,
        "sparse": False,
        "name": INPUT,
    }
    return specs.described("keras.layers", "InputLayer", config)


def model(plan: Plan) -> dict[str, Any]:
    """Return Keras' description of a network."""
    shape = [None, plan.net.inputs]
    if any(step.branches for step in plan.steps):
        found = specs.described("keras.src.models.functional", "Functional", _functional(plan))
        return {**found, "registered_name": "Functional", "build_config": {"input_shape": None}}
    config = {
        "name": "sequential",
        "trainable": True,
        "dtype": plan.net.dtype.name,
        "layers": [_input(plan), *(_entry(plan, step) for step in plan.steps)],
        "build_input_shape": shape,
    }
    found = specs.described("keras", "Sequential", config)
    return {**found, "build_config": {"input_shape": shape}}


def _functional(plan: Plan) -> dict[str, Any]:
    """Return the configuration of a Functional model: layers, and what each is given."""
    entries = [{**_input(plan), "name": INPUT, "inbound_nodes": []}]

    def tensor(name: str, shape: Sequence[int]) -> dict[str, Any]:
        history = {"shape": [None, *shape], "dtype": plan.net.dtype.name}
        return {
            "class_name": "__keras_tensor__",
            "config": {**history, "keras_history": [name, 0, 0]},
        }

    def part(columns: slice) -> dict[str, Any]:
        limits = {"start": columns.start, "stop": columns.stop, "step": None}
        return {"class_name": "__slice__", "config": limits}

    def follow(steps: Sequence[Step], before: str) -> str:
        for step in steps:
            given: list[Any] = [tensor(before, step.shape)]
            if step.branches:
                given = [[tensor(follow(one, before), step.shape) for one in step.branches]]
            elif step.kind == "GetItem":
                given.append([part(slice(None)), part(step.config["columns"])])
            node = {"args": given, "kwargs": {}}
            entries.append({**_entry(plan, step), "name": step.name, "inbound_nodes": [node]})
            before = step.name
        return before

    last = follow(plan.steps, INPUT)
    return {
        "name": "functional",
        "trainable": True,
        "layers": entries,
        "input_layers": [INPUT, 0, 0],
        "output_layers": [last, 0, 0],
    }


def compiled(plan: Plan) -> dict[str, Any] | None:
    """Return how the network learns, or None if Keras cannot."""
    net = plan.net
    output = _architecture.output(net.layers)
    loss = specs.written_loss(net.loss.resolved(output.activation, output.units, soft=False))
    optimizer = specs.written_optimizer(net.optimizer)
    if optimizer is None:
        plan.left_out.append(repr(net.optimizer))
    if loss is None:
        plan.left_out.append(repr(net.loss))
    if optimizer is None or loss is None:
        return None
    measures = []
    for one in net.metrics:
        name = None if isinstance(one, UserMetric) else specs.KERAS_METRICS.get(one.name)
        if name is None:
            plan.left_out.append(f"the metric {one.label}")
        else:
            measures.append(name)
    return {
        "optimizer": optimizer,
        "loss": loss,
        "loss_weights": None,
        "metrics": measures,
        "weighted_metrics": None,
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": "auto",
    }


def _fresh_state(plan: Plan) -> list[Array]:
    """Return the optimizer's variables before its first step, as Keras has them.

    It warns of an optimizer that comes without. Each is one number in an array's shape.
    """
    net = plan.net
    optimizer: Any = net.optimizer
    kind = type(optimizer).__name__
    momentum, centered = (bool(getattr(optimizer, n, 0)) for n in ("momentum", "centered"))
    # How many variables of each weight's shape lie beside each other, group after group.
    own = {
        "SGD": [1] * momentum,
        "RMSprop": [1] * (1 + momentum + centered),
        "Adagrad": [1],
        "Lion": [1],
    }.get(kind, [2])
    shared = [optimizer.ema_momentum is not None, optimizer.accumulation_steps > 1]
    state: list[Array] = [np.array(0, np.int32)]
    if not isinstance(optimizer.learning_rate, schedules.Schedule):
        state.append(np.array(optimizer.learning_rate, np.float32))
    shapes = [
        values.shape for step in plan.everyone for _, values in step.weights[: step.trainable]
    ]
    start = optimizer.initial_accumulator_value if kind == "Adagrad" else 0.0
    groups = [(1, 0.0) for one in shared if one] + [(count, start) for count in own]
    for count, value in groups:
        constant = np.array(value, net.dtype)
        state += [np.broadcast_to(constant, shape) for shape in shapes for _ in range(count)]
    if kind == "Nadam":
        state.append(np.array(1.0, net.dtype))
    return state


# Files -------------------------------------------------------------------------------------------


def archive(plan: Plan) -> bytes:
    """Return a network as a .keras archive."""
    description = model(plan)
    description["compile_config"] = compiled(plan)
    weights = io.BytesIO()
    with _hdf5.h5py().File(weights, "w") as root:
        for step in plan.layers:
            _variables(root, f"layers/{step.name}", step.name, [array for _, array in step.weights])
        if description["compile_config"] is not None:
            _variables(root, "optimizer", type(plan.net.optimizer).__name__, _fresh_state(plan))
    metadata = {"keras_version": KERAS, "written_by": f"nnfast {version()}"}
    members = {
        "metadata.json": json.dumps(metadata).encode(),
        "config.json": json.dumps(description).encode(),
        "model.weights.h5": weights.getvalue(),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, member in members.items():
            file.writestr(zipfile.ZipInfo(name, FIXED), member)
    return content.getvalue()


def _variables(root: Any, path: str, name: str, values: Sequence[Array]) -> None:
    group = root.create_group(f"{path}/vars")
    group.attrs["name"] = name
    for number, one in enumerate(values):
        if one.ndim and not any(one.strides):  # one number all over takes no place in the file
            group.create_dataset(str(number), one.shape, one.dtype, fillvalue=one.flat[0])
        else:
            group.create_dataset(str(number), data=one)


def hdf5(plan: Plan) -> bytes:
    """Return a network as an .h5 file of the older format."""
    if len(plan.layers) < len(plan.everyone):
        raise ValueError(
            "the network has an Embedding of some columns among others, which Keras does not read "
            "from .h5; wanted is a path that ends in .keras"
        )
    content = io.BytesIO()
    with _hdf5.h5py().File(content, "w") as root:
        root.attrs["keras_version"] = KERAS
        root.attrs["backend"] = "nnfast"
        root.attrs["model_config"] = json.dumps(_older(model(plan)))
        training = compiled(plan)
        if training is not None:
            optimizer = training.pop("optimizer")
            kept = {name: optimizer[name] for name in ("class_name", "config")}
            training["optimizer_config"] = kept
            root.attrs["training_config"] = json.dumps(training)
        weights = root.create_group("model_weights")
        weights.attrs["keras_version"] = KERAS
        weights.attrs["backend"] = "nnfast"
        weights.attrs["layer_names"] = [step.name for step in plan.layers]
        for step in plan.layers:
            group = weights.create_group(step.name)
            paths = [f"{step.name}/{name}" for name, _ in step.weights]
            group.attrs["weight_names"] = paths
            for path, (_, values) in zip(paths, step.weights, strict=True):
                group.create_dataset(path, data=values)
    return content.getvalue()


def _older(description: dict[str, Any]) -> dict[str, Any]:
    """Return a model's description as it is without modules and registered names of layers."""
    config = description["config"]
    layers = [
        {key: one for key, one in entry.items() if key not in ("module", "registered_name")}
        for entry in config["layers"]
    ]
    return {"class_name": description["class_name"], "config": {**config, "layers": layers}}
