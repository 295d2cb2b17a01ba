"""Python, of the standard library alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from nnfast.source._write import Writer, numbers, wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

ABOUT = "predict(x) returns the {outputs} for a row of {inputs}, or those of each of several rows."
CLASSES = "predict_classes(x) returns the class of a row, or of each."
WANTS = "All this needs is Python."

PREDICT = '''
def predict(x):
    """Return the outputs for a row of {inputs} numbers, or for each of several rows."""
    if len(x) and hasattr(x[0], "__len__"):
        return [predict(row) for row in x]
    if len(x) != {inputs}:
        raise ValueError("x has %d values; wanted are {inputs}" % len(x))
    x = [float(value) for value in x]
    {steps}
    return x
'''
DECIDE = '''
def predict_classes(x):
    """Return the class of a row of {inputs} numbers, or of each of several rows."""
    outputs = predict(x)
    if outputs and isinstance(outputs[0], list):
        return [decided(row) for row in outputs]
    return decided(outputs)


def decided(outputs):
    """Return the class that some outputs decide on."""
    return {decided}
'''


class Python(Writer):
    """A module with `predict`, and `predict_classes` if the outputs are classes."""

    none = "None"
    calls: ClassVar[dict[str, str]] = {
        "scale": "x = [value * {factor} for value in x]",
        "affine": "x = @affine(x, {center}, {factor}, {offset})",
        "embed": "x = @embed(x, {passed}, {columns}, {categories}, {dimensions}, {vectors})",
        "dense": "x = @dense(x, {kernel}, {bias})",
        "normalize": "x = @normalize(x, {gamma}, {beta}, {epsilon})",
        "apply": "x = [@{function}(value{parameters}) for value in x]",
        "prelu": "x = [value if value > 0.0 else a * value for value, a in zip(x, {alpha})]",
        "softmax": "x = @softmax(x)",
        "log_softmax": "x = @log_softmax(x)",
        "keep": "kept_{place} = x",
        "add": "x = [value + kept for value, kept in zip(x, kept_{place})]",
    }
    helpers: ClassVar[dict[str, str]] = {
        "affine": """
def @affine(x, center, factor, offset):
    x = [(value - c) * f for value, c, f in zip(x, center, factor)]
    return x if offset is None else list(map(operator.add, x, offset))
""",
        "embed": """
def @embed(x, passed, columns, categories, dimensions, vectors):
    embedded, start = [x[column] for column in passed], 0
    for column, count, size in zip(columns, categories, dimensions):
        code = int(x[column])
        if code != x[column] or not 0 <= code < count:
            wanted = "the code of a category, from 0 to %d" % (count - 1)
            raise ValueError("column %d is %r; wanted is %s" % (column, x[column], wanted))
        place = start + code * size
        embedded.extend(vectors[place : place + size])
        start += count * size
    return embedded
""",
        "dense": """
def @dense(x, kernel, bias):
    sums = [
        sum(map(operator.mul, kernel[start : start + len(x)], x))
        for start in range(0, len(kernel), len(x))
    ]
    return sums if bias is None else list(map(operator.add, sums, bias))
""",
        "normalize": """
def @normalize(x, gamma, beta, epsilon):
    mean = sum(x) / len(x)
    x = [value - mean for value in x]
    deviation = math.sqrt(sum(value * value for value in x) / len(x) + epsilon)
    x = [value / deviation for value in x]
    if gamma is not None:
        x = list(map(operator.mul, x, gamma))
    return x if beta is None else list(map(operator.add, x, beta))
""",
        "softmax": """
def @softmax(x):
    largest = max(x)
    powers = [math.exp(value - largest) for value in x]
    total = sum(powers)
    return [power / total for power in powers]
""",
        "log_softmax": """
def @log_softmax(x):
    largest = max(x)
    logarithm = largest + math.log(sum(math.exp(value - largest) for value in x))
    return [value - logarithm for value in x]
""",
    }
    functions: ClassVar[dict[str, str]] = {
        "elu": "x if x > 0.0 else alpha * math.expm1(x)",
        "exponential": "math.exp(min(x, 709.0))",
        "gelu": "0.5 * x * math.erfc(-0.7071067811865476 * x)",
        "gelu_by_tanh": "x * @sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))",
        "hard_sigmoid": "min(max(x + 3.0, 0.0), 6.0) / 6.0",
        "hard_swish": "x * min(max(x + 3.0, 0.0), 6.0) / 6.0",
        "leaky_relu": "x if x > 0.0 else negative_slope * x",
        "mish": "x * math.tanh(@softplus(x))",
        "relu": "max(x, 0.0)",
        "selu": "1.0507009873554805 * (x if x > 0.0 else 1.6732632423543772 * math.expm1(x))",
        "sigmoid": "math.exp(min(x, 0.0)) / (1.0 + math.exp(-abs(x)))",
        "silu": "x * @sigmoid(x)",
        "softplus": "max(x, 0.0) + math.log1p(math.exp(-abs(x)))",
        "softsign": "x / (1.0 + abs(x))",
        "step": "1.0 if x > 0.0 else 0.0",
        "tanh": "math.tanh(x)",
    }

    def text(self) -> str:
        """Return the module."""
        program = self.program
        steps = [self.call(operation) for operation in program.operations]
        sizes = {"inputs": program.inputs, "outputs": program.outputs}
        about = [ABOUT, CLASSES, WANTS] if program.decision else [ABOUT, WANTS]
        head = f'"""{self.about(about, "")}\n"""'
        parts = [*self.definitions(), PREDICT.format(steps="\n    ".join(steps), **sizes).strip()]
        if program.decision:
            parts.append(DECIDE.format(decided=self._decided(), **sizes).strip())
        code = "\n\n\n".join(parts)
        imports = [name for name in ("math", "operator") if f"{name}." in code]
        lines = [f"import {name}" for name in imports]
        if any("array(" in constant for constant in self.constants):
            lines.append("from array import array")
        blocks = [head, "\n".join(lines), *self.constants]
        return "\n\n".join(filter(None, blocks)) + "\n\n\n" + code + "\n"

    def constant(self, name: str, values: Array) -> str:
        """Return an assignment: of an array of the network's type, or a tuple of integers."""
        if values.dtype.kind == "i":
            return f"{name} = ({''.join(f'{value}, ' for value in values.tolist()).strip()})"
        code = "f" if values.dtype.itemsize == 4 else "d"
        return f'{name} = array("{code}", [\n{wrapped(numbers(values))}\n])'

    def function(self, name: str, parameters: list[str], value: str) -> str:
        """Return a function of one value."""
        return f"def @{name}({', '.join(['x', *parameters])}):\n    return {value}"

    def _decided(self) -> str:
        decision = self.program.decision
        assert decision is not None
        if decision.labels is None:
            return f"[int(value > {decision.border!r}) for value in outputs]"
        labels = wrapped(map(ascii, decision.labels)).strip()
        self.constants.append(f"CLASSES = [\n    {labels}\n]")
        if decision.by_sign:
            return f"CLASSES[outputs[0] > {decision.border!r}]"
        return "CLASSES[outputs.index(max(outputs))]"
