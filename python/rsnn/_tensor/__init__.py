"""Methods of `Tensor` that are written in Python. Importing this package attaches them to the class."""

from . import aliases as aliases
from . import conversion as conversion
from . import elements as elements
from . import exchange as exchange
from . import kind as kind
from . import linear_algebra as linear_algebra
from . import products as products
from . import real as real
from . import rearrange as rearrange
from . import statistics as statistics
