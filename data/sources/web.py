"""One careful way to ask a vendor: paced, bounded in time and size, patient where it helps, honest about the cause."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from data.sources.faults import (
    ChangedFormatError,
    EmptyAnswerError,
    HtmlAnswerError,
    NeedsKeyError,
    NoNetworkError,
    PartialAnswerError,
    RateLimitedError,
    ServerFaultError,
    TemporaryFault,
    TooLargeError,
)

Answer = TypeVar("Answer")

LATER = "Try again later; the snapshots that are there stay as they are."


@dataclass(frozen=True)
class Patience:
    """Calls again after a temporary fault, with pauses that double from one second or are as long as the vendor asks.

    Parameters
    ----------
    attempts : int
        Calls in all.
    longest_wait : float
        Seconds that a single Retry-After is followed; a vendor that asks for more is not waited for.
    sleep : callable
        Waits; tests replace it.
    """

    attempts: int = 5
    longest_wait: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, call: Callable[[], Answer]) -> Answer:
        """The answer of `call`, or its last fault. A network that is not there is not waited for."""
        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=self._pause,
            retry=retry_if_exception(self._is_worth_another_try),
            sleep=self.sleep,
            reraise=True,
        )
        return retrying(call)

    def _is_worth_another_try(self, error: BaseException) -> bool:
        passing = isinstance(error, TemporaryFault) and not isinstance(error, NoNetworkError)
        return passing and (getattr(error, "retry_after", None) or 0.0) <= self.longest_wait

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = getattr(error, "retry_after", None)
        return float(asked) if asked is not None else float(min(2.0 ** (state.attempt_number - 1), 60.0))


class Web:
    """Gets bytes by HTTP.

    Parameters
    ----------
    attempts : int
        Requests made for one answer before a temporary fault is final.
    timeout : float
        Seconds for a connection and between two pieces of an answer.
    largest : int
        Bytes of an answer, unpacked, beyond which it is refused.
    pause : float
        Seconds between two requests to the same host, at least.
    longest_wait : float
        Seconds that a Retry-After is followed.
    sleep : callable
        Waits; tests replace it.
    """

    def __init__(
        self,
        *,
        attempts: int = 5,
        timeout: float = 20.0,
        largest: int = 100_000_000,
        pause: float = 0.25,
        longest_wait: float = 120.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempts, self._largest, self._pause, self._longest_wait = attempts, largest, pause, longest_wait
        self._sleep = sleep
        self._last_request: dict[str, float] = {}
        self._unreachable: dict[str, NoNetworkError] = {}
        self._client = httpx.Client(
            timeout=timeout,
            follow_redirects=True,
            headers={"Accept-Encoding": "gzip", "User-Agent": "liquidity-or-ideology (research; one download a day)"},
        )

    def get(self, url: str, params: Mapping[str, str] | None = None) -> bytes:
        """The body of the answer, unpacked and never HTML.

        Raises
        ------
        TemporaryFault
            After all attempts: rate limit, server fault, cut answer, no network.
        SourceError
            At once: a key is needed, an unknown series, HTML, nothing, too much.
        """
        host = urlsplit(url).hostname or url
        if host in self._unreachable:
            raise self._unreachable[host]
        patient = Patience(self._attempts, self._longest_wait, self._sleep)
        try:
            return patient(lambda: self._once(url, host, params or {}))
        except NoNetworkError as error:
            self._unreachable[host] = error
            raise

    def _once(self, url: str, host: str, params: Mapping[str, str]) -> bytes:
        due = self._last_request.get(host, -1e9) + self._pause - time.monotonic()
        if due > 0.0:
            self._sleep(due)
        self._last_request[host] = time.monotonic()
        try:
            with self._client.stream("GET", url, params=dict(params)) as response:
                _check_status(host, response)
                raw = self._bounded(host, response)
                packed = response.headers.get("Content-Encoding", "").lower() == "gzip"
        except httpx.ConnectError as error:
            raise NoNetworkError(
                host, "cannot be reached (no network, or a name that is not resolved)", LATER
            ) from error
        except httpx.TimeoutException as error:
            raise ServerFaultError(host, "took too long to answer", LATER) from error
        except httpx.TransportError as error:
            raise PartialAnswerError(host, "broke the connection off", LATER) from error
        except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
            raise ChangedFormatError(
                host, f"sends to nowhere ({error})", "Report it: the address has changed."
            ) from error
        body = self._unpacked(host, raw) if packed else raw
        start = body[:200].lstrip()
        if not start:
            raise EmptyAnswerError(host, "answered with nothing", LATER)
        if start.startswith(b"<"):
            raise HtmlAnswerError(
                host, "answered with a web page instead of data", "Open the address in a browser to see why."
            )
        return body

    def _bounded(self, host: str, response: httpx.Response) -> bytes:
        pieces, size = [], 0
        for piece in response.iter_raw():
            size += len(piece)
            if size > self._largest:
                raise TooLargeError(
                    host, f"sends more than {self._largest:,} bytes", "Report it: this is no daily series."
                )
            pieces.append(piece)
        return b"".join(pieces)

    def _unpacked(self, host: str, raw: bytes) -> bytes:
        unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            body = unpacking.decompress(raw, self._largest)
        except zlib.error as error:
            raise PartialAnswerError(host, "sent a damaged gzip answer", LATER) from error
        if unpacking.unconsumed_tail:
            raise TooLargeError(host, f"sends more than {self._largest:,} bytes", "Report it: this is no daily series.")
        if not unpacking.eof:
            raise PartialAnswerError(host, "sent a gzip answer that is cut off", LATER)
        return body


def _check_status(host: str, response: httpx.Response) -> None:
    status = response.status_code
    if status in (429, 418):
        raise RateLimitedError(host, "limits the number of requests", LATER, _retry_after(response))
    if status >= 500 or status == 408:
        raise ServerFaultError(host, f"failed (HTTP {status})", LATER, _retry_after(response))
    if status in (401, 402, 403):
        raise NeedsKeyError(host, f"wants a key or a log-in (HTTP {status})", "Set the key, or name another vendor.")
    if status != 200:
        raise ChangedFormatError(
            host, f"does not know this address (HTTP {status})", "Check the symbol in the study file."
        )


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        then = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    return max(0.0, then - time.time())
