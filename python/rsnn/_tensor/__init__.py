"""Methods of `Tensor` that are written in Python. Importing this package attaches them to the class."""

from . import aliases as aliases
from . import composite as composite
from . import conversion as conversion
