"""The parts of a report on the network itself: what it is, how it learned, what it ran on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnfast import _config, _summary
from nnfast.report import _charts
from nnfast.report._html import Markup, count, facts, figure, number, section, table, tag
from nnfast.report._measures import Speed

if TYPE_CHECKING:
    from nnfast.network import FeedForward
    from nnfast.report._subject import Subject


MOST_NAMES = 12  # of inputs and outputs that are written into the picture


def model_section(subject: Subject) -> Markup:
    """Return what the network is made of."""
    network = subject.network
    return section(
        "model",
        "The model",
        _picture(subject),
        _layers(network),
        facts(
            [
                ("optimizer", tag("code", repr(network.optimizer))),
                ("loss", tag("code", repr(network.loss))),
                ("parameters", f"{network.parameter_count:,}"),
                ("computes in", network.dtype.name),
            ]
        ),
    )


def _picture(subject: Subject) -> Markup:
    """Return the architecture as `nnfast.plot` draws it: SVG, with all names escaped there."""
    from nnfast.plot import architecture_svg

    classes = subject.classes
    given = classes if subject.network.outputs == len(classes) <= MOST_NAMES else None
    drawn = architecture_svg(subject.network, classes=given, colour="currentColor")
    # Inside a page it needs no namespace, and the page names no address at all.
    drawn = drawn.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)
    return tag("div", Markup(drawn), class_="architecture")


def _layers(network: FeedForward) -> Markup:
    rows = _summary.each(network.layers, network.bias)
    return table(
        "Layers, the input first",
        ("layer", "type", "outputs", "parameters", "activation"),
        [
            (one.name, one.kind, f"{one.width:,}", f"{one.parameters:,}", one.description)
            for one in rows
        ],
        numbers=(2, 3),
    )


def training_section(network: FeedForward) -> Markup:
    """Return how the network learned, as its history has it."""
    history = {name: values for name, values in network.history.items() if values}
    if not history:
        said = tag("p", "The network has no history: it has not been trained, or it came without.")
        return section("training", "Training", said)
    epochs = max(map(len, history.values()))
    pairs: list[tuple[str, object]] = [("epochs", f"{epochs:,}")]
    timing = network._timing
    if timing.epochs:
        each = timing.seconds / timing.epochs
        pairs += [
            ("time an epoch", _seconds(each)),
            ("learning", f"{timing.rows / max(timing.seconds, 1e-9):,.0f} rows a second"),
        ]
    bases = dict.fromkeys(name.removeprefix("val_") for name in history)
    charts = [_curve(history, base, epochs) for base in bases]
    return section("training", "Training", facts(pairs), tag("div", *charts, class_="grid"))


def _curve(history: dict[str, list[float]], base: str, epochs: int) -> Markup:
    """Return how one number went, beside that of the validation data."""
    name = base.replace("_", " ")
    drawn, words, keys = [], [], []
    for key, called, look in (
        (base, "training", "first"),
        (f"val_{base}", "validation", "second"),
    ):
        values = history.get(key)
        if not values:
            continue
        # Where only the last fits had validation data, its values belong to the last epochs.
        first = epochs - len(values) + 1
        places = list(range(first, epochs + 1))
        drawn.append(_charts.Curve(called, places, values, look))
        words.append(f"{called}: {number(values[0])} at first, {number(values[-1])} at last")
        keys += [tag("span", class_=f"key {look}"), called]
    text = f"{name.capitalize()} by epoch. {'; '.join(words)}."
    picture = _charts.curves(drawn, "epoch", name, text)
    return figure(name.capitalize(), picture, *(keys if len(drawn) > 1 else ()))


def speed_section(network: FeedForward, measured: Speed) -> Markup:
    """Return how fast it predicts and learned, and where."""
    rows = [
        ("rows a second", f"{measured.rows_per_second:,.0f}", f"{measured.rows:,} rows at once"),
        ("one row", _seconds(measured.one_row), "a call with one row"),
    ]
    timing = network._timing
    if timing.epochs:
        each = count(round(timing.rows / timing.epochs), "row")
        epochs = count(timing.epochs, "epoch")
        rows.append(
            ("an epoch", _seconds(timing.seconds / timing.epochs), f"mean of {epochs}, {each} each")
        )
        rows.append(("learning", _seconds(timing.seconds), "all epochs in this process"))
    return section("timings", "Timings", table("Measured here", ("what", "figure", "how"), rows))


def origin_section(network: FeedForward, seed: int) -> Markup:
    """Return what is needed to come to the same numbers again."""
    config = _config._config()
    versions, processor = config["versions"], config["processor"]
    backend = network.backend
    if backend == "rust":
        backend += f", {config['instruction_set']['used']}"
    pairs: list[tuple[str, object]] = [
        ("seed", f"{network.seed} (the network), {seed} (this report)"),
        ("nnfast", versions["nnfast"]),
        ("Python", versions["python"]),
        ("NumPy", versions["numpy"]),
        ("computed by", backend),
        ("threads", network.threads),
        ("processor", f"{processor['model'] or processor['architecture']}"),
    ]
    return section("origin", "Seed and versions", facts(pairs))


def _seconds(value: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"
