"""Random numbers that depend on their position alone, never on who asks first.

A counter-based generator turns (key, counter) into four random words by a short keyed scrambling:
Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
(2011). The key is the seed. The counter says what the number is for, so that every number of a run
has its own address: initial weight 17 of layer 2, dropout mask of layer 1 at step 305, ...
"""

# mypy: disable-error-code=no-any-return
# (NumPy's stubs give Any for most arithmetic on arrays of either float type.)
from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint64]
"""32-bit words, each in the lower half of 64 bits, so that products of two do not overflow."""

KERNEL, BIAS, _RESERVED, SHUFFLE, DROPOUT, SPLIT, NOISE = range(7)
SWEEP, HIDDEN, VISIBLE, FLIP = range(16, 20)
"""What a stream is for: the `purpose` of its address."""

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_INCREMENTS = (0x9E3779B9, 0xBB67AE85)  # golden ratio, sqrt(3) - 1: Salmon (2011), section 3.3
_MASK = 0xFFFFFFFF
_BLOCKS_AT_ONCE = 1 << 14  # keeps the generator's temporaries in the cache


def philox4x32(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> Words:
    """Scramble counters into random words: Philox4x32 with ten rounds.

    Parameters
    ----------
    counter : four arrays of uint64, each of shape (blocks,)
        The four 32-bit words of each counter.
    key : two integers
        The two 32-bit words of the key.

    Returns
    -------
    ndarray of uint64, shape (blocks, 4)
        Four random 32-bit words for each counter.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0 = c0 * np.uint64(_MULTIPLIERS[0])
        product1 = c2 * np.uint64(_MULTIPLIERS[1])
        c0 = (product1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0)
        c1 = product1 & np.uint64(_MASK)
        c2 = (product0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1)
        c3 = product0 & np.uint64(_MASK)
        k0 = (k0 + _KEY_INCREMENTS[0]) & _MASK
        k1 = (k1 + _KEY_INCREMENTS[1]) & _MASK
    return np.stack((c0, c1, c2, c3), axis=1)


class Stream:
    """The endless row of random numbers that belongs to one address.

    Parameters
    ----------
    seed : int
        Of the whole network, 0 to 2**64 - 1.
    purpose : int
        KERNEL, BIAS, SHUFFLE, DROPOUT, SPLIT or NOISE.
    layer : int
        Index in the configuration's list of layers; 0 for the shuffle.
    step : int
        Training step (dropout, noise), epoch (shuffle) or table (embeddings), else 0. Only its
        lower 32 bits count.

    Examples
    --------
    >>> from nnfast.reference.random import KERNEL, Stream
    >>> Stream(seed=0, purpose=KERNEL).uniform(2).round(8).tolist()
    [0.39904647, 0.73571279]
    """

    def __init__(self, seed: int, purpose: int, layer: int = 0, step: int = 0) -> None:
        self.key = (seed & _MASK, (seed >> 32) & _MASK)
        self.step = step & _MASK
        self.address = purpose << 24 | layer

    def words(self, blocks: int) -> Words:
        """Draw the words of the first blocks, shape (blocks, 4)."""
        drawn = np.empty((blocks, 4), dtype=np.uint64)
        for start in range(0, blocks, _BLOCKS_AT_ONCE):
            block = np.arange(start, min(start + _BLOCKS_AT_ONCE, blocks), dtype=np.uint64)
            counter = (
                block & np.uint64(_MASK),
                block >> np.uint64(32),
                np.full_like(block, self.step),
                np.full_like(block, self.address),
            )
            drawn[start : start + block.size] = philox4x32(counter, self.key)
        return drawn

    def bits(self, count: int) -> Words:
        """Draw the 32-bit integers of positions 0 .. count - 1; each block holds four."""
        return self.words(-(-count // 4)).reshape(-1)[:count]

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Draw the numbers in [0, 1) of positions 0 .. count - 1; each block holds two.

        27 bits of one word and 26 of the next make the 53 bits of a float64.
        """
        pairs = self.words(-(-count // 2)).reshape(-1, 2)[:count]
        high, low = pairs[:, 0] >> np.uint64(5), pairs[:, 1] >> np.uint64(6)
        return (high * np.uint64(1 << 26) + low) / 2.0**53

    def normal(self, count: int) -> NDArray[np.float64]:
        """Draw standard normal numbers by inversion; the half step keeps away from p = 0."""
        return normal_quantile(self.uniform(count) + 2.0**-54)

    def truncated_normal(self, count: int) -> NDArray[np.float64]:
        """Draw standard normal numbers that lie within two standard deviations, by inversion."""
        lowest = 0.02275013194817921  # the normal distribution function at -2
        highest = 1.0 - lowest
        return normal_quantile(lowest + self.uniform(count) * (highest - lowest))

    def permutation(self, count: int) -> NDArray[np.uint32]:
        """Shuffle 0 .. count - 1 by Fisher and Yates' method: Durstenfeld, Algorithm 235 (1964)."""
        order = list(range(count))
        others = (self.uniform(count) * np.arange(1, count + 1)).astype(np.int64).tolist()
        for i in range(count - 1, 0, -1):
            j = others[i]
            order[i], order[j] = order[j], order[i]
        return np.array(order, dtype=np.uint32)


def permutation(rows: int, seed: int, purpose: int, step: int) -> NDArray[np.uint32]:
    """Shuffle the rows of a data set.

    Parameters
    ----------
    rows : int
        How many.
    seed : int
        Of the whole network.
    purpose : int
        SHUFFLE for the order of an epoch, SPLIT for held-out rows.
    step : int
        The epoch.

    Returns
    -------
    ndarray of uint32, shape (rows,)
        Each of 0 .. rows - 1 once.

    Examples
    --------
    >>> from nnfast.reference.random import SHUFFLE, permutation
    >>> sorted(permutation(4, seed=0, purpose=SHUFFLE, step=0).tolist())
    [0, 1, 2, 3]
    """
    return Stream(seed, purpose, step=step).permutation(rows)


# Wichura's three rational functions: near the middle, in the tails, and far out in them.
# Each row holds the coefficients of a numerator and a denominator, constant term first.
_CENTRAL = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
     1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
     3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3),
)  # fmt: skip
_TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9),
)  # fmt: skip
_FAR_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15),
)  # fmt: skip


def _ratio(
    coefficients: tuple[tuple[float, ...], tuple[float, ...]], r: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Evaluate a rational function by Horner's rule."""
    numerator, denominator = (np.full_like(r, row[-1]) for row in coefficients)
    for upper, lower in zip(*(row[-2::-1] for row in coefficients), strict=True):
        numerator = numerator * r + upper
        denominator = denominator * r + lower
    return numerator / denominator


def normal_quantile(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert the standard normal distribution function.

    Wichura, "Algorithm AS 241: The percentage points of the normal distribution" (1988), PPND16,
    good to about one part in 10**16.

    Parameters
    ----------
    p : ndarray of float64
        Probabilities in the open interval (0, 1).

    Returns
    -------
    ndarray of float64
        z such that a standard normal number is below z with probability p.

    Examples
    --------
    >>> import numpy as np
    >>> from nnfast.reference.random import normal_quantile
    >>> normal_quantile(np.array([0.5, 0.975])).round(6).tolist()
    [0.0, 1.959964]
    """
    q = p - 0.5
    z = q * _ratio(_CENTRAL, 0.180625 - q * q)
    outside = np.abs(q) > 0.425
    tail = q[outside]
    r = np.sqrt(-np.log(np.where(tail < 0, p[outside], 1.0 - p[outside])))
    distance = np.where(r <= 5.0, _ratio(_TAIL, r - 1.6), _ratio(_FAR_TAIL, r - 5.0))
    z[outside] = np.copysign(distance, tail)
    return z
