"""Networks as graphs: where nodes and edges are, what is written, in both ways of drawing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import same_color, to_hex
from matplotlib.patches import Circle, FancyArrowPatch

import nnfast as nn
from nnfast.plot._architecture import NEGATIVE, NEITHER, POSITIVE

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def article():
    """Return the 3-2-3-2 net with biases that are not all zero."""
    net = nn.FeedForward("3-2-3-2", hidden="tanh", output="softmax", seed=1)
    weights = [w if w.ndim == 2 else np.full_like(w, -0.25) for w in net.get_weights()]
    net.set_weights(weights)
    return net


def circles(axes) -> list[Circle]:
    return [patch for patch in axes.patches if isinstance(patch, Circle)]


def lines(axes) -> LineCollection:
    [collection] = [one for one in axes.collections if isinstance(one, LineCollection)]
    return collection


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def texts(picture: str) -> list[str]:
    """Return what is written in an SVG, without what nodes and edges say when pointed at."""
    written = []
    for text in parsed(picture).iter(f"{SVG}text"):
        pieces = [text.text or ""]
        for child in text:
            pieces += ["" if child.tag == f"{SVG}title" else child.text or "", child.tail or ""]
        written.append("".join(pieces))
    return written


# With matplotlib


def test_the_article_s_network(article) -> None:
    axes = nn.plot.architecture(article)
    assert axes.get_title() == "3-2-3-2"
    # Ten nodes, and a constant beside all layers but the last: the output has its bias, too.
    assert len(circles(axes)) == 10 + 3
    assert len(lines(axes).get_segments()) == (3 * 2 + 2) + (2 * 3 + 3) + (3 * 2 + 2)
    assert words(axes).count("1") == 3
    for note in ("3 inputs", "2 hidden", "tanh", "3 hidden", "2 outputs", "softmax"):
        assert note in words(axes)


def test_edges_show_sign_and_size_of_the_weights() -> None:
    net = nn.FeedForward("2-1", seed=0)
    net.set_weights([[[2.0], [-1.0]], [0.0]])
    drawn = lines(nn.plot.architecture(net))
    widths = dict(zip(map(to_hex, drawn.get_colors()), drawn.get_linewidths(), strict=True))
    assert set(widths) == {POSITIVE.lower(), NEGATIVE.lower(), NEITHER.lower()}
    assert widths[POSITIVE.lower()] > widths[NEGATIVE.lower()] > widths[NEITHER.lower()]


def test_edges_end_at_the_rims() -> None:
    axes = nn.plot.architecture(nn.FeedForward("2-2", seed=0))
    places = np.array([circle.center for circle in circles(axes)])
    for segment in lines(axes).get_segments():
        for point in segment:
            distance = np.hypot(*(places - point).T).min()
            assert distance == pytest.approx(circles(axes)[0].radius, abs=0.03)


def test_without_weights_or_biases(article) -> None:
    axes = nn.plot.architecture(article, weights=False, biases=False)
    assert len(circles(axes)) == 10
    assert all(same_color(to_hex(colour), NEITHER) for colour in lines(axes).get_colors())
    assert axes.get_legend() is None


def test_wide_and_deep_networks_leave_nodes_and_layers_out() -> None:
    axes = nn.plot.architecture(nn.FeedForward("784-16-10", seed=0), nodes=6)
    assert len(circles(axes)) == 3 * 5 + 2
    assert words(axes).count("⋮") == 3
    assert "$x_{784}$" in words(axes)
    assert "784 inputs" in words(axes)
    # Heads of very many arrows would hide what they point at.
    assert len(lines(axes).get_segments()) == 6 * 5 + 6 * 5
    assert any(isinstance(one, PolyCollection) for one in axes.collections)
    wider = nn.plot.architecture(nn.FeedForward("784-16-10", seed=0))
    assert not any(isinstance(one, PolyCollection) for one in wider.collections)
    deep = nn.plot.architecture(nn.FeedForward([2] * 20, seed=0))
    assert "12 more layers" in words(deep)
    assert len(circles(deep)) == 8 * 2 + 6


def test_names_of_features_and_classes() -> None:
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]] * 2, ["ham", "spam", "spam", "spam"] * 2
    net = nn.FeedForward("2-3-2", output="softmax", seed=0)
    net.fit(X, y, verbose=0)
    axes = nn.plot.architecture(net, feature_names=["caps $", "links"])
    assert {"caps $", "links", "ham", "spam"} <= set(words(axes))
    one = nn.FeedForward("2-1", output="sigmoid", seed=0)
    one.fit(X, y, verbose=0)
    assert "spam" in words(nn.plot.architecture(one))
    assert "ham" not in words(nn.plot.architecture(one))
    axes.figure.canvas.draw()  # a dollar sign in a name is no formula


def test_names_of_a_table() -> None:
    columns = {"colour": ["red", "blue", "red"], "weight": [1.0, 3.0, 2.0]}
    table = nn.Table.fit(columns)
    net = nn.FeedForward([*table.layers(), nn.Dense(1)], seed=0)
    net.table = table
    assert {"colour", "weight"} <= set(words(nn.plot.architecture(net)))
    assert {"colour", "weight"} <= set(texts(net._repr_svg_()))


def test_layers_without_nodes_blocks_masks_and_embeddings() -> None:
    block = nn.Residual([nn.LayerNorm(), nn.Dense(5, "relu"), nn.Dropout(0.2), nn.Dense(4)])
    mask = np.ones((4, 2))
    mask[0] = 0
    net = nn.FeedForward(
        [
            nn.Input(3),
            nn.Standardize(),
            nn.Embedding({1: (5, 2)}),
            nn.Dense(4, use_bias=False),
            block,
            nn.Dense(2, mask=mask),
        ],
        seed=0,
    )
    axes = nn.plot.architecture(net)
    assert axes.get_title() == net.architecture == "3-4-5-4-2"
    arcs = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arcs) == 1
    notes = {"standardize", "4 embedded", "layer norm", "dropout 0.2", "relu"}
    assert notes <= set(words(axes))
    # Inputs to embeddings; dense without bias; two within the block; six of eight, and biases.
    segments = len(lines(axes).get_segments())
    assert segments == (2 + 2) + 16 + (4 * 5 + 5) + (5 * 4 + 4) + (6 + 2)


def test_perceptrons_and_estimators() -> None:
    from sklearn.neural_network import MLPClassifier

    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1])
    axes = nn.plot.architecture(nn.Perceptron().fit(X, y))
    assert (axes.get_title(), "step" in words(axes)) == ("2-1", True)
    theirs = MLPClassifier((4,), solver="lbfgs", random_state=0).fit(X, y)
    axes = nn.plot.architecture(theirs)
    assert axes.get_title() == "2-4-1"
    assert {"relu", "logistic"} <= set(words(axes))
    [drawn] = [one for one in axes.collections if isinstance(one, LineCollection)]
    positive = sum(to_hex(colour) == POSITIVE.lower() for colour in drawn.get_colors())
    arrays = [*theirs.coefs_, *theirs.intercepts_]
    assert positive == sum((array > 0).sum() for array in arrays)


def test_embedded_biases_are_drawn_alike(article) -> None:
    embedded = nn.FeedForward("2-2", bias="embedded", seed=0)
    other = nn.FeedForward("2-2", seed=0)
    weights = embedded.get_weights()[0]
    weights[0] = [0.5, -0.5]
    embedded.set_weights([weights])
    other.set_weights([weights[1:], weights[0]])
    assert nn.plot.architecture_svg(embedded) == nn.plot.architecture_svg(other)


def test_weights_that_are_not_numbers_are_drawn() -> None:
    """A network that has diverged shows itself all the same."""
    net = nn.FeedForward("2-1", seed=0)
    run = net.compile(nn.SGD(1e20))
    with pytest.warns(nn.TrainingWarning):
        run.fit([[1e3, 1.0]] * 8, [1e3] * 8, epochs=20, verbose=0)
    assert not np.isfinite(net.get_weights()[0]).all()
    colours = set(map(to_hex, lines(nn.plot.architecture(net)).get_colors()))
    assert NEITHER.lower() in colours
    assert net._repr_html_().startswith("<div>")


def test_what_is_refused(article) -> None:
    from sklearn.neural_network import MLPRegressor

    for draw in (nn.plot.architecture, nn.plot.architecture_svg):
        with pytest.raises(TypeError, match=r"net must be a FeedForward, a Perceptron .*got str"):
            draw("3-2-3-2")
        with pytest.raises(ValueError, match="net has no weights yet: call fit first"):
            draw(nn.Perceptron())
        with pytest.raises(ValueError, match="net has no weights yet: call fit first"):
            draw(MLPRegressor())
        with pytest.raises(ValueError, match="feature_names must be 3, one for each of the inputs"):
            draw(article, feature_names=["a"])
        with pytest.raises(TypeError, match="feature_names must be a list of names, got 'abc'"):
            draw(article, feature_names="abc")
        with pytest.raises(ValueError, match=r"classes must be 2, .* got 3"):
            draw(article, classes=["a", "b", "c"])
        with pytest.raises(ValueError, match="nodes must be an integer of at least 3, got 2"):
            draw(article, nodes=2)
        with pytest.raises(TypeError, match="weights must be True or False, got 1"):
            draw(article, weights=1)
    with pytest.raises(TypeError, match="colour must be a string, got 3"):
        nn.plot.architecture_svg(article, colour=3)


# As SVG


def test_svg_has_the_same_nodes_edges_and_words(article) -> None:
    picture = nn.plot.architecture_svg(article)
    root = parsed(picture)
    assert root.get("role") == "img"
    assert root.get("aria-label", "").startswith("Network 3-2-3-2: 3 inputs, 2 hidden, tanh")
    assert len(list(root.iter(f"{SVG}circle"))) == 13
    titles = [one.text for one in root.iter(f"{SVG}title")]
    kernels = [w for w in article.get_weights() if w.ndim == 2]
    for weight in np.concatenate([kernel.ravel() for kernel in kernels]):
        assert f"{weight:.4g}" in titles
    # Pointed at, the output nodes say their bias, as do all that have one.
    assert titles.count("bias -0.25") == 7
    assert {"3-2-3-2", "x1", "h3", "y2", "1", "softmax", "positive weight"} <= set(texts(picture))


def test_svg_is_small_for_wide_networks() -> None:
    picture = nn.plot.architecture_svg(nn.FeedForward("4096-4096-1000", output="softmax", seed=0))
    assert len(picture) < 10_000
    assert {"x4096", "4,096 hidden", "1,000 outputs", "⋮"} <= set(texts(picture))
    deep = nn.plot.architecture_svg(nn.FeedForward([64] * 100, seed=0))
    assert len(deep) < 25_000


def test_svg_has_no_markup_of_anyone_else(tmp_path) -> None:
    evil = "</text><script>alert('&')</script>"
    net = nn.FeedForward("1-2", output="softmax", seed=0)
    net.fit([[0.0], [1.0]], ["a", evil], verbose=0)
    path = tmp_path / "net.svg"
    picture = nn.plot.architecture_svg(net, path, feature_names=['"><img src=x>'], colour='"/><b')
    assert path.read_text(encoding="utf-8") == picture
    tags = {element.tag.removeprefix(SVG) for element in parsed(picture).iter()}
    assert tags <= {"svg", "g", "path", "circle", "text", "tspan", "title"}
    assert evil in texts(picture)
    assert "<script" not in net._repr_html_()


def test_svg_stays_within_its_frame() -> None:
    names = ["a rather long name of a column", "b"]
    picture = nn.plot.architecture_svg(nn.FeedForward("2-9-1", seed=0), feature_names=names)
    root = parsed(picture)
    width, height = float(root.get("width")), float(root.get("height"))
    for text in root.iter(f"{SVG}text"):
        letters = 5.6 * len(text.text or "")
        anchor = text.get("text-anchor", "middle")
        start = float(text.get("x")) - {"middle": 0.5, "end": 1.0, "start": 0.0}[anchor] * letters
        assert -1 <= start <= start + letters <= width + 1, text.text
        assert 0 < float(text.get("y")) < height


# In notebooks


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_notebooks_show_picture_and_table(article) -> None:
    html = article._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert {"div", "svg", "details", "summary", "pre"} <= tags.seen
    assert "3-2-3-2: 25 parameters" in html
    # Words and circles have the page's own colour, whether it is light or dark.
    assert 'fill="currentColor"' in html
    assert not re.search(r'(fill|stroke)="(#000|#fff|black|white)', html)
    assert article._repr_svg_() == nn.plot.architecture_svg(article)


def test_a_prompt_does_not_wait_for_millions_of_weights(monkeypatch) -> None:
    net = nn.FeedForward("2000-1001-10", seed=0)
    without = nn.plot.architecture_svg(net, weights=False)
    monkeypatch.setattr(nn.FeedForward, "get_weights", None)
    assert net._repr_svg_() == without
    assert "positive weight" not in net._repr_html_()
    assert without.count("<circle") == 3 * 7 + 2  # biases are drawn all the same


@pytest.mark.parametrize("page", ["#FFFFFF", "#111111"])
def test_colours_are_legible_on_light_and_dark_pages(page: str) -> None:
    """WCAG 2 wants a contrast of 3 for graphics and large words."""
    from matplotlib.colors import to_rgb

    def luminance(colour: str) -> float:
        c = np.array(to_rgb(colour))
        linear = np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    from nnfast.plot._svg import GREY

    for colour in (GREY, POSITIVE, NEGATIVE):
        dark, light = sorted([luminance(colour), luminance(page)])
        assert (light + 0.05) / (dark + 0.05) >= (4.0 if colour == GREY else 3.0)


def test_pictures_without_matplotlib() -> None:
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import nnfast as nn\n"
        "net = nn.FeedForward('3-2-3-2', seed=0)\n"
        "print(net._repr_html_()[:9], nn.plot.architecture_svg(net)[:4])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "<div><svg <svg"
