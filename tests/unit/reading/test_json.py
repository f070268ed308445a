"""A reading as JSON, and back."""

from __future__ import annotations

import json

import jsonschema
import pytest

from digitry.serve.openapi_schemas import SCHEMAS
from digitry.types import Cell, Digit, Number, Reading, Table

SEVEN, POINT = Digit("7", 0.9, (4, 5, 6, 7), (("1", 0.05),)), Digit(".", 0.8, (9, 9, 2, 2))
FULL = Number(
    "7.7", 0.75, (4, 5, 20, 7), (SEVEN, SEVEN), sure=False, reason="unsure", alternatives=(("7.1", 0.1),),
    signs=(POINT,), value=7.7, around=("%",), hand="written", struck=True, table=0, row=0, column=1,
)  # fmt: skip
TABLE = Table((Cell(0, 0, (0, 0, 30, 20)), Cell(0, 1, (30, 0, 30, 20))))
READINGS = (
    Reading("a.png", (FULL,), False, "unsure", 2, 90, (TABLE,)),
    Reading("b.png", (Number("7", 0.9, (4, 5, 6, 7), (SEVEN,)),), True),
    Reading("c.png", reason="the picture is blank"),
)


@pytest.mark.parametrize("reading", READINGS)
def test_a_reading_comes_back_from_its_json(reading: Reading):
    assert Reading.from_json(json.loads(json.dumps(reading.to_json()))) == reading


@pytest.mark.parametrize("reading", READINGS)
def test_the_api_s_description_fits_what_a_reading_may_hold_and_nothing_less(reading: Reading):
    schema = {"$ref": "#/components/schemas/Reading", "components": {"schemas": SCHEMAS}}
    values = json.loads(json.dumps(reading.to_json()))
    jsonschema.validate(values, schema)
    for key in values:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({name: value for name, value in values.items() if name != key}, schema)


def test_a_number_in_a_cell_says_what_it_is_worth_and_where_it_stands():
    values = READINGS[0].to_json()
    assert values["turn"] == 90
    assert (values["tables"][0]["rows"], values["tables"][0]["columns"]) == (1, 2)
    (number,) = values["numbers"]
    assert (number["text"], number["digits_text"], number["value"]) == ("7.7", "77", 7.7)
    assert (number["table"], number["row"], number["column"]) == (0, 0, 1)


def test_json_of_an_older_digitry_is_read_as_one_where_nobody_asked_for_more():
    values = READINGS[1].to_json()
    del values["turn"], values["tables"]
    for key in ("digits_text", "signs", "value", "around", "hand", "struck", "table", "row", "column"):
        del values["numbers"][0][key]
    assert Reading.from_json(values) == READINGS[1]
