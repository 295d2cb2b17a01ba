"""The options of the command train."""

from __future__ import annotations

import argparse

from nnfast.cli import _options


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "data", help="CSV, TSV, Parquet, NPY, NPZ or IDX, also gzipped; - is standard input"
    )
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="what to predict: a column's name; for arrays, its number from 0 on, an array of the "
        "same NPZ file, or another file",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        default="model.safetensors",
        help="the model (default: model.safetensors)",
    )
    parser.add_argument(
        "--save-every",
        type=_options.positive,
        metavar="N",
        help="save the best so far after every N epochs too, for runs that may be killed",
    )
    rows = parser.add_argument_group("which columns and rows")
    rows.add_argument("--columns", metavar="A,B", help="learn from these only")
    rows.add_argument("--drop", metavar="A,B", help="leave these out")
    rows.add_argument(
        "--categories", metavar="A,B", help="columns of numbers that are names, as postal codes are"
    )
    rows.add_argument(
        "--missing",
        metavar="W,W",
        help="words that say that a value is missing, beside '?', 'NA' and such",
    )
    rows.add_argument(
        "--extrapolate",
        action="store_true",
        help="take numbers beyond all of the training rows as they are, not for the nearest of "
        "those",
    )
    rows.add_argument("--weights", metavar="COLUMN", help="how much each row counts")
    rows.add_argument(
        "--task",
        choices=["auto", "classification", "regression"],
        default="auto",
        help="whether the target is classes or a number (default: auto)",
    )
    rows.add_argument(
        "--validation",
        metavar="PART|FILE",
        default="0.2",
        help="rows to hold out and measure by: a part, drawn by the seed, or a file of their own "
        "(default: 0.2; 0 for none)",
    )
    net = parser.add_argument_group("the network")
    net.add_argument(
        "--hidden",
        metavar="N,N",
        default="64,64",
        help="nodes of each hidden layer, or none (default: 64,64)",
    )
    net.add_argument(
        "--activation",
        metavar="F",
        default="relu",
        help="relu, tanh, elu, gelu, ...: of all hidden layers, or F,F one of each (default: relu)",
    )
    net.add_argument(
        "--output", metavar="F", help="the output's activation; by default what fits the target"
    )
    net.add_argument(
        "--dropout",
        metavar="P",
        default="0",
        help="part of the nodes silenced in each step, or P,P of each layer (default: 0)",
    )
    net.add_argument(
        "--normalization", choices=["none", "batch", "layer"], default="none", help="between layers"
    )
    net.add_argument(
        "--embedding",
        type=_options.positive,
        metavar="N",
        help="length of a word's vector (default: half its column's words, 50 at most)",
    )
    net.add_argument(
        "--initializer", metavar="I", help="of the weights: he_normal, glorot_uniform, ..."
    )
    net.add_argument("--l1", type=_options.from_zero, metavar="X", help="penalty on weights' sizes")
    net.add_argument("--l2", type=_options.from_zero, metavar="X", help="penalty on their squares")
    net.add_argument(
        "--max-norm", type=_options.above_zero, metavar="X", help="longest weights of a node"
    )
    net.add_argument(
        "--dtype", choices=["float32", "float64"], default="float32", help="(default: float32)"
    )
    net.add_argument(
        "--from", dest="begin", metavar="FILE", help="go on from a model, in place of a new network"
    )
    how = parser.add_argument_group(
        "how it learns",
        "Parameters stand in brackets, as in 'adam(beta_1=0.8)'. A name that does not exist is\n"
        "answered by all that do; what they mean, the page Choices of the documentation says.",
    )
    how.add_argument(
        "--optimizer",
        metavar="O",
        default="adam",
        help="adam, sgd, rmsprop, lbfgs, ... (default: adam)",
    )
    how.add_argument(
        "--learning-rate", metavar="X", help="a number, or auto: found by the range test"
    )
    how.add_argument(
        "--schedule",
        metavar="S",
        help="how the rate changes: cosine, exponential(decay_rate=0.1), one_cycle, ..., its "
        "length the whole run, or decay_epochs=N; or plateau(factor=0.5), where the held-out rows' "
        "loss falls no more",
    )
    how.add_argument(
        "--weight-decay", type=_options.from_zero, metavar="X", help="by which weights shrink"
    )
    how.add_argument(
        "--clip-norm", type=_options.above_zero, metavar="X", help="longest gradient of a step"
    )
    how.add_argument(
        "--loss",
        metavar="L",
        help="mse, mae, huber, quantile, focal, ...; by default what fits the target",
    )
    how.add_argument("--metrics", metavar="M,M", help="accuracy, auc, f1, mae, r2, ..., or none")
    how.add_argument(
        "--class-weights", metavar="W", help="balanced, or labels with weights: yes=2,no=1"
    )
    how.add_argument(
        "--epochs", type=_options.positive, default=100, metavar="N", help="at most (default: 100)"
    )
    how.add_argument(
        "--batch-size",
        type=_options.positive,
        metavar="N",
        help="rows a step (default: 16 to 256, by the number of rows)",
    )
    how.add_argument(
        "--patience",
        type=_options.whole,
        default=10,
        metavar="N",
        help="epochs without progress before the end; the best weights are kept (default: 10; 0 to "
        "go through all epochs and keep the last)",
    )
    how.add_argument(
        "--validation-frequency",
        type=_options.positive,
        default=1,
        metavar="N",
        help="measure the held-out rows after every N epochs (default: 1)",
    )
    how.add_argument("--no-shuffle", action="store_true", help="take the rows in their order")
    how.add_argument("--seed", type=_options.whole, default=0, metavar="N", help="(default: 0)")
    how.add_argument("--log", metavar="FILE", help="write each epoch's numbers to a CSV file")
    _options.working(how)
    _options.reading(parser)
