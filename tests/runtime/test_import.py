"""What importing rsnn costs: no thread, no dependency but numpy, little time."""

import json
import subprocess
import sys


def run(code: str) -> dict:
    """The dictionary that a fresh interpreter prints."""
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
