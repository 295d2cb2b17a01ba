"""How much a Hopfield network remembers, beside theory: the overlap that recall ends with.

Random patterns are stored, P of them in N units, and recalled from themselves. With Hebb's rule the
overlap m with the pattern (1 where it is kept, 1 - 2 x the share of wrong units) solves
m = erf(m / sqrt(2 a r)), with a = P / N, r = 1 / (1 - C)^2 and
C = sqrt(2 / (pi a r)) exp(-m^2 / (2 a r)) (Amit, Gutfreund and Sompolinsky 1985); beyond a = 0.138
it has no solution but m = 0. Before that, the first update gets erfc(sqrt(N / (2 P))) / 2 of the
units wrong. Storkey's rule has no such formula; it holds out longer.

`python examples/capacity.py capacity.png` draws it as well, from larger networks.
"""

import sys
from math import erf, erfc, exp, pi, sqrt

import numpy as np

import nnfast as nn


def theory(load):
    """The overlap at a load P / N, or None beyond the capacity: iterate from m = 1."""
    m, r = 1.0, 1.0
    for _ in range(20_000):
        c = sqrt(2 / (pi * load * r)) * exp(-m * m / (2 * load * r))
        if c >= 1:
            return None
        old = m
        m, r = erf(m / sqrt(2 * load * r)), 0.5 * r + 0.5 / (1 - c) ** 2
        if m < 0.5:
            return None
    return m if abs(m - old) < 1e-6 else None


def measured(rule, units, load, seed=0):
    """The overlap after recall, the share of units wrong at once, the share of stable patterns."""
    count = max(1, round(load * units))
    patterns = np.random.default_rng(seed).choice([-1.0, 1.0], (count, units))
    memory = nn.unsupervised.Hopfield(rule, dtype="float32", max_sweeps=200).fit(patterns)
    probes = patterns[:200]
    fields = probes @ memory.weights_
    return (
        float(np.mean(probes * memory.recall(probes))),
        float(np.mean(probes * fields < 0)),
        float(memory.is_stable(probes).mean()),
    )


def main(picture=None):
    units = 500 if picture is None else 2000
    loads = (
        [0.05, 0.1, 0.125, 0.15, 0.2, 0.3]
        if picture is None
        else [*(np.arange(1, 12) / 50), *(np.arange(5, 15) / 20)]
    )
    found = {
        rule: np.array([measured(rule, units, load) for load in loads])
        for rule in ("hebb", "storkey")
    }
    capacity = max(load for load in np.arange(1360, 1400) / 10_000 if theory(load) is not None)
    print(f"{units} units; the theory of Hebb's rule ends at P / N = {capacity:.3f}")
    print("P / N   wrong at once: theory    overlap: theory     hebb  storkey")
    for load, hebb, storkey in zip(loads, *found.values(), strict=True):
        wrong, expected = erfc(1 / sqrt(2 * load)) / 2, theory(load)
        print(
            f"{load:5.3f}   {hebb[1]:13.4f} {wrong:7.4f}     "
            + (f"{expected:12.4f}" if expected else "           -")
            + f" {hebb[0]:8.4f} {storkey[0]:8.4f}"
        )
        assert abs(hebb[1] - wrong) < 0.004 + 0.05 * wrong
        assert expected is None or load > 0.13 or abs(hebb[0] - expected) < 0.01
        assert storkey[0] > hebb[0] or hebb[0] > 0.999
    assert 0.137 <= capacity <= 0.139
    if picture:
        draw(picture, units, loads, found)


def draw(path, units, loads, found):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 3.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    fine = np.arange(20, 801) / 1000
    curve = [theory(load) for load in fine]
    overlap = [m if m else np.nan for m in curve]
    left.plot(fine, overlap, "k", lw=1, zorder=3, label="theory of Hebb's rule")
    left.axvline(0.138, color="0.6", lw=1, ls=":")
    names = {"hebb": ("Hebb", "#0072B2"), "storkey": ("Storkey", "#D55E00")}
    for rule, (name, colour) in names.items():
        left.plot(loads, found[rule][:, 0], ".", color=colour, label=name)
        right.plot(loads, found[rule][:, 1], ".", color=colour, label=f"{name}: units wrong")
        right.plot(loads, 1 - found[rule][:, 2], "x", ms=4, color=colour, label="patterns lost")
    errors = np.array([erfc(1 / sqrt(2 * load)) / 2 for load in fine])
    right.plot(fine, errors, "k", lw=1, zorder=3, label="theory: units")
    right.plot(fine, 1 - (1 - errors) ** units, "k--", lw=1, label="theory: patterns")
    left.set(xlabel="patterns a unit, P / N", ylabel="overlap after recall", ylim=(0, 1.03))
    left.set_title(f"{units} units: Hebb forgets all at 0.138", fontsize=10)
    right.set(xlabel="patterns a unit, P / N", ylabel="share", yscale="log", ylim=(1e-6, 1.5))
    right.set_title("What the first update spoils", fontsize=10)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=7, frameon=False)
    figure.savefig(path)
    print(f"drawn to {path}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
