"""C99, which is C++ too: a header with arrays of constants, no memory of its own, math.h alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from nnfast.source._write import Writer, numbers, wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnfast.source._program import Operation, Program

    Array: TypeAlias = NDArray[Any]

ABOUT = "net_predict(x, outputs) writes the {outputs} for a row of {inputs}."
CLASSES = {
    "one": (
        "net_predict_class(x) returns the number of its class, and net_class(number) what that is "
        "called."
    ),
    "each": "net_predict_classes(x, classes) writes 1 for each output that means yes, else 0.",
}
NO_CATEGORY = "Where x holds no category's code, all outputs are NaN, and the class is -1."
WANTS = "All this needs is C99 or C++, math.h and about {} bytes of stack."
HEAD = """\
{about} */
#ifndef {guard}
#define {guard}

#include <math.h>

enum {{ net_inputs = {inputs}, net_outputs = {outputs}{count} }};"""

PREDICT = """
static inline void net_predict(const real *x, real *outputs)
{{
    {steps}
}}
"""
DECIDE = {
    "largest": """
static inline int net_predict_class(const real *x)
{{
    real outputs[net_outputs];
    int i, largest = 0;
    net_predict(x, outputs);
    for (i = 1; i < net_outputs; ++i)
        if (outputs[i] > outputs[largest]) largest = i;
    return isnan(outputs[0]) ? -1 : largest;
}}
""",
    "sign": """
static inline int net_predict_class(const real *x)
{{
    real output;
    net_predict(x, &output);
    return isnan(output) ? -1 : output > {border};
}}
""",
    "each": """
static inline void net_predict_classes(const real *x, int *classes)
{{
    real outputs[net_outputs];
    int i;
    net_predict(x, outputs);
    for (i = 0; i < net_outputs; ++i) classes[i] = isnan(outputs[i]) ? -1 : outputs[i] > {border};
}}
""",
}
LABEL = """
static inline {kind}net_class(int number)
{{
    static {kind}const classes[net_classes] = {{
{labels}
    }};
    return classes[number];
}}
"""
MOVING = ("dense", "embed")
"""Operations that write to another row than they read."""
SIZES = {"float": 4, "double": 8}
LOOP = "for (i = 0; i < {outputs}; ++i) "
# Names of math.h that have an f at their end for float, and numbers, which have one too.
OF_TYPE = re.compile(
    r"(?<!\w)(?P<function>erfc|exp|expm1|fabs|floor|fmax|fmin|log|log1p|sqrt|tanh)\("
    r"|(?<![\w.\"])(?P<number>\d+\.\d*(e[-+]?\d+)?|\d+e[-+]?\d+)(?![\w.\"])"
)


class C(Writer):
    """A header with `net_predict`, and with `net_predict_class` if the outputs are classes."""

    none = "0"
    by_unit = False
    calls: ClassVar[dict[str, str]] = {
        "scale": LOOP + "{row}[i] *= {factor};",
        "affine": "@affine({row}, {outputs}, {center}, {factor}, {offset});",
        "dense": "@dense({row}, {inputs}, {kernel}, {bias}, {outputs}, {to});",
        "normalize": "@normalize({row}, {outputs}, {gamma}, {beta}, {epsilon});",
        "apply": LOOP + "{row}[i] = @{function}({row}[i]{parameters});",
        "prelu": LOOP + "if (!({row}[i] > 0.0)) {row}[i] *= {alpha}[i];",
        "softmax": "@softmax({row}, {outputs});",
        "log_softmax": "@log_softmax({row}, {outputs});",
        "keep": LOOP + "kept_{place}[i] = {row}[i];",
        "add": LOOP + "{row}[i] += kept_{place}[i];",
    }
    helpers: ClassVar[dict[str, str]] = {
        "affine": """
static inline void @affine(real *x, int size, const real *center, const real *factor,
                           const real *offset)
{
    int i;
    for (i = 0; i < size; ++i) x[i] = (x[i] - center[i]) * factor[i] + (offset ? offset[i] : 0.0);
}
""",
        "embed": """
static inline int @embed(real code, const real *vectors, int categories, int size, real *y)
{
    int i;
    if (!(code >= 0.0 && code < (real)categories && floor(code) >= code)) return 0;
    vectors += (int)code * size;
    for (i = 0; i < size; ++i) y[i] = vectors[i];
    return 1;
}
""",
        "dense": """
static inline void @dense(const real *x, int inputs, const real *kernel, const real *bias,
                          int units, real *y)
{
    int i, j;
    for (j = 0; j < units; ++j) y[j] = bias ? bias[j] : 0.0;
    for (i = 0; i < inputs; ++i, kernel += units) {
        const real value = x[i];
        if (!(value < 0.0 || value > 0.0)) continue; /* of many units half are 0 */
        for (j = 0; j < units; ++j) y[j] += value * kernel[j];
    }
}
""",
        "normalize": """
static inline void @normalize(real *x, int size, const real *gamma, const real *beta,
                              real epsilon)
{
    real mean = 0.0, variance = 0.0, deviation;
    int i;
    for (i = 0; i < size; ++i) mean += x[i];
    mean /= (real)size;
    for (i = 0; i < size; ++i) x[i] -= mean;
    for (i = 0; i < size; ++i) variance += x[i] * x[i];
    deviation = sqrt(variance / (real)size + epsilon);
    for (i = 0; i < size; ++i)
        x[i] = x[i] / deviation * (gamma ? gamma[i] : 1.0) + (beta ? beta[i] : 0.0);
}
""",
        "softmax": """
static inline void @softmax(real *x, int size)
{
    real largest = x[0], total = 0.0;
    int i;
    for (i = 1; i < size; ++i) largest = fmax(largest, x[i]);
    for (i = 0; i < size; ++i) total += x[i] = exp(x[i] - largest);
    for (i = 0; i < size; ++i) x[i] /= total;
}
""",
        "log_softmax": """
static inline void @log_softmax(real *x, int size)
{
    real largest = x[0], total = 0.0;
    int i;
    for (i = 1; i < size; ++i) largest = fmax(largest, x[i]);
    for (i = 0; i < size; ++i) total += exp(x[i] - largest);
    total = log(total);
    for (i = 0; i < size; ++i) x[i] = x[i] - largest - total;
}
""",
    }
    functions: ClassVar[dict[str, str]] = {
        "elu": "x > 0.0 ? x : alpha * expm1(x)",
        "exponential": "exp(x)",
        "gelu": "0.5 * x * erfc(-0.7071067811865476 * x)",
        "gelu_by_tanh": "x * @sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))",
        "hard_sigmoid": "fmin(fmax(x + 3.0, 0.0), 6.0) / 6.0",
        "hard_swish": "x * fmin(fmax(x + 3.0, 0.0), 6.0) / 6.0",
        "leaky_relu": "x > 0.0 ? x : negative_slope * x",
        "mish": "x * tanh(@softplus(x))",
        "relu": "x > 0.0 ? x : 0.0",
        "selu": "1.0507009873554805 * (x > 0.0 ? x : 1.6732632423543772 * expm1(x))",
        "sigmoid": "exp(fmin(x, 0.0)) / (1.0 + exp(-fabs(x)))",
        "silu": "x * @sigmoid(x)",
        "softplus": "fmax(x, 0.0) + log1p(exp(-fabs(x)))",
        "softsign": "x / (1.0 + fabs(x))",
        "step": "x > 0.0 ? 1.0 : 0.0",
        "tanh": "tanh(x)",
    }

    def __init__(self, program: Program, name: str) -> None:
        super().__init__(program, name)
        self._stack = 0
        self.real = "float" if program.dtype == "float32" else "double"

    def text(self) -> str:
        """Return the header."""
        program, decision = self.program, self.program.decision
        steps = self._steps()
        about, labels, decide = [ABOUT], None, ""
        if decision is not None:
            labels = decision.labels
            kind = "each" if labels is None else "sign" if decision.by_sign else "largest"
            decide = self.typed(DECIDE[kind].format(border=repr(decision.border)))
            about.append(CLASSES["each" if labels is None else "one"])
        if any(operation.name == "embed" for operation in program.operations):
            about.append(NO_CATEGORY)
        about.append(WANTS.format(self._stack))
        head = HEAD.format(
            about="/*" + self.about(about, "   ")[2:],
            inputs=program.inputs,
            outputs=program.outputs,
            count="" if labels is None else f", net_classes = {len(labels)}",
            guard=f"{self.name.upper()}_H",
        )
        parts = [
            self.prefixed(head),
            *self.constants,
            *self.definitions(),
            self.typed(PREDICT.format(steps="\n    ".join(steps))),
            decide,
            "" if labels is None else self._label(labels),
            "#endif",
        ]
        return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"

    # Where the values are: in x, in two rows in turn, and at last in the outputs ----------------

    def _steps(self) -> list[str]:
        """Return the lines of `net_predict`."""
        operations = self.program.operations
        last = max(place for place, it in enumerate(operations) if it.name in MOVING)
        row, lines, sizes = "x", [], {"a": 0, "b": 0}
        for place, operation in enumerate(operations):
            to = row
            if operation.name in MOVING:
                to = "outputs" if place == last else "b" if row == "a" else "a"
            elif row == "x" and operation.name != "keep":  # x is not to be changed
                lines.append(f"for (i = 0; i < {operation.inputs}; ++i) a[i] = x[i];")
                row = to = "a"
            if to in sizes:
                sizes[to] = max(sizes[to], operation.outputs)
            if operation.name == "embed":
                lines.append(self._embed(operation, row, to))
            else:
                lines.append(self.call(operation, row=row, to=to))
            row = to
        for it in operations:
            if it.name == "keep":
                sizes[f"kept_{it.arguments['place']}"] = it.outputs
        declared = [f"{name}[{size}]" for name, size in sizes.items() if size]
        self._stack = (sum(sizes.values()) + self.program.outputs) * SIZES[self.real]
        head = [self.typed(f"real {', '.join(declared)};")] if declared else []
        if any("(i = " in line for line in lines):
            head.append("int i;")
        return head + lines

    def _embed(self, operation: Operation, row: str, to: str) -> str:
        """Return the lines of an embedding: those of one column after the other."""
        values = operation.arguments
        passed, columns, categories, dimensions = (
            values[name].tolist()  # type: ignore[union-attr]
            for name in ("passed", "columns", "categories", "dimensions")
        )
        vectors = self._argument("vectors", values["vectors"])
        lines = [f"{to}[{place}] = {row}[{column}];" for place, column in enumerate(passed)]
        place, start = len(passed), 0
        for column, count, size in zip(columns, categories, dimensions, strict=True):
            lines.append(
                f"if (!net_embed({row}[{column}], {vectors} + {start}, {count}, {size}, {to} + "
                f"{place})) {{\n        for (i = 0; i < net_outputs; ++i) outputs[i] = (real)NAN;"
                "\n        return;\n    }"
            )
            place += size
            start += count * size
        return self.typed("\n    ".join(lines))

    # How it is written ---------------------------------------------------------------------------

    def prefixed(self, text: str) -> str:
        """Return a text with names that begin as the user wants."""
        return re.sub(r"\bnet_(?=\w)", f"{self.name}_", text)

    def typed(self, text: str) -> str:
        """Return a text with `real`, numbers and functions of the network's type."""
        text = self.prefixed(re.sub(r"\breal\b", self.real, text))
        if self.real == "double":
            return text
        return OF_TYPE.sub(
            lambda found: found["function"] + "f(" if found["function"] else found["number"] + "f",
            text,
        )

    def named(self, text: str) -> str:
        """Return a text with the names and the type of this program."""
        return self.typed(text.replace("@", "net_"))

    def constant_name(self, argument: str, count: int) -> str:
        """Return what the array of an argument is called."""
        return f"{self.name}_{argument}_{count}"

    def constant(self, name: str, values: Array) -> str:
        """Return a constant array."""
        return self.typed(
            f"static const real {name}[{values.size}] = {{\n{wrapped(numbers(values))}\n}};"
        )

    def function(self, name: str, parameters: list[str], value: str) -> str:
        """Return a function of one value."""
        arguments = ", ".join(f"real {parameter}" for parameter in ("x", *parameters))
        return f"static inline real @{name}({arguments})\n{{\n    return {value};\n}}"

    def _label(self, labels: list[int] | list[str]) -> str:
        kind = "const char *" if isinstance(labels[0], str) else "int "
        written = (_string(it) if isinstance(it, str) else str(it) for it in labels)
        return self.prefixed(LABEL).format(kind=kind, labels=wrapped(written, " " * 8))


def _string(text: str) -> str:
    """Return a string of C: what is not plain ASCII as the octal numbers of its UTF-8."""
    plain = set(range(32, 127)) - set(b'"\\?')
    codes = (chr(code) if code in plain else f"\\{code:03o}" for code in text.encode())
    return f'"{"".join(codes)}"'
