"""Random texts: numbers with and without signs, and words to distinguish from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

WORDS = [
    "name", "of", "pupil", "total", "please", "write", "clearly", "date", "remarks", "class", "teacher", "roll",
    "number", "signature", "address", "amount", "item", "page", "notes", "quantity", "price", "subject", "term",
    "grade", "the", "and", "with", "for", "from", "this", "that", "kilogram", "metre", "hours", "rate", "tax",
    "sum", "paid", "due", "score", "player", "hole", "par", "out", "in", "handicap", "blue", "white", "red", "gold",
    "invoice", "bill", "customer", "phone", "email", "city", "state", "code", "method", "answer", "question",
    "marks", "obtained", "part", "section", "order", "ref", "account", "branch", "bank", "pay", "bearer", "rupees",
    "dollars", "only", "cash", "mobile", "weight", "height", "age", "sex", "male", "female", "patient", "doctor",
    "batch", "tablet", "daily", "result", "test", "room", "time", "start", "end", "break", "january", "february",
    "march", "april", "june", "july", "august", "sept", "october", "december", "monday", "friday", "left", "right",
    "north", "south", "sugar", "rice", "flour", "oil", "milk", "bread", "nails", "paint", "wood", "steel", "pipe",
    "wire", "box", "pcs", "each", "dozen", "balance", "carried", "forward", "opening", "closing", "net", "gross",
]  # fmt: skip
"""Words found beside numbers on forms, bills and lists."""


def digits(rng: np.random.Generator, low: int, high: int | None = None) -> str:
    """Return `low` to `high` random digits."""
    return "".join(map(str, rng.integers(0, 10, int(rng.integers(low, (high or low) + 1)))))


def perhaps_round(rng: np.random.Generator, low: int, high: int | None = None) -> str:
    """Return `low` to `high` digits, in one case of seven ending in zeros, as round numbers are common."""
    text = digits(rng, low, high)
    zeros = int(rng.integers(1, len(text) + 1)) if rng.random() < 0.15 else 0
    return text[: len(text) - zeros] + "0" * zeros


def number(rng: np.random.Generator) -> str:
    """Return a number of any kind; three fifths of them have no signs."""
    share = rng.random()
    if share < 0.6:
        return perhaps_round(rng, 1, int(rng.choice([2, 3, 4, 6, 10], p=[0.35, 0.25, 0.2, 0.12, 0.08])))
    return signed(rng)


def signed(rng: np.random.Generator) -> str:
    """Return a number with signs in it or beside it."""
    kinds = tuple(_KINDS)
    return kinds[int(rng.choice(len(kinds), p=tuple(_KINDS.values())))](rng)


def finely_signed(rng: np.random.Generator) -> str:
    """Return a number that would be another one without its point, dash, colon or slash."""
    kinds = (_date, _date, _time, _time, _mark_of, _mark_of, _negative, _decimal, _decimal, _phone, _sum)
    return kinds[int(rng.integers(len(kinds)))](rng)


def word(rng: np.random.Generator) -> str:
    """Return a word in lower case, in capitals, or capitalised."""
    text = str(rng.choice(WORDS)) if rng.random() < 0.7 else _jumble(rng)
    return (text, text.upper(), text.capitalize())[int(rng.integers(3))]


def phrase(rng: np.random.Generator, most: int = 4) -> str:
    """Return a few words, sometimes with a number among them or punctuation at the end."""
    words = [word(rng) for _ in range(int(rng.integers(1, most + 1)))]
    if rng.random() < 0.25:
        words.insert(int(rng.integers(len(words) + 1)), number(rng).replace("×", "x").replace("✓", ""))
    return " ".join(words) + str(rng.choice(["", "", "", ":", ".", "?", " :"]))


def made_cell(kind: int, rng: np.random.Generator) -> str:
    """Return a text for a cell of a table; `kind` is less than `CELL_KINDS`, of which the last is grades in letters."""
    return _CELLS[kind](rng)


def fitting(text: str, room: float, size: float) -> str:
    """Truncate a text to `room` pixels, with digits `size` pixels high, but to no fewer than two characters."""
    return text[: max(2, int(room / (0.6 * size)))]


def _jumble(rng: np.random.Generator) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(letters[i] for i in rng.integers(0, 26, int(rng.integers(2, 9))))


def _decimal(rng: np.random.Generator) -> str:
    minus = "-" if rng.random() < 0.1 else ""
    return minus + digits(rng, 1, 3) + str(rng.choice([".", ".", ","])) + digits(rng, 1, int(rng.choice([1, 2, 3])))


def _grouped(rng: np.random.Generator) -> str:
    mark = str(rng.choice([",", ".", "'", ","]))
    groups = [digits(rng, 1, 3), *(digits(rng, 3) for _ in range(int(rng.integers(1, 3))))]
    if rng.random() < 0.2:
        groups.insert(1, digits(rng, 2))  # as in India
    end = str(rng.choice(["", ".00", "." + digits(rng, 2), "," + digits(rng, 2)])) if mark != "." else ""
    return mark.join(groups) + end


def _negative(rng: np.random.Generator) -> str:
    return str(rng.choice(["-", "-", "-", "+"])) + digits(rng, 1, 3)


def _fraction(rng: np.random.Generator) -> str:
    return digits(rng, 1, 3) + "/" + digits(rng, 1, 3)


def _date(rng: np.random.Generator) -> str:
    sign = str(rng.choice(["/", "/", ".", "-"]))
    day, month = str(rng.integers(1, 32)), str(rng.integers(1, 13))
    if rng.random() < 0.6:
        day, month = day.zfill(2), month.zfill(2)
    year = str(rng.integers(1900, 2040)) if rng.random() < 0.6 else digits(rng, 2)
    return sign.join((year, month, day) if rng.random() < 0.15 else (day, month, year))


def _mark_of(rng: np.random.Generator) -> str:
    total = int(rng.choice([5, 10, 10, 20, 20, 25, 30, 40, 50, 100, 100]))
    return f"{rng.integers(0, total + 1)}/{total}"


def _time(rng: np.random.Generator) -> str:
    text = f"{rng.integers(0, 24)}:{rng.integers(0, 60):02}"
    return text + f":{rng.integers(0, 60):02}" if rng.random() < 0.2 else text


def _phone(rng: np.random.Generator) -> str:
    ways = (f"({digits(rng, 2, 4)}){digits(rng, 5, 7)}", f"{digits(rng, 3)}-{digits(rng, 4)}",
            f"+{digits(rng, 2)}{digits(rng, 8, 10)}", f"{digits(rng, 3)}-{digits(rng, 3)}-{digits(rng, 4)}",
            f"{digits(rng, 1, 2)}-{digits(rng, 3)}")  # fmt: skip
    return ways[int(rng.integers(len(ways)))]


def _bracketed(rng: np.random.Generator) -> str:
    return f"({digits(rng, 1, 4)})"


def _percent(rng: np.random.Generator) -> str:
    return digits(rng, 1, 3) + (f".{digits(rng, 1)}" if rng.random() < 0.3 else "") + "%"


def _money(rng: np.random.Generator) -> str:
    sign = str(rng.choice(["$", "€", "£", "₹"]))
    amount = perhaps_round(rng, 1, 4) + (f".{_hundredths(rng)}" if rng.random() < 0.6 else "")
    return amount + sign if sign == "€" and rng.random() < 0.5 else sign + amount


def _hundredths(rng: np.random.Generator) -> str:
    return "00" if rng.random() < 0.4 else digits(rng, 2)


def _sum(rng: np.random.Generator) -> str:
    sign = str(rng.choice(["+", "-", "×", "÷"]))
    text = digits(rng, 1, 3) + sign + digits(rng, 1, 3)
    return text + "=" + digits(rng, 1, 4) if rng.random() < 0.5 else text


def _times(rng: np.random.Generator) -> str:
    return "×".join(digits(rng, 1, 3) for _ in range(2 if rng.random() < 0.85 else 3))


def _ended(rng: np.random.Generator) -> str:
    return digits(rng, 1, 5) + str(rng.choice(["/-", "=", "-", ".", "/=", "✓"]))


def _with_unit(rng: np.random.Generator) -> str:
    return digits(rng, 1, 3) + str(rng.choice(["kg", "mg", "g", "m", "cm", "pcs", "h", "th", "L", "km"]))


def _code(rng: np.random.Generator) -> str:
    letters = "".join(rng.choice(list("ABCDEFGHKMNPRTX"), int(rng.integers(1, 4))).tolist())
    return letters + str(rng.choice(["", "", "-"])) + digits(rng, 1, 5)


_KINDS = {
    _decimal: 0.18, _grouped: 0.09, _negative: 0.11, _fraction: 0.09, _date: 0.11, _time: 0.05, _phone: 0.06,
    _bracketed: 0.04, _percent: 0.05, _money: 0.05, _sum: 0.05, _times: 0.04, _ended: 0.04, _with_unit: 0.02,
    _code: 0.02,
}  # fmt: skip
"""Kind of number → its share."""


def _perhaps_halves(rng: np.random.Generator) -> str:
    return perhaps_round(rng, 1, 3) + (str(rng.choice([".", "."])) + digits(rng, 1) if rng.random() < 0.4 else "")


def _mark(rng: np.random.Generator) -> str:
    return str(rng.choice(list("AABBCCDEFPRX"))) + str(rng.choice(["", "", "+", "-"]))


_CELLS: tuple[Callable[[np.random.Generator], str], ...] = (
    number,
    lambda rng: perhaps_round(rng, 1, 2),
    _perhaps_halves,
    lambda rng: digits(rng, 1),
    lambda rng: perhaps_round(rng, 2, 5),
    _hundredths,
    _times,
    _mark,
)
"""Kinds of columns in a table; grades in letters come last."""

CELL_KINDS = len(_CELLS)
"""Number of kinds of cells."""
