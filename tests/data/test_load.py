"""From a folder to a panel, and every way in which it can fail."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import load_panel
from data.errors import QualityError, SourceError, StudyError, StudyFileError
from data.study import Clock, CsvFile, Quality, Study, Window

START, LAST, AS_OF = date(2024, 6, 3), date(2025, 12, 31), date(2026, 1, 4)

Rewrite = Callable[[str, Callable[[str], str]], None]


def test_a_folder_becomes_a_panel(small_study: Study, folder: Path) -> None:
    panel = load_panel(small_study, folder)
    assert panel.roles == ("crypto", "metal", "credit", "conditions")
    assert (panel.levels.index[0].date(), panel.last_session) == (START, date(2026, 1, 2))
    assert len(panel.levels) == len(panel.returns) + 1 == len(panel.gap_days) + 1
    assert panel.source == "real data from folder prices (CSV files), to 2026-01-02"
    assert str(folder.parent) not in repr(panel)
    assert (panel.kind, panel.as_of) == ("real", AS_OF)
    assert dict(panel.units) == {"crypto": "%", "metal": "%", "credit": "bp", "conditions": "points"}
    assert panel.gap_days.loc["2025-12-26"] == 2
    assert "Bitcoin trades around the clock and is taken at 16:00 New York" in panel.calendar_rule
    assert panel.quality.absent == ()


def test_levels_are_what_the_file_says(small_study: Study, folder: Path) -> None:
    panel = load_panel(small_study, folder)
    btc = pd.read_csv(folder / "btc-ny16.csv", index_col="date", parse_dates=True)["close"]
    assert panel.levels["crypto"].tolist() == btc.reindex(panel.levels.index).tolist()
    monday = pd.Timestamp("2025-12-08")
    expected = 100.0 * np.log(btc.loc[monday] / btc.loc["2025-12-05"])
    assert panel.returns.loc[monday, "crypto"] == pytest.approx(expected)
    assert panel.returns["crypto"].sum() == pytest.approx(100.0 * np.log(btc.loc["2026-01-02"] / btc.loc["2024-06-03"]))
    assert panel.history["crypto"].index[0] == pd.Timestamp("2024-01-01")


def test_a_second_file_is_carried_beside_and_lends_its_volume(small_study: Study, folder: Path) -> None:
    panel = load_panel(small_study, folder)
    (second,) = panel.alternatives["crypto"]
    assert (second.origin.address, second.origin.stamp) == ("btc.csv", "utc00")
    assert second.levels.notna().all()
    assert panel.volumes["crypto"].notna().all()
    assert any(one.role == "crypto" and one.check == "volume" for one in panel.quality.findings)
    assert panel.volumes["credit"].isna().all()


def test_the_second_file_stands_in_for_the_first_and_says_so(small_study: Study, folder: Path) -> None:
    (folder / "btc-ny16.csv").unlink()
    panel = load_panel(small_study, folder)
    assert panel.origins["crypto"].stamp == "utc00"
    assert "24:00 UTC" in panel.calendar_rule
    assert any(one.check == "second choice" and one.light == "amber" for one in panel.quality.findings)


def test_weekly_values_stand_at_their_release(small_study: Study, folder: Path) -> None:
    panel = load_panel(small_study, folder)
    known = panel.levels["conditions"].dropna()
    # Friday 2025-12-19 is released on Wednesday 24 December, Friday 12-26 on 31 December; 01-02 is not known on 01-04.
    assert known.index[-1] == pd.Timestamp("2025-12-31")
    assert panel.history["conditions"].index[-1] == pd.Timestamp("2025-12-26")
    assert panel.levels["conditions"].isna().sum() > 250


@pytest.mark.parametrize("as_of", ["2025-12-31", date(2025, 12, 31), datetime(2025, 12, 31, 8)])
def test_as_of_cuts_everything(small_study: Study, folder: Path, as_of: date | str) -> None:
    panel = load_panel(small_study, folder, as_of)
    assert panel.as_of == panel.last_session == LAST
    assert all(series.index[-1] <= pd.Timestamp(LAST) for series in panel.history.values())
    assert all(summary.last <= "2025-12-31" for summary in panel.quality.summaries)


def test_until_is_what_was_known_then(small_study: Study, folder: Path) -> None:
    whole, then = load_panel(small_study, folder), load_panel(small_study, folder, LAST)
    cut = whole.until(LAST)
    for name in ("levels", "returns", "closes", "volumes"):
        pd.testing.assert_frame_equal(getattr(cut, name), getattr(then, name))
    for role in then.roles:
        pd.testing.assert_series_equal(cut.history[role], then.history[role])
    pd.testing.assert_series_equal(cut.alternatives["crypto"][0].levels, then.alternatives["crypto"][0].levels)
    assert (cut.source, cut.as_of, cut.last_session) == (then.source, then.as_of, then.last_session)
    assert whole.until(date(2030, 1, 1)) is whole
    with pytest.raises(QualityError, match="Choose a later date"):
        whole.until(START)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dates(date(2025, 12, 17), date(2026, 1, 4)))
def test_cutting_a_panel_equals_loading_it_cut(small_study: Study, folder: Path, last: date) -> None:
    then, cut = load_panel(small_study, folder, last), load_panel(small_study, folder).until(last)
    assert then.source == cut.source
    pd.testing.assert_frame_equal(then.levels, cut.levels)
    pd.testing.assert_frame_equal(then.returns, cut.returns)
    for role in then.roles:
        pd.testing.assert_series_equal(then.history[role], cut.history[role])


def test_nothing_from_the_future_changes_the_past(small_study: Study, folder: Path, rewrite: Rewrite) -> None:
    before = load_panel(small_study, folder, LAST)
    rewrite("gld.csv", lambda text: text.rsplit("\n2026-01-02", 1)[0] + "\n2026-01-02,1,1,1\n")
    after = load_panel(small_study, folder, LAST)
    pd.testing.assert_frame_equal(before.returns, after.returns)


def test_data_beyond_today_do_no_harm(small_study: Study, folder: Path) -> None:
    panel = load_panel(small_study, folder, "2026-06-30")
    assert panel.last_session == date(2026, 1, 2)


def test_the_panel_ends_with_the_first_required_series(small_study: Study, folder: Path, rewrite: Rewrite) -> None:
    rewrite("gld.csv", lambda text: text.rsplit("\n2026-01-02", 1)[0] + "\n")
    panel = load_panel(small_study, folder)
    assert panel.last_session == LAST
    assert any(one.role == "credit" and one.check == "beyond the panel" for one in panel.quality.findings)


def test_an_optional_instrument_may_be_absent(small_study: Study, folder: Path) -> None:
    (folder / "hyo.csv").unlink()
    panel = load_panel(small_study, folder)
    assert "credit" not in panel.roles
    assert panel.quality.absent == (("credit", "none of hyo.csv, hyo-SIMULATED.csv is in folder prices"),)


def test_a_negative_value_is_data_where_differences_are_taken(
    small_study: Study, folder: Path, rewrite: Rewrite
) -> None:
    rewrite("hyo.csv", lambda text: text.replace("2025-03-03,", "2025-03-03,-"))
    assert load_panel(small_study, folder).levels.loc["2025-03-03", "credit"] < 0.0


def test_digest_follows_the_bytes(small_study: Study, folder: Path, rewrite: Rewrite) -> None:
    first = load_panel(small_study, folder).sha256
    assert load_panel(small_study, folder).sha256 == first
    rewrite("btc.csv", lambda text: text + "\n")
    assert load_panel(small_study, folder).sha256 != first


def test_a_marked_file_marks_the_panel(small_study: Study, folder: Path, rewrite: Rewrite) -> None:
    rewrite("gld.csv", lambda text: "# SIMULATED DATA, NOT MARKET EVIDENCE\n" + text)
    panel = load_panel(small_study, folder)
    assert panel.kind == "simulated"
    assert panel.origins["metal"].simulated
    assert panel.source.startswith("partly SIMULATED data (not market evidence) from folder prices")


def test_an_optional_series_that_ended_before_the_panel_is_absent(
    small_study: Study, folder: Path, rewrite: Rewrite
) -> None:
    rewrite("hyo.csv", lambda text: "\n".join(text.splitlines()[:30]) + "\n")
    panel = load_panel(small_study, folder)
    assert panel.quality.absent == (("credit", "it has no value on any session of the panel"),)
    assert "credit" not in panel.roles


def test_a_red_light_stops_the_run_unless_it_is_accepted(small_study: Study, folder: Path, rewrite: Rewrite) -> None:
    def halve(text: str) -> str:
        header, *rows = text.strip().splitlines()
        split = [row.split(",") for row in rows]
        later = [
            [day, *(str(float(field) / 2.0) for field in fields)] if day >= "2025-06-02" else [day, *fields]
            for day, *fields in split
        ]
        return "\n".join([header, *(",".join(row) for row in later)]) + "\n"

    rewrite("gld.csv", halve)
    with pytest.raises(QualityError, match=r"gld\.csv: unadjusted split: .* factor of 2 on 2025-06-02"):
        load_panel(small_study, folder)
    accepting = small_study.model_copy(update={"quality": Quality(accept_red=("metal",))})
    panel = load_panel(accepting, folder)
    assert {one.role for one in panel.quality.summaries if one.light == "red"} == {"metal"}
    assert panel.returns.loc["2025-06-02", "metal"] < -60.0


def test_a_file_for_comparison_is_compared_and_nothing_else(small_study: Study, folder: Path) -> None:
    gold = small_study.instrument("metal").model_copy(
        update={"cross_checks": (CsvFile(name="hyo.csv", agreement=0.5), CsvFile(name="not-there.csv"))}
    )
    others = tuple(one for one in small_study.instruments if one.role != "metal")
    panel = load_panel(small_study.model_copy(update={"instruments": (gold, *others)}), folder)
    (found,) = (one for one in panel.quality.findings if one.role == "metal" and one.check == "second reading")
    assert found.light == "amber"
    assert found.detail.startswith("hyo.csv: correlation of changes ")
    assert panel.alternatives["metal"] == ()
    assert panel.sha256 != load_panel(small_study, folder).sha256


def _every_value(text: str, value: str) -> str:
    header, *rows = text.strip().splitlines()
    width = header.count(",")
    return "\n".join([header, *(row.split(",")[0] + f",{value}" * width for row in rows)]) + "\n"


BROKEN: list[tuple[str, Callable[[str], str], type[StudyError], str]] = [
    ("empty", lambda _: "", SourceError, "gld.csv: is empty"),
    ("html", lambda _: "<html>limit</html>", SourceError, "gld.csv: holds HTML"),
    ("column", lambda text: text.replace("close", "klose"), SourceError, "gld.csv: has no column close"),
    ("no date", lambda text: text.replace("date", "day"), SourceError, "gld.csv: has no column 'date'"),
    ("number", lambda text: text.replace("2025-03-03,", "2025-03-03,x"), SourceError, "is not a number"),
    ("cut short", lambda text: text[:-20], SourceError, "fields where the header has"),
    ("twice", lambda text: text + text.splitlines()[-1], QualityError, "stands there twice"),
    ("order", lambda text: text + "2025-03-01,1,1,1\n", QualityError, "dates are not in order"),
    ("negative", lambda text: text.replace("2025-03-03,", "2025-03-03,-"), QualityError, "is not positive"),
    ("zero", lambda text: _every_value(text, "0"), QualityError, "is not positive"),
    ("constant", lambda text: _every_value(text, "7"), QualityError, "it never moves"),
    ("three rows", lambda text: "\n".join(text.splitlines()[:4]), QualityError, "before window"),
    (
        "three late rows",
        lambda text: "\n".join([text.splitlines()[0], *text.splitlines()[-3:]]),
        QualityError,
        "has 3 values",
    ),
    (
        "old",
        lambda text: text.split("\n2025-12-2")[0] + "\n",
        QualityError,
        "GLD ends on 2025-12-19, before window short",
    ),
]


@pytest.mark.parametrize(("change", "error", "words"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_required_file_stops_the_run(
    small_study: Study,
    folder: Path,
    rewrite: Rewrite,
    change: Callable[[str], str],
    error: type[StudyError],
    words: str,
) -> None:
    rewrite("gld.csv", change)
    with pytest.raises(error, match=r"gld\.csv") as caught:
        load_panel(small_study, folder)
    assert words in str(caught.value)
    assert str(folder) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_negative_price_is_named_with_its_day(small_study: Study, folder: Path, rewrite: Rewrite) -> None:
    rewrite("gld.csv", lambda text: text.replace("2025-03-03,", "2025-03-03,-"))
    with pytest.raises(QualityError, match="close on 2025-03-03 is not positive"):
        load_panel(small_study, folder)


def test_a_negative_volume_is_refused(small_study: Study, folder: Path, rewrite: Rewrite) -> None:
    rewrite("btc.csv", lambda text: text.rsplit(",", 1)[0] + ",-5\n")
    with pytest.raises(QualityError, match="volume on 2026-01-04 is negative"):
        load_panel(small_study, folder)


def test_a_required_file_that_is_missing_is_named(small_study: Study, folder: Path) -> None:
    (folder / "gld.csv").unlink()
    with pytest.raises(SourceError, match=r"GLD: none of gld.csv.* is in folder prices.* Add gld.csv"):
        load_panel(small_study, folder)


def test_a_folder_in_place_of_a_file_is_named(small_study: Study, folder: Path) -> None:
    (folder / "gld.csv").unlink()
    (folder / "gld.csv").mkdir()
    with pytest.raises(SourceError, match=r"gld.csv: is a folder where a file is expected"):
        load_panel(small_study, folder)


def test_a_pipe_in_place_of_a_file_is_named(small_study: Study, folder: Path) -> None:
    (folder / "gld.csv").unlink()
    os.mkfifo(folder / "gld.csv")
    with pytest.raises(SourceError, match=r"gld\.csv: is no regular file"):
        load_panel(small_study, folder)


def test_capital_letters_do_not_hide_a_file(small_study: Study, folder: Path) -> None:
    plain = load_panel(small_study, folder)
    (folder / "gld.csv").rename(folder / "GLD.CSV")
    panel = load_panel(small_study, folder)
    pd.testing.assert_frame_equal(panel.returns, plain.returns)
    assert panel.origins["metal"].address == "GLD.CSV"
    (folder / "gld.csv").write_text("date,close\n")
    with pytest.raises(SourceError, match=r"gld\.csv: holds a header but no row"):
        load_panel(small_study, folder)


def test_a_file_without_permission_is_named(small_study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SourceError, match=r"cannot be read \(permission denied\)"):
        load_panel(small_study, folder)


@pytest.mark.parametrize("source", ["no/such/folder", "gld"])
def test_a_missing_folder_is_named(small_study: Study, source: str) -> None:
    with pytest.raises(SourceError, match=f"{source}: there is no such folder"):
        load_panel(small_study, source)


def test_a_file_in_place_of_the_folder_is_named(small_study: Study, folder: Path) -> None:
    with pytest.raises(SourceError, match="is a file, not a folder"):
        load_panel(small_study, folder / "gld.csv")


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("soon", "AS_OF=soon: is not a date"),
        ("2026-02-30", "is not a date"),
        ("2025-12-15", "leaves nothing of window short, whose base is 2025-12-15"),
        (date(2012, 1, 1), "leaves nothing of window short"),
    ],
)
def test_an_impossible_as_of_is_refused(small_study: Study, folder: Path, as_of: date | str, words: str) -> None:
    with pytest.raises(StudyFileError) as caught:
        load_panel(small_study, folder, as_of)
    assert words in str(caught.value)


def test_too_few_sessions_are_refused_with_the_minimum(small_study: Study, folder: Path) -> None:
    early = small_study.model_copy(update={"windows": {"full": Window(base=START)}})
    with pytest.raises(QualityError, match=r"AS_OF=2024-12-31: leaves 147 sessions.*At least 251 are needed"):
        load_panel(early, folder, "2024-12-31")


def test_a_start_on_a_weekend_without_a_session_is_refused(small_study: Study, folder: Path) -> None:
    weekend = small_study.model_copy(
        update={"windows": {}, "clock": Clock(exchange="XNYS", start=date(2025, 12, 27))},
    )
    with pytest.raises(QualityError, match=r"AS_OF=2025-12-28: leaves 0 sessions"):
        load_panel(weekend, folder, "2025-12-28")


class TestHalfDays:
    """Black Friday and Christmas Eve of the made-up folder's two years close at 13:00."""

    SHORT = ("2024-07-03", "2024-11-29", "2024-12-24", "2025-07-03", "2025-11-28", "2025-12-24")

    def study(self, small_study: Study) -> Study:
        crypto, *others = small_study.instruments
        files = (crypto.files[0].model_copy(update={"half_days": "more/btc-early.csv"}), *crypto.files[1:])
        return small_study.model_copy(update={"instruments": (crypto.model_copy(update={"files": files}), *others)})

    def write(self, folder: Path, days: tuple[str, ...]) -> None:
        (folder / "more").mkdir()
        rows = "".join(f"{day},{40_000 + i}\n" for i, day in enumerate(days))
        (folder / "more" / "btc-early.csv").write_text(f"date,close\n{rows}")

    def test_prices_of_the_early_close_replace_those_of_16_00(self, small_study: Study, folder: Path) -> None:
        before = load_panel(self.study(small_study), folder)
        self.write(folder, self.SHORT)
        after = load_panel(self.study(small_study), folder)
        changed = after.levels.index[(after.levels["crypto"] != before.levels["crypto"])]
        assert [f"{day:%Y-%m-%d}" for day in changed] == list(self.SHORT)
        assert after.levels.loc["2025-11-28", "crypto"] == 40_004.0
        assert "On 6 half days Bitcoin is taken at the early close, 13:00." in after.calendar_rule
        assert after.origins["crypto"].address == "btc-ny16.csv, on half days btc-early.csv"
        assert after.origins["crypto"].sha256 != before.origins["crypto"].sha256
        assert {one.detail[:30] for one in after.quality.findings if one.check == "half days"} == {
            "taken at the exchange's early "
        }
        early = load_panel(self.study(small_study), folder, "2025-12-20")
        assert "On 5 half days Bitcoin" in early.calendar_rule

    def test_a_day_that_is_no_half_day_is_refused(self, small_study: Study, folder: Path) -> None:
        self.write(folder, (*self.SHORT[:-1], "2025-12-23"))
        with pytest.raises(QualityError, match="2025-12-23, which is no half day"):
            load_panel(self.study(small_study), folder)

    def test_another_clock_has_no_early_close(self) -> None:
        with pytest.raises(ValueError, match="ny16"):
            CsvFile(name="btc.csv", stamp="utc00", half_days="early.csv")
