"""Draw a picture of a model, of data, or of both, to a PNG, SVG or PDF file.

Of a model: architecture (also of "3-2-3-2"), learning-curves, learning-rate-curve,
first-layer-weights, component-plane and distance-map (of a self-organizing map). Of a model and
data: confusion-matrix, roc-curve, reliability-curve, decision-boundary, boundary-growth (also as a
GIF), saturation, gradient-flow, learning-rate-range, reconstructions, codes (of an autoencoder),
hit-map, label-map, recall and hopfield-energy. Of data alone: images. Of names: activations, and
learning-rate-curve of a schedule.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import nnfast as nn
from nnfast.cli import _answers, _building, _errors, _examples, _models, _options, _specs
from nnfast.cli._console import Console
from nnfast.cli._errors import Misused
from nnfast.cli._sources import Rows, open_rows

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

SUFFIXES = (".png", ".svg", ".pdf")

EXAMPLES = """\
examples:
  nnfast plot learning-curves model.safetensors --metric accuracy
      Writes learning-curves.png.
  nnfast plot confusion-matrix model.safetensors test.csv --out confusion.svg
  nnfast plot roc-curve model.safetensors test.csv
  nnfast plot architecture 3-2-3-2 --out network.svg
      A network that is only to be drawn; SVG of the architecture needs no matplotlib.
  nnfast plot activations relu,elu,tanh
  nnfast plot first-layer-weights digits.safetensors --shape 28x28
  nnfast plot images t10k-images-idx3-ubyte.gz --count 25
  nnfast plot learning-rate-curve 'cosine_decay(0.1, 1000, warmup_target=0.2, warmup_steps=100)'
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("picture", metavar="PICTURE", help="its name: one of those above")
    parser.add_argument(
        "what", metavar="MODEL|DATA|NAMES", nargs="*", help="what it is of; see the examples"
    )
    parser.add_argument("--out", metavar="FILE", help="PNG, SVG or PDF (default: PICTURE.png)")
    parser.add_argument("--target", metavar="COLUMN", help="as for evaluate")
    parser.add_argument(
        "--metric", metavar="M", default="loss", help="of learning-curves (default: loss)"
    )
    parser.add_argument("--shape", metavar="HxW", help="of images (default: square)")
    parser.add_argument(
        "--count", type=_options.positive, metavar="N", help="how many images, or states"
    )
    parser.add_argument(
        "--rows", type=_options.positive, metavar="N", help="only the first rows of the data"
    )
    parser.add_argument(
        "--row", type=_options.whole, default=0, metavar="N", help="of recall (default: 0)"
    )
    parser.add_argument(
        "--column", type=_options.whole, default=0, metavar="N", help="of component-plane"
    )
    parser.add_argument(
        "--normalize", action="store_true", help="confusion-matrix: shares in place of counts"
    )
    parser.add_argument(
        "--nodes", type=_options.positive, default=8, metavar="N", help="of a layer, at most"
    )
    _options.working(parser)
    _options.reading(parser)


def run(options: argparse.Namespace) -> int:
    """Draw, and say where it is."""
    console = Console(as_json=options.json, quiet=options.quiet)
    name = options.picture.replace("-", "_")
    if name not in PICTURES:
        from difflib import get_close_matches

        near = get_close_matches(name, PICTURES, n=1)
        hint = f" (did you mean {near[0].replace('_', '-')!r}?)" if near else ""
        raise Misused(
            f"there is no picture {options.picture!r}{hint}; wanted is one of "
            + ", ".join(sorted(one.replace("_", "-") for one in PICTURES))
        )
    out = options.out or f"{name.replace('_', '-')}.png"
    suffix = os.path.splitext(out)[1].lower()
    suffixes = (*SUFFIXES, ".gif") if name == "boundary_growth" else SUFFIXES
    if suffix not in suffixes:
        raise Misused(f"--out is {out!r}; wanted is an ending of {', '.join(suffixes)}")
    if suffix == ".gif":
        _recorded(options).animate(out)
    elif name == "architecture" and suffix == ".svg":
        net = _network(_one(options))
        nn.plot.architecture_svg(net, out, nodes=options.nodes, **_called(net))
    else:
        PICTURES[name](options).figure.savefig(out)
    console.row("drawn", out)
    console.result({"picture": name, "out": out})
    return _errors.GOOD


# What it is of -----------------------------------------------------------------------------------


def _one(options: argparse.Namespace, wanted: str = "a model") -> str:
    if len(options.what) != 1:
        raise Misused(f"{options.picture} wants {wanted}, and nothing more")
    found: str = options.what[0]
    return found


def _two(options: argparse.Namespace) -> tuple[str, str]:
    if len(options.what) != 2:
        raise Misused(f"{options.picture} wants a model and data")
    model, data = options.what
    return model, data


def _network(text: str) -> Any:
    """Return the model of a file, or a new network of so many nodes: 3-2-3-2."""
    if not os.path.exists(text) and re.fullmatch(r"\d+(-\d+)+", text):
        return nn.FeedForward(text, seed=0)
    return _models.any_model(text)


def _called(net: Any) -> dict[str, Any]:
    table = getattr(net, "table", None)
    return {} if table is None else {"feature_names": table.names}


def _inputs(options: argparse.Namespace, net: Any, path: str) -> Array:
    """Return the rows of a file as a model takes them."""
    if isinstance(net, nn.FeedForward):
        X, _ = _examples.of_model(net, path, _options.as_reading(options), options.target)
    else:
        X = _numbers(options, path)
    return X if options.rows is None else X[: options.rows]


def _numbers(options: argparse.Namespace, path: str) -> Array:
    """Return the rows of a file of numbers alone."""
    source = open_rows(path, _options.as_reading(options))
    if isinstance(source, Rows):
        return source.flat()
    block = source.whole([name for name in source.names if name != options.target])
    for name, values in block.items():
        if values.dtype.kind == "O":
            raise ValueError(f"{path!r}: column {name!r} holds words; wanted are numbers")
    return np.column_stack(list(block.values()))


def _labelled(options: argparse.Namespace) -> tuple[nn.FeedForward, Array, Array]:
    """Return a model, rows and their targets."""
    model, data = _two(options)
    net = _models.load(model, options)
    X, y = _examples.of_model(net, data, _options.as_reading(options), options.target)
    if y is None:
        raise ValueError(f"{data!r} has no target, which {options.picture} wants; say --target")
    return net, X[: options.rows], y[: options.rows]


def _classified(options: argparse.Namespace) -> tuple[nn.FeedForward, Array, Array]:
    net, X, y = _labelled(options)
    if not _answers.tells_classes(net):
        raise ValueError(f"{options.what[0]!r} predicts numbers; {options.picture} is of classes")
    return net, X, y


def _chances(net: nn.FeedForward, X: Array) -> Array:
    chances = _answers.probabilities(net, net.predict(X))
    if chances is None:
        raise ValueError("the model's outputs are no probabilities")
    return chances


def _shape(options: argparse.Namespace, net: Any = None) -> tuple[int, int] | None:
    if options.shape is None:
        return None
    height, _, width = options.shape.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise Misused(f"--shape is {options.shape!r}; wanted is height x width, such as 28x28")
    return int(height), int(width)


# The pictures ------------------------------------------------------------------------------------


def _activations(options: argparse.Namespace) -> Any:
    text = ",".join(options.what)
    names = _specs.specs(nn.activations.registry, text, "activations") if text else None
    return nn.plot.activations(names)


def _architecture(options: argparse.Namespace) -> Any:
    net = _network(_one(options, "a model, or a network such as 3-2-3-2"))
    return nn.plot.architecture(net, nodes=options.nodes, **_called(net))


def _codes(options: argparse.Namespace) -> Any:
    model, data = _two(options)
    net = nn.unsupervised.Autoencoder.load(model)
    X = _inputs(options, net, data)
    return nn.plot.codes(net.encode(X), _labels(options, data))


def _confusion_matrix(options: argparse.Namespace) -> Any:
    net, X, y = _classified(options)
    return nn.plot.confusion_matrix(
        y, net.predict_classes(X), classes=_answers.classes(net), normalize=options.normalize
    )


def _decision_boundary(options: argparse.Namespace) -> Any:
    net, X, y = _classified(options)
    names = None if net.table is None else net.table.names
    return nn.plot.decision_boundary(net, X, y, feature_names=names)


def _boundary_growth(options: argparse.Namespace) -> Any:
    return _recorded(options).plot(count=options.count or 6)


def _recorded(options: argparse.Namespace) -> nn.plot.BoundaryRecorder:
    """Let a network like the model learn the rows anew, and look at it on the way."""
    net, X, y = _classified(options)
    epochs = max(1, len(net.history.get("loss", [])))
    recorder = nn.plot.BoundaryRecorder(X, y)
    batch = min(len(X), _building.batch_size(None, len(X)))
    _forgotten(net, X).fit(X, y, epochs=epochs, batch_size=batch, callbacks=recorder, verbose=0)
    return recorder


def _forgotten(net: nn.FeedForward, X: Array) -> nn.FeedForward:
    """Return a network as it was before it learned, but for what standardizes its inputs."""
    net.reset()
    if any(isinstance(layer, nn.Standardize) for layer in net.layers):
        net.adapt(X)
    return net


def _first_layer_weights(options: argparse.Namespace) -> Any:
    net = _network(_one(options))
    return nn.plot.first_layer_weights(net, shape=_shape(options), count=options.count or 64)


def _gradient_flow(options: argparse.Namespace) -> Any:
    options.rows = options.rows or 1000
    return nn.plot.gradient_flow(*_labelled(options))


def _learning_curves(options: argparse.Namespace) -> Any:
    return nn.plot.learning_curves(_network(_one(options)), metric=options.metric)


def _learning_rate_curve(options: argparse.Namespace) -> Any:
    text = _one(options, "a model, or a schedule")
    if os.path.exists(text):
        return nn.plot.learning_rate_curve(_models.load(text, options))
    return nn.plot.learning_rate_curve(
        _specs.spec(nn.schedules.registry, text, "learning-rate-curve")
    )


def _learning_rate_range(options: argparse.Namespace) -> Any:
    net, X, y = _labelled(options)
    return nn.plot.learning_rate_range(_forgotten(net, X).find_learning_rate(X, y))


def _saturation(options: argparse.Namespace) -> Any:
    options.rows = options.rows or 1000
    model, data = _two(options)
    net = _models.load(model, options)
    return nn.plot.saturation(net, _inputs(options, net, data))


def _reliability_curve(options: argparse.Namespace) -> Any:
    net, X, y = _classified(options)
    return nn.plot.reliability_curve(y, _chances(net, X), classes=_answers.classes(net))


def _roc_curve(options: argparse.Namespace) -> Any:
    net, X, y = _classified(options)
    return nn.plot.roc_curve(y, _chances(net, X), classes=_answers.classes(net))


def _images(options: argparse.Namespace) -> Any:
    rows = _numbers(options, _one(options, "data"))[: options.count or 64]
    return nn.plot.images(rows, shape=_shape(options))


def _reconstructions(options: argparse.Namespace) -> Any:
    model, data = _two(options)
    net = nn.unsupervised.Autoencoder.load(model)
    X = _inputs(options, net, data)
    return nn.plot.reconstructions(net, X, shape=_shape(options), count=options.count or 10)


def _component_plane(options: argparse.Namespace) -> Any:
    return nn.plot.component_plane(_map(_one(options)), options.column)


def _distance_map(options: argparse.Namespace) -> Any:
    return nn.plot.distance_map(_map(_one(options)))


def _hit_map(options: argparse.Namespace) -> Any:
    model, data = _two(options)
    return nn.plot.hit_map(_map(model), _numbers(options, data))


def _label_map(options: argparse.Namespace) -> Any:
    model, data = _two(options)
    labels = _labels(options, data)
    if labels is None:
        raise Misused("label-map wants --target with the column of the labels")
    return nn.plot.label_map(_map(model), _numbers(options, data), labels)


def _recall(options: argparse.Namespace) -> Any:
    model, data = _two(options)
    rows = _numbers(options, data)
    if options.row >= len(rows):
        raise Misused(f"--row is {options.row}; {data!r} has {len(rows)} rows, counted from 0")
    return nn.plot.recall(_models.any_model(model), rows[options.row], shape=_shape(options))


def _hopfield_energy(options: argparse.Namespace) -> Any:
    model, data = _two(options)
    rows = _numbers(options, data)[: options.count or 10]
    return nn.plot.hopfield_energy(_models.any_model(model), rows)


def _map(path: str) -> Any:
    found = _models.any_model(path)
    if not isinstance(found, nn.unsupervised.SelfOrganizingMap):
        raise ValueError(
            f"{path!r} holds a {type(found).__name__}; wanted is a self-organizing map"
        )
    return found


def _labels(options: argparse.Namespace, path: str) -> Array | None:
    """Return a column of labels beside numbers, if one was named."""
    if options.target is None:
        return None
    source = open_rows(path, _options.as_reading(options))
    if isinstance(source, Rows):
        return _examples.target_of_array(source, options.target, _options.as_reading(options))
    _examples.refuse_absent(source, [options.target])
    return source.whole([options.target], [options.target])[options.target]


PICTURES: dict[str, Callable[[argparse.Namespace], Any]] = {
    "activations": _activations,
    "architecture": _architecture,
    "boundary_growth": _boundary_growth,
    "codes": _codes,
    "component_plane": _component_plane,
    "confusion_matrix": _confusion_matrix,
    "decision_boundary": _decision_boundary,
    "distance_map": _distance_map,
    "first_layer_weights": _first_layer_weights,
    "gradient_flow": _gradient_flow,
    "hit_map": _hit_map,
    "hopfield_energy": _hopfield_energy,
    "images": _images,
    "label_map": _label_map,
    "learning_curves": _learning_curves,
    "learning_rate_curve": _learning_rate_curve,
    "learning_rate_range": _learning_rate_range,
    "recall": _recall,
    "reconstructions": _reconstructions,
    "reliability_curve": _reliability_curve,
    "roc_curve": _roc_curve,
    "saturation": _saturation,
}
