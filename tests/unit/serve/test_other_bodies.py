"""Bodies as other servers take them, and pictures as text."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from digitry.serve.bodies import images_of_bytes, images_of_json
from digitry.serve.json_pictures import picture_of_text
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError
from tests.unit.serve.site import Site, check_problem, picture_of

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28))
JSON = {"Content-Type": "application/json"}
BYTES = b"\x89PNG\r\n\x1a\n\xff\xfb\xfe?"


def taken(**values: Any) -> tuple[np.ndarray[Any, Any], str | None]:
    return images_of_json(json.dumps(values).encode(), Limits(max_images=3))


@pytest.mark.parametrize(
    "shape", [(3, 28, 28, 1), (3, 1, 28, 28), (3, 784), (3, 28, 28), (1, 28, 28), (28, 28, 1), (1, 1, 28, 28)]
)
def test_images_may_have_an_axis_of_length_1_before_or_behind(shape: tuple[int, ...]) -> None:
    images = IMAGES[: shape[0] if shape[0] < 28 else 1]
    assert np.array_equal(taken(images=images.reshape(shape).tolist())[0], images)


@pytest.mark.parametrize(("key", "also"), [("images", None), ("instances", "predictions"), ("inputs", "outputs")])
def test_the_probabilities_stand_where_the_sender_looks_for_them(key: str, also: str | None, site: Site) -> None:
    answer = site.client.post("/v1/digits", json={key: (IMAGES / 255).tolist()}).json()
    assert answer.get("predictions", answer.get("outputs")) == (answer["probabilities"] if also else None)
    assert also is None or also in answer


@pytest.mark.parametrize("shape", [(3, 28, 28), (28, 28), (3, 784), (784,), (3, 28, 28, 1)])
def test_the_list_alone_is_taken_too(shape: tuple[int, ...]) -> None:
    images = IMAGES[: shape[0] if len(shape) > 2 or shape[0] == 3 else 1]
    found, also = images_of_json(json.dumps(images.reshape(shape).tolist()).encode(), Limits(max_images=3))
    assert np.array_equal(found, images)
    assert also is None


@pytest.mark.parametrize("kind", ["FP32", "UINT8"])
def test_a_tensor_of_kserve_has_its_own_shape(kind: str) -> None:
    values = (IMAGES / 255 if kind == "FP32" else IMAGES).ravel().tolist()
    tensor = {"name": "input", "shape": [3, 1, 28, 28], "datatype": kind, "data": values}
    assert np.array_equal(taken(inputs=[tensor])[0], IMAGES)


def test_floats_of_a_tensor_may_all_be_whole() -> None:
    tensor = {"name": "input", "shape": [1, 784], "datatype": "FP32", "data": [0] * 783 + [1]}
    assert taken(inputs=[tensor])[0].max() == 255


@pytest.mark.parametrize("shape", [[3], [1, "a"], [-5], [10**30]])
def test_a_tensor_of_another_shape_than_it_says_is_refused(shape: list[Any]) -> None:
    with pytest.raises(ProblemError, match="shape that it names"):
        taken(inputs=[{"name": "a", "shape": shape, "datatype": "UINT8", "data": [0] * 784}])


def test_whole_numbers_0_and_1_are_refused_with_the_way_to_send_them() -> None:
    black_and_white = (IMAGES > 127).astype(np.uint8)
    for refused in (
        lambda: taken(images=black_and_white.tolist()),
        lambda: images_of_bytes(black_and_white.tobytes(), 3),
    ):
        with pytest.raises(ProblemError, match=r"multiply them by 255"):
            refused()
    assert taken(images=np.zeros((1, 784), int).tolist())[0].max() == 0  # paper is paper


@pytest.mark.parametrize("shape", [(3136,), (1, 3136), (1, 28, 28, 4)])
def test_the_four_numbers_a_pixel_of_a_canvas_are_told(shape: tuple[int, ...]) -> None:
    with pytest.raises(ProblemError, match="RGBA"):
        taken(images=np.repeat(IMAGES[0], 4).reshape(shape).tolist())


TWO_NAMES = (b'{"instances": [1], "inputs": [1]}', b'{"instances": [1], "instances": [2]}', b'{"Images": [1]}')


@pytest.mark.parametrize("body", TWO_NAMES)
def test_more_than_one_name_or_another_is_bad_json(body: bytes, site: Site) -> None:
    check_problem(site.client.post("/v1/digits", content=body, headers=JSON), "bad-json")


BASE64 = base64.b64encode(BYTES).decode()
TEXTS = {
    "plain": BASE64,
    "in lines": "\n".join(BASE64[at : at + 5] for at in range(0, len(BASE64), 5)),
    "without its padding": BASE64.rstrip("="),
    "for addresses": base64.urlsafe_b64encode(BYTES).decode(),
    "a data URL": f"data:image/png;base64,{BASE64}",
    "a data URL with a name": f"DATA:image/png;name=a.png;base64,{BASE64}",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_base64_becomes_the_bytes_of_the_file(text: str) -> None:
    assert picture_of_text(text) == BYTES


@pytest.mark.parametrize("text", ["data:image/png,abc", "data:image/png;base64", "ä", "a", "<svg>", "AAAA=AAA"])
def test_other_text_is_no_picture(text: str) -> None:
    with pytest.raises(ProblemError) as caught:
        picture_of_text(text)
    assert caught.value.code == "not-a-picture"


@pytest.mark.parametrize(
    "values",
    [
        {"image": BASE64},
        {"images": [BASE64]},
        {"instances": [{"b64": BASE64}]},
        {"instances": [{"image": {"b64": BASE64}}]},
        {"image": f"data:image/png;base64,{BASE64}"},
    ],
)
def test_a_picture_in_json_is_read(values: Any, site: Site) -> None:
    assert site.client.post("/v1/read", json=values).status_code == 200
    assert [job.picture for job in site.children.jobs] == [BYTES]


def test_a_data_url_as_the_body_is_read_whatever_its_type(site: Site) -> None:
    for kind in ("text/plain", "application/octet-stream"):
        site.client.post("/v1/read", content=TEXTS["a data URL"].encode(), headers={"Content-Type": kind})
    assert [job.picture for job in site.children.jobs] == [BYTES, BYTES]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad-json"),
        (b"[]", "bad-json"),
        (b'{"image": 1}', "bad-json"),
        (b'{"image": {"b64": 1}}', "bad-json"),
        (b'{"picture": "AAAA"}', "bad-json"),
        (b'{"images": []}', "bad-json"),
        (b'{"images": [' + b",".join([b'"AAAA"'] * 17) + b"]}", "bad-json"),
        (b'{"image": "?"}', "not-a-picture"),
        (b"[" * 100_000, "bad-json"),
        (picture_of(7), "bad-json"),
    ],
)
def test_other_json_is_refused(body: bytes, code: str, site: Site) -> None:
    check_problem(site.client.post("/v1/read", content=body, headers=JSON), code)
    assert site.children.jobs == []


def test_what_is_read_is_counted_by_model_kind_and_result(site: Site) -> None:
    site.client.post("/v1/read?expect=number", content=b"x")
    site.client.post("/v1/digits", json={"images": IMAGES.tolist()})
    text = site.client.get("/metrics").text
    assert 'digitry_readings_total{expect="number",model="tiny",result="nothing"} 1.0' in text
    assert 'digitry_digits_total{model="tiny",result="unsure"} 3.0' in text
    assert 'digitry_confidence_count{expect="none",model="tiny"} 3.0' in text
