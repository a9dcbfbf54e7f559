"""Methods of `Tensor` that are written in Python. Importing this package attaches them to the class."""

from . import aliases as aliases
from . import conversion as conversion
from . import elements as elements
from . import kind as kind
from . import products as products
from . import rearrange as rearrange
from . import statistics as statistics
