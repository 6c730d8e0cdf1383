from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from evidence_factory import evidence

from models.estimate import Estimate
from reports.results import SCHEMA, dump, results
from reports.tables import verdict_table

KINDS = ("real", "simulated")


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_results_are_valid_under_the_committed_schema(kind: str, validator: jsonschema.Draft202012Validator) -> None:
    content = json.loads(dump(results(evidence(kind))))
    validator.validate(content)
    assert (content["mark"] is None) == (kind == "real")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("verdicts", 0, "outcome"), "probably"),
        (("verdicts", 0, "p_value"), 1.2),
        (("edition", "as_of"), "8 February"),
        (("verdicts", 0, "headline"), {"value": 1.0}),
        (("unexpected",), 1),
    ],
)
def test_the_schema_refuses_what_is_not_a_result(
    where: tuple[Any, ...], value: object, validator: jsonschema.Draft202012Validator
) -> None:
    content = copy.deepcopy(results(evidence()))
    target: Any = content
    for step in where[:-1]:
        target = target[step]
    target[where[-1]] = value
    assert not validator.is_valid(content)


def test_every_estimate_carries_unit_interval_and_n() -> None:
    study = evidence()
    printed = {one["id"]: one for one in results(study)["verdicts"]}
    for verdict in study.verdicts:
        headline = printed[verdict.id]["headline"]
        if isinstance(verdict.headline, Estimate):
            assert headline["value"] == pytest.approx(verdict.headline.value)
            assert headline["lower"] == pytest.approx(verdict.headline.lower)
            assert headline["upper"] == pytest.approx(verdict.headline.upper)
            assert headline["unit"] == verdict.headline.unit
            assert headline["n"] == verdict.headline.n
        else:
            assert headline == {"not_decidable": verdict.headline.reason}


def test_missing_values_are_null_and_lengths_agree() -> None:
    content = results(evidence())
    for path in content["models"]["correlations"]:
        assert all(len(column) == len(path["index"]) for column in path["columns"].values())
    holes = content["models"]["correlations"][1]["columns"]["estimate"]
    assert None in holes
    assert b"NaN" not in dump(content)


def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert dump(results(evidence())) == dump(results(evidence()))


def test_falls_add_up_and_a_mix_that_is_not_stated_is_null() -> None:
    study = evidence()
    found = results(study)
    falls = [one for one in found["falls"] if "contributions" in one]
    assert [one["role"] for one in falls] == ["crypto", "miners", "miners"]
    for one in falls:
        assert sum(part["value"] for part in one["contributions"].values()) == pytest.approx(one["move_log_percent"])
    assert "not_decidable" in found["falls"][-1]
    assert sum(found["portfolio"]["weights"].values()) == pytest.approx(1.0)
    assert results(replace(study, portfolio=None))["portfolio"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_decisive_number_is_the_one_that_page_one_prints(kind: str) -> None:
    study = evidence(kind)
    rows = verdict_table(study.verdicts, study.study, "x.").rows
    for row, verdict in zip(rows, results(study)["verdicts"], strict=True):
        printed = row[3].sort
        assert verdict["decisive"].get("value") == (None if printed is None else pytest.approx(printed))
        assert verdict["decisive_label"] in row[1].text
