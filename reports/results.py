"""Every number behind the pages as JSON, with units: `results.json` and its schema."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from data.study import Study
from models.claims.closest import ClosestReadings
from models.claims.verdict import Confirmation, Exhibit, MovedWindow, Part, SpecificationResult, Verdict
from models.clock import ClockRow
from models.estimate import Estimate, NotDecidable, TestResult
from models.measurements import Family
from models.suite import Check, ParameterTable, PathBand, Suite
from reports.charts.style import SIMULATED_MARK
from reports.evidence import Evidence
from reports.narrative import deck, headline
from reports.quoted import decisive
from reports.results_outlook import outlook_json
from reports.results_stakes import falls_json, portfolio_json

SCHEMA = Path(__file__).with_name("results.schema.json")
SCHEMA_VERSION = "1"
Json = dict[str, Any]


def results(evidence: Evidence) -> Json:
    """The evidence as plain JSON values; what is missing is null, what cannot be decided says why.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    dict
        Valid under `reports/results.schema.json`.
    """
    study, panel, provenance = evidence.study, evidence.panel, evidence.provenance
    closest = {one.id: one for one in evidence.closest}
    return {
        "schema_version": SCHEMA_VERSION,
        "mark": SIMULATED_MARK if panel.kind == "simulated" else None,
        "study": {"title": study.about.title, "question": study.about.question, "sha256": study.sha256},
        "edition": {
            "headline": headline(evidence),
            "deck": deck(evidence),
            "data_kind": panel.kind,
            "data_to": panel.last_session.isoformat(),
            "as_of": panel.as_of.isoformat(),
            "source": panel.source,
            "calendar_rule": panel.calendar_rule,
            "draft": provenance.dirty,
            "quick": evidence.quick,
            "seed": provenance.seed,
            "commit": provenance.commit,
        },
        "verdicts": [_verdict(one, study) for one in evidence.verdicts],
        "not_testable": [
            {"id": key, "statement": row.statement, "reason": row.reason, "proxy": row.proxy, "limit": row.limit}
            | _closest(closest.get(key))
            for key, row in study.untestable.items()
        ],
        "falls": falls_json(evidence.falls, _estimate),
        "portfolio": portfolio_json(evidence.portfolio, _estimate),
        "clocks": _clocks(evidence.clocks),
        "outlook": outlook_json(evidence.outlook, _measure, _frame),
        "models": _suite(evidence.suite),
        "recovered": [
            {
                "label": one.label,
                "truth": _number(one.truth),
                "monte_carlo_se": _number(one.monte_carlo_se),
                "estimate": _estimate(one.estimate),
                "inside": one.inside,
            }
            for one in evidence.recovered
        ],
        "measurements": [_family(one) for one in evidence.measurements],
        "robustness": [
            {
                "name": one.name,
                "title": one.title,
                "same_code": one.same_code,
                "result": one.result.record() if one.result is not None else None,
            }
            for one in evidence.robustness
        ],
        "data": {
            "series": [
                {
                    "role": one.role,
                    "name": panel.names.get(one.role, one.role),
                    "unit_of_change": panel.units.get(one.role, ""),
                    "first": one.first,
                    "last": one.last,
                    "observations": one.observations,
                    "missing_sessions": one.missing_sessions,
                    "light": one.light,
                    "source": panel.origins[one.role].source_line() if one.role in panel.origins else None,
                    "sha256": panel.origins[one.role].sha256 if one.role in panel.origins else None,
                }
                for one in panel.quality.summaries
            ],
            "findings": [
                {"role": one.role, "check": one.check, "light": one.light, "detail": one.detail}
                for one in panel.quality.findings
            ],
            "absent": [{"role": role, "reason": reason} for role, reason in panel.quality.absent],
        },
    }


def dump(value: Json) -> bytes:
    """JSON text that is the same in every run: no clock, fixed order, no "NaN"."""
    return (
        json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=False) + "\n"
    ).encode()


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.10g}")


def _estimate(value: Estimate | NotDecidable) -> Json:
    if isinstance(value, NotDecidable):
        return {"not_decidable": value.reason}
    return {
        "value": _number(value.value),
        "std_error": _number(value.std_error),
        "lower": _number(value.lower),
        "upper": _number(value.upper),
        "level": value.level,
        "n": value.n,
        "unit": value.unit,
        "method": value.method,
    }


def _measure(value: Estimate | TestResult | NotDecidable) -> Json:
    if isinstance(value, TestResult):
        return {
            "statistic": _number(value.statistic),
            "p_value": _number(value.p_value),
            "null": value.null,
            "reference": value.reference,
            "n": value.n,
            "method": value.method,
        }
    return _estimate(value)


def _closest(one: ClosestReadings | None) -> Json:
    """Figures and verdicts beside a statement that cannot be tested."""
    readings = () if one is None else one.readings
    verdicts = {} if one is None else {claim: outcome.value for claim, outcome in one.verdicts.items()}
    return {
        "figures": [
            {
                "label": reading.label,
                "roles": list(reading.roles),
                "estimate": _estimate(reading.value),
                "first": None if reading.first is None else reading.first.isoformat(),
                "last": None if reading.last is None else reading.last.isoformat(),
                "percentile": _number(reading.percentile),
                "spans": reading.spans,
            }
            for reading in readings
        ],
        "verdicts": verdicts,
        "weakest": None if one is None or one.weakest is None else one.weakest.value,
    }


def _clocks(rows: Mapping[str, ClockRow | NotDecidable] | NotDecidable) -> Json:
    """Correlations by the hour of the close, with what the hour changes and the lead of a session."""
    if isinstance(rows, NotDecidable):
        return {"not_decidable": rows.reason}
    return {
        role: {"not_decidable": row.reason}
        if isinstance(row, NotDecidable)
        else {
            "correlations": {clock: _estimate(one) for clock, one in row.correlations.items()},
            "differences": {clock: _estimate(one) for clock, one in row.differences.items()},
            "leads": {clock: _estimate(one) for clock, one in row.leads.items()},
            "n": row.n,
            "first": _label(row.first),
            "last": _label(row.last),
        }
        for role, row in rows.items()
    }


def _family(family: Family) -> Json:
    """Main figures of one kind; tests by their p-values."""
    return {
        "family": family.name,
        "title": family.title,
        "note": family.note,
        "figures": [
            {
                "label": one.label,
                "of": list(one.of),
                "partner": one.partner or None,
                "answer": {"p_value": _number(one.answer.p_value), "null": one.answer.null, "method": one.answer.method}
                if isinstance(one.answer, TestResult)
                else _estimate(one.answer),
            }
            for one in family.figures
        ],
    }


def _part(part: Part) -> Json:
    return {
        "label": part.label,
        "effect": _estimate(part.effect),
        "size_of_interest": _number(part.sesoi),
        "p_value": _number(part.p_value),
        "found_with_80_percent": _number(part.mde80),
        "outcome": part.outcome.value,
        "reason": part.reason,
        "specifications": [_specification(one) for one in part.specifications],
        "share": _number(part.share),
        "median": _number(part.median),
        "joint_p_value": _number(part.joint_p_value),
    }


def _specification(one: SpecificationResult) -> Json:
    return {"label": one.label, "estimate": _estimate(one.estimate)}


def _verdict(verdict: Verdict, study: Study) -> Json:
    decided_by, decided_label = decisive(verdict, study)
    return {
        "id": verdict.id,
        "statement": verdict.statement,
        "section": verdict.section,
        "family": verdict.family,
        "kind": verdict.kind,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "headline": _estimate(verdict.headline),
        "headline_label": verdict.headline_label,
        "decisive": _estimate(decided_by),
        "decisive_label": decided_label,
        "parts": [_part(part) for part in verdict.parts],
        "p_value": _number(verdict.p_value),
        "p_holm": _number(verdict.p_holm),
        "p_bh": _number(verdict.p_bh),
        "n": verdict.n,
        "n_events": verdict.n_events,
        "window": verdict.window,
        "data_kind": verdict.data_kind,
        "seed": verdict.seed,
        "specifications": [_specification(one) for one in verdict.specifications],
        "share": _number(verdict.share),
        "median": _number(verdict.median),
        "secondary": {label: _measure(one) for label, one in verdict.secondary.items()},
        "exhibits": [_exhibit(one) for one in verdict.exhibits],
        "caveats": list(verdict.caveats),
        "moved": [_moved(one) for one in verdict.moved],
        "confirmation": None if verdict.confirmation is None else _confirmation(verdict.confirmation),
    }


def _moved(one: MovedWindow) -> Json:
    return {
        "shift_base": one.shift_base,
        "shift_last": one.shift_last,
        "base": one.base.isoformat(),
        "last": one.last.isoformat(),
        "estimate": _estimate(one.estimate),
        "holds": one.holds,
    }


def _confirmation(one: Confirmation) -> Json:
    return {
        "label": one.label,
        "after": one.after.isoformat(),
        "last": one.last.isoformat(),
        "sessions": one.sessions,
        "estimate": _estimate(one.estimate),
        "towards": one.towards,
    }


def _exhibit(exhibit: Exhibit) -> Json:
    return {"name": exhibit.name, "unit": exhibit.unit, "note": exhibit.note, **_frame(exhibit.frame)}


def _frame(frame: pd.DataFrame) -> Json:
    """Index and columns of a frame; each column a list beside the index."""
    return {
        "index": [_label(one) for one in frame.index],
        "columns": {str(c): [_value(v) for v in frame[c].tolist()] for c in frame},
    }


def _label(value: object) -> str:
    return value.strftime("%Y-%m-%d") if isinstance(value, pd.Timestamp) else str(value)


def _value(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return _label(value)


def _path(path: PathBand) -> Json:
    return {
        "pair": list(path.pair),
        "quantity": path.quantity,
        "unit": "",
        "level": path.level,
        "method": path.method,
        "dispersion_percentile": _number(path.dispersion_percentile),
        **_frame(path.frame),
    }


def _parameters(table: ParameterTable) -> Json:
    record = table.convergence
    return {
        "model": table.model,
        "equation": table.equation,
        "loglik": _number(table.loglik),
        "n": table.n,
        "standard_errors": table.standard_errors,
        "convergence": {
            "converged": record.converged,
            "message": record.message,
            "starts": record.starts,
            "best": _number(record.best),
            "runner_up": _number(record.runner_up),
            "share_at_best": _number(record.share_at_best),
            "gradient_norm": _number(record.gradient_norm),
            "at_bounds": list(record.at_bounds),
            "evaluations": record.evaluations,
        },
        **_frame(table.frame),
    }


def _check(check: Check) -> Json:
    return {
        "model": check.model,
        "name": check.name,
        "value": _number(check.value),
        "target": check.target,
        "passed": check.passed,
    }


def _suite(suite: Suite) -> Json:
    return {
        "sample": suite.sample,
        "correlations": [_path(one) for one in suite.correlations.values()],
        "betas": [_path(one) for one in suite.betas.values()],
        "rivals": [{"pair": list(pair), "unit": "", **_frame(frame)} for pair, frame in suite.rivals.items()],
        "static_betas": [{"pair": list(pair), "estimate": _estimate(one)} for pair, one in suite.static_betas.items()],
        "static_correlations": [
            {"pair": list(pair), "estimate": _estimate(one)} for pair, one in suite.static_correlations.items()
        ],
        "stress": [_label(day) for day, state in suite.stress.items() if bool(state)],
        "stress_probability": {"unit": "probability", **_frame(suite.stress_probability)},
        "expected_durations": {name: _estimate(one) for name, one in suite.expected_durations.items()},
        "window_returns": {name: {"unit": "%", **_frame(frame)} for name, frame in suite.window_returns.items()},
        "parameters": [_parameters(one) for one in suite.parameters],
        "checks": [_check(one) for one in suite.checks],
    }
