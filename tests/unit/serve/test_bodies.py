"""Bodies: what is taken, what is refused, and that nothing of them stays."""

from __future__ import annotations

import json
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from digitry.serve.bodies import images_of_json, json_depth
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError
from tests.unit.serve.site import Site, check_problem, multipart_of, picture_of, post, send_raw

JSON = {"Content-Type": "application/json"}
SMALL = Limits(max_body_bytes=2000, max_json_bytes=1000)


def test_a_body_that_declares_too_much_is_413_before_it_comes(open_port: Callable[..., int]) -> None:
    head = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999\r\n\r\n"
    answer = send_raw(open_port(limits=SMALL), head)
    check_problem(answer, "too-large")
    assert answer is not None
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/v1/read", "/v1/digits?", "/v1/corrections?label=7"])
def test_a_body_one_byte_too_large_is_413(path: str, open_a_site: Callable[..., Site], tmp_path: Any) -> None:
    site = open_a_site(limits=SMALL, collect=tmp_path)
    headers = {"Content-Type": "application/octet-stream"}
    assert site.client.post(path, content=b"x" * 2000, headers=headers).status_code != 413
    check_problem(site.client.post(path, content=b"x" * 2001, headers=headers), "too-large")


def test_a_body_of_json_has_a_limit_of_its_own(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(limits=SMALL)
    body = b'{"images": []' + b" " * 2000 + b"}"
    check_problem(
        site.client.post("/v1/digits", content=body, headers={"Content-Type": "application/json"}), "too-large"
    )


@pytest.mark.parametrize("count", [3, 50])
def test_a_body_in_chunks_is_counted_as_it_comes(count: int, open_port: Callable[..., int]) -> None:
    head = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    check_problem(send_raw(open_port(limits=SMALL), head, *[chunk] * count, b"0\r\n\r\n"), "too-large")


def test_a_body_ends_where_it_was_declared_to(site: Site, open_port: Callable[..., int]) -> None:
    came = b""
    with socket.create_connection(("127.0.0.1", open_port(site)), timeout=20) as connection:
        connection.sendall(post("/v1/read", b"four") + post("/v1/read", b"more"))
        while came.count(b"HTTP/1.1 200 ") < 2:
            data = connection.recv(65536)
            assert data, came
            came += data
    assert [job.picture for job in site.children.jobs] == [b"four", b"more"]


def test_bodies_together_fill_no_more_memory_than_they_may_and_give_it_back(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(limits=Limits(max_buffered_bytes=3000))
    for _ in range(3):
        refused = site.client.post("/v1/read", content=b"x" * 3001)
        check_problem(refused, "busy")
        assert refused.headers["retry-after"] == "1"
        assert site.service.buffered.bytes == 0
    assert site.client.post("/v1/read", content=b"x" * 3000).status_code == 200
    assert site.service.buffered.bytes == 0


@pytest.mark.parametrize("size", [100, 2500, 6000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_whatever_becomes_of_a_body_it_is_not_counted_any_more(
    size: int, is_chunked: bool, open_a_site: Callable[..., Site]
) -> None:
    site = open_a_site(limits=SMALL)

    def chunks() -> Iterator[bytes]:
        for start in range(0, size, 500):
            yield b"x" * min(500, size - start)

    site.client.post("/v1/read", content=chunks() if is_chunked else b"x" * size)
    assert site.service.buffered.bytes == 0


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip"])
def test_an_encoded_body_is_415(encoding: str, site: Site) -> None:
    answer = site.client.post("/v1/read", content=b"x", headers={"Content-Encoding": encoding})
    check_problem(answer, "wrong-type")
    assert site.children.jobs == []


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "image/png", ""])
def test_canonical_digits_of_another_type_are_415(kind: str, site: Site) -> None:
    check_problem(site.client.post("/v1/digits", content=bytes(784), headers={"Content-Type": kind}), "wrong-type")


BAD_JSON = {
    "nothing": b"",
    "no JSON": b"{",
    "NaN": b'{"images": [NaN]}',
    "Infinity": b'{"images": [Infinity]}',
    "a number beyond all floats": b'{"images": [1e999]}',
    "the same key twice": b'{"images": [1], "images": [2]}',
    "the same key twice, once in disguise": b'{"images": [1], "im\\u0061ges": [2]}',
    "another key": b'{"images": [1], "more": 1}',
    "a text": b'"images"',
    "half a character": b'{"images": ["\\ud800"]}',
    "no UTF-8": b'{"images": ["\xff"]}',
    "two documents": b'{"images": [1]} {}',
    "33 brackets": b'{"images": ' + b"[" * 32 + b"]" * 32 + b"}",
    "a thousand brackets": b'{"images": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "200,000 brackets": b"[" * 200_000,
    "33 brackets alone": b"[" * 33 + b"]" * 33,
    "brackets that strings seem to close": b'{"images": ' + b'["]",' * 50 + b"1" + b"]" * 50 + b"}",
}


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON)
def test_bad_json_is_400(body: bytes, site: Site) -> None:
    check_problem(
        site.client.post("/v1/digits", content=body, headers={"Content-Type": "application/json"}), "bad-json"
    )


def test_32_brackets_within_each_other_are_allowed(site: Site) -> None:
    body = b'{"images": ' + b"[" * 31 + b"]" * 31 + b"}"
    answer = site.client.post("/v1/digits", content=body, headers=JSON)
    check_problem(answer, "wrong-images")


@pytest.mark.parametrize(
    ("body", "depth"), [(b"", 0), (b"[]", 1), (b"[[],{}]", 2), (b'["]", [[]]]', 3), (b'["[[", []]', 2)]
)
def test_the_depth_of_json_is_that_of_its_brackets_outside_strings(body: bytes, depth: int) -> None:
    assert json_depth(body) == depth


def grey(values: Any) -> np.ndarray[Any, Any]:
    return images_of_json(json.dumps({"images": values}).encode(), Limits(max_images=3))[0]


def test_integers_are_grey_levels() -> None:
    values = np.arange(784) % 256
    assert grey(values.tolist()).tolist() == [values.reshape(28, 28).tolist()]


def test_numbers_with_a_point_are_shares_of_full_ink() -> None:
    assert grey([[0.5] * 784]).tolist() == np.full((1, 28, 28), 128).tolist()
    assert grey([[1.0] + [0] * 783])[0, 0, :2].tolist() == [255, 0]


@pytest.mark.parametrize("shape", [(784,), (28, 28), (1, 784), (3, 784), (3, 28, 28), (3, 28, 28, 1), (3, 1, 28, 28)])
def test_one_image_or_a_list_flat_or_in_rows(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape)
    assert np.array_equal(grey(images.tolist()), images.reshape(-1, 28, 28))


WRONG = {
    "none": [],
    "too many": [[0] * 784] * 4,
    "too short": [0] * 783,
    "rows of different lengths": [[0] * 28] * 27 + [[0] * 27],
    "a row of another length in the second image": [[[9] * 28] * 28, [[9] * 28] * 27 + [[9] * 27]],
    "a number in the place of a row": [[9] * 28] * 27 + [28],
    "a number in the place of an image": [[9] * 784, 784],
    "a list in the place of a pixel": [[9] * 783 + [[9]]],
    "below paper": [-1] + [0] * 783,
    "above ink": [256] + [0] * 783,
    "more than all ink": [1.5] + [0.0] * 783,
    "grey levels and shares": [255] + [0.5] * 783,
    "huge": [10**30] + [0] * 783,
    "no numbers": ["0"] * 784,
    "true and false": [True] * 784,
    "true and false in rows": [[True] * 28] * 28,
    "nothing within": [None] * 784,
    "objects": [{}] * 784,
    "a number": 5,
    "text": "0" * 784,
}


@pytest.mark.parametrize("values", WRONG.values(), ids=WRONG)
def test_what_are_no_images_is_422(values: Any, open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(limits=Limits(max_images=3))
    check_problem(site.client.post("/v1/digits", json={"images": values}), "wrong-images")


@pytest.mark.parametrize("size", [0, 783, 785, 784 * 257])
def test_bytes_that_are_no_images_are_422(size: int, site: Site) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    check_problem(site.client.post("/v1/digits", content=bytes(size), headers=headers), "wrong-images")


def test_256_images_are_answered_in_one_request(site: Site) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    answer = site.client.post("/v1/digits", content=bytes(784 * 256), headers=headers)
    assert len(answer.json()["labels"]) == 256


def test_16_parts_are_read_and_17_are_400(site: Site) -> None:
    picture = picture_of(7)
    assert len(site.client.post("/v1/read", **multipart_of(*[picture] * 16)).json()["readings"]) == 16
    check_problem(site.client.post("/v1/read", **multipart_of(*[picture] * 17)), "bad-multipart")
    assert len(site.children.jobs) == 16


def test_the_bytes_of_a_part_reach_the_reader_as_they_were_sent(site: Site) -> None:
    data = bytes(range(256)) + b"\r\n--edg\r\n--"
    site.client.post("/v1/read", **multipart_of(data, b""))
    assert [job.picture for job in site.children.jobs] == [data, b""]


BAD_MULTIPART = {
    "no boundary": ({"Content-Type": "multipart/form-data"}, b"--x\r\n\r\n\r\n--x--"),
    "an empty boundary": ({"Content-Type": 'multipart/form-data; boundary=""'}, b"--\r\n\r\n\r\n----"),
    "another boundary": ({"Content-Type": "multipart/form-data; boundary=y"}, b"--x\r\n\r\n\r\n--x--"),
    "no end": ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\ndata"),
    "nothing": ({"Content-Type": "multipart/form-data; boundary=x"}, b""),
    "no part": ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    "a million headers": (
        {"Content-Type": "multipart/form-data; boundary=x"},
        b"--x\r\n" + b"a:b\r\n" * 1_000_000 + b"\r\ndata\r\n--x--\r\n",
    ),
}


@pytest.mark.parametrize(("headers", "body"), BAD_MULTIPART.values(), ids=BAD_MULTIPART)
def test_broken_multipart_is_400(headers: dict[str, str], body: bytes, site: Site) -> None:
    check_problem(site.client.post("/v1/read", content=body, headers=headers), "bad-multipart")
    assert site.children.jobs == []


@pytest.mark.parametrize(
    "form", ['{"images": [%s]}', "[%s]", '{"inputs": [{"shape": [1], "datatype": "INT8", "data": [%s]}]}']
)
def test_a_long_text_among_the_numbers_takes_no_memory_for_each_of_them(form: str) -> None:
    body = (form % ("0," * 20_000 + f'"{"a" * 1000}"')).encode()
    tracemalloc.start()
    try:
        with pytest.raises(ProblemError):
            images_of_json(body, Limits())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 20 * len(body), "NumPy would take 80 MB, and hundreds of GiB for a body of 1 MiB"


def test_a_wrong_image_names_what_is_wanted() -> None:
    with pytest.raises(ProblemError, match="Send one image or 1 to 3, each 28×28 or 784 numbers"):
        grey([0] * 783)
