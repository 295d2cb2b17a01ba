"""What the site adds to the pages: mkdocs calls the functions ``on_...`` (see mkdocs.yml).

The pages are written to be read where the files are, with links to files beside docs/ as well. The
site makes pages of those: of CONTRIBUTING.md and CHANGELOG.md as they are, of a script or a folder
one that shows it. It adds the reference, a page for each entry of REFERENCE, and turns formulas
into MathML, which browsers draw by themselves.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import griffe
from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
LANGUAGES = {".py": "python", ".rs": "rust", ".toml": "toml", ".yml": "yaml"}

# Each page of the reference: its title, and the modules, classes and functions that it shows.
REFERENCE = {
    "Networks": [
        "nnfast.FeedForward",
        "nnfast.load",
        "nnfast.inspect",
        "nnfast.fit_many",
        "nnfast.compare_activations",
    ],
    "Layers": ["nnfast.layers"],
    "Activations": ["nnfast.activations"],
    "Losses": ["nnfast.losses"],
    "Optimizers": ["nnfast.optimizers", "nnfast.second_order"],
    "Schedules": ["nnfast.schedules"],
    "Initializers": ["nnfast.initializers"],
    "Regularizers and constraints": ["nnfast.regularizers", "nnfast.constraints"],
    "Metrics": ["nnfast.metrics"],
    "Callbacks": ["nnfast.callbacks", "nnfast.SwapEMAWeights"],
    "Perceptron": ["nnfast.perceptron"],
    "Without labels": ["nnfast.unsupervised"],
    "With few labels": ["nnfast.semi_supervised"],
    "Tables": ["nnfast.tables"],
    "Data sets": ["nnfast.datasets"],
    "Pictures": ["nnfast.plot"],
    "Estimators for scikit-learn": ["nnfast.sklearn"],
    "Files of other libraries": ["nnfast.interop"],
    "Threads and settings": [
        *("nnfast.get_num_threads", "nnfast.set_num_threads", "nnfast.show_config"),
        "nnfast.TrainingWarning",
    ],
}

# Public modules with nothing to look up: what they hold is reached through a network or the shell.
WITHOUT_A_PAGE = {
    "nnfast.cli": "the command `nnfast`, which explains itself",
    "nnfast.demo": "`python -m nnfast.demo`",
    "nnfast.network": "`nnfast.FeedForward`",
    "nnfast.reference": "the oracle, a text to read: the site shows its files",
    "nnfast.report": "`FeedForward.report`",
    "nnfast.source": "`FeedForward.to_source`",
}
# What is public of these is partly in base classes that are not.
INHERITING = {
    *("nnfast.FeedForward", "nnfast.sklearn"),
    *("nnfast.unsupervised", "nnfast.semi_supervised"),
}


class Doctests(Preprocessor):
    """Makes blocks of code of the examples in docstrings, which Markdown takes for quotations.

    And one colon of the two that announce a block there.
    """

    def run(self, lines: list[str]) -> list[str]:
        made: list[str] = []
        fenced = within = False
        for line in lines:
            if line.lstrip().startswith(("```", "~~~")):
                fenced = not fenced
            begins = not within and not fenced and line.startswith(">>> ")
            ends = within and not line.strip()
            if not fenced and not within and line.endswith("::"):
                line = line[:-1]
            if begins or ends:
                made.append("```pycon" if begins else "```")
                within = begins
            made.append(line)
        return [*made, "```"] if within else made


class Examples(Extension):
    """The above, before anything else looks at the text."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(Doctests(md), "doctests", 200)


class Signatures(griffe.Extension):
    """Gives frozen values the constructors that they make for themselves (see ``_frozen.py``).

    The reference is read from the sources, without running them.
    """

    declares = ("real(", "optional_real(", "whole(", "flag(", "checked(", "word(")

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        made = {}
        for cls in self.classes(pkg):
            *bases, root = [cls, *cls.mro()]
            if root.name == "Frozen" and not any("__init__" in base.members for base in bases):
                parameters = griffe.Parameters(*self.parameters(bases))
                made[cls.path] = griffe.Function("__init__", parameters=parameters, parent=cls)
        for path, constructor in made.items():
            pkg[path.removeprefix("nnfast.")].members["__init__"] = constructor

    def classes(self, within: griffe.Module | griffe.Class) -> Iterator[griffe.Class]:
        for member in within.members.values():
            if not member.is_alias and (member.is_class or member.is_module):
                yield from self.classes(member)
                if member.is_class:
                    yield member

    def parameters(self, bases: list[griffe.Class]) -> Iterator[griffe.Parameter]:
        yield griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
        for base in reversed(bases):
            kind = griffe.ParameterKind.positional_or_keyword
            for name, member in base.members.items():
                if name == "_":
                    kind = griffe.ParameterKind.keyword_only
                value = str(getattr(member, "value", ""))
                if value.startswith(self.declares):
                    default = re.search(r"default=((?:[^,()]|\([^()]*\))+)", value)
                    optional = "None" if value.startswith("optional_real(") else None
                    shown = default[1] if default else optional
                    yield griffe.Parameter(name, kind=kind, default=shown)


def reference_page(title: str) -> str:
    return f"reference/{title.lower().replace(' ', '-')}.md"


def source_page(path: str) -> str:
    """The page that shows a file or a folder of the repository."""
    return f"source/{path.rstrip('/').lstrip('.')}.md"  # what begins with a dot would be left out


def links(text: str) -> Iterator[str]:
    """The targets of a page's links, without those within the page and to other hosts."""
    for target in LINK.findall(text):
        if not re.match(r"[a-z]+:|#", target):
            yield target


def resolved(target: str, page: str) -> str:
    """A link's target as a path in the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target.partition("#")[0]))


def is_shown(path: str) -> bool:
    """Whether the site has to make a page of a path itself."""
    return not (path.startswith("docs/") and not path.endswith(".py")) and path not in PAGES


def on_config(config: Any) -> Any:
    config.markdown_extensions.append(Examples())
    reference = [{title: reference_page(title)} for title in REFERENCE]
    for entry in config.nav:
        if entry.get("Reference") == "reference/index.md":
            entry["Reference"] = ["reference/index.md", *reference]
    return config


def on_files(files: Any, config: Any) -> Any:
    made = {"reference/index.md": reference_index()}
    for title, names in REFERENCE.items():
        made[reference_page(title)] = f"# {title}\n\n" + "".join(map(shown_object, names))
    for path, uri in PAGES.items():
        if uri != "index.md":
            made[uri] = (ROOT / path).read_text(encoding="utf-8")
    origins = {file.src_uri: f"docs/{file.src_uri}" for file in files.documentation_pages()}
    texts = {
        path: (ROOT / path).read_text(encoding="utf-8") for path in [*origins.values(), *PAGES]
    }
    for page, text in texts.items():
        for target in links(text):
            if is_shown(path := resolved(target, page)):
                made.update(shown_sources(path))
    for uri, content in made.items():
        files.append(File.generated(config, uri, content=content))
    return files


def shown_object(name: str) -> str:
    """What mkdocstrings is told of one entry of a page: a module's own name says nothing new."""
    path = ROOT / "python" / name.replace(".", "/")
    is_module = path.is_dir() or path.with_suffix(".py").exists()
    options = {
        "show_root_heading": not is_module,
        "show_root_toc_entry": not is_module,
        "inherited_members": name in INHERITING,
    }
    lines = [f"      {option}: {str(value).lower()}" for option, value in options.items()]
    return "\n".join([f"::: {name}", "    options:", *lines]) + "\n\n"


def shown_sources(path: str) -> Iterator[tuple[str, str]]:
    """The pages of a file, or of a folder and all that is in it."""
    there = ROOT / path
    head = f"---\nsearch:\n  exclude: true\nhide: [navigation]\n---\n\n# {path}\n\n"
    if there.is_file():
        text = there.read_text(encoding="utf-8").replace("````", "` ` ` `")
        language = LANGUAGES.get(there.suffix, "text")
        yield source_page(path), f"{head}````{language}\n{text}````\n"
        return
    rows = []
    for file in sorted(there.rglob("*")):
        inner = file.relative_to(ROOT).as_posix()
        if file.suffix in LANGUAGES and "__pycache__" not in inner:
            within = file.relative_to(there).as_posix()
            name = there.name if within == "." else within
            rows.append(f"- [`{name}`]({PurePosixPath(there.name, within)}.md): {summary(file)}")
            yield from shown_sources(inner)
    yield source_page(path), head + "\n".join(rows) + "\n"


def summary(file: Path) -> str:
    """The first sentence of a file, which says what is in it."""
    found = re.search(
        r'^(?:"""|//! )(.*?)(?:"""|$)', file.read_text(encoding="utf-8"), re.MULTILINE
    )
    return html.escape(found[1]) if found else ""


def reference_index() -> str:
    rows = [
        f"- [{title}]({posixpath.basename(reference_page(title))}): "
        + ", ".join(f"`{name}`" for name in names)
        for title, names in REFERENCE.items()
    ]
    head = "# Reference\n\nEvery public name, with what it takes, gives back and refuses.\n\n"
    return head + "\n".join(rows) + "\n"


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    uri = page.file.src_uri
    origins = {made: path for path, made in PAGES.items() if made != "index.md"}
    origin = origins.get(uri, f"docs/{uri}")
    if uri.startswith(("source/", "reference/")):
        return markdown

    def rewritten(match: re.Match[str]) -> str:
        target = match[1]
        if re.match(r"[a-z]+:|#", target):
            return target
        path = resolved(target, origin)
        if is_shown(path):
            there = source_page(path)
        else:
            there = PAGES.get(path) or path.removeprefix("docs/")
        anchor = target.partition("#")[1:]
        return posixpath.relpath(there, posixpath.dirname(uri) or ".") + "".join(anchor)

    return LINK.sub(rewritten, markdown)


def on_page_content(content: str, page: Any, config: Any, files: Any) -> str:
    def drawn(match: re.Match[str]) -> str:
        display = "block" if match[1] == "div" else "inline"
        formula = html.unescape(match[2]).strip()[2:-2]
        return str(convert(formula, display=display))

    return re.sub(r'<(div|span) class="arithmatex">(.*?)</\1>', drawn, content, flags=re.DOTALL)
