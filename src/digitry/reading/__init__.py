"""Picture → reading: its numbers with their confidence, or the reason why there is none."""

from digitry.reading.pictures import Picture, picture_name
from digitry.reading.reader import EXPECTATIONS, Reader, model_bytes, read

__all__ = ["EXPECTATIONS", "Picture", "Reader", "model_bytes", "picture_name", "read"]
