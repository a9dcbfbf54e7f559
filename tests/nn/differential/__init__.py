"""Random programs on modules, run in two libraries at once; see `tests/nn/test_module_differential.py`."""
