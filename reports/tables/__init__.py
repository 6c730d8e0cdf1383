"""Tables from evidence: one function a table, numbers already in words and figures."""

from reports.tables.data import (
    findings_table,
    frame_table,
    glossary_table,
    information_table,
    provenance_table,
    series_table,
)
from reports.tables.models import (
    beta_rows,
    checked_model,
    checks_table,
    convergence_sentence,
    estimates_table,
    parameter_table,
    recovered_table,
)
from reports.tables.verdicts import (
    meanings_table,
    parts_table,
    secondary_table,
    untestable_table,
    verdict_table,
    window_table,
)

__all__ = [
    "beta_rows",
    "checked_model",
    "checks_table",
    "convergence_sentence",
    "estimates_table",
    "findings_table",
    "frame_table",
    "glossary_table",
    "information_table",
    "meanings_table",
    "parameter_table",
    "parts_table",
    "provenance_table",
    "recovered_table",
    "secondary_table",
    "series_table",
    "untestable_table",
    "verdict_table",
    "window_table",
]
