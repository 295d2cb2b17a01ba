"""A network in a page: the module that `to_source` writes runs in a browser as it is."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nnfast as nn
from api.written import ACTIVATIONS
from browser import chromium

pytestmark = pytest.mark.skipif(
    chromium.found() is None, reason="there is no Chromium: install it from the distribution"
)
PAGE = """<!doctype html>
<title>digits</title>
<script type="module">
{module}
window.said = {{ outputs: predict({rows}), classes: predictClasses(new Float32Array({row})) }};
</script>
"""


def test_a_module_in_a_page(tmp_path):
    X, y = nn.datasets.digits()
    hidden = [nn.Dense(16, it) for it in ACTIVATIONS if it.name in ("gelu", "prelu", "mish")]
    net = nn.FeedForward([nn.Input(64), nn.LayerNorm(), *hidden, nn.Dense(10, "softmax")], seed=0)
    net.fit(X, np.array([f"<{number}>" for number in y]), epochs=2)
    page = tmp_path / "page.html"
    module, rows = net.to_source("javascript"), X[:50]
    page.write_text(
        PAGE.format(module=module, rows=json.dumps(rows.tolist()), row=json.dumps(X[0].tolist()))
    )
    browser = chromium.Browser(tmp_path / "profile")
    try:
        browser.open(page, 800, 600)
        assert browser.complaints == []
        assert browser.requests == []
        said = browser.evaluate("window.said")
    finally:
        browser.close()
    np.testing.assert_allclose(said["outputs"], net.predict(rows), rtol=1e-6, atol=1e-6)
    assert said["classes"] == net.predict_classes(X[0])
