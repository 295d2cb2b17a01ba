"""Files and models of other libraries: read and written without them.

    net = nn.interop.read("model.keras")
    nn.interop.write(net, "model.onnx")

Keras' files want h5py (``pip install 'nnfast[keras]'``) and ONNX wants onnx
(``pip install 'nnfast[onnx]'``); each is imported where it is used. What a file holds is data:
reading one never runs code from it, and what it says goes through the checks of what a user passes.
A layer that nnfast does not have is refused by its name.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING, Any as _Any

if _TYPE_CHECKING:
    from nnfast.interop._any import read, write
    from nnfast.interop._keras import read_keras, write_keras
    from nnfast.interop._onnx_read import read_onnx
    from nnfast.interop._onnx_write import write_onnx
    from nnfast.interop._sklearn import from_sklearn, to_sklearn
    from nnfast.interop._torch import read_torch, write_torch

__all__ = [
    "from_sklearn",
    "read",
    "read_keras",
    "read_onnx",
    "read_torch",
    "to_sklearn",
    "write",
    "write_keras",
    "write_onnx",
    "write_torch",
]

_PLACES = {
    "from_sklearn": "_sklearn",
    "read": "_any",
    "read_keras": "_keras",
    "read_onnx": "_onnx_read",
    "read_torch": "_torch",
    "to_sklearn": "_sklearn",
    "write": "_any",
    "write_keras": "_keras",
    "write_onnx": "_onnx_write",
    "write_torch": "_torch",
}


def __getattr__(name: str) -> _Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
