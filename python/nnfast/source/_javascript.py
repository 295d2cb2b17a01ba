"""JavaScript: a module for browsers and Node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from nnfast.source._write import Writer, numbers, wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

ABOUT = "predict(x) returns the {outputs} for a row of {inputs}, or those of each of several rows."
CLASSES = "predictClasses(x) returns the class of a row, or of each."
WANTS = (
    'An ES module, for import {{ predict }} from "./name.mjs", or await import("./name.mjs") from '
    "CommonJS."
)

PREDICT = """
/** Return the outputs for a row of {inputs} numbers, or for each of several rows. */
export function predict(x) {{
  if (x.length && x[0].length !== undefined) return Array.from(x, predict);
  if (x.length !== {inputs})
    throw new RangeError(`x has ${{x.length}} values; wanted are {inputs}`);
  x = Array.from(x);
  {steps}
  return x;
}}
"""
DECIDE = """
/** Return the class of a row of {inputs} numbers, or of each of several rows. */
export function predictClasses(x) {{
  const outputs = predict(x);
  return Array.isArray(outputs[0]) ? outputs.map(decided) : decided(outputs);
}}

function decided(outputs) {{
  return {decided};
}}
"""


class JavaScript(Writer):
    """A module with `predict`, and `predictClasses` if the outputs are classes."""

    none = "null"
    calls: ClassVar[dict[str, str]] = {
        "scale": "x = x.map((value) => value * {factor});",
        "affine": "x = @affine(x, {center}, {factor}, {offset});",
        "embed": "x = @embed(x, {passed}, {columns}, {categories}, {dimensions}, {vectors});",
        "dense": "x = @dense(x, {kernel}, {bias});",
        "normalize": "x = @normalize(x, {gamma}, {beta}, {epsilon});",
        "apply": "x = x.map((value) => @{function}(value{parameters}));",
        "prelu": "x = x.map((value, i) => (value > 0 ? value : {alpha}[i] * value));",
        "softmax": "x = @softmax(x);",
        "log_softmax": "x = @log_softmax(x);",
        "keep": "const kept{place} = x;",
        "add": "x = x.map((value, i) => value + kept{place}[i]);",
    }
    helpers: ClassVar[dict[str, str]] = {
        "affine": """
function @affine(x, center, factor, offset) {
  return x.map((value, i) => (value - center[i]) * factor[i] + (offset ? offset[i] : 0));
}
""",
        "embed": """
function @embed(x, passed, columns, categories, dimensions, vectors) {
  const embedded = passed.map((column) => x[column]);
  let start = 0;
  columns.forEach((column, i) => {
    const [code, count, size] = [x[column], categories[i], dimensions[i]];
    if (!Number.isInteger(code) || code < 0 || code >= count) {
      const wanted = `the code of a category, from 0 to ${count - 1}`;
      throw new RangeError(`column ${column} is ${code}; wanted is ${wanted}`);
    }
    for (let j = 0; j < size; j++) embedded.push(vectors[start + code * size + j]);
    start += count * size;
  });
  return embedded;
}
""",
        "dense": """
function @dense(x, kernel, bias) {
  const inputs = x.length;
  const units = kernel.length / inputs;
  const sums = new Array(units);
  for (let j = 0; j < units; j++) {
    let sum = bias ? bias[j] : 0;
    for (let i = 0; i < inputs; i++) sum += x[i] * kernel[j * inputs + i];
    sums[j] = sum;
  }
  return sums;
}
""",
        "normalize": """
function @normalize(x, gamma, beta, epsilon) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const deviation = Math.sqrt(variance + epsilon);
  return x.map((value, i) => {
    const normalized = (value - mean) / deviation;
    return normalized * (gamma ? gamma[i] : 1) + (beta ? beta[i] : 0);
  });
}
""",
        "softmax": """
function @softmax(x) {
  const largest = Math.max(...x);
  const powers = x.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
""",
        "log_softmax": """
function @log_softmax(x) {
  const largest = Math.max(...x);
  const total = x.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return x.map((value) => value - largest - Math.log(total));
}
""",
        # JavaScript has no error function. Near 0 it is 1 - erf(x), where erf(x) is the sum of
        # 2 / sqrt(pi) exp(-x^2) x^(2n + 1) 2^n / (1 3 5 ... (2n + 1)) over n; far off, a continued
        # fraction (Abramowitz and Stegun, "Handbook of mathematical functions", 7.1.6 and 7.1.14).
        "erfc": """
function @erfc(x) {
  const z = Math.abs(x);
  let upper;
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    upper = 1 - 1.1283791670955126 * Math.exp(-z * z) * sum;
  } else {
    let fraction = z;
    for (let n = 40; n > 0; n--) fraction = z + n / 2 / fraction;
    upper = (0.5641895835477563 * Math.exp(-z * z)) / fraction;
  }
  return x < 0 ? 2 - upper : upper;
}
""",
    }
    functions: ClassVar[dict[str, str]] = {
        "elu": "x > 0 ? x : alpha * Math.expm1(x)",
        "exponential": "Math.exp(x)",
        "gelu": "0.5 * x * @erfc(-0.7071067811865476 * x)",
        "gelu_by_tanh": "x * @sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))",
        "hard_sigmoid": "Math.min(Math.max(x + 3, 0), 6) / 6",
        "hard_swish": "(x * Math.min(Math.max(x + 3, 0), 6)) / 6",
        "leaky_relu": "x > 0 ? x : negativeSlope * x",
        "mish": "x * Math.tanh(@softplus(x))",
        "relu": "Math.max(x, 0)",
        "selu": "1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))",
        "sigmoid": "Math.exp(Math.min(x, 0)) / (1 + Math.exp(-Math.abs(x)))",
        "silu": "x * @sigmoid(x)",
        "softplus": "Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))",
        "softsign": "x / (1 + Math.abs(x))",
        "step": "x > 0 ? 1 : 0",
        "tanh": "Math.tanh(x)",
    }

    def text(self) -> str:
        """Return the module."""
        program = self.program
        steps = [self.call(operation) for operation in program.operations]
        sizes = {"inputs": program.inputs, "outputs": program.outputs}
        about = [ABOUT, CLASSES, WANTS] if program.decision else [ABOUT, WANTS]
        head = self.about(about, "// ")
        parts = [PREDICT.format(steps="\n  ".join(steps), **sizes).strip()]
        if program.decision:
            parts.append(DECIDE.format(decided=self._decided(), **sizes).strip())
        return "\n\n".join([head, *self.constants, *self.definitions(), *parts]) + "\n"

    def constant(self, name: str, values: Array) -> str:
        """Return a typed array of the network's type, or an array of integers."""
        if values.dtype.kind == "i":
            return f"const {name} = [{', '.join(map(str, values.tolist()))}];"
        kind = "Float32Array" if values.dtype.itemsize == 4 else "Float64Array"
        return f"const {name} = new {kind}([\n{wrapped(numbers(values), '  ')},\n]);"

    def function(self, name: str, parameters: list[str], value: str) -> str:
        """Return a function of one value."""
        arguments = ", ".join(["x", *map(_camel, parameters)])
        return f"function @{name}({arguments}) {{\n  return {value};\n}}"

    def named(self, text: str) -> str:
        """Return a text with names as JavaScript has them."""
        parts = text.split("@")
        return parts[0] + "".join(_camel(part, "(") for part in parts[1:])

    def _decided(self) -> str:
        decision = self.program.decision
        assert decision is not None
        border = repr(decision.border)
        if decision.labels is None:
            return f"outputs.map((value) => (value > {border} ? 1 : 0))"
        labels = wrapped((json.dumps(label) for label in decision.labels), "  ")
        self.constants.append(f"export const CLASSES = [\n{labels},\n];")
        if decision.by_sign:
            return f"CLASSES[outputs[0] > {border} ? 1 : 0]"
        return "CLASSES[outputs.indexOf(Math.max(...outputs))]"


def _camel(text: str, before: str = "") -> str:
    """Return a text with camelCase for snake_case, in what comes before a character."""
    head, mark, rest = text.partition(before) if before else (text, "", "")
    first, *words = head.split("_")
    return first + "".join(word.capitalize() for word in words) + mark + rest
