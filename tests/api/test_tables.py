"""Tables of words and numbers: their codes, and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import nnfast as nn

COLUMNS = {
    "age": ["31", " 40", "?", "25"],
    "job": ["baker", None, "cook", "baker"],
    "code": [10, 20, 10, 30],
    "height": np.array([1.5, np.nan, 2.0, 1.0]),
    "rich": ["no", "yes", "yes", "no"],
}


def test_numbers_come_first_then_gaps_then_codes() -> None:
    table = nn.Table.fit(COLUMNS, target="rich", categories=["code"])
    assert table.names == ["age", "height", "age is missing", "height is missing", "job", "code"]
    np.testing.assert_array_equal(
        table.encode(COLUMNS),
        [
            [31, 1.5, 0, 0, 1, 1],
            [40, 1.5, 0, 1, 0, 2],
            [32, 2.0, 1, 0, 2, 1],
            [25, 1.0, 0, 0, 1, 3],
        ],
    )
    assert table.targets(COLUMNS).tolist() == ["no", "yes", "yes", "no"]
    assert table.layers(4)[2] == nn.Embedding({4: (3, 4), 5: (4, 4)})


def test_columns_are_read_as_they_come() -> None:
    """Numbers and gaps as they are, and words that the table does not know."""
    table = nn.Table.fit(COLUMNS, target="rich", categories=["code"])
    found = table.read({**COLUMNS, "job": ["smith", "", "cook", "baker"]})
    assert list(found) == ["age", "height", "job", "code"]
    np.testing.assert_array_equal(found["age"], [31, 40, np.nan, 25])
    np.testing.assert_array_equal(found["height"], [1.5, np.nan, 2.0, 1.0])
    assert found["job"].tolist() == ["smith", None, "cook", "baker"]
    assert found["code"].tolist() == ["10", "20", "10", "30"]


def test_places_are_those_of_the_names() -> None:
    table = nn.Table.fit(COLUMNS, target="rich", categories=["code"])
    assert table.places == {"age": (0, 2), "height": (1, 3), "job": (4,), "code": (5,)}
    for name, places in table.places.items():
        assert [table.names[place] for place in places] in ([name], [name, f"{name} is missing"])


def test_what_was_encoded_is_decoded() -> None:
    table = nn.Table.fit(COLUMNS, target="rich", categories=["code"])
    back = table.decode(table.encode(COLUMNS))
    np.testing.assert_array_equal(back["age"], [31, 40, np.nan, 25])
    np.testing.assert_array_equal(back["height"], COLUMNS["height"])
    assert back["job"].tolist() == COLUMNS["job"]
    assert back["code"].tolist() == ["10", "20", "10", "30"]
    with pytest.raises(ValueError, match="at row 0, column 5; wanted are codes of 'code'"):
        table.decode([[31, 1.5, 0, 0, 1, 4]])


def test_words_that_come_later_and_gaps_that_come_later() -> None:
    table = nn.Table.fit({"colour": ["red", "blue"], "size": [1.0, 3.0]})
    assert table.encode({"colour": ["green", ""], "size": [None, "2"]}).tolist() == [[2, 0], [2, 0]]
    assert table.encode({"colour": ["red", "red"], "size": ["?", ""]}).tolist() == [[2, 2], [2, 2]]


def test_whole_numbers_are_one_category_however_they_come() -> None:
    table = nn.Table.fit({"code": [3, 4]}, categories=["code"])
    for values in (["3", "4"], [3.0, 4.0], np.array([3, 4], dtype=np.uint8), np.array([3, None])):
        assert table.encode({"code": values})[0, 0] == 1


def test_a_table_is_kept_as_a_plain_dict() -> None:
    table = nn.Table.fit(COLUMNS, target="rich")
    again = nn.Table.from_config(json.loads(json.dumps(table.config())))
    np.testing.assert_array_equal(again.encode(COLUMNS), table.encode(COLUMNS))
    assert (again.config(), repr(again)) == (table.config(), repr(table))


def test_numbers_beyond_what_was_seen_are_taken_for_the_nearest() -> None:
    table = nn.Table.fit({"size": [3.0, None, 1.0]}, bounded=True)
    again = nn.Table.from_config(json.loads(json.dumps(table.config())))
    for one in (table, again):
        assert one.encode({"size": [0.0, 2.0, 318.0, None]})[:, 0].tolist() == [1.0, 2.0, 3.0, 2.0]
    free = nn.Table.fit({"size": [3.0, 1.0]})
    assert free.encode({"size": [0.0, 318.0]})[:, 0].tolist() == [0.0, 318.0]


@pytest.mark.parametrize("maker", ["pandas.DataFrame", "polars.DataFrame", "pyarrow.table"])
def test_a_data_frame_is_as_good(maker: str) -> None:
    library, name = maker.split(".")
    frame = getattr(pytest.importorskip(library), name)(COLUMNS)
    table = nn.Table.fit(frame, target="rich")
    expected = nn.Table.fit(COLUMNS, target="rich").encode(COLUMNS)
    np.testing.assert_array_equal(table.encode(frame), expected)
    np.testing.assert_array_equal(table.targets(frame), table.targets(COLUMNS))


@pytest.mark.parametrize("backend", ["rust", "numpy"])
def test_a_network_learns_from_it(backend: str) -> None:
    random = np.random.default_rng(0)
    colours = np.array(["red", "green", "blue"])[random.integers(0, 3, 300)]
    columns = {"colour": colours, "size": random.normal(50.0, 10.0, 300)}
    columns["good"] = np.where((colours == "red") | (columns["size"] > 55), "yes", "no")
    table = nn.Table.fit(columns, target="good")
    layers = [*table.layers(), nn.Dense(8, "relu"), nn.Dense(1, "sigmoid")]
    net = nn.FeedForward(layers, seed=0, backend=backend).compile(nn.Adam(0.03))
    net.fit(table.encode(columns), table.targets(columns), epochs=40, verbose=0)
    said = net.predict_classes(table.encode(columns))
    assert np.mean(said == table.targets(columns)) > 0.97


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Table.fit([[1, 2]]), TypeError, "columns is a list"),
        (lambda: nn.Table.fit({}), ValueError, "columns is empty"),
        (lambda: nn.Table.fit({"a": [1], "b": [1, 2]}), ValueError, "'b' has 2 values and 'a' has"),
        (lambda: nn.Table.fit({"a": []}), ValueError, "at least one"),
        (lambda: nn.Table.fit({"a": [1]}, target="b"), ValueError, "there is no column 'b'"),
        (lambda: nn.Table.fit({"a": [1]}, target="a"), ValueError, "none beside the target"),
        (lambda: nn.Table.fit({"a": [1]}, categories="a"), TypeError, "collections of words"),
        (lambda: nn.Table.fit({"a": [[1]]}), ValueError, r"has the shape \(1, 1\)"),
        (lambda: nn.Table.fit({"a": [np.inf]}), ValueError, "'a' holds inf"),
        (lambda: nn.Table.fit({"a": [1]}).targets({"a": [1]}), ValueError, "has no target"),
        (lambda: nn.Table.fit({"a": [1]}).encode({"b": [1]}), ValueError, "no column 'a'"),
        (lambda: nn.Table.fit({"a": [1]}).encode({"a": ["x"]}), ValueError, "'a' holds 'x'"),
        (
            lambda: nn.Table.fit({"a": [1], "b": [1]}).encode({"a": [1], "b": [1, 2]}),
            ValueError,
            "'b' has 2 values; wanted are 1",
        ),
    ],
)
def test_what_is_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_missing_target_is_refused() -> None:
    table = nn.Table.fit(COLUMNS, target="job")
    with pytest.raises(ValueError, match="the target 'job' is missing in row 1"):
        table.targets(COLUMNS)
