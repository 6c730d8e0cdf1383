"""Yahoo Finance through yfinance: every argument said, every column checked, the real cause of a failure named."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from data.errors import SourceError
from data.sources.faults import (
    ChangedFormatError,
    EmptyAnswerError,
    HtmlAnswerError,
    NoNetworkError,
    RateLimitedError,
    ServerFaultError,
)
from data.sources.protocol import Delivery
from data.sources.vendors import CHANGED, changed_format, delivered
from data.sources.web import LATER, Patience
from data.study import Vendor

FIRST = "1985-01-01"
RENAMED = {
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
}
_NO_CONNECTION = ("connect", "resolve", "network", "unreachable", "dns")

Ticker = Callable[[str], Any]


class Yahoo:
    """Daily bars with raw and adjusted closes.

    Parameters
    ----------
    ticker : callable, optional
        Stands in for `yfinance.Ticker` in tests.
    patience : Patience, optional
        How often and after which pauses a temporary fault is tried again.
    """

    def __init__(self, ticker: Ticker | None = None, patience: Patience | None = None) -> None:
        self._ticker, self._patience = ticker or _ticker, patience or Patience()

    def fetch(self, vendor: Vendor, as_of: date) -> Delivery:
        """Deliver the bars of `vendor.symbol`."""
        frame = _checked(self._patience(lambda: self._history(vendor, as_of)), vendor)
        if (frame["volume"] == 0.0).all():
            frame = frame.drop(columns="volume")
        return delivered(
            frame,
            vendor,
            as_of,
            producer="Yahoo Finance",
            address=vendor.symbol,
            licence="terms of Yahoo; not for redistribution",
        )

    def _history(self, vendor: Vendor, as_of: date) -> Any:
        from yfinance import exceptions

        name = f"yahoo {vendor.symbol}"
        try:
            with warnings.catch_warnings():
                # yfinance 1.7 uses pandas in ways that pandas 3.1 announces to change.
                warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
                return self._ticker(vendor.symbol).history(
                    interval="1d",
                    start=FIRST,
                    end=(as_of + timedelta(days=1)).isoformat(),
                    prepost=False,
                    actions=True,
                    auto_adjust=False,
                    back_adjust=False,
                    repair=False,
                    keepna=True,
                    rounding=False,
                    timeout=20,
                )
        except exceptions.YFRateLimitError as error:
            raise RateLimitedError(name, "Yahoo limits the number of requests", LATER) from error
        except exceptions.YFTzMissingError as error:
            problem = "gave no time zone: the symbol is unknown to it, or it did not answer"
            raise EmptyAnswerError(name, problem, "Check the symbol; if it is right, try again later.") from error
        except exceptions.YFException as error:
            # Its own message guesses "possibly delisted" whatever the cause was.
            reason = getattr(error, "yahoo_reason", None)
            problem = f"gave no prices ({reason})" if reason else "gave no prices and no reason"
            raise EmptyAnswerError(name, problem, "Check the symbol; if it is right, try again later.") from error
        except Exception as error:
            # yfinance passes on whatever its transport raises; the class is the only trace of the cause.
            raise _cause(name, error) from error


def _ticker(symbol: str) -> Any:
    import yfinance

    yfinance.config.debug.hide_exceptions = False
    # It keeps every answer about a past range, a server's fault included: a second try must ask again.
    yfinance.data.YfData.cache_get.cache_clear()
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # it guesses at causes; the exceptions are read instead
    return yfinance.Ticker(symbol)


def _cause(name: str, error: Exception) -> SourceError:
    words = f"{type(error).__name__} {error}".lower()
    if "timeout" in words or "timed out" in words:
        return ServerFaultError(name, "took too long to answer", LATER)
    if any(hint in words for hint in _NO_CONNECTION):
        return NoNetworkError(name, "cannot be reached (no network)", LATER)
    if "json" in words or "expecting value" in words:
        # yfinance does not look at the status: a page is a page, anything else a server's fault or a cut answer.
        kind = HtmlAnswerError if str(getattr(error, "doc", "<")).lstrip().startswith("<") else ServerFaultError
        return kind(name, "answered with something other than data", LATER)
    if isinstance(error, LookupError | TypeError | AttributeError):
        return ChangedFormatError(
            name, f"answered in a way that yfinance cannot read ({type(error).__name__})", CHANGED
        )
    return ServerFaultError(name, f"failed ({type(error).__name__}: {str(error)[:120]})", LATER)


def _checked(answer: Any, vendor: Vendor) -> pd.DataFrame:
    if not isinstance(answer, pd.DataFrame) or answer.empty:
        problem = "answered with an empty table and no reason"
        raise EmptyAnswerError(f"yahoo {vendor.symbol}", problem, "Check the symbol; if it is right, try again later.")
    missing = sorted(set(RENAMED) - {str(column) for column in answer.columns})
    if missing:
        raise changed_format(vendor, f"came without the columns {', '.join(missing)}")
    index = pd.DatetimeIndex(answer.index)
    if index.tz is None:
        raise changed_format(vendor, "came without a time zone")
    if vendor.stamp == "utc00" and str(index.tz) != "UTC":
        raise changed_format(vendor, f"came on the clock of {index.tz} instead of UTC")
    local = index.tz_localize(None)
    if (local != local.normalize()).any():
        raise changed_format(vendor, "came with bars that do not begin at midnight of their own time zone")
    frame = answer[list(RENAMED)].rename(columns=RENAMED)
    try:
        frame = frame.astype(float)
    except (TypeError, ValueError) as error:
        raise changed_format(vendor, "holds a value that is no number") from error
    frame.index = pd.DatetimeIndex(local, name="date").as_unit("ns")
    if not frame.index.is_unique or not frame.index.is_monotonic_increasing:
        raise changed_format(vendor, "repeats dates or does not give them in order")
    return frame.loc[frame.notna().any(axis="columns")]
