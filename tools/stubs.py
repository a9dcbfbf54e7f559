"""Writes the types of what has no source that a checker can read: `_C.pyi` and `_functions.pyi`, in `python/rsnn/`.

    python tools/stubs.py            writes the files
    python tools/stubs.py --check    fails if a file is not what would be written

Names, parameters and defaults come from the built module, so they cannot drift; types come from the tables of
`stub_types.py`, signatures that no table can express from `stub_signatures.pyi`. A member whose types neither of them
knows stops the program, which then names it.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path

from stub_types import ATTRIBUTES, CLASS_BASES, HEADER, IGNORE, PARAMETERS, PROPERTIES, RETURNS, SKIP, WRITABLE

from rsnn import _C, _functions

PACKAGE = Path(__file__).parent.parent / "python" / "rsnn"
SIGNATURES = Path(__file__).with_name("stub_signatures.pyi")

#: The flag of classes that may be subclassed (`Py_TPFLAGS_BASETYPE`).
EXTENSIBLE = 1 << 10

#: What the tables do not know.
unknown: list[str] = []


def unshadowed(kind: str) -> str:
    """A type that means the same inside of classes with members `int`, `float`, `bool`, `type` and `dtype`."""
    return re.sub(r"\bdtype\b", "_dtype", re.sub(r"\b(?<!\.)(bool|int|float|type)\b", r"builtins.\1", kind))


def find(table: dict[str, str], *keys: str) -> str | None:
    """The entry of the first key that is there."""
    return next((unshadowed(table[key]) for key in keys if key in table), None)


def annotation(text: object) -> str | None:
    """What a method written in Python says of a type, if it says more than `Any`."""
    if not isinstance(text, str) or text == "Any":
        return None
    return unshadowed(re.sub(r"\b(rsnn|_C|builtins)\.", "", text))


def parameter_type(owner: str, name: str, parameter: inspect.Parameter) -> str:
    """The type of a parameter of a member or function."""
    own = parameter.name
    found = find(PARAMETERS, f"{owner}.{name}.{own}", f"{name}.{own}", f"{owner}.{own}", own)
    if found is None:
        found = annotation(parameter.annotation)
    private = not owner and name.startswith("_")
    if found is None and (private or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)):
        return "Any"
    if found is None:
        unknown.append(f'PARAMETERS has no type for "{".".join(filter(None, (owner, name, own)))}"')
        return "Any"
    if parameter.default is None and found != "Any" and "None" not in found:
        return f"{found} | None"
    return found


def parameter_text(owner: str, name: str, parameter: inspect.Parameter) -> str:
    """One parameter as it stands in a stub."""
    star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = f"{star}{parameter.name}: {parameter_type(owner, name, parameter)}"
    if parameter.default is parameter.empty:
        return text
    plain = isinstance(parameter.default, (bool, int, float, str, type(None)))
    return f"{text} = {parameter.default!r}" if plain else f"{text} = ..."


def parameters(owner: str, name: str, function: object, first: str) -> str:
    """The parameter list of a stub, without its parentheses. `first` stands for the bound object, if there is one."""
    found = list(inspect.signature(function).parameters.values())  # type: ignore[arg-type]
    parts = [first] if first else []
    before = None
    before = None
    for parameter in found[len(parts) :]:
        if before is parameter.POSITIONAL_ONLY and parameter.kind is not before:
            parts.append("/")
        if parameter.kind is parameter.KEYWORD_ONLY and before not in (parameter.VAR_POSITIONAL, parameter.kind):
            parts.append("*")
        parts.append(parameter_text(owner, name, parameter))
        before = parameter.kind
    if before is inspect.Parameter.POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(parts)


def result(owner: str, name: str, value: object) -> str:
    """The type of a result."""
    # A bare name stands for members of all classes; of `Tensor` only what the interpreter calls.
    bare = bool(owner) and (owner != "Tensor" or name.startswith("__"))
    found = find(RETURNS, f"{owner}.{name}", *([name] if bare else []))
    if found is None:
        found = annotation(getattr(value, "__annotations__", {}).get("return"))
    if found is None and owner not in ("", "Tensor"):
        unknown.append(f'RETURNS has no type for "{owner}.{name}"')
    return found or "Tensor"


class Qualify(ast.NodeTransformer):
    """Makes the types of a written signature mean the same inside of any class."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = unshadowed(node.id)
        return node


def written() -> dict[str, list[ast.FunctionDef]]:
    """The signatures of `stub_signatures.pyi`, by `Class.member`, or `.function`."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in ast.parse(SIGNATURES.read_text()).body:
        owner = node.name if isinstance(node, ast.ClassDef) else ""
        for member in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(member, ast.FunctionDef):
                found.setdefault(f"{owner}.{member.name}", []).append(Qualify().visit(member))
    return found


def definition(member: ast.FunctionDef, note: str) -> list[str]:
    """The lines of a written signature."""
    *decorators, head, _ = ast.unparse(member).splitlines()
    return [*decorators, f"{head} ...{note}"]


def note(owner: str, name: str) -> str:
    """The comment that makes a checker take a member as it is."""
    kind = IGNORE.get(f"{owner}.{name}", "")
    return kind and f"  # type: ignore[{kind}]"


def method(owner: str, name: str, value: object) -> list[str]:
    """The lines of a method, unindented, or of a function, which has no owner."""
    if f"{owner}.{name}" in WRITTEN:
        return [line for part in WRITTEN[f"{owner}.{name}"] for line in definition(part, note(owner, name))]
    decorators = []
    first = "self" if owner else ""
    if isinstance(value, staticmethod):
        decorators, first, value = ["@staticmethod"], "", value.__func__
    elif isinstance(value, classmethod) or type(value).__name__ == "classmethod_descriptor":
        # The class is bound already.
        text = parameters(owner, name, getattr(getattr(_C, owner), name), "")
        text = ", ".join(filter(None, ("cls", text)))
        return ["@classmethod", f"def {name}({text}) -> {result(owner, name, value)}: ...{note(owner, name)}"]
    elif name == "__init__":
        # The interpreter shows the parameters of a native class as those of the class.
        text = ", ".join(filter(None, ("self", parameters(owner, name, getattr(_C, owner), ""))))
        return [f"def __init__(self{text[4:]}) -> None: ..."]
    text = parameters(owner, name, value, first)
    return [*decorators, f"def {name}({text}) -> {result(owner, name, value)}: ...{note(owner, name)}"]


def attribute(owner: str, name: str, value: object) -> list[str]:
    """The lines of a property, unindented."""
    kind = find(PROPERTIES, f"{owner}.{name}", name)
    if kind is None and owner == "Tensor" and name.startswith("is_"):
        kind = "builtins.bool"
    if kind is None and isinstance(value, property):
        kind = annotation(value.fget.__annotations__.get("return"))
    if kind is None:
        unknown.append(f'PROPERTIES has no type for "{owner}.{name}"')
    lines = ["@property", f"def {name}(self) -> {kind}: ..."]
    if f"{owner}.{name}" in WRITABLE:
        lines += [f"@{name}.setter", f"def {name}(self, value: {kind}) -> None: ..."]
    return lines


def class_stub(name: str, cls: type) -> list[str]:
    """A class with its own members."""
    base = CLASS_BASES.get(name, "")
    lines = []
    if not cls.__flags__ & EXTENSIBLE:
        lines.append("@final")
    elif cls.__base__ is not None and cls.__basicsize__ != cls.__base__.__basicsize__:
        lines.append("@disjoint_base")
    lines.append(f"class {name}({base}):" if base else f"class {name}:")
    heading = len(lines)
    lines += [f"    {own}: {unshadowed(kind)}" for own, kind in ATTRIBUTES.get(name, {}).items()]
    if "__new__" in vars(cls) and "__init__" not in vars(cls):
        text = ", ".join(filter(None, ("cls", parameters(name, "__new__", cls, ""))))
        lines.append(f"    def __new__({text}) -> Self: ...")
    for member, value in sorted(vars(cls).items()):
        if member in SKIP:
            continue
        if member == "__hash__" and value is None:
            lines.append("    __hash__: None  # type: ignore[assignment]")
        elif type(value).__name__ in ("getset_descriptor", "member_descriptor", "property"):
            lines += ["    " + line for line in attribute(name, member, value)]
        elif callable(value) or isinstance(value, (staticmethod, classmethod)):
            lines += ["    " + line for line in method(name, member, value)]
    if len(lines) == heading:
        lines[-1] += " ..."
    return lines


def exports(names: list[str]) -> str:
    """An `__all__` of these names."""
    text = textwrap.fill(", ".join(f'"{name}"' for name in sorted(names)), 116)
    return f"__all__ = [\n{textwrap.indent(text, '    ')},\n]"


def native() -> str:
    """The stub of `_C`."""
    functions, classes, values = [], [], []
    for name, value in sorted(vars(_C).items()):
        if name in SKIP or (name.startswith("__") and name.endswith("__")):
            continue
        if inspect.isclass(value):
            classes.append((name, value))
        elif callable(value):
            functions += method("", name, value)
        else:
            values.append(f"{name}: {type(value).__name__}")
    lines = [HEADER, exports(_C.__all__), "", *values]
    # A base stands before the classes that extend it.
    for name, cls in sorted(classes, key=lambda item: (len(item[1].__mro__), item[0])):
        lines += ["", *class_stub(name, cls)]
    return "\n".join([*lines, "", "_dtype = dtype", "", *functions, ""])


def function_form(name: str) -> list[str]:
    """The lines of the function that calls a method of a tensor."""
    lines = method("Tensor", name, vars(_C.Tensor)[name])
    takes_number = name in _functions.REFLECTED
    for i, line in enumerate(lines):
        head, arrow, returns = line.rpartition(" -> ")
        if not arrow:
            continue
        head = re.sub(r"\(self(: \w+)?", f"(input: Tensor{' | _Number' if takes_number else ''}", head)
        out = "Tensor | None" if returns.startswith("Tensor") else "tuple[Tensor, ...] | None"
        if "out: " not in head and "**" not in head:
            star = "" if "*" in head else "*, "
            head = f"{head.removesuffix(')')}, {star}out: {out} = None)"
        lines[i] = f"{head} -> {returns}"
    return lines


def forms() -> str:
    """The stub of `_functions`."""
    lines = [HEADER.split("_Number: ")[0] + "from rsnn._C import Generator, Tensor, _Device, _dtype, _Ints, _Number\n"]
    lines += ["NAMES: dict[str, tuple[str, ...]]", "REFLECTED: dict[str, str]", "", exports(_functions.__all__), ""]
    for name in sorted(set(_functions.__all__)):
        lines += function_form(name)
    return "\n".join([*lines, ""])


WRITTEN = written()


def main() -> None:
    """Writes or checks the stubs."""
    texts = {PACKAGE / "_C.pyi": native(), PACKAGE / "_functions.pyi": forms()}
    if unknown:
        raise SystemExit("tools/stub_types.py: " + "\n    ".join(dict.fromkeys(unknown)))
    for path, text in texts.items():
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            raise SystemExit(f"{path.name} is out of date: run python tools/stubs.py")


if __name__ == "__main__":
    main()
