"""The networks that read single digits, whole numbers and pages, and the calibration of their confidences."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digitry.errors import SettingError
from digitry.networks.contract import Contract
from digitry.networks.decoding import digits_alone
from digitry.networks.model import WHAT, Model
from digitry.networks.model_files import shipped_model
from digitry.networks.scale import NEVER, with_place
from digitry.pages.number_words import confidence as in_words
from digitry.reading.canonical_of import canonical_of, look_canonical
from digitry.reading.certainty import MAX_ERROR, check_max_error, weigh_confidence
from digitry.types import SIGNS, TEN_DIGITS, Digit, Images, Probabilities


def knows_some_digits(class_names: tuple[str, ...]) -> bool:
    """Tell whether all classes are digits, but not all ten of them."""
    return set(class_names) < set(TEN_DIGITS)


ModelLike = str | os.PathLike[str] | bytes | Model
"""A network: a run's folder, an ONNX file, its bytes, the name of a shipped network, or an open model."""

Models = ModelLike | Sequence[ModelLike] | None
"""One network, several that read different things, in any order, or None."""


NOT_MEASURED_TOGETHER = "the accuracy of this network for numbers together with the one for pages has not been measured"
"""Why nothing on a page is sure if a network other than the shipped one reads numbers."""


class Networks:
    """All networks of a reader. Whatever turns a page into a reading depends on nothing else."""

    has_own_numbers: bool
    """Whether a network other than the shipped one reads numbers."""

    def __init__(
        self,
        model: Models = None,
        *,
        max_error: float = MAX_ERROR,
        sure_confidence: float | None = None,
        ask_both: bool | None = None,
        threads: int = 1,
    ) -> None:
        """Load the networks, with the parameters and errors of `Reader`; shipped ones are loaded on first use."""
        if sure_confidence is not None and not 0 <= sure_confidence <= 1:
            raise SettingError(f"sure_confidence must be from 0 to 1, not {sure_confidence:g}")
        self.max_error, self.sure_confidence, self.threads = check_max_error(max_error), sure_confidence, threads
        self._own, self._shipped, self._ask_both = _opened(model, threads), dict[str, Model](), ask_both
        self.has_own_numbers = "number" in self._own and self._own["number"].data != shipped_model("number")

    def __str__(self) -> str:
        own = ", ".join(f"{kind}s by {model.contract.recipe}" for kind, model in self._own.items())
        return f"{own or 'the shipped networks'}, max_error {self.max_error:g}"

    def with_max_error(self, max_error: float) -> Networks:
        """Return the same networks with another `max_error`. Raises SettingError unless it is from 0 to 1."""
        others = copy.copy(self)
        others.max_error = check_max_error(max_error)
        return others

    @property
    def digits(self) -> Model:
        """The network for single digits."""
        return self._own.get("digit") or self._open_shipped("digit")

    @property
    def numbers(self) -> Model:
        """The network for whole numbers."""
        return self._own.get("number") or self._open_shipped("number")

    @property
    def pages(self) -> Model:
        """The network for whole pages."""
        return self._own.get("page") or self._open_shipped("page")

    def _open_shipped(self, reads: str) -> Model:
        """Return a shipped network, opened once for all copies of this object."""
        if reads not in self._shipped:
            self._shipped[reads] = Model.shipped(reads, threads=self.threads)
        return self._shipped[reads]

    def open_all(self) -> None:
        """Open every network that may be needed, for a process that cannot open files later."""
        several = (self.digits, self.numbers, self.pages, *((self._open_shipped("number"),) if self.asks_both else ()))
        assert all(model.contract for model in several)

    @property
    def contract(self) -> Contract:
        """What the network for single digits expects, and where it comes from."""
        return self.digits.contract

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels a digit may get, in the order of `read_digits`' columns."""
        return self.contract.class_names

    @cached_property
    def digits_in_numbers(self) -> tuple[str, ...]:
        """The digits that the network for numbers knows, without signs."""
        return tuple(name for name in self.numbers.class_names if name not in SIGNS)

    @cached_property
    def asks_both(self) -> bool:
        """Whether the shipped network for numbers is asked about digits too; by default, if the scale was fitted so."""
        if self._ask_both is not None:
            return self._ask_both
        scale = self.contract.confidence_scale
        return scale is not None and scale.second_opinion and self.class_names == TEN_DIGITS

    def read_digits(self, images: Images) -> Probabilities:
        """Read canonical digits, uint8 (n, 28, 28): probabilities, float32 (n, classes). See `Reader.read_digits`."""
        return self.digits.probabilities(images if look_canonical(images) else canonical_of(images))

    def unknown(self, digit: str) -> str | None:
        """Return the reason if this is a digit that the network for single digits does not know, else None."""
        if not knows_some_digits(self.class_names) or digit not in TEN_DIGITS or digit in self.class_names:
            return None
        return f"the model for single digits does not know {digit}, only {', '.join(self.class_names)}"

    def read_strips(self, strips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Read ink strips, uint8 (n, 40, width): probabilities, float32 (n, frames, 11), of the blank and ten digits.

        Digits that the network does not know have probability 0, and signs count as blank.
        """
        return digits_alone(self.numbers.probabilities(strips), self.numbers.class_names)

    def name_characters(self, strips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Read strips with signs: float32 (n, frames, 1 + classes of `numbers`), the blank first."""
        return self.numbers.probabilities(strips)

    def see_page(self, page: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's output, float32 (channels, h/4, w/4), see `networks.page_answer`, on a page of even
        contrast, float32 (h, w).
        """
        return self.pages.answers(page)

    def second_opinion(self, strips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Read strips as `read_strips` does, but with the shipped network, with which the digits' scale was fitted."""
        shipped = self._open_shipped("number")
        return digits_alone(shipped.probabilities(strips), shipped.class_names)

    def least_confidence(self, kind: str) -> float:
        """Return the model's own confidence from which a `digit` or a `number` is sure; above 1 if none is."""
        if self.sure_confidence is not None:
            return self.sure_confidence
        model: Model = getattr(self, f"{kind}s")
        scale = model.contract.confidence_scale
        return NEVER if scale is None else scale.least_confidence(self.max_error)

    def judge(self, kind: str, confidence: float) -> tuple[float, bool, str | None]:
        """Judge a model's own confidence in a `digit`, a `number`, or a number on a `page`.

        Returns it calibrated, whether that is sure, and if not, why.
        """
        if self.sure_confidence is not None:
            sure = confidence >= self.sure_confidence
            doubt = f"a confidence of {in_words(confidence)} is below {100 * self.sure_confidence:g}%"
            return confidence, sure, None if sure else doubt
        if kind == "page" and self.has_own_numbers:
            return confidence, False, NOT_MEASURED_TOGETHER
        model: Model = getattr(self, f"{kind}s")  # opened on first use
        shown, is_sure, why = weigh_confidence(model.contract.confidence_scale, confidence, self.max_error)
        return shown, is_sure, why and with_place(why, model.place)

    def digit(self, probabilities: NDArray[np.float32], box: tuple[int, int, int, int]) -> Digit:
        """Return a digit with its most probable label and up to three alternatives."""
        best, *others = np.argsort(-probabilities, kind="stable")[:4]
        names = self.class_names
        alternatives = tuple((names[other], float(probabilities[other])) for other in others)
        return Digit(names[best], float(probabilities[best]), box, alternatives)


def _opened(model: Models, threads: int) -> dict[str, Model]:
    """Return what each network reads → the network. Raises SettingError if two read the same."""
    several = model if isinstance(model, Sequence) and not isinstance(model, (str, bytes)) else [model]
    found: dict[str, Model] = {}
    for one in several:
        if one is None:
            continue
        opened = one if isinstance(one, Model) else Model.open(one, threads=threads)
        if opened.reads in found:
            raise SettingError(
                f"two models read {WHAT[opened.reads]}; give one for digits, one for numbers, one for pages"
            )
        found[opened.reads] = opened
    return found
