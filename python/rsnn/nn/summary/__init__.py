"""`summary`: what a model is made of, layer by layer, as a table, a dictionary or a picture."""

from __future__ import annotations

from ._report import Edge as Edge
from ._report import LayerInfo as LayerInfo
from ._report import Summary as Summary
from ._run import summary as summary

__all__ = ["Edge", "LayerInfo", "Summary", "summary"]
