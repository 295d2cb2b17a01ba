"""Autoencoders: networks that learn to say what they are shown, through a narrow middle."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nnfast import _architecture, _validation
from nnfast.layers import Dense, Dropout, GaussianNoise, Input, Layer
from nnfast.network import FeedForward
from nnfast.regularizers import L1

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import ArrayLike, NDArray

    from nnfast.callbacks import History
    from nnfast.layers import ActivationLike

    Array: TypeAlias = NDArray[Any]


class Autoencoder:
    """A network that learns its own inputs; its decoder mirrors its encoder.

    Plain, it finds a code of few numbers. *Denoising*, it is shown rows with noise and learns them
    without; *sparse*, it pays for every unit of the code that is not 0.

    Parameters
    ----------
    layers : str or list of int
        The encoder, inputs first and the code last: "784-128-32" is the network
        784-128-32-128-784.
    hidden : activation, default "relu"
        Of the layers between.
    code : activation, default "linear"
        Of the code. A sparse one wants "relu", which has exact zeros.
    output : activation, default "sigmoid"
        Sigmoid for data from 0 to 1, learned by binary cross-entropy; linear for other numbers,
        learned by mean squared error. `net.compile` chooses another loss, and the optimizer.
    noise : float, default 0.0
        Standard deviation of the noise that is added to inputs in training.
    dropout : float, default 0.0
        Share of the inputs that are masked in training; others are scaled up, unlike in the paper.
    sparsity : float, default 0.0
        The code's cost is this times the mean over the rows of the sum of abs(code).
    dtype, seed, threads, backend : optional
        As for `FeedForward`.

    Attributes
    ----------
    net : FeedForward
        The whole network, an ordinary one.

    References
    ----------
    Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science
    313, 2006; Vincent, Larochelle, Bengio and Manzagol, "Extracting and composing robust features
    with denoising autoencoders", ICML 2008.

    Examples
    --------
    >>> import nnfast as nn
    >>> X, _ = nn.datasets.digits()
    >>> model = nn.unsupervised.Autoencoder("64-32-8", seed=0)
    >>> history = model.fit(X, epochs=10, verbose=0)
    >>> model.encode(X).shape, model.reconstruct(X).shape
    ((1797, 8), (1797, 64))
    """

    net: FeedForward

    def __init__(
        self,
        layers: str | Sequence[int],
        *,
        hidden: ActivationLike = "relu",
        code: ActivationLike = "linear",
        output: ActivationLike = "sigmoid",
        noise: float = 0.0,
        dropout: float = 0.0,
        sparsity: float = 0.0,
        dtype: Any = "float32",
        seed: int | None = None,
        threads: int | None = None,
        backend: str | None = None,
    ) -> None:
        if not isinstance(layers, str) and any(isinstance(size, Layer) for size in layers):
            raise TypeError(
                "layers holds layers; wanted are numbers of nodes, such as '784-128-32'"
            )
        encoder = _architecture.build(layers, hidden, code, None)
        noise = _validation.number(noise, "noise", minimum=0.0)
        dropout = _validation.number(dropout, "dropout", minimum=0.0, below=1.0)
        sparsity = _validation.number(sparsity, "sparsity", minimum=0.0)
        sizes = _architecture.sizes(encoder)
        decoder = _architecture.build(sizes[::-1], hidden, output, None)
        damage: list[Layer] = [GaussianNoise(noise)] if noise else []
        damage += [Dropout(dropout)] if dropout else []
        middle = Dense(sizes[-1], code, activity_regularizer=L1(sparsity) if sparsity else None)
        self.net = FeedForward(
            [encoder[0], *damage, *encoder[1:-1], middle, *decoder[1:]],
            dtype=dtype,
            seed=seed,
            threads=threads,
            backend=backend,
        ).compile(metrics=[])

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        threads: int | None = None,
        backend: str | None = None,
    ) -> Autoencoder:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or path
        threads, backend : optional
            As for `nnfast.load`.
        """
        from nnfast import _files

        net = _files.load(path, threads=threads, backend=backend)
        sizes = _architecture.sizes(net.layers)
        if len(sizes) % 2 == 0 or sizes != sizes[::-1]:
            raise ValueError(
                f"{os.fspath(path)!r} holds the network {net.architecture}; wanted is an "
                "autoencoder, whose second half mirrors its first"
            )
        model = cls.__new__(cls)
        model.net = net
        return model

    def save(self, path: str | os.PathLike[str], *, include_optimizer: bool = True) -> None:
        """Write `net` to a safetensors file, which `nnfast.load` reads as well as `load`.

        Parameters
        ----------
        path, include_optimizer
            As in `FeedForward.save`.
        """
        self.net.save(path, include_optimizer=include_optimizer)

    def fit(self, X: ArrayLike, **options: Any) -> History:
        """Learn rows; what is in `FeedForward.fit`'s options may be given.

        Parameters
        ----------
        X : array-like of shape (rows, inputs)
            From 0 to 1, if the output is sigmoid.
        **options
            epochs, batch_size, callbacks, ...; `validation_data` is an array like X.
        """
        held_out = options.pop("validation_data", None)
        if held_out is not None:
            held_out = self._rows(held_out, "validation_data")
            options["validation_data"] = (held_out, held_out)
        x = self._rows(X, "X")
        return self.net.fit(x, x, **options)

    def encode(self, X: ArrayLike) -> Array:
        """Return the code of each row, shape (rows, code)."""
        return self.encoder.predict(X)

    def decode(self, Z: ArrayLike) -> Array:
        """Return what codes stand for, shape (rows, inputs)."""
        return self.decoder.predict(_validation.array(Z, "Z"))

    def reconstruct(self, X: ArrayLike) -> Array:
        """Return `decode(encode(X))`."""
        return self.net.predict(X)

    @property
    def encoder(self) -> FeedForward:
        """The first half as a network of its own, with copies of the weights."""
        return self._half(0)

    @property
    def decoder(self) -> FeedForward:
        """The second half as a network of its own, with copies of the weights."""
        return self._half(1)

    def _half(self, half: int) -> FeedForward:
        dense = [layer for layer in self.net.layers if isinstance(layer, Dense)]
        middle = len(dense) // 2
        weights = self.net.get_weights()
        inputs = self.net.inputs if half == 0 else dense[middle - 1].units
        kept = dense[middle:] if half else dense[:middle]
        parts = FeedForward(
            [Input(inputs), *kept],
            dtype=self.net.dtype,
            seed=self.net.seed,
            threads=self.net._threads,
            backend=self.net.backend,
        )
        count = len(parts.get_weights())
        parts.set_weights(weights[-count:] if half else weights[:count])
        return parts

    def _rows(self, X: object, argument: str) -> Array:
        x = self.net._inputs(X, argument)
        if _architecture.output(self.net.layers).activation.name == "sigmoid":
            low, high = x.min(), x.max()
            if low < 0 or high > 1:
                raise ValueError(
                    f"{argument} holds values from {low:g} to {high:g}; wanted are values from 0 "
                    "to 1, or output='linear'"
                )
        return x

    def __repr__(self) -> str:
        return f"<Autoencoder of {self.net.architecture}>"
