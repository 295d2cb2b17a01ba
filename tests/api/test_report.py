"""The report: a whole page, with nothing to load, whose numbers are those of scikit-learn."""

from __future__ import annotations

import base64
import itertools
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import nnfast as nn
from nnfast.report import _charts, _html, _importance, _measures, _png

VOID = {"br", "img", "meta"}
EVIL = "<script>alert('&\"')</script>"


class Page(HTMLParser):
    """A page taken apart; whatever is not well formed fails the test."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self.open, self.elements = text, [], []
        self.headings, self.tables, self.words = [], {}, []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        assert len({key for key, _ in attributes}) == len(attributes)
        if name not in VOID:
            self.open.append(name)
        if name == "table":
            self.rows = []
        elif name == "tr":
            self.rows.append([])
        elif name in ("td", "th"):
            self.rows[-1].append("")
        elif name in ("h1", "h2", "h3"):
            self.headings.append([name, ""])
        elif name == "caption":
            self.caption = ""

    def handle_endtag(self, name):
        assert self.open.pop() == name
        if name == "table":
            self.tables[self.caption] = self.rows

    def handle_data(self, words):
        if "style" in self.open:
            return
        self.words.append(words)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings[-1][1] += words
        if "caption" in self.open:
            self.caption += words
        elif {"td", "th"} & set(self.open):
            self.rows[-1][-1] += words

    def of(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]

    def table(self, beginning):
        """Return the rows of the table whose caption begins so, without the head."""
        [found] = [rows for caption, rows in self.tables.items() if caption.startswith(beginning)]
        return found[1:]

    def has(self, words):
        return words in " ".join("".join(self.words).split())


def report(net, tmp_path, *arguments, **options):
    path = tmp_path / "report.html"
    assert net.report(path, *arguments, **options) is None
    return Page(path.read_text(encoding="utf-8"))


def check_whole(page):
    """What holds of each page: it loads nothing, runs nothing, and can be read aloud."""
    text = page.text
    assert text.startswith("<!DOCTYPE html>")
    outside = re.sub(r'"data:image/png;base64,[^"]*"', "", text)
    assert not re.search(r"https?:|//|@import|url\(", outside)
    names = {name for name, _ in page.elements}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form"}
    assert not [a for _, a in page.elements if any(key.startswith("on") for key in a)]
    [policy] = [a["content"] for a in page.of("meta") if "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    assert page.of("html") == [{"lang": "en"}]
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.of("img"))
    assert all(image["alt"] for image in page.of("img"))
    assert all("aria-label" in one or one.get("aria-hidden") == "true" for one in page.of("svg"))
    assert all(cell.get("scope") in ("row", "col") for cell in page.of("th"))
    assert len(page.of("caption")) == len(page.of("table"))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    assert {link["href"] for link in page.of("a")} <= {f"#{one}" for one in ids}
    assert [level for level, _ in page.headings].count("h1") == 1
    levels = [int(level[1]) for level, _ in page.headings]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert not re.search(r"\bnan\b|\binf\b", " ".join(page.words))


@pytest.fixture(autouse=True)
def briefly(monkeypatch):
    """Measure how fast predictions are by three calls, rather than for a moment."""
    monkeypatch.setattr(_measures, "SECONDS", 0.0)


@pytest.fixture(scope="module")
def digits():
    (X, y), (X_test, y_test) = nn.datasets.split(*nn.datasets.digits())
    net = nn.FeedForward("64-16-10", output="softmax", seed=0)
    net.fit(X, y, epochs=6, validation_data=(X_test, y_test))
    return net, X_test, y_test


@pytest.fixture(scope="module")
def table():
    """Return a network of words and numbers, with rows of which some miss something."""
    rng = np.random.default_rng(0)
    size = rng.normal(50.0, 10.0, 400)
    kind = rng.choice(["flat", "house", EVIL], 400)
    price = 3 * size + np.where(kind == "house", 60.0, 0.0) + rng.normal(0.0, 5.0, 400)
    noise = rng.normal(size=400)
    size[::9] = np.nan
    columns = pd.DataFrame({"kind": kind, "size": size, "noise": noise, "price": price})
    known = nn.Table.fit(columns[:300], target="price")
    net = nn.FeedForward([*known.layers(), nn.Dense(16, "tanh"), nn.Dense(1)], seed=0)
    net.compile(nn.Adam(0.03), metrics=["mae"]).table = known
    net.fit(known.encode(columns[:300]), known.targets(columns[:300]), epochs=60)
    return net, columns[300:]


# ---- pages ------------------------------------------------------------------------------------


def test_a_page_of_images(digits, tmp_path):
    net, X, y = digits
    page = report(net, tmp_path, X, y, title=EVIL)
    check_whole(page)
    assert page.headings[0] == ["h1", EVIL]
    assert [name for level, name in page.headings if level == "h2"] == [
        "How often it is right",
        "Can its probabilities be believed?",
        "The worst mistakes",
        "What it looks at",
        "Training",
        "The model",
        "The data",
        "Timings",
        "Seed and versions",
    ]
    assert len(page.of("img")) == 24 + 10  # the worst mistakes, and one of each class
    assert page.has("images8 by 8 pixels")
    assert page.has(f"nnfast{nn.__version__}")
    assert page.has("0 (the network), 0 (this report)")
    assert len(page.text) < 150_000


def test_a_page_of_a_table(table, tmp_path):
    net, rows = table
    page = report(net, tmp_path, rows)
    check_whole(page)
    assert not page.of("img")
    assert page.has("to be predictedprice")
    [kind] = page.table("Columns of categories")
    assert kind[0] == "kind"
    assert EVIL in kind[2]
    numbers = {row[0]: row for row in page.table("Columns of numbers")}
    assert sorted(numbers) == ["noise", "size"]
    assert numbers["size"][-1] == str(rows["size"].isna().sum())
    assert float(numbers["size"][2]) == pytest.approx(rows["size"].mean(), rel=1e-3)
    # What was fitted to is known by name, and what matters comes first.
    order = [row[0] for row in page.table("Fall of the R²")]
    assert order == ["size", "kind", "noise"]
    assert page.tables["24 rows"][0][4:] == order


def test_a_page_of_the_same_table_as_codes(table, tmp_path):
    net, rows = table
    X, y = net.table.encode(rows), net.table.targets(rows)
    page = report(net, tmp_path, X, y)
    check_whole(page)
    importances = [row[2] for row in page.table("Fall of the R²")]
    assert importances == [row[2] for row in report(net, tmp_path, rows).table("Fall of the R²")]


def test_a_page_of_two_classes_with_names(backend, tmp_path):
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(120, 2)), columns=["a & b", "<c>"])
    y = np.where(X["a & b"] + 0.5 * rng.normal(size=120) > 0, "<yes>", "no")
    net = nn.FeedForward("2-8-1", output="sigmoid", seed=0).compile(nn.Adam(0.05))
    net.fit(X, y, epochs=20)
    page = report(net, tmp_path, X, y)
    check_whole(page)
    assert [row[0] for row in page.table("Precision")] == ["<yes>", "no"]
    assert page.table("Fall of the accuracy")[0][0] == "a & b"
    page = report(net, tmp_path, X, y, column_names=["first", "second"])
    assert page.table("Fall of the accuracy")[0][0] == "first"


def several(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(150, 4))
    return X, (X[:, :3] + 0.3 * rng.normal(size=(150, 3)) > 0).astype(int)


def networks_of_every_kind():
    X, yes = several(0)
    y = X[:, 0] - 2 * X[:, 1]
    linear = nn.FeedForward("4-8-1", seed=0)
    return {
        "several answers": (nn.FeedForward("4-8-3", output="sigmoid", seed=0), X, yes),
        "one-hot": (
            nn.FeedForward("4-8-3", output="softmax", seed=0),
            X,
            np.eye(3)[yes.sum(1) % 3],
        ),
        "logits of classes": (
            nn.FeedForward("4-8-2", seed=0).compile(loss=nn.CrossEntropy(from_logits=True)),
            X,
            yes[:, 0],
        ),
        "hinge": (nn.FeedForward("4-8-1", seed=0).compile(loss="hinge"), X, yes[:, 0] * 2 - 1),
        "logits": (
            nn.FeedForward("4-8-1", seed=0).compile(loss=nn.BinaryCrossEntropy(from_logits=True)),
            X,
            yes[:, 0],
        ),
        "two numbers": (nn.FeedForward("4-8-2", seed=0), X, np.stack([y, y**2], axis=1)),
        "quantiles": (
            nn.FeedForward("4-8-3", seed=0).compile(loss=nn.Quantile([0.1, 0.5, 0.9])),
            X,
            y,
        ),
        "a distribution": (nn.FeedForward("4-8-2", seed=0).compile(loss="gaussian_nll"), X, y),
        "counts": (
            nn.FeedForward("4-8-1", output="exponential", seed=0).compile(loss="poisson"),
            X,
            yes.sum(axis=1).astype(float),
        ),
        "one row": (linear, X[:1], y[:1]),
        "equal targets": (nn.FeedForward("4-8-1", seed=0), X, np.ones(150)),
    }


@pytest.mark.parametrize("kind", networks_of_every_kind())
@pytest.mark.parametrize("trained", [True, False])
def test_every_kind_of_network_has_a_page(kind, trained, tmp_path):
    net, X, y = networks_of_every_kind()[kind]
    if trained:
        net.fit(X, y, epochs=2)
    page = report(net, tmp_path, X, y, repeats=1)
    check_whole(page)
    assert page.has("has no history") != trained


def test_training_is_told_with_its_numbers(digits, tmp_path):
    net, X, y = digits
    page = report(net, tmp_path, X, y, repeats=0)
    labels = [one["aria-label"] for one in page.of("svg") if "aria-label" in one]
    [loss] = [label for label in labels if label.startswith("Loss by epoch")]
    first, last = net.history["loss"][0], net.history["val_loss"][-1]
    assert f"training: {_html.number(first)} at first" in loss
    assert f"{_html.number(last)} at last" in loss
    assert page.has("epochs6")
    timings = {row[0]: row for row in page.table("Measured here")}
    assert timings["an epoch"][2] == "mean of 6 epochs, 1,438 rows each"
    assert float(timings["rows a second"][1].replace(",", "")) > 1000


def test_a_network_from_a_file_does_not_say_how_long_it_learned(digits, tmp_path):
    net, X, y = digits
    net.save(tmp_path / "net.safetensors")
    page = report(nn.load(tmp_path / "net.safetensors"), tmp_path, X, y, repeats=0)
    assert page.has("epochs6")
    assert [row[0] for row in page.table("Measured here")] == ["rows a second", "one row"]
    assert page.has("Permutation importances: It was not asked for.")


def test_the_network_stays_as_it_is(digits, tmp_path):
    net, X, y = digits
    before = net.get_weights(), net.history
    report(net, tmp_path, X, y, repeats=1)
    assert all((a == b).all() for a, b in zip(before[0], net.get_weights(), strict=True))
    assert before[1] == net.history


# ---- numbers ----------------------------------------------------------------------------------


def test_numbers_of_classes_are_scikit_learns(digits, tmp_path):
    metrics = pytest.importorskip("sklearn.metrics")
    net, X, y = digits
    page = report(net, tmp_path, X, y, repeats=0)
    said, probabilities = net.predict_classes(X), net.predict(X).astype(float)
    theirs = metrics.precision_recall_fscore_support(y, said, zero_division=0)
    hot = np.eye(10)[y]
    areas = [metrics.roc_auc_score(hot[:, k], probabilities[:, k]) for k in range(10)]
    for place, row in enumerate(page.table("Precision")):
        wanted = [*(one[place] for one in theirs[:3]), areas[place], theirs[3][place]]
        assert [float(cell) for cell in row[1:]] == pytest.approx(wanted, abs=6e-4)
    cells = [[int(cell or 0) for cell in row[1:]] for row in page.table("Confusion matrix")]
    assert cells == metrics.confusion_matrix(y, said).tolist()
    assert page.has(f"{100 * metrics.accuracy_score(y, said):.2f} %")
    confusions = {(a, b): int(n) for a, b, n, _ in page.table("The most frequent mistakes")}
    assert all(cells[int(a)][int(b)] == n for (a, b), n in confusions.items())


def test_a_roc_curve_of_two_classes_is_scikit_learns(tmp_path):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] + rng.normal(size=60) > 0).astype(int)
    net = nn.FeedForward("2-1", output="sigmoid", seed=0)
    net.fit(X, y, epochs=5)
    page = report(net, tmp_path, X, y, repeats=0)
    scores = net.predict(X)[:, 0].astype(float)
    assert page.has(f"(AUC) is {metrics.roc_auc_score(y, scores):.4f}")
    [chart] = re.findall(r'<svg[^>]*aria-label="How many rows.*?</svg>', page.text)
    drawn = re.findall(r"([\d.]+) ([\d.]+)", re.search(r'd="M([^"]+)" class="line', chart)[1])
    false, true, _ = metrics.roc_curve(y, scores)
    x, y_axis = _charts.Axis(0.0, 1.0, ""), _charts.Axis(0.0, 1.0, "")
    wanted = np.stack([_charts._x(x, false), _charts._y(y_axis, true)], axis=1)
    np.testing.assert_allclose(np.array(drawn, dtype=float), wanted, atol=0.051)


def test_calibration_is_scikit_learns():
    calibration_curve = pytest.importorskip("sklearn.calibration").calibration_curve
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.uniform(size=500) ** 2, [0.0, 0.1, 0.7, 1.0]])
    came = (rng.uniform(size=len(p)) < p**1.3).astype(float)
    ours = _measures.calibration(p, came)
    true, said = calibration_curve(came, p, n_bins=10)
    there = ours.counts > 0
    np.testing.assert_allclose(ours.true[there], true, rtol=1e-12)
    np.testing.assert_allclose(ours.said[there], said, rtol=1e-12)
    assert ours.counts.sum() == len(p)
    by_hand = sum(n * abs(a - b) for n, a, b in zip(ours.counts[there], true, said, strict=True))
    assert ours.error == pytest.approx(by_hand / len(p))


def test_importances_are_scikit_learns(digits, table):
    inspection = pytest.importorskip("sklearn.inspection")
    net, X, y = digits

    class Estimator:
        def fit(self, X, y):
            raise NotImplementedError

        def score(self, X, y):
            return float((net.predict_classes(X) == y).mean())

    theirs = inspection.permutation_importance(Estimator(), X, y, n_repeats=3, random_state=7)
    baseline, ours = _importance.permuted(
        lambda x: Estimator().score(x, y), X, [(k,) for k in range(64)], repeats=3, seed=7
    )
    assert baseline == Estimator().score(X, y)
    np.testing.assert_array_equal(ours, theirs.importances)


def test_importances_in_the_page_are_scikit_learns(tmp_path):
    inspection = pytest.importorskip("sklearn.inspection")
    neural = pytest.importorskip("sklearn.base")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    y = X[:, 1] * 2 + np.sin(X[:, 2])
    net = nn.FeedForward("4-8-1", seed=0, dtype="float64").compile(nn.Adam(0.01))
    net.fit(X, y, epochs=30)

    class Estimator(neural.RegressorMixin, neural.BaseEstimator):
        def fit(self, X, y):
            return self

        def predict(self, X):
            return net.predict(X)[:, 0]

    theirs = inspection.permutation_importance(Estimator(), X, y, n_repeats=5, random_state=3)
    page = report(net, tmp_path, X, y, seed=3, column_names=list("abcd"))
    ours = {row[0]: row[2] for row in page.table("Fall of the R²")}
    for place, name in enumerate("abcd"):
        mean, spread = theirs.importances_mean[place], theirs.importances_std[place]
        assert ours[name] == f"{mean:.4f} ± {spread:.4f}"


def test_numbers_of_regression_are_scikit_learns(table, tmp_path):
    metrics = pytest.importorskip("sklearn.metrics")
    net, rows = table
    page = report(net, tmp_path, rows, repeats=0)
    y = rows["price"].to_numpy()
    said = net.predict(net.table.encode(rows))[:, 0].astype(float)
    [row] = page.table("Errors, predicted less true")
    wanted = [
        metrics.r2_score(y, said),
        metrics.mean_squared_error(y, said) ** 0.5,
        metrics.mean_absolute_error(y, said),
        metrics.median_absolute_error(y, said),
        float((said - y).mean()),
    ]
    assert row[0] == "price"
    assert [float(cell) for cell in row[1:6]] == pytest.approx(wanted, rel=1e-3)
    worst = page.tables["24 rows"][1:]
    off = np.abs(said - y)
    assert [int(one[0]) for one in worst] == np.argsort(-off, kind="stable")[:24].tolist()


def test_the_worst_mistakes_are_the_surest_ones(digits, tmp_path):
    net, X, y = digits
    page = report(net, tmp_path, X, y, repeats=0, mistakes=5)
    probabilities, said = net.predict(X), net.predict_classes(X)
    wrong = np.flatnonzero(said != y)
    rank = wrong[np.argsort(probabilities[wrong, y[wrong]], kind="stable")][:5]
    alts = [image["alt"] for image in page.of("img")][:5]
    assert alts == [f"Row {row}: true {y[row]}, said {said[row]}" for row in rank]


def test_without_mistakes_the_least_sure_are_shown(tmp_path):
    X = np.linspace(-2, 2, 40).reshape(-1, 1)
    y = (X[:, 0] > 0).astype(int)
    net = nn.FeedForward("1-1", output="sigmoid", seed=0).compile(nn.Adam(0.3))
    net.fit(X, y, epochs=100)
    page = report(net, tmp_path, X, y)
    assert page.has("There are no mistakes.")
    assert [row[0] for row in page.tables["24 rows"][1:3]] in (["19", "20"], ["20", "19"])


def test_quantiles_and_variances_are_looked_at(tmp_path):
    """What is said to be below, and is: of normal targets that are known, and of all shares."""
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    X = rng.uniform(1.0, 2.0, size=(400, 1))
    y = rng.normal(X[:, 0], 0.5)
    net = nn.FeedForward("1-2", seed=0).compile(loss="gaussian_nll")
    net.fit(X, y, epochs=5)
    page = report(net, tmp_path, X, y, repeats=0)
    mean, variance = net.loss.read(net.predict(X).astype(float))
    below = stats.norm.cdf(y, mean[:, 0], np.sqrt(variance[:, 0]))
    for said, true in page.table("Shares of the targets"):
        level = float(said.split()[0]) / 100
        assert true == f"{100 * (below <= level).mean():.1f}\u00a0%"
    net = nn.FeedForward("1-2", seed=0).compile(loss=nn.Quantile([0.2, 0.9]))
    net.fit(X, y, epochs=5)
    page = report(net, tmp_path, X, y, repeats=0)
    low, high = net.loss.read(net.predict(X))[..., 0]
    wanted = [f"{100 * (y <= one).mean():.1f}\u00a0%" for one in (low, high)]
    assert [row[1] for row in page.table("Shares of the targets")] == wanted


def test_classes_have_the_names_that_they_are_given(digits, tmp_path):
    net, X, y = digits
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", EVIL]
    page = report(net, tmp_path, X, y, class_names=names, repeats=0)
    check_whole(page)
    assert [row[0] for row in page.table("Precision")] == names
    with pytest.raises(ValueError, match="class_names has 2 names; wanted are 10, one for each"):
        report(net, tmp_path, X, y, class_names=["a", "b"])


# ---- parts ------------------------------------------------------------------------------------


def pixels_of(data):
    """Read a PNG of ours back, by the book: every chunk's checksum, the header, the lines."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(data):
        [length] = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        [checksum] = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(kind + content)
        chunks.append((kind, content))
        at += 12 + length
    [(_, header), (_, lines), (end, _)] = chunks
    assert end == b"IEND"
    width, height, depth, colours = struct.unpack(">IIBB", header[:10])
    assert depth == 8
    rows = np.frombuffer(zlib.decompress(lines), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape((height, width, 3) if colours == 2 else (height, width))


@pytest.mark.parametrize("shape", [(3, 5), (4, 2, 3)])
def test_pictures_are_the_pixels(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    np.testing.assert_array_equal(pixels_of(_png.png(pixels)), pixels)


def test_images_are_read_by_others_too():
    image = pytest.importorskip("matplotlib.image")
    import io

    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    read = image.imread(io.BytesIO(_png.png(pixels)), format="png")
    np.testing.assert_array_equal(np.rint(read[..., :3] * 255), pixels)


def test_an_image_spans_from_black_to_white(digits):
    _, X, _ = digits
    element = _png.Images((8, 8), X).element(X[0], EVIL)
    assert EVIL not in element
    data = re.search(r"base64,([^\"]+)", element)[1]
    np.testing.assert_array_equal(pixels_of(base64.b64decode(data)).ravel(), np.rint(X[0] * 255))


def test_images_are_told_from_tables(digits):
    _, X, _ = digits
    assert _png.found_shape(X) == (8, 8)
    rng = np.random.default_rng(0)
    assert _png.found_shape(rng.uniform(size=(50, 64))) is None
    assert _png.found_shape(-X) is None
    assert _png.found_shape(X[:, :60]) is None
    assert _png.found_shape(X[:, rng.permutation(64)]) is None
    assert _png.found_shape(np.ones((5, 64))) is None


def test_named_columns_are_no_images(digits, tmp_path):
    net, X, y = digits
    page = report(net, tmp_path, pd.DataFrame(X, columns=[f"p{i}" for i in range(64)]), y)
    assert not page.of("img")
    assert page.has("columns64")


def test_patches_cover_an_image_once():
    for shape in ((8, 8), (28, 28), (10, 31), (5, 4, 3)):
        names, groups = _importance.patches(shape)
        assert sorted(place for group in groups for place in group) == list(range(np.prod(shape)))
        assert len(set(names)) == len(groups) <= 64


def test_a_group_is_shuffled_together():
    """A missing number and the column that says so belong together."""
    x = np.array([[1.0, 0.0], [2.0, 0.0], [9.0, 1.0], [9.0, 1.0]] * 10)
    seen = []

    def score(rows):
        seen.append(rows)
        return 0.0

    _importance.permuted(score, x, [(0, 1)], repeats=4, seed=0)
    assert len(seen) == 5
    assert not np.array_equal(seen[1], x)
    for rows in seen:
        np.testing.assert_array_equal(rows[:, 0] == 9.0, rows[:, 1] == 1.0)


def test_texts_are_escaped_and_pieces_are_not():
    made = _html.tag("p", EVIL, _html.tag("b", "&"), None, 3, class_=EVIL, aria_label='"')
    assert made == (
        '<p class="&lt;script&gt;alert(&#x27;&amp;&quot;&#x27;)&lt;/script&gt;" '
        'aria-label="&quot;">&lt;script&gt;alert(\'&amp;"\')&lt;/script&gt;<b>&amp;</b>3</p>'
    )


def test_numbers_are_as_one_reads_them():
    given = [3, 1234567, 0.0, 0.12345678, 12345.678, 1e-7, 2.5e9, -1.5, float("inf")]
    assert [_html.number(value) for value in given] == [
        *("3", "1,234,567", "0", "0.1235", "12,346", "1e-07", "2,500,000,000", "-1.500", "inf"),
    ]


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (0.0, 1.0, False, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3.0, 12.0, False, ["0", "5", "10"]),
        (0.0, 250_000.0, False, ["0", "50k", "100k", "150k", "200k", "250k"]),
        (1e-4, 2.0, True, ["0.0001", "0.001", "0.01", "0.1", "1"]),
        (0.0, 3.1e6, False, ["0", "1M", "2M", "3M"]),
        (0.0, 1.1, False, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (5.0, 5.0, False, ["4.6", "4.8", "5.0", "5.2", "5.4"]),
    ],
)
def test_axes_have_round_numbers(low, high, log, ticks):
    axis = _charts.Axis(low, high, "x", log=log)
    assert [text for _, text in axis.ticks()] == ticks
    shares = axis.share([value for value, _ in axis.ticks()])
    assert ((shares > -1e-9) & (shares < 1 + 1e-9)).all()


def test_a_long_history_is_thinned_and_keeps_its_ends():
    kept = _charts._thinned(10_000)
    assert len(kept) <= _charts.POINTS
    assert (kept[0], kept[-1]) == (0, 9_999)
    assert _charts._thinned(5) == [0, 1, 2, 3, 4]


def test_a_history_of_nan_has_a_page(tmp_path):
    net = nn.FeedForward("1-1", seed=0)
    net.fit([[1.0]], [1.0], epochs=3)
    net._history = {"loss": [float("nan")] * 3, "val_loss": [1.0, float("inf"), 2.0]}
    page = report(net, tmp_path, [[1.0]], [1.0])
    assert len(page.of("path")) > 0


# ---- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"title": 3}, TypeError, "title is 3; wanted is a text"),
        ({"seed": -1}, ValueError, "seed is -1; wanted is a whole number of at least 0"),
        ({"repeats": 0.5}, TypeError, "repeats is 0.5; wanted is a whole number"),
        ({"mistakes": 0}, ValueError, "mistakes is 0; wanted is a whole number of at least 1"),
        ({"column_names": "ab"}, TypeError, "column_names is 'ab'; wanted is a list of names"),
        ({"column_names": ["a"]}, ValueError, "column_names has 1 names; wanted are 2"),
        ({"class_names": ["a", "b"]}, ValueError, "class_names was given, but mean_squared_error"),
        ({"image_shape": (3, 3)}, ValueError, r"image_shape is \(3, 3\); wanted is \(height"),
        ({"image_shape": 4}, TypeError, "image_shape is 4; wanted is"),
        ({"y": None}, TypeError, "y is missing; wanted are targets"),
        ({"X": {"a": [1.0]}}, TypeError, "X is a dict; wanted is an array or a DataFrame"),
        ({"X": [[1.0, np.nan]]}, ValueError, "X holds nan"),
        ({"path": 3}, TypeError, "path is 3; wanted is the name of a file"),
    ],
)
def test_bad_arguments_are_one_sentence(options, error, sentence, tmp_path):
    net = nn.FeedForward("2-1", seed=0)
    given = {"path": tmp_path / "report.html", "X": [[1.0, 2.0]], "y": [1.0], **options}
    with pytest.raises(error, match=sentence):
        net.report(**given)
    assert not list(tmp_path.iterdir())


def test_predictions_that_are_not_finite_are_refused(tmp_path):
    net = nn.FeedForward("1-1", initializer="zeros")
    net.set_weights([[[np.nan]], [0.0]])
    with pytest.raises(ValueError, match=r"the network says \[nan\] of row 0; a report wants"):
        net.report(tmp_path / "report.html", [[1.0]], [1.0])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="whose folder does not exist"):
        nn.FeedForward("1-1").report(tmp_path / "no" / "report.html", [[1.0]], [1.0])


def test_a_page_that_fails_leaves_the_old_one(digits, tmp_path, monkeypatch):
    net, X, y = digits
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no space"):
        net.report(path, X, y, repeats=0)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
