"""The cases of `test_engine_parity.py`, by topic: functions of a library and of a log."""

from . import gradients as gradients
from . import hooks as hooks
from . import in_place as in_place
from . import surroundings as surroundings
