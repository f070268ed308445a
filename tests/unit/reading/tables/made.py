"""Readings with tables, made by hand."""

from __future__ import annotations

from digitry.reading.notation import value_of
from digitry.types import Cell, Digit, Number, Reading, Table


def number(text, row=0, column=0, *, table=0, sure=True, reason=None, **facts):
    digits = tuple(Digit(c, 0.9, (0, 0, 1, 1)) for c in text if c.isdigit())
    facts = {"value": value_of(text), **facts}
    return Number(text, 0.9, (0, 0, 1, 1), digits, sure, reason, table=table, row=row, column=column, **facts)


def table_of(rows, columns):
    return Table(tuple(Cell(row, column, (0, 0, 1, 1)) for row in range(rows) for column in range(columns)))


def reading(*numbers, sizes=((2, 3),), picture="page.png", page=1, sure=None, reason=None):
    is_sure = all(one.sure for one in numbers) if sure is None else sure
    return Reading(picture, numbers, is_sure, reason, page, tables=tuple(table_of(*size) for size in sizes))
