"""The site: it builds without a warning, holds every page and public name, and fetches nothing."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import nnfast as nn

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))


@pytest.fixture(scope="module", autouse=True)
def _tools(on_ci: bool) -> None:
    names = ("mkdocs", "material", "mkdocstrings", "latex2mathml")
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing and on_ci:
        pytest.fail(f"{', '.join(missing)} must be there on CI.")
    if missing:
        pytest.skip(f"{', '.join(missing)} not there: pip install 'nnfast[docs]' brings them")


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs" / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def listed(entries: Any) -> list[str]:
    """The pages of a navigation, from the first to the last."""
    if isinstance(entries, str):
        return [entries]
    if isinstance(entries, dict):
        entries = list(entries.values())
    return [page for entry in entries for page in listed(entry)]


def test_every_page_is_in_the_navigation_once():
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    # What is read of it is plain; a tag of Python's own stands further down.
    [navigation] = re.findall(r"^nav:\n(?: .*\n)+", text, re.MULTILINE)
    pages = listed(yaml.safe_load(navigation)["nav"])
    made = {"reference/index.md", "contributing.md", "changelog.md"}
    assert sorted(set(pages) - made) == PAGES
    assert len(pages) == len(set(pages))


def test_every_page_is_on_the_first():
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    named = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)}
    assert set(PAGES) - {"index.md"} <= named


def public(name: str) -> set[str]:
    """The public names of a module, as they are imported from it."""
    module = importlib.import_module(name)
    names = getattr(module, "__all__", None)
    if names is None:
        own = vars(module).items()
        names = [key for key, value in own if getattr(value, "__module__", None) == name]
    return {key for key in names if not key.startswith("_")}


def test_the_reference_has_every_public_name(hooks: ModuleType):
    entries = [name for names in hooks.REFERENCE.values() for name in names]
    assert len(entries) == len(set(entries))
    modules = [name for name in entries if importlib.util.find_spec(name) is not None]
    shown = {name.removeprefix("nnfast.") for name in entries}
    for module in modules:
        shown |= public(module)
    without = {name.removeprefix("nnfast.") for name in hooks.WITHOUT_A_PAGE}
    assert set(nn.__all__) - {"__version__"} <= shown | without
    files = {info.name for info in pkgutil.iter_modules(nn.__path__)}
    assert {name for name in files if not name.startswith("_")} <= shown | without
    assert not shown & without


def test_holds_every_page_and_name(site: Path, hooks: ModuleType):
    for page in PAGES:
        assert (site / page).with_suffix(".html").is_file(), page
    for title, names in hooks.REFERENCE.items():
        text = (site / hooks.reference_page(title)).with_suffix(".html").read_text("utf-8")
        for name in names:
            if importlib.util.find_spec(name) is None:
                assert f'id="{name}"' in text, name
                continue
            module = importlib.import_module(name)
            for one in public(name):
                if isinstance(getattr(module, one), type | FunctionType):
                    assert re.search(rf'id="nnfast\.[\w.]*\b{one}"', text), f"{name}.{one}"


def test_frozen_values_show_their_parameters(site: Path):
    text = (site / "reference" / "optimizers.html").read_text(encoding="utf-8")
    plain = re.sub(r"\s+", "", re.sub("<[^>]+>", "", text))
    assert "SGD(learning_rate=0.01,*,momentum=0.0,nesterov=False)" in plain


def test_fetches_nothing_from_elsewhere(site: Path):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        fetched = re.findall(
            r'<(?:script|img|link|iframe)[^>]*(?:src|href)="?(https?:[^" >]+)', text
        )
        assert not fetched, path.name


def test_formulas_are_drawn(site: Path):
    pages = [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]
    assert not [text for text in pages if re.search('<(div|span) class="arithmatex"', text)]
    assert any("<math" in text for text in pages)


def test_a_link_to_a_file_shows_it(site: Path):
    text = (site / "source" / "examples" / "xor.py.html").read_text(encoding="utf-8")
    assert "back-propagation" in text.lower() or "xor" in text.lower()
    assert (site / "source" / "python" / "nnfast" / "reference" / "network.py.html").is_file()
