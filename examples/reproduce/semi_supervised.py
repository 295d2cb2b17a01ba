"""Test error on MNIST by the number of labels: supervised, pseudo-labels, mean teacher, published.

All see the pixels in no order, as rows of 784. With n labels, n / 10 of each digit are drawn from
the 60,000 training images; the others are shown without. The published errors are of other
networks, with settings chosen on validation images; they are quoted from memory, from Lee (2013)
and from Miyato and others (2018).
"""

import argparse
import sys
import time

import numpy as np

import nnfast as nn
from nnfast.semi_supervised import MeanTeacher, PseudoLabel

LABELS = (100, 600, 1_000, 3_000)
# Lee's net alone, his pseudo-labels with dropout, and virtual adversarial training.
PUBLISHED = {
    100: ("25.81", "16.15", "1.36"),
    600: ("11.44", "5.03", ""),
    1_000: ("10.70", "3.46", "1.27"),
    3_000: ("6.04", "2.69", ""),
}


def hidden(y, count, seed):
    """The labels of as many rows of each digit, and -1 for all others."""
    draw = np.random.default_rng(seed)
    labels = np.full(len(y), -1)
    for digit in range(10):
        rows = draw.permutation(np.flatnonzero(y == digit))[: count // 10]
        labels[rows] = digit
    return labels


def network(seed):
    layers = [nn.Input(784), nn.Dropout(0.2), nn.Dense(256, "relu"), nn.Dropout(0.5)]
    return nn.FeedForward([*layers, nn.Dense(10, "softmax")], seed=seed)


def supervised(X, labels, seed, epochs):
    net, known = network(seed), labels >= 0
    # As many steps as the others take.
    steps = epochs * -(-int((~known).sum()) // 256)
    batches = -(-int(known.sum()) // 64)
    net.fit(X[known], labels[known], epochs=-(-steps // batches), batch_size=64, verbose=0)
    return net


def pseudo_label(X, labels, seed, epochs):
    model = PseudoLabel(network(seed), weight=1.0, ramp=(epochs // 10, epochs // 2 + 1))
    model.fit(X, labels, epochs=epochs)
    return model


def mean_teacher(X, labels, seed, epochs):
    net, ramp = network(seed), epochs // 2
    model = MeanTeacher(net, ema_momentum=0.95, ramp_epochs=ramp, threshold=0.95)
    model.fit(X, labels, epochs=epochs)
    return model


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--epochs", type=int, default=40, help="times through the unlabelled images")
parser.add_argument("--images", type=int, default=60_000, help="training images, the first ones")
parser.add_argument("--labels", type=int, nargs="+", default=LABELS, choices=LABELS)
parser.add_argument("--picture", help="a PNG to draw the errors into")
parser.add_argument("--quick", action="store_true", help="two epochs on a part of the images")
given = parser.parse_args()
(X, y), (X_test, y_test) = nn.datasets.mnist()
if given.quick:
    given.images, given.labels, given.seeds, given.epochs = 6_000, LABELS[:1], 1, 2
X, y = X[: given.images], y[: given.images]
methods = (supervised, pseudo_label, mean_teacher)
curves = {method.__name__.replace("_", " "): [] for method in methods}

print("| labels | supervised | pseudo-label | mean teacher | NN, Lee | pseudo-label, Lee | VAT |")
print("|---|---|---|---|---|---|---|")
for count in given.labels:
    cells = []
    for method in methods:
        errors = []
        for seed in range(given.seeds):
            start = time.perf_counter()
            model = method(X, hidden(y, count, seed), seed, given.epochs)
            errors.append(100.0 * np.mean(model.predict_classes(X_test) != y_test))
            seconds = time.perf_counter() - start
            print(f"{count} {method.__name__} {errors[-1]:.2f} % {seconds:.0f} s", file=sys.stderr)
        curves[method.__name__.replace("_", " ")].append(errors)
        spread = f" ± {np.std(errors, ddof=1):.2f}" if given.seeds > 1 else ""
        cells.append(f"{np.mean(errors):.2f}{spread}")
        assert errors[-1] < 50.0
    print(f"| {count} | {' | '.join([*cells, *PUBLISHED[count]])} |", flush=True)

if given.picture:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 3.4), dpi=110, layout="constrained")
    axes = figure.subplots()
    # Okabe and Ito's colours: told apart by every kind of colour vision.
    for (name, runs), colour in zip(curves.items(), ("#0072B2", "#D55E00", "#009E73"), strict=True):
        axes.plot(given.labels, np.mean(runs, axis=1), "o-", color=colour, label=name)
        axes.fill_between(
            given.labels, np.min(runs, axis=1), np.max(runs, axis=1), color=colour, alpha=0.2
        )
    axes.set(xscale="log", xlabel="labels", ylabel="test error, %")
    axes.set_xticks(given.labels, [str(count) for count in given.labels])
    axes.minorticks_off()
    axes.legend(frameon=False)
    figure.savefig(given.picture)
