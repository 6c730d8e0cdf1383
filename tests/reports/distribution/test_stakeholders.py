"""The stakeholder file: every mistake is named, and nothing in it can do more than name a reader."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reports.distribution import load_stakeholders
from reports.distribution.errors import StakeholdersFileError
from reports.distribution.stakeholders import EXAMPLE, Sender

ROOT = Path(__file__).resolve().parents[3]
GOOD = """
[sender]
name = "The study"
address = "study@example.org"

[[stakeholders]]
name = "Ada"
address = "ada@example.org"
editions = ["brief.pdf"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "stakeholders.toml"
    path.write_text(text)
    return path


def test_the_example_in_the_repository_is_valid_and_shows_every_key() -> None:
    readers = load_stakeholders(ROOT / EXAMPLE)
    table = tomllib.loads((ROOT / EXAMPLE).read_text())
    assert set(table["stakeholders"][0]) == {"name", "address", "editions", "language"}
    assert len({one.language for one in readers.stakeholders}) > 1


def test_git_ignores_readers_and_ledger_and_keeps_the_example() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/stakeholders.toml", "/stakeholders.ledger.jsonl"} <= set(ignored)
    assert f"/{EXAMPLE}" not in ignored


def test_the_language_is_english_unless_said(tmp_path: Path) -> None:
    assert load_stakeholders(written(tmp_path, GOOD)).stakeholders[0].language == "en"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "Ada"', 'name = "Ada"\npassword = "x"', r"stakeholders\.0\.password.*not a key"),
        ('address = "ada@example.org"\n', "", r"stakeholders\.0\.address.*missing"),
        ('"ada@example.org"', '"ada"', r"stakeholders\.0\.address"),
        ('"ada@example.org"', '"ada@example.org, bob@example.org"', r"stakeholders\.0\.address"),
        ('"ada@example.org"', r'"ada@example.org\r\nBcc: all@example.org"', r"stakeholders\.0\.address"),
        ('"ada@example.org"', r'"ada@example.org\n"', r"stakeholders\.0\.address"),
        ('"ada@example.org"', r'"../../ada@example.org"', r"stakeholders\.0\.address"),
        ('"ada@example.org"', '"ädä@example.org"', r"stakeholders\.0\.address"),
        ('"ada@example.org"', f'"{"a" * 65}@example.org"', r"longer than an address"),
        ('"Ada"', r'"Ada\r\nBcc: all@example.org"', r"stakeholders\.0\.name.*line break"),
        ('"Ada"', r'"Ada\u202egro"', r"stakeholders\.0\.name"),
        ('"Ada"', '""', r"stakeholders\.0\.name"),
        ('["brief.pdf"]', "[]", r"stakeholders\.0\.editions"),
        ('["brief.pdf"]', '["brief.pdf", "brief.pdf"]', "a file twice"),
        ('["brief.pdf"]', '["../../../etc/passwd"]', r"stakeholders\.0\.editions\.0"),
        ('["brief.pdf"]', '["/etc/hosts.pdf"]', r"stakeholders\.0\.editions\.0"),
        ('["brief.pdf"]', '["brief.exe"]', r"stakeholders\.0\.editions\.0"),
        ('["brief.pdf"]', '["brief.pdf"]\nlanguage = "xx"', r"stakeholders\.0\.language"),
        ("[sender]", "[postman]", "sender"),
        ("[sender]", "[sender", "not valid TOML"),
        (
            "[[stakeholders]]",
            '[[stakeholders]]\nname = "A"\naddress = "ADA@Example.org"\neditions = ["report.pdf"]\n[[stakeholders]]',
            "ada@example.org stands in the file twice",
        ),
    ],
)
def test_a_mistake_is_named_with_a_remedy(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(StakeholdersFileError, match=words) as caught:
        load_stakeholders(written(tmp_path, GOOD.replace(old, new, 1)))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_missing_file_leads_to_the_example(tmp_path: Path) -> None:
    with pytest.raises(StakeholdersFileError, match=rf"stakeholders\.toml.*{EXAMPLE}"):
        load_stakeholders(tmp_path / "stakeholders.toml")


@given(st.text())
def test_no_accepted_name_or_address_holds_what_steers_a_header(text: str) -> None:
    for values in ({"name": text, "address": "a@b.org"}, {"name": "a", "address": text}):
        try:
            sender = Sender.model_validate(values)
        except ValidationError:
            continue
        assert len((sender.name + sender.address).splitlines()) == 1
        assert not any(unicodedata.category(sign) in {"Cc", "Cf"} for sign in sender.name + sender.address)
        assert sender.address.count("@") == 1
