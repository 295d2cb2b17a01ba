"""The generator against Random123's known answers, and what is made of its words."""

from __future__ import annotations

from math import floor
from statistics import NormalDist

import numpy as np
import pytest

from nnfast.reference.random import (
    DROPOUT,
    KERNEL,
    SHUFFLE,
    SPLIT,
    Stream,
    normal_quantile,
    permutation,
    philox4x32,
)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (
            [0xFFFFFFFF] * 4,
            [0xFFFFFFFF] * 2,
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
        ),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
    ids=["zeros", "ones", "digits of pi"],
)
def test_known_answers_of_random123(counter: list[int], key: list[int], words: list[int]) -> None:
    columns = tuple(np.array([word], dtype=np.uint64) for word in counter)
    assert philox4x32(columns, (key[0], key[1]))[0].tolist() == words


def _block(seed: int, purpose: int, layer: int, step: int, block: int) -> list[int]:
    """One block, with the address written out and Python's own integers."""
    c = [block & 0xFFFFFFFF, block >> 32, step & 0xFFFFFFFF, purpose << 24 | layer]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [
            second >> 32 ^ c[1] ^ k0,
            second & 0xFFFFFFFF,
            first >> 32 ^ c[3] ^ k1,
            first & 0xFFFFFFFF,
        ]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def test_positions_are_addressed_as_specified() -> None:
    seed, layer, step = 0xFEDCBA9876543210, 7, 2**32 + 5
    stream = Stream(seed, DROPOUT, layer, step)
    blocks = [_block(seed, DROPOUT, layer, 5, block) for block in range(3)]
    assert stream.bits(11).tolist() == [word for block in blocks for word in block][:11]
    expected = []
    for block in blocks:
        for a, b in (block[:2], block[2:]):
            expected.append(((a >> 5) * 67108864 + (b >> 6)) / 9007199254740992)
    assert stream.uniform(5).tolist() == expected[:5]


def test_a_draw_does_not_depend_on_how_many_are_drawn() -> None:
    stream = Stream(3, KERNEL, 1)
    long = stream.uniform(200_001)
    for count in (0, 1, 2, 3, 32_767, 32_769):
        np.testing.assert_array_equal(stream.uniform(count), long[:count])


def test_streams_differ_by_every_part_of_the_address() -> None:
    draws = {
        tuple(Stream(seed, purpose, layer, step).bits(4).tolist())
        for seed in (0, 1, 2**32, 2**64 - 1)
        for purpose in (KERNEL, DROPOUT)
        for layer in (0, 1)
        for step in (0, 1)
    }
    assert len(draws) == 32


def test_uniform_is_uniform() -> None:
    u = Stream(11, KERNEL).uniform(100_000)
    assert u.min() >= 0.0
    assert u.max() < 1.0
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    chi_squared = ((counts - 1000.0) ** 2 / 1000.0).sum()
    assert 50.0 < chi_squared < 160.0  # 99 degrees of freedom: outside with probability 1e-4


@pytest.mark.parametrize(
    ("p", "z"),
    [
        # Wichura (1988), section 4: the values given to check an implementation.
        (0.25, -0.6744897501960817),
        (0.001, -3.090232306167813),
        (1e-20, -9.262340089798408),
        (0.5, 0.0),
        (0.975, 1.959963984540054),
        (0.02275013194817921, -2.0),
    ],
)
def test_normal_quantile_at_known_points(p: float, z: float) -> None:
    assert normal_quantile(np.array([p]))[0] == pytest.approx(z, rel=4e-16, abs=1e-16)


def test_normal_quantile_against_the_standard_library() -> None:
    p = np.concatenate((np.linspace(1e-9, 1 - 1e-9, 5001), 10.0 ** np.arange(-300, -9, 7.0)))
    expected = np.array([NormalDist().inv_cdf(value) for value in p.tolist()])
    np.testing.assert_allclose(normal_quantile(p), expected, rtol=1e-15, atol=1e-16)


def test_normal_quantile_against_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    p = np.concatenate((np.linspace(1e-6, 1 - 1e-6, 5001), 10.0 ** np.arange(-300, -7, 7.0)))
    np.testing.assert_allclose(normal_quantile(p), special.ndtri(p), rtol=4e-15, atol=1e-15)


def test_normal_numbers_have_the_moments_of_the_distribution() -> None:
    z = Stream(5, KERNEL).normal(200_000)
    assert abs(z.mean()) < 0.01
    assert z.std() == pytest.approx(1.0, abs=0.01)
    assert (z**3).mean() == pytest.approx(0.0, abs=0.03)
    assert (z**4).mean() == pytest.approx(3.0, abs=0.1)


def test_truncated_normal_numbers_stay_within_two() -> None:
    z = Stream(5, KERNEL).truncated_normal(200_000)
    assert np.abs(z).max() <= 2.0
    assert np.abs(z).max() > 1.999
    assert z.std() == pytest.approx(0.87962566103423978, abs=0.005)


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 10, 1000])
def test_permutation_holds_each_row_once(rows: int) -> None:
    order = permutation(rows, 9, SPLIT, 4)
    assert order.dtype == np.uint32
    np.testing.assert_array_equal(np.sort(order), np.arange(rows))


def test_permutation_is_the_shuffle_as_specified() -> None:
    u = Stream(42, SHUFFLE, 0, 3).uniform(50)
    order = list(range(50))
    for i in range(49, 0, -1):
        j = floor(u[i] * (i + 1))
        order[i], order[j] = order[j], order[i]
    assert permutation(50, 42, SHUFFLE, 3).tolist() == order


def test_permutations_are_roughly_uniform() -> None:
    orders = [tuple(permutation(4, seed, SHUFFLE, 0).tolist()) for seed in range(4800)]
    counts = np.array([orders.count(order) for order in set(orders)])
    assert counts.size == 24
    assert ((counts - 200.0) ** 2 / 200.0).sum() < 55.0  # 23 degrees of freedom, p = 2e-4
