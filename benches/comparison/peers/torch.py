"""PyTorch: eager with its fused Adam, compiled, and traced and frozen for inference."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from comparison.cases import Elementwise, Prediction, Training
from comparison.data import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Array, Data


def model_of(data: Data) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for kernel, bias in zip(data.weights[::2], data.weights[1::2], strict=True):
        linear = torch.nn.Linear(*kernel.shape)
        # As PyTorch keeps them: (units, inputs).
        linear.weight = torch.nn.Parameter(torch.tensor(kernel.T.copy()))
        linear.bias = torch.nn.Parameter(torch.tensor(bias))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def training(case: Training, data: Data, *, compiled: bool = False) -> Network:
    return Network(case, data, compiled)


class Network:
    def __init__(self, case: Training, data: Data, compiled: bool) -> None:
        self._case, self._data = case, data
        self._x, self._y = torch.from_numpy(data.x), torch.from_numpy(data.y)
        self._model = model_of(data)
        self._optimizer = torch.optim.Adam(
            self._model.parameters(),
            lr=LEARNING_RATE,
            betas=(BETA_1, BETA_2),
            eps=EPSILON,
            fused=True,
        )
        # Once for all turns: compiling takes many seconds.
        self._loss = torch.compile(self._loss_of) if compiled else self._loss_of

    def _loss_of(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(self._model(x), y)

    def reset(self) -> None:
        self._optimizer.state.clear()
        with torch.no_grad():
            for parameter, initial in zip(
                self._model.parameters(), model_of(self._data).parameters(), strict=True
            ):
                parameter.copy_(initial)

    def epoch(self) -> None:
        self._run(torch.randperm(self._case.rows))

    def weights_after(self, steps: int) -> list[Array]:
        self._run(torch.arange(steps * self._case.batch))
        return [array.detach().numpy().T for array in self._model.parameters()]

    def _run(self, order: torch.Tensor) -> None:
        for rows in order.split(self._case.batch):
            self._optimizer.zero_grad()
            self._loss(self._x[rows], self._y[rows]).backward()
            self._optimizer.step()


def prediction(case: Prediction, data: Data) -> Callable[[], Array]:
    model = torch.nn.Sequential(*model_of(data), torch.nn.Softmax(dim=-1)).eval()
    with torch.inference_mode(), warnings.catch_warnings():
        # TorchScript is to go one day; until then nothing of PyTorch's is faster at small nets.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(model, torch.from_numpy(data.x))
        traced = torch.jit.optimize_for_inference(torch.jit.freeze(traced))

    def predict() -> Array:
        with torch.inference_mode():
            return traced(torch.from_numpy(data.x)).numpy()

    return predict


def elementwise(case: Elementwise, data: Data) -> Callable[[], Array]:
    aten: Any = torch.ops.aten
    x = torch.from_numpy(data.x)
    out, value, ones = torch.empty_like(x), torch.empty_like(x), torch.ones_like(x)
    functions: dict[str, Callable[[], torch.Tensor]] = {
        "relu": lambda: aten.relu.out(x, out=out),
        "relu derivative": lambda: aten.threshold_backward.grad_input(ones, x, 0, grad_input=out),
        "leaky_relu": lambda: aten.leaky_relu.out(x, 0.2, out=out),
        "leaky_relu derivative": lambda: aten.leaky_relu_backward.grad_input(
            ones, x, 0.2, False, grad_input=out
        ),
        "sigmoid": lambda: aten.sigmoid.out(x, out=out),
        "sigmoid derivative": lambda: aten.sigmoid_backward.grad_input(
            ones, aten.sigmoid.out(x, out=value), grad_input=out
        ),
        "tanh": lambda: aten.tanh.out(x, out=out),
        "tanh derivative": lambda: aten.tanh_backward.grad_input(
            ones, aten.tanh.out(x, out=value), grad_input=out
        ),
        "elu": lambda: aten.elu.out(x, out=out),
        "elu derivative": lambda: aten.elu_backward.grad_input(
            ones, 1.0, 1.0, 1.0, False, x, grad_input=out
        ),
    }
    function = functions[case.label]
    return lambda: function().numpy()
