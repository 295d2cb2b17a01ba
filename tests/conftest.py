"""What every test may ask for: the data folder, a backend, and the hypothesis profile."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import hypothesis
import pytest

ON_CI = os.environ.get("CI", "").lower() in {"1", "true"}
PROFILE = os.environ.get("NNFAST_TEST_PROFILE", "fast")

# Time limits on single examples only make tests fail on busy machines. The fast profile draws the
# same examples each run, so that a red build is red again; the slow one looks for new ones.
hypothesis.settings.register_profile(
    "fast",
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "slow",
    max_examples=500,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile(PROFILE)


# Here networks are drawn at random or made to go wrong: warnings of that are no news.
AT_RANDOM = {"parity", "contract", "properties", "peers"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in AT_RANDOM:
            item.add_marker(pytest.mark.filterwarnings("ignore::nnfast.TrainingWarning"))
    if PROFILE == "slow":
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.fixture(scope="session")
def on_ci() -> bool:
    """Whether nothing may be skipped for want of something."""
    return ON_CI


@pytest.fixture(scope="session")
def data_directory() -> Path:
    """The folder that NNFAST_DATA names: real data sets, which are no part of the project."""
    folder = os.environ.get("NNFAST_DATA")
    if folder:
        return Path(folder)
    if ON_CI:
        pytest.fail("NNFAST_DATA is not set, and on CI the tests on real data must run.")
    pytest.skip("NNFAST_DATA is not set: it names the folder that holds mnist/ and other data sets")


@pytest.fixture(params=["numpy", "rust"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the two backends in turn."""
    if request.param == "rust" and not ON_CI and importlib.util.find_spec("nnfast._core") is None:
        pytest.skip("nnfast._core is not built: `make test` builds it")
    return str(request.param)
