"""What importing rsnn costs: no thread, no dependency but numpy, little time."""

import json
import subprocess
import sys
from typing import Any


def run(code: str) -> Any:
    """The value that a fresh interpreter prints."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def test_import_starts_no_thread():
    seen = run(
        "import os, json, numpy\n"
        "count = lambda: len(os.listdir('/proc/self/task')) if os.path.isdir('/proc/self/task') else 1\n"
        "before = count()\n"
        "import rsnn, rsnn.nn, rsnn.optim, rsnn.utils.data\n"
        "print(json.dumps({'before': before, 'after': count()}))"
    )
    assert seen["after"] == seen["before"]


def test_import_brings_in_nothing_heavy():
    heavy = {"torch", "matplotlib", "pandas", "scipy", "sklearn", "tqdm", "multiprocessing.managers", "asyncio"}
    seen = run("import sys, json, numpy, rsnn, rsnn.nn\nprint(json.dumps(sorted(sys.modules)))")
    assert not heavy & set(seen)


def test_import_brings_in_little_beside_numpy():
    """Each module costs a part of a millisecond, so what `import rsnn` brings in is kept short."""
    seen = run(
        "import sys, json, numpy\n"
        "before = set(sys.modules)\n"
        "import rsnn\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    foreign = {name for name in seen if name.partition(".")[0] != "rsnn"}
    assert foreign <= {"__future__", "copy", "copyreg", "dataclasses", "weakref", "_weakrefset"}
    late = ("rsnn.optim", "rsnn.utils.data", "rsnn.serialization", "rsnn.demo")
    assert not [name for name in seen if name.startswith(late)]


def test_late_parts_are_attributes():
    seen = run(
        "import json, rsnn\n"
        "print(json.dumps([rsnn.optim.SGD.__name__, rsnn.utils.data.DataLoader.__name__, callable(rsnn.load)]))"
    )
    assert seen == ["SGD", "DataLoader", True]


def test_import_leaves_numpy_for_those_who_use_it():
    seen = run("import sys, json, rsnn, rsnn.nn, rsnn.optim\nprint(json.dumps(sorted(sys.modules)))")
    assert not {"numpy", "rsnn.linalg", "rsnn.utils.data"} & set(seen)


def test_the_package_knows_its_version():
    seen = run(
        "import json, rsnn, importlib.metadata\n"
        "print(json.dumps([rsnn.__version__, importlib.metadata.version('rsnn')]))"
    )
    assert seen[0] == seen[1] != ""
