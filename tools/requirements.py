"""Prints the requirements of optional groups of pyproject.toml, one a line: `python tools/requirements.py test demo`."""

import re
import sys
from pathlib import Path


def requirements(group: str) -> list[str]:
    # tomllib is there from Python 3.11 on; the lists are simple enough to be read without it.
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text()
    section = text.split("[project.optional-dependencies]")[1].split("\n[")[0]
    line = re.search(rf"^{re.escape(group)} = \[(.*?)\]", section, re.M | re.S)
    if line is None:
        raise SystemExit(f"pyproject.toml has no optional group {group!r}")
    return re.findall(r'"([^"]+)"', line.group(1))


for name in sys.argv[1:]:
    print("\n".join(requirements(name)))
