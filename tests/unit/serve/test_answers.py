"""What the routes answer: the same as the command and the library say."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from digitry.images.stages import BLANK, NOISE, canonical_stages
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.reading import Reader
from digitry.reading.canonical_digits import NOT_FITTED
from digitry.reading.certainty import MAX_ERROR
from digitry.reading.knowledge import Knowledge, parse_knowledge
from digitry.serve.app import create_app
from digitry.serve.children import Done, PictureJob
from digitry.serve.engine import Engine, self_test
from digitry.serve.service import Service
from tests.conftest import make_digits
from tests.unit.serve.site import READING, Site, check_problem, picture_of
from tests.unit.tiny_models import number_model_bytes, printed_digit, template_model_bytes

BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The whole server without its connections: the shipped model, and a tiny one."""
    tiny = tmp_path_factory.mktemp("model") / "tiny.onnx"
    tiny.write_bytes(template_model_bytes())
    service = Service({"shipped": [], "tiny": [tiny]}, processes=1)
    with TestClient(create_app(service), base_url="http://localhost") as client:
        assert client.portal is not None
        assert client.get("/readyz").status_code == 503
        client.portal.call(service.start)
        yield client
        client.portal.call(service.close)


PICTURE, STORED = self_test()


@pytest.mark.parametrize("expect", ["digit", "number", "page"])
def test_a_picture_is_read_as_the_library_reads_it(expect: str, real: TestClient) -> None:
    answer = real.post(f"/v1/read?expect={expect}", content=PICTURE)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"readings": [Reader().read(PICTURE, expect=expect).to_json()]}
    assert [number["text"] for number in answer.json()["readings"][0]["numbers"]] == STORED[expect]["texts"]


def test_a_page_of_numbers_is_what_is_expected_where_nothing_is_said(real: TestClient) -> None:
    assert real.post("/v1/read", content=PICTURE).json() == real.post("/v1/read?expect=page", content=PICTURE).json()


def test_how_many_errors_are_allowed_decides_what_is_sure(real: TestClient) -> None:
    for max_error in ("0", "0.005", "1"):
        answer = real.post(f"/v1/read?expect=digit&max_error={max_error}", content=picture_of(7))
        expected = Reader(max_error=float(max_error)).read(picture_of(7), expect="digit")
        assert answer.json()["readings"] == [expected.to_json()]


def test_one_broken_picture_among_several_has_a_reason_and_the_others_are_read(real: TestClient) -> None:
    files = [
        ("picture", ("one.png", picture_of(1))),
        ("picture", ("broken.png", b"no picture")),
        ("picture", ("two.png", picture_of(2))),
    ]
    answer = real.post("/v1/read?expect=digit", files=files)
    readings = answer.json()["readings"]
    assert answer.status_code == 200
    assert [reading["picture"] for reading in readings] == ["one.png", "broken.png", "two.png"]
    assert [[number["text"] for number in reading["numbers"]] for reading in readings] == [["1"], [], ["2"]]
    assert readings[1]["page"] is None
    assert readings[1]["reason"].startswith("not a picture of a known format")
    assert set(readings[1]) == set(readings[0]), "a program finds every field in each"


def test_pages_before_a_broken_one_are_not_lost(real: TestClient) -> None:
    buffer = io.BytesIO()
    page = Image.fromarray(255 - printed_digit(7))
    page.save(buffer, "TIFF", save_all=True, append_images=[page], compression="tiff_adobe_deflate")
    data = bytearray(buffer.getvalue())
    with Image.open(buffer) as picture:
        picture.seek(1)
        start, size = picture.tag_v2[273][0], picture.tag_v2[279][0]  # type: ignore[attr-defined]
    data[start : start + size] = bytes(size)
    answer = real.post("/v1/read?expect=digit", content=bytes(data))
    first, second = answer.json()["readings"]
    assert (answer.status_code, first["page"], first["numbers"][0]["text"], second["page"]) == (200, 1, "7", None)
    assert second["reason"].startswith("page 2: the picture is broken")


def test_when_no_picture_can_be_read_it_is_422_and_says_why(real: TestClient) -> None:
    problem = check_problem(real.post("/v1/read", content=b"no picture"), "not-a-picture")
    assert problem["detail"].startswith("not a picture of a known format")
    check_problem(real.post("/v1/read", content=b""), "not-a-picture")
    check_problem(real.post("/v1/read", files=[("a", b"x"), ("b", b"y")]), "not-a-picture")


def test_readings_come_line_by_line_to_who_asks_for_that(real: TestClient) -> None:
    files = [("picture", (f"{digit}.png", picture_of(digit))) for digit in (3, 4)]
    answer = real.post("/v1/read?expect=digit", files=files, headers={"Accept": "application/jsonl"})
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.text.endswith("\n")
    listed = real.post("/v1/read?expect=digit", files=files).json()["readings"]
    assert [json.loads(line) for line in answer.text.splitlines()] == listed


def test_another_model_answers_where_it_is_asked_for(real: TestClient) -> None:
    answer = real.post("/v1/read?expect=digit&model=tiny", content=picture_of(5))
    assert answer.json()["readings"] == [Reader(template_model_bytes()).read(picture_of(5), expect="digit").to_json()]


def test_canonical_digits_are_what_the_library_says_as_json_and_as_bytes(real: TestClient) -> None:
    images = make_digits(20).images
    expected = Reader().read_digits(images)
    by_json = real.post("/v1/digits", json={"images": images.tolist()}).json()
    by_bytes = real.post("/v1/digits", content=images.tobytes(), headers=BYTES).json()
    assert by_json == by_bytes
    assert np.allclose(by_bytes["probabilities"], expected, atol=1e-6)
    assert by_bytes["labels"] == [str(label) for label in expected.argmax(axis=1)]
    assert np.allclose(by_bytes["confidences"], expected.max(axis=1), atol=1e-6)
    assert (by_bytes["model"], by_bytes["class_names"]) == ("shipped", list("0123456789"))


def test_what_is_no_canonical_digit_is_never_sure_and_a_canonical_one_may_be(real: TestClient) -> None:
    digits = [canonical_stages(255 - printed_digit(digit)).canonical for digit in (3, 7)]
    rng = np.random.default_rng(0)
    strange = [
        np.zeros((28, 28)),
        rng.integers(0, 256, (28, 28)),
        np.roll(digits[1], 6, axis=1),
        np.full((28, 28), 255),
    ]
    answer = real.post("/v1/digits", json={"images": [image.astype(int).tolist() for image in (*digits, *strange)]})
    answer = answer.json()
    assert answer["sure"] == [True, True, False, False, False, False]
    assert answer["labels"][:2] == ["3", "7"]
    assert answer["reasons"][:2] == [None, None]
    assert answer["reasons"][2:5] == [BLANK, NOISE, NOT_FITTED]


def test_how_sure_the_digits_have_to_be_can_be_asked_for(real: TestClient) -> None:
    digit = canonical_stages(255 - printed_digit(7)).canonical
    assert digit is not None
    for max_error, sure in ((0, False), (0.01, True)):
        answer = real.post(f"/v1/digits?max_error={max_error}", content=digit.tobytes(), headers=BYTES).json()
        assert answer["sure"] == [sure]
        assert (answer["reasons"] == [None]) is sure
    check_problem(real.post("/v1/digits?max_error=2", content=digit.tobytes(), headers=BYTES), "wrong-setting")


def test_shares_of_ink_mean_the_same_as_grey_levels(real: TestClient) -> None:
    images = make_digits(3).images
    shares = real.post("/v1/digits", json={"images": (images / 255).tolist()}).json()
    assert shares == real.post("/v1/digits", json={"images": images.tolist()}).json()


def test_digits_of_another_model_are_its_own(real: TestClient) -> None:
    images = make_digits(5).images
    answer = real.post("/v1/digits?model=tiny", content=images.tobytes(), headers=BYTES).json()
    assert answer["model"] == "tiny"
    assert np.allclose(
        answer["probabilities"], Model(template_model_bytes(), reads="digit").probabilities(images), atol=1e-6
    )


def test_many_who_ask_at_once_each_get_their_own(real: TestClient, tiny_model: Path) -> None:
    service = Service({"tiny": [tiny_model]}, processes=2)
    images = make_digits(60).images
    expected = Model(template_model_bytes(), reads="digit").probabilities(images)

    async def ask_all() -> list[Any]:
        engine = Engine({"tiny": service.model("tiny")}, 2, service.limits, sizes.append)
        batcher = engine.batchers["tiny"]
        found = await asyncio.gather(*(batcher.weigh(images[start : start + 3]) for start in range(0, 60, 3)))
        await engine.close()
        return found

    sizes: list[int] = []
    found = [one.probabilities for part in asyncio.run(ask_all()) for one in part]
    assert np.allclose(found, expected, atol=1e-6)
    assert sum(sizes) == 60
    assert max(sizes) > 3, "who waits together runs together"


def test_a_batch_that_fails_fails_for_those_in_it_alone(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service({"tiny": [tiny_model]}, processes=1)

    async def ask() -> list[Any]:
        engine = Engine({"tiny": service.model("tiny")}, 1, service.limits, lambda _: None)
        batcher = engine.batchers["tiny"]
        real, calls = batcher.weigh_batch, []

        def sometimes(images: Any) -> Any:
            calls.append(len(images))
            if len(calls) == 1:
                raise ValueError
            return real(images)

        monkeypatch.setattr(batcher, "weigh_batch", sometimes)
        image = np.zeros((1, 28, 28), np.uint8)
        found = await asyncio.gather(*(batcher.weigh(image) for _ in range(3)), return_exceptions=True)
        await engine.close()
        return found

    first, *others = asyncio.run(ask())
    assert isinstance(first, ValueError)
    assert [rows[0].probabilities.shape for rows in others] == [(10,), (10,)]


SETTINGS = {
    "/v1/read?expect=letter": "wrong-setting",
    "/v1/read?max_error=2": "wrong-setting",
    "/v1/read?max_error=-0.1": "wrong-setting",
    "/v1/read?max_error=nan": "wrong-setting",
    "/v1/read?max_error=inf": "wrong-setting",
    "/v1/read?max_error=few": "wrong-setting",
    "/v1/read?between=20,0": "wrong-setting",
    "/v1/read?between=few": "wrong-setting",
    "/v1/read?length=0": "wrong-setting",
    "/v1/read?check=lun": "wrong-setting",
    "/v1/read?column=-1": "wrong-setting",
    "/v1/read?expect=digit&column=0": "wrong-setting",
    "/v1/read?region=0,0,0,1": "wrong-setting",
    "/v1/read?region=": "wrong-setting",
    "/v1/read?rotate=45": "wrong-setting",
    "/v1/read?only=print": "wrong-setting",
    "/v1/read?signs=true": "wrong-setting",
    "/v1/read?decimal=dot": "wrong-setting",
    "/v1/read?expect=digit&rotate=90": "wrong-setting",
    "/v1/read?model=none": "unknown-model",
    "/v1/digits?model=none": "unknown-model",
    "/v1/digits?model=../tiny": "unknown-model",
    "/v1/digits?expect=digit": "wrong-setting",
}


@pytest.mark.parametrize(("path", "code"), SETTINGS.items())
def test_a_setting_that_does_not_exist_is_named(path: str, code: str, site: Site) -> None:
    check_problem(site.client.post(path, content=b"x"), code)
    assert site.children.jobs == []


def test_a_misspelt_parameter_is_refused_with_the_nearest_one(site: Site) -> None:
    problem = check_problem(site.client.post("/v1/read?expect=digit&max_eror=0.1", content=b"x"), "wrong-setting")
    assert problem["detail"].startswith("unknown parameter 'max_eror'; did you mean 'max_error'? Known: between, check")
    assert not site.children.jobs


def test_every_route_takes_the_parameters_that_its_description_names_and_no_others(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = open_a_site(collect=tmp_path)
    paths = site.client.get("/openapi.json").json()["paths"]
    described = [(method, path, about) for path in paths for method, about in paths[path].items() if "/v1/" in path]
    assert len(described) == 6
    for method, path, about in described:
        names = sorted(one["name"] for one in about["parameters"])
        problem = check_problem(site.client.request(method, path, params={"another": "1"}), "wrong-setting")
        assert problem["detail"] == f"unknown parameter 'another'; Known: {', '.join(names)}."
        assert "422" in about["responses"]


@pytest.mark.parametrize("path", ["/", "/config.json", "/livez", "/metrics", "/models/digit.onnx"])
def test_addresses_that_take_no_parameters_pass_over_them(path: str, site: Site) -> None:
    assert site.client.get(f"{path}?v=2&from=mail").status_code == 200


def test_a_setting_goes_to_the_reader_as_it_was_sent(site: Site) -> None:
    site.client.post("/v1/read?expect=number&max_error=0.25", content=b"x")
    site.client.post("/v1/read", content=b"x")
    [first, second] = [(job.model, job.expect, job.max_error, job.keep) for job in site.children.jobs]
    assert first == ("tiny", "number", 0.25, False)
    assert second == ("tiny", "page", MAX_ERROR, False)


def test_what_is_known_goes_to_the_reader(site: Site) -> None:
    site.client.post("/v1/read?between=0,20&length=4..8&check=luhn&column=1&region=1,2,3,4", content=b"x")
    site.client.post("/v1/read", content=b"x")
    [first, second] = [job.known for job in site.children.jobs]
    assert parse_knowledge(**first) == Knowledge((0, 20), (4, 8), "luhn", 1, (1, 2, 3, 4))
    assert second == {}


def test_only_a_region_is_read_and_boxes_are_those_of_the_whole(real: TestClient) -> None:
    both = np.hstack([255 - printed_digit(3), 255 - printed_digit(7)])
    picture = cv2.imencode(".png", both)[1].tobytes()
    for region, text in (((0, 0, 280, 280), "3"), ((280, 0, 280, 280), "7")):
        known = Knowledge(region=region)
        answer = real.post(f"/v1/read?expect=digit&region={known.to_words()['region']}", content=picture).json()
        assert answer == {"readings": [Reader().read(picture, expect="digit", known=known).to_json()]}
        [number] = answer["readings"][0]["numbers"]
        assert number["text"] == text
        assert region[0] <= number["box"][0] < region[0] + region[2]
    check_problem(real.post("/v1/read?expect=digit&region=560,0,1,1", content=picture), "not-a-picture")


def test_what_is_said_of_a_page_goes_to_the_reader(site: Site) -> None:
    site.client.post("/v1/read?rotate=90&only=all&signs=no&decimal=comma", content=b"x")
    site.client.post("/v1/read", content=b"x")
    first, second = (dict(job.page) for job in site.children.jobs)
    assert first == {"rotate": "90", "only": "all", "signs": False, "decimal": "comma"}
    assert second == {"rotate": "auto", "only": "written", "signs": True, "decimal": "auto"}


def test_the_models_say_what_they_are(real: TestClient) -> None:
    answer = real.get("/v1/model").json()
    assert (answer["default"], [model["name"] for model in answer["models"]]) == ("shipped", ["shipped", "tiny"])
    tiny = real.get("/v1/model?model=tiny").json()
    assert tiny == answer["models"][1]
    assert tiny["reads"] == ["digit", "number", "page"]
    assert tiny["contract"]["class_names"] == list("0123456789")
    check_problem(real.get("/v1/model?model=none"), "unknown-model")


def test_a_model_of_other_things_reads_no_numbers(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    names = tuple(f"thing {k}" for k in range(10))
    (tmp_path / "things.onnx").write_bytes(template_model_bytes(class_names=names))
    site = open_a_site({"things": [tmp_path / "things.onnx"]})
    assert site.client.get("/v1/model?model=things").json()["reads"] == ["digit"]
    check_problem(site.client.post("/v1/read", content=b"x"), "wrong-setting")
    assert site.client.post("/v1/read?expect=digit", content=b"x").status_code == 200
    answer = site.client.post("/v1/digits", json={"images": [0] * 784}).json()
    assert answer["labels"][0] in names


def test_two_networks_under_one_name_read_together_and_each_shows_its_contract(
    open_a_site: Callable[..., Site], tmp_path: Path, tiny_model: Path
) -> None:
    numbers = tmp_path / "numbers.onnx"
    numbers.write_bytes(number_model_bytes())
    site = open_a_site({"both": [numbers, tiny_model]})
    answer = site.client.get("/v1/model?model=both").json()
    assert {kind: one["contract"]["reads"] for kind, one in answer["networks"].items()} == {
        "digit": "digit",
        "number": "number",
        "page": "page",
    }
    assert answer["networks"]["digit"]["contract"]["confidence_scale"] is None
    assert site.client.get("/models/number.onnx").content == numbers.read_bytes()
    assert site.client.get("/models/digit.onnx").content == tiny_model.read_bytes()
    assert site.client.get("/config.json").json()["has_own_numbers"]
    assert "/models/number.onnx?v=" in site.client.get("/config.json").json()["networks"]["number"]["address"]


def test_alive_touches_no_model_and_ready_waits_for_the_self_test(tiny_model: Path) -> None:
    not_started = Service({"tiny": [tiny_model]}, processes=1)
    client = TestClient(create_app(not_started), base_url="http://127.0.0.1:8000")
    assert client.get("/livez").json() == {"alive": True}
    check_problem(client.get("/readyz"), "not-ready")
    for path in ("/v1/read", "/v1/digits"):
        refused = client.post(path, content=b"x")
        check_problem(refused, "not-ready")
        assert refused.headers["retry-after"] == "1"


def test_a_draining_server_is_not_ready_and_every_answer_is_the_last_on_its_connection(site: Site) -> None:
    assert site.client.get("/readyz").json() == {"ready": True}
    assert "connection" not in site.client.get("/livez").headers
    site.service.is_draining = True
    check_problem(site.client.get("/readyz"), "draining")
    answer = site.client.post("/v1/read", content=b"x")
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert site.client.get("/livez").status_code == 200


def test_what_was_answered_is_counted(site: Site) -> None:
    site.client.post("/v1/read", content=b"x")
    site.client.post("/v1/read?expect=letter", content=b"x")
    site.client.get("/private")
    site.client.post("/v1/digits", json={"images": [[0] * 784] * 5})
    lines = site.client.get("/metrics").text.splitlines()
    assert 'digitry_requests_total{route="/v1/read",status="200"} 1.0' in lines
    assert 'digitry_requests_total{route="/v1/read",status="422"} 1.0' in lines
    assert 'digitry_requests_total{route="other",status="404"} 1.0' in lines
    assert 'digitry_errors_total{code="wrong-setting"} 1.0' in lines
    assert "digitry_batch_images_sum 5.0" in lines
    assert "digitry_ready 1.0" in lines
    assert "digitry_waiting_requests 0.0" in lines
    assert not [line for line in lines if "private" in line]


def test_a_request_is_in_flight_until_it_is_answered(site: Site) -> None:
    def in_flight() -> list[str]:
        lines = site.service.metrics.text().decode().splitlines()
        return [line for line in lines if line.startswith("digitry_requests_in_flight")]

    seen = []

    def read(job: PictureJob) -> Done:
        seen.extend(in_flight())
        return Done([dict(READING)], None, [])

    site.children.answer = read
    site.client.post("/v1/read", content=b"x")
    assert seen == ["digitry_requests_in_flight 1.0"]
    assert in_flight() == ["digitry_requests_in_flight 0.0"]


def test_refusals_are_counted(site: Site) -> None:
    site.service.is_draining = True
    site.client.get("/readyz")
    assert "digitry_refused_total 1.0" in site.client.get("/metrics").text.splitlines()


def test_the_name_of_a_file_comes_back_as_it_was_sent(site: Site) -> None:
    site.children.answer = lambda job: Done([dict(READING)], None, [])
    answer = site.client.post("/v1/read", files=[("picture", ("süß <b>.png", b"x"))])
    assert [reading["picture"] for reading in answer.json()["readings"]] == ["süß <b>.png"]


def test_the_contract_travels_with_the_model(site: Site, tiny_model: Path) -> None:
    contract = site.client.get("/v1/model?model=tiny").json()["contract"]
    assert (
        Contract.from_json(json.dumps(contract)).class_names
        == Model(tiny_model.read_bytes(), reads="digit").contract.class_names
    )
