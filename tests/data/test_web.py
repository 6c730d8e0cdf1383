"""The one way out: what a vendor's server may do to us, and what we make of it."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.errors import StudyError
from data.sources.faults import (
    TEMPORARY,
    ChangedFormatError,
    EmptyAnswerError,
    HtmlAnswerError,
    NeedsKeyError,
    NoNetworkError,
    PartialAnswerError,
    RateLimitedError,
    ServerFaultError,
    TooLargeError,
)
from data.sources.web import Web

BODY = b"date,value\n2026-01-02,1\n"


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def web(waits: list[float]) -> Web:
    return Web(attempts=4, timeout=0.5, pause=0.0, sleep=waits.append)


def answer(httpserver: HTTPServer, *responses: Response) -> str:
    for response in responses:
        httpserver.expect_ordered_request("/x").respond_with_response(response)
    return httpserver.url_for("/x")


def test_gives_the_bytes(httpserver: HTTPServer, web: Web, waits: list[float]) -> None:
    httpserver.expect_request("/x", query_string={"id": "VIX"}).respond_with_data(BODY)
    assert web.get(httpserver.url_for("/x"), {"id": "VIX"}) == BODY
    assert waits == []


def test_unpacks_gzip(httpserver: HTTPServer, web: Web) -> None:
    url = answer(httpserver, Response(gzip.compress(BODY), headers={"Content-Encoding": "gzip"}))
    assert web.get(url) == BODY


def test_a_server_that_recovers_is_waited_for_twice_as_long_each_time(
    httpserver: HTTPServer, web: Web, waits: list[float]
) -> None:
    url = answer(httpserver, Response(status=500), Response(status=503), Response(status=502), Response(BODY))
    assert web.get(url) == BODY
    assert waits == [1.0, 2.0, 4.0]


def test_a_limit_is_waited_for_as_long_as_asked(httpserver: HTTPServer, web: Web, waits: list[float]) -> None:
    url = answer(httpserver, Response(status=429, headers={"Retry-After": "7"}), Response(status=429), Response(BODY))
    assert web.get(url) == BODY
    assert waits == [7.0, 2.0]


def test_retry_after_may_be_a_date(httpserver: HTTPServer, web: Web, waits: list[float]) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    url = answer(httpserver, Response(status=429, headers={"Retry-After": then}), Response(BODY))
    assert web.get(url) == BODY
    assert waits == [pytest.approx(29.0, abs=2.0)]


@pytest.mark.parametrize("header", ["soon", "-3"])
def test_a_retry_after_that_means_nothing_is_no_error(
    httpserver: HTTPServer, web: Web, waits: list[float], header: str
) -> None:
    url = answer(httpserver, Response(status=429, headers={"Retry-After": header}), Response(BODY))
    assert web.get(url) == BODY
    assert waits == [1.0]


def test_nobody_waits_for_an_hour(httpserver: HTTPServer, web: Web, waits: list[float]) -> None:
    url = answer(httpserver, Response(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimitedError, match="limits the number of requests"):
        web.get(url)
    assert waits == []


def truncated(_: Request) -> Response:
    return Response(gzip.compress(BODY * 50)[:-9], headers={"Content-Encoding": "gzip"})


def cut(_: Request) -> Response:
    response = Response(BODY[:5])
    response.headers["Content-Length"] = "400"
    return response


def slow(_: Request) -> Response:
    time.sleep(0.6)
    return Response(BODY)


@pytest.mark.parametrize(
    ("handler", "error", "words", "tries"),
    [
        (lambda _: Response(status=429), RateLimitedError, "limits", 4),
        (lambda _: Response(status=500), ServerFaultError, "HTTP 500", 4),
        (truncated, PartialAnswerError, "cut off", 4),
        (
            lambda _: Response(b"no gzip", headers={"Content-Encoding": "gzip"}),
            PartialAnswerError,
            "damaged gzip",
            4,
        ),
        (cut, PartialAnswerError, "broke the connection off", 4),
        (lambda _: Response(status=403), NeedsKeyError, "key or a log-in", 1),
        (lambda _: Response(status=404), ChangedFormatError, "HTTP 404", 1),
        (lambda _: Response(b" \n"), EmptyAnswerError, "with nothing", 1),
        (lambda _: Response(b"<!doctype html><p>Wait</p>"), HtmlAnswerError, "web page", 1),
    ],
)
def test_what_stays_wrong_is_named(
    httpserver: HTTPServer,
    web: Web,
    waits: list[float],
    handler: Callable[[Request], Response],
    error: type[StudyError],
    words: str,
    tries: int,
) -> None:
    httpserver.expect_request("/x").respond_with_handler(handler)
    with pytest.raises(error, match=words) as caught:
        web.get(httpserver.url_for("/x"))
    assert len(httpserver.log) == tries
    assert len(waits) == tries - 1
    assert (caught.value.exit_code == TEMPORARY) == (tries > 1)


def test_a_server_that_is_too_slow_is_named(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_handler(slow)
    with pytest.raises(ServerFaultError, match="took too long"):
        Web(attempts=1, timeout=0.2, pause=0.0).get(httpserver.url_for("/x"))


@pytest.mark.parametrize("packed", [False, True])
def test_an_endless_answer_is_refused(httpserver: HTTPServer, packed: bool) -> None:
    body = b"1" * 300_000
    response = Response(gzip.compress(body) if packed else body, headers={"Content-Encoding": "gzip"} if packed else {})
    httpserver.expect_request("/x").respond_with_response(response)
    with pytest.raises(TooLargeError, match="more than 200,000 bytes"):
        Web(largest=200_000, pause=0.0).get(httpserver.url_for("/x"))


def test_no_network_is_said_once_a_host(waits: list[float]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    web = Web(pause=0.0, sleep=waits.append)
    for _ in range(2):
        with pytest.raises(NoNetworkError, match="no network") as caught:
            web.get(f"http://127.0.0.1:{port}/x")
    assert waits == []
    assert caught.value.exit_code == TEMPORARY


def test_requests_to_a_host_are_paced(httpserver: HTTPServer, waits: list[float]) -> None:
    httpserver.expect_request("/x").respond_with_data(BODY)
    web = Web(pause=5.0, sleep=waits.append)
    for _ in range(3):
        web.get(httpserver.url_for("/x"))
    assert waits == [pytest.approx(5.0, abs=0.5)] * 2
