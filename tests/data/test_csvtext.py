"""The CSV reader: a clean frame or a typed error, never a changed value."""

from __future__ import annotations

import contextlib
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import QualityError, SourceError, StudyError
from data.sources.csvtext import BLANKS, parse_csv
from data.sources.protocol import COLUMNS

GOOD = b"date,close,volume\n2026-01-02,10.5,100\n2026-01-05,11,\n"


def test_reads_numbers_dates_blanks_and_comments() -> None:
    parsed = parse_csv(b"\xef\xbb\xbf# SIMULATED DATA\n#\n" + GOOD, "gld.csv")
    assert parsed.comments == ("SIMULATED DATA", "")
    expected = pd.DataFrame(
        {"close": [10.5, 11.0], "volume": [100.0, np.nan]},
        index=pd.DatetimeIndex(["2026-01-02", "2026-01-05"], name="date").as_unit("ns"),
    )
    pd.testing.assert_frame_equal(parsed.frame, expected)


@pytest.mark.parametrize(
    ("header", "column"),
    [("Date,Adj Close", "adj_close"), ("DATE,Close", "close"), ("date, value ", "value")],
)
def test_header_is_read_without_regard_to_case(header: str, column: str) -> None:
    frame = parse_csv(f"{header}\r\n2026-01-02,1e2\r\n".encode(), "x.csv").frame
    assert frame[column].tolist() == [100.0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"# only a remark\n", "holds no header"),
        (b"date,close\n", "holds a header but no row"),
        (b"<!DOCTYPE html><html><body>Too many requests</body></html>", "holds HTML"),
        (b"\n  <html>", "holds HTML"),
        (b"\x1f\x8b\x08\x00zzz", "is a binary file"),
        (b"date,close\x00\x01\x02", "is a binary file"),
        (b"date,close\n2026-01-02,\xff\xfe\n", "not text in UTF-8"),
        (b"when,close\n2026-01-02,1\n", "no column 'date'"),
        (b"date;close\n2026-01-02;1\n", "semicolons"),
        (b"date,price\n2026-01-02,1\n", "no column close, adj_close or value"),
        (b"date,close,close\n2026-01-02,1,2\n", "twice"),
        (b"date,close,value\n2026-01-02,1,2\n", "both 'value' and a close"),
        (b"date,close\n2026-01-02,1\n2026-01-05\n", "line 3: has 1 fields where the header has 2"),
        (b"date,close\n2026-01-02,1,7\n", "line 2: has 3 fields"),
        (b"date,close\n02/01/2026,1\n", "line 2: '02/01/2026' is not a date"),
        (b"date,close\n2026-02-30,1\n", "'2026-02-30' is not a date"),
        (b"date,close\n2020-W01-1,1\n", "'2020-W01-1' is not a date"),
        (b"date,close\n9999-01-01,1\n", "'9999-01-01' is not a date"),
        (b"date,close\nNaT,1\n", "'NaT' is not a date"),
        (b"date,close\ntoday,1\n", "'today' is not a date"),
        (b"date,close\n-200-01-02,1\n", "'-200-01-02' is not a date"),
        (b"date,close\n2026-01-02,1\n2026-01-05,n.a.\n", "line 3: 'n.a.' in column close is not a number"),
        (b"date,close\n2026-01-02,1_000\n", "'1_000' in column close"),
        (b"date,close\n2026-01-02,inf\n", "'inf' in column close"),
        (b"date,close\n2026-01-02,1e999\n", "'1e999' in column close"),
        (b'date,close\n2026-01-02,"1,000.5"\n', "'1,000.5' in column close"),
        (b'date,close\n2026-01-02,"1\n', "not readable as CSV"),
        (b"date,close\n2026-01-02,\n", "blank throughout"),
        (b"date,close\n2026-01-02,1\n2026-01-02,2\n2026-01-05,3\n", "the date 2026-01-02 stands there twice"),
        (b"date,close\n2026-01-05,1\n2026-01-02,2\n", "dates descend"),
        (b"date,close\n2026-01-02,1\n2026-01-06,1\n2026-01-05,2\n", "line 4: 2026-01-05 follows 2026-01-06"),
    ],
)
def test_what_cannot_be_read_is_named(content: bytes, words: str) -> None:
    with pytest.raises(StudyError, match=r"x\.csv") as caught:
        parse_csv(content, "x.csv")
    assert words in str(caught.value)
    assert isinstance(caught.value, SourceError | QualityError)
    assert caught.value.remedy.endswith(".")


def test_line_numbers_count_the_remarks() -> None:
    with pytest.raises(SourceError, match="line 4"):
        parse_csv(b"# one\n# two\ndate,close\nnever,1\n", "x.csv")


def test_a_million_rows_are_answered_in_time() -> None:
    days = np.datetime64("1801-01-01") + np.arange(1_000_000) % 145_000
    content = b"date,close\n" + b"".join(f"{day},1.5\n".encode() for day in days.tolist())
    begin = time.process_time()
    with pytest.raises(QualityError, match="the date 1801-01-01 and 854999 more stands there twice"):
        parse_csv(content, "x.csv")
    assert time.process_time() - begin < 10.0


FIELD = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["", ".", "NA", "-", "1,5", "1 000", "0x1F", "１２", "true", '"', "1e5", " 7", "7 ", "nan", "1__0"]
    ),
    st.text(max_size=6),
)
DAY = st.one_of(
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from(["2026-01-02", "2026-01-05", "20260105", "2026-1-5", "", "NaT", "2026-01-02T00:00:00"]),
)
HEADER = st.lists(st.sampled_from(["date", "Date", *COLUMNS, "Adj Close", "label", ""]), min_size=1, max_size=5)
TABLE = st.builds(
    lambda header, rows: "\n".join([",".join(header), *(",".join(row) for row in rows)]).encode(
        "utf-8", "surrogatepass"
    ),
    HEADER,
    st.lists(st.builds(lambda day, fields: [day, *fields], DAY, st.lists(FIELD, max_size=4)), max_size=6),
)
PLAIN = st.builds(
    lambda name, rows: "\n".join([f"date,{name}", *(f"{day},{field}" for day, field in rows)]).encode(
        "utf-8", "replace"
    ),
    st.sampled_from(["close", "adj_close", "value"]),
    st.lists(st.tuples(DAY, FIELD), max_size=6),
)


def holds_or_refuses(content: bytes) -> None:
    """Parse; what is parsed must equal a reading by Python's own float, field by field."""
    frame = means = None
    with contextlib.suppress(StudyError):
        means = parse_csv(content, "x.csv", mean_of_several=True).frame
    with contextlib.suppress(StudyError):
        frame = parse_csv(content, "x.csv").frame
    assert means is None or (means.index.is_unique and means.index.is_monotonic_increasing)
    if frame is None:
        return
    assert means is not None
    pd.testing.assert_frame_equal(means, frame, check_exact=True, check_freq=False)
    assert frame.index.is_monotonic_increasing
    assert frame.index.is_unique
    lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip() and not line.startswith("#")]
    if '"' in "".join(lines) or not len(frame):
        return
    header = [name.strip().lower().replace(" ", "_") for name in lines[0].split(",")]
    assert len(lines) - 1 == len(frame)
    for line, (day, row) in zip(lines[1:], frame.iterrows(), strict=True):
        fields = dict(zip(header, line.split(","), strict=True))
        assert fields["date"] == f"{day:%Y-%m-%d}".zfill(10)
        for column, value in row.items():
            text = fields[str(column)]
            assert (np.isnan(value) and text in BLANKS) or value == float(text)


@settings(max_examples=150, deadline=None)
@given(st.one_of(PLAIN, TABLE, st.binary(max_size=200)))
def test_any_bytes_give_a_clean_frame_or_a_typed_error(content: bytes) -> None:
    holds_or_refuses(content)


def test_the_mean_of_the_largest_numbers_does_not_overflow() -> None:
    content = b"date,close\n2026-01-02,8.98e+307\n2026-01-02,9.02e+307\n"
    (mean,) = parse_csv(content, "x.csv", mean_of_several=True).frame["close"]
    assert mean == pytest.approx(9.0e307)


@pytest.mark.slow
def test_fuzzing_at_length() -> None:
    cases = 0

    @settings(max_examples=6000, deadline=None)
    @given(st.one_of(PLAIN, TABLE, st.binary(max_size=400)))
    def fuzz(content: bytes) -> None:
        nonlocal cases
        cases += 1
        holds_or_refuses(content)

    fuzz()
    assert cases >= 5000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dates(pd.Timestamp("1900-01-01").date(), pd.Timestamp("2100-01-01").date()), min_size=1, unique=True),
    st.data(),
)
def test_what_pandas_writes_is_read_back_bit_by_bit(days: list[object], data: st.DataObject) -> None:
    index = pd.DatetimeIndex(sorted(days), name="date").as_unit("ns")  # type: ignore[type-var]
    numbers = st.floats(allow_nan=False, allow_infinity=False)
    values = data.draw(st.lists(numbers, min_size=len(index), max_size=len(index)))
    written = pd.DataFrame({"close": values}, index=index)
    read = parse_csv(written.to_csv(date_format="%Y-%m-%d").encode(), "x.csv").frame
    pd.testing.assert_frame_equal(read, written, check_exact=True)


def test_a_named_column_is_read_as_the_value() -> None:
    content = b"date,long,short,net long\n2026-01-06,5,2,3\n2026-01-13,5,6,-1\n"
    assert parse_csv(content, "cot.csv", column="net_long").frame["value"].tolist() == [3.0, -1.0]
    with pytest.raises(SourceError, match="no column 'net'"):
        parse_csv(content, "cot.csv", column="net")


def test_several_rows_a_date_are_averaged_only_where_they_are_meant() -> None:
    content = b"date,value\n2026-01-01,1\n2026-01-01,2\n2026-01-01,6\n2026-01-02,4\n2026-01-02,.\n"
    with pytest.raises(QualityError, match="stands there twice"):
        parse_csv(content, "funding.csv")
    means = parse_csv(content, "funding.csv", mean_of_several=True).frame["value"]
    assert means.index.tolist() == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")]
    np.testing.assert_array_equal(means, [3.0, np.nan])
    with pytest.raises(QualityError, match="not in order"):
        parse_csv(b"date,value\n2026-01-02,1\n2026-01-01,2\n2026-01-01,2\n", "x.csv", mean_of_several=True)
