"""The study file: each mistake is named with its key and its remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from data import load_study
from data.errors import StudyFileError
from data.study import ROLES, Study

ROOT = Path(__file__).resolve().parents[2]
INDICES = ROOT / "data" / "studies" / "us_indices.toml"
TEXT = INDICES.read_text()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "study.toml"
        path.write_text(text)
        return path

    return write


def test_the_study_holds_every_claim_and_is_frozen(main_study: Study) -> None:
    assert list(main_study.claims) == [f"C{number:02d}" for number in range(1, 27)]
    assert list(main_study.untestable) == [f"N{number}" for number in range(1, 9)]
    assert set(main_study.roles) <= set(ROLES)
    assert main_study.instrument("metal").id == "GLD"
    with pytest.raises(ValidationError):
        main_study.sha256 = "0" * 64  # type: ignore[misc]


def test_the_digest_is_of_the_bytes(written: Callable[[str], Path]) -> None:
    assert load_study(written(TEXT)).sha256 == load_study(INDICES).sha256
    assert load_study(written(TEXT.replace("sesoi = 0.10", "sesoi = 0.05"))).sha256 != load_study(INDICES).sha256


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('watch = [["dollar"]]', "monitor.watch: no instrument plays the role dollar"),
        ('stressed = "fear"', "monitor.stressed: fear is not among correlation.assets"),
        (
            'shocks = [{ name = "x", moves = { fear = -5.0 } }]',
            "monitor.shocks (x): fear is not among correlation.assets",
        ),
        ("shocks = [{ name = 'x', moves = {} }]", "monitor.shocks.0.moves"),
        ("joint = { falls = { market = 5.0 }, sessions = 5 }", "monitor.joint.falls.market"),
        ('replays = ["Atlantis 1900"]', "monitor.replays: no crisis or window is called Atlantis 1900"),
        ("mixes = [1.5]", "monitor.mixes.0"),
    ],
)
def test_what_the_monitor_looks_at_must_exist(written: Callable[[str], Path], settings: str, words: str) -> None:
    with pytest.raises(StudyFileError) as error:
        load_study(written(TEXT.replace("[stress]", f"[monitor]\n{settings}\n\n[stress]")))
    assert words in str(error.value)


def test_a_role_that_nobody_plays_is_refused() -> None:
    with pytest.raises(StudyFileError, match="no instrument plays the role 'crypto_fund'"):
        load_study(INDICES).instrument("crypto_fund")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[clock]", "[clocks]", "unknown key clocks"),
        ('exchange = "XNYS"', 'exchange = "XNYS"\ncolour = 1', "unknown key clock.colour"),
        ('role = "oil"', 'role = "gas"', "instruments.2.role"),
        ("start = 2014-01-03", "", "the key clock.start is missing"),
        ("start = 2014-01-03", 'start = "soon"', "clock.start"),
        ("start = 2014-01-03", "start = 2014-02-03", "windows.full: base 2014-01-03 lies before clock.start"),
        ("last = 2018-12-24 }\nlong", "last = 2018-11-24 }\nlong", "windows.short: last (2018-11-24) must come after"),
        ('id = "WTI"', 'id = "SPX"', "instruments: the id SPX is given twice"),
        ('role = "oil"', 'role = "growth"', "instruments: the role growth is given twice"),
        ('role = "oil"', 'role = "crypto"', "correlation.assets: no instrument plays the role oil"),
        ('["market", "growth"], ["market", "oil"]', '["market", "fear"]', "fear, which is not among the assets"),
        ("required = true", "required = false", "none is required and daily"),
        ("level = 0.95", "level = 95", "inference.level"),
        ("[claims.C03]", "[claims.X1]", "claims.X1"),
        ("[about]", "[about", "is not valid TOML"),
    ],
)
def test_a_mistake_is_named(written: Callable[[str], Path], old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(StudyFileError, match=r"study\.toml: ") as caught:
        load_study(written(TEXT.replace(old, new, -1 if old == "required = true" else 1)))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_a_study_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyFileError, match="cannot be read"):
        load_study(tmp_path / name)


MIX = '[portfolio]\nname = "half and half"\nweights = {{ growth = {}, market = 0.5 }}\n\n[clock]'
WHY = '[attribution]\nwindow = "{}"\nassets = ["growth"]\nblocks = {{ market = ["{}"] }}\n\n[clock]'


def test_a_mix_and_an_attribution_may_be_stated(written: Callable[[str], Path]) -> None:
    study = load_study(written(TEXT.replace("[clock]", MIX.format(0.5)).replace("[clock]", WHY.format("short", "oil"))))
    assert study.portfolio is not None
    assert study.portfolio.weights == {"growth": 0.5, "market": 0.5}
    assert study.attribution is not None
    assert study.attribution.roles == ("growth", "oil")
    bare = load_study(INDICES)
    assert bare.portfolio is None
    assert bare.attribution is None


@pytest.mark.parametrize(
    ("addition", "words"),
    [
        (MIX.format(0.6), "portfolio: the weights of two assets or more sum to one, not to 1.1"),
        (MIX.format(-0.5), "portfolio.weights.growth"),
        (MIX.replace("growth", "silver").format(0.5), "portfolio.weights: no instrument plays the role silver"),
        (WHY.format("shortest", "oil"), "attribution.window: there is no window 'shortest'"),
        (WHY.format("short", "silver"), "attribution: no instrument plays the role silver"),
    ],
)
def test_an_impossible_mix_or_attribution_is_named(written: Callable[[str], Path], addition: str, words: str) -> None:
    with pytest.raises(StudyFileError, match=re.escape(words)):
        load_study(written(TEXT.replace("[clock]", addition, 1)))
