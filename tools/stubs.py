"""Writes `python/rsnn/_C.pyi`, the types of the native module, from the module itself.

    python tools/stubs.py            writes the file
    python tools/stubs.py --check    fails if the file is not what would be written

Names, parameters and defaults come from the built module (so they cannot drift); types come from the tables below.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from pathlib import Path

from stub_types import ATTRIBUTES, CLASS_BASES, HEADER, IGNORE, PARAMETERS, PROPERTIES, RETURNS, SKIP

from rsnn import _C

#: The flag of classes that may be subclassed (`Py_TPFLAGS_BASETYPE`).
EXTENSIBLE = 1 << 10

TARGET = Path(__file__).parent.parent / "python" / "rsnn" / "_C.pyi"


def unshadowed(kind: str) -> str:
    """A type that means the same inside `Tensor`, which has members `int`, `float`, `bool` and `dtype`."""
    return re.sub(r"\bdtype\b", "_dtype", re.sub(r"\b(bool|int|float)\b", r"builtins.\1", kind))


def lookup(table: dict[str, str], owner: str, name: str, default: str) -> str:
    """The entry for `Owner.name`, else for what follows its first dot, else for `name`, else the default."""
    keys = (f"{owner}.{name}", f"{owner.rpartition('.')[2]}.{name}", name)
    return unshadowed(next((table[key] for key in keys if key in table), default))


def parameters(owner: str, name: str, function: object, method: bool) -> str:
    """The parameter list of a stub, without its parentheses."""
    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return "self, *args: Any, **kwargs: Any" if method else "*args: Any, **kwargs: Any"
    parts: list[str] = []
    seen_keyword = False
    seen_positional_only = False
    for i, parameter in enumerate(signature.parameters.values()):
        kind = parameter.kind
        if seen_positional_only and kind is not parameter.POSITIONAL_ONLY:
            parts.append("/")
            seen_positional_only = False
        if kind is parameter.POSITIONAL_ONLY:
            seen_positional_only = True
        if kind is parameter.KEYWORD_ONLY and not seen_keyword:
            parts.append("*")
            seen_keyword = True
        if method and i == 0:
            parts.append(parameter.name)
            continue
        kind_of = lookup(PARAMETERS, f"{owner}.{name}" if owner else name, parameter.name, "Any")
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(kind, "")
        if kind is parameter.VAR_POSITIONAL:
            seen_keyword = True
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        if not isinstance(parameter.default, (bool, int, float, str, tuple, type(None))):
            default = default and " = ..."
        if default == " = None" and kind_of != "Any" and "None" not in kind_of:
            kind_of += " | None"
        parts.append(f"{star}{parameter.name}: {kind_of}{default}")
    if seen_positional_only:
        parts.append("/")
    return ", ".join(parts)


def function_stub(owner: str, name: str, function: object, indent: str, method: bool, returns: str) -> str:
    """One `def`."""
    result = lookup(RETURNS, owner, name, returns)
    note = IGNORE.get(f"{owner}.{name}", IGNORE.get(name, ""))
    note = note and f"  # type: ignore[{note}]"
    return f"{indent}def {name}({parameters(owner, name, function, method)}) -> {result}: ...{note}"


def class_stub(name: str, cls: type) -> list[str]:
    """A class with its own members."""
    base = CLASS_BASES.get(name, "")
    lines = []
    if not cls.__flags__ & EXTENSIBLE:
        lines.append("@final")
    elif cls.__base__ is not None and cls.__basicsize__ != cls.__base__.__basicsize__:
        lines.append("@disjoint_base")
    lines.append(f"class {name}{base}:")
    heading = len(lines)
    lines += [f"    {attribute}: {unshadowed(kind)}" for attribute, kind in ATTRIBUTES.get(name, {}).items()]
    if "__new__" in vars(cls) and "__init__" not in vars(cls):
        lines.append(
            f"    def __new__(cls, {parameters(name, '__new__', cls, False)}) -> Self: ...".replace("cls, )", "cls)")
        )
    default = "Tensor" if name == "Tensor" else "Any"
    for member, value in sorted(vars(cls).items()):
        if f"{name}.{member}" in SKIP or member in SKIP:
            continue
        if member == "__hash__" and value is None:
            lines.append("    __hash__: None  # type: ignore[assignment]")
        elif isinstance(value, staticmethod):
            lines.append("    @staticmethod")
            lines.append(function_stub(name, member, value.__func__, "    ", False, default))
        elif isinstance(value, classmethod) or type(value).__name__ == "classmethod_descriptor":
            lines.append("    @classmethod")
            lines.append(
                function_stub(name, member, getattr(cls, member), "    ", False, default).replace("(", "(cls, ", 1)
            )
        elif type(value).__name__ in ("getset_descriptor", "member_descriptor"):
            kind = lookup(PROPERTIES, name, member, "Any")
            lines.append(f"    @property\n    def {member}(self) -> {kind}: ...")
            if f"{name}.{member}" in PROPERTIES.get("writable", ""):
                lines.append(f"    @{member}.setter\n    def {member}(self, value: {kind}) -> None: ...")
        elif member == "__init__":
            # The interpreter shows the parameters of a native class as those of the class.
            lines.append(f"    def __init__(self, {parameters(name, member, cls, False)}) -> None: ...")
        elif callable(value):
            lines.append(function_stub(name, member, value, "    ", True, default))
    if len(lines) == heading:
        lines[-1] += " ..."
    return lines


def render() -> str:
    """The whole stub."""
    functions, classes, values = [], [], []
    for name, value in sorted(vars(_C).items()):
        if name in SKIP or (name.startswith("__") and name.endswith("__")):
            continue
        if inspect.isclass(value):
            classes.append((name, value))
        elif callable(value):
            functions.append(function_stub("", name, value, "", False, "Tensor"))
        else:
            values.append(f"{name}: {type(value).__name__}")
    names = textwrap.fill(", ".join(f'"{name}"' for name in sorted(_C.__all__)), 116)
    lines = [HEADER, f"__all__ = [\n{textwrap.indent(names, '    ')},\n]", ""]
    lines += values
    # A base stands before the classes that extend it.
    for name, cls in sorted(classes, key=lambda item: (len(item[1].__mro__), item[0])):
        lines += ["", *class_stub(name, cls)]
    return "\n".join([*lines, "", "_dtype = dtype", "", *functions, ""])


def main() -> None:
    """Writes or checks the stub."""
    text = render()
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text() != text:
            raise SystemExit(f"{TARGET.name} is out of date: run python tools/stubs.py")
        return
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
