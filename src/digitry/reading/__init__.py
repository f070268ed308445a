"""Picture → reading: its numbers with their confidence, or the reason why there are none."""

from digitry.reading.networks import ModelLike
from digitry.reading.picture_input import Picture, picture_name
from digitry.reading.reader import EXPECTATIONS, Reader, read

__all__ = ["EXPECTATIONS", "ModelLike", "Picture", "Reader", "picture_name", "read"]
