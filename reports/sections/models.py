"""The models behind the verdicts: paths, regimes, parameters, checks."""

from __future__ import annotations

import re
from dataclasses import replace

from models.suite import PathBand
from reports.charts.paths import Line, band_chart, probability_chart
from reports.charts.style import MUTED
from reports.document import Block, Figure, Paragraph, Ref, Section
from reports.narrative import path_title, recovery, regime_title
from reports.sections.clock import clock_section
from reports.sections.front import key_paths, path_note
from reports.sections.measurements import measurements_section
from reports.sections.revisions import revision_block
from reports.setting import Setting
from reports.tables import beta_rows, checked_model, checks_table, estimates_table, parameter_table, recovered_table
from reports.text import capitalised, in_sentence, listing, plural, sentence, share

_CLAIMED_PAIR = ("miners", "metal")


def models_section(setting: Setting) -> Section:
    """Correlations, betas, regimes, parameters and checks."""
    children = [
        one
        for one in (
            correlations(setting),
            clock_section(setting),
            betas(setting),
            regimes(setting),
            measurements_section(setting),
            parameters(setting),
            checks(setting),
        )
        if one is not None
    ]
    lead = Paragraph((f"The correlation models are fitted to {setting.evidence.suite.sample}.",), lead=True)
    return Section("models", "The models", (lead,), tuple(children))


def correlations(setting: Setting) -> Section | None:
    """One figure for each conditional correlation, and the rival models where they ran."""
    suite = setting.evidence.suite
    blocks: list[Block] = []
    key = key_paths(setting, height=132)
    if key is not None:
        blocks.append(key)
    for pair, path in suite.correlations.items():
        if path.frame["estimate"].notna().any():
            blocks.append(_path_figure(path, setting, f"correlation-{'-'.join(pair)}"))
        else:
            blocks.append(_absent(path, setting))
    return Section("correlations", "Conditional correlations", tuple(blocks)) if blocks else None


def betas(setting: Setting) -> Section | None:
    """One figure for each conditional beta and a table of the static ones."""
    suite = setting.evidence.suite
    blocks: list[Block] = []
    for pair, path in suite.betas.items():
        if path.frame["estimate"].notna().any():
            blocks.append(_path_figure(path, setting, f"beta-{'-'.join(pair)}", claimed=_claimed(pair, setting)))
        else:
            blocks.append(_absent(path, setting))
    if suite.static_betas:
        blocks.append(
            estimates_table(
                "static-betas",
                "Static betas over the whole sample",
                beta_rows(suite.static_betas, setting.panel),
                setting.source(dict.fromkeys(role for pair in suite.static_betas for role in pair)),
                head="Beta of",
            )
        )
    return Section("betas", "Conditional betas", tuple(blocks)) if blocks else None


def _absent(path: PathBand, setting: Setting) -> Paragraph:
    one, other = (setting.name(role) for role in path.pair)
    return Paragraph((f"The {path.quantity} of {one} and {other} could not be estimated on these data.",))


def _claimed(pair: tuple[str, str], setting: Setting) -> tuple[float, float, str] | None:
    for claim in setting.evidence.study.claims.values():
        if claim.enabled and pair == _CLAIMED_PAIR and {"low", "high"} <= set(claim.thresholds):
            low, high = claim.thresholds["low"], claim.thresholds["high"]
            return low, high, f"claimed: {low:g} to {high:g}"
    return None


def _path_figure(
    path: PathBand,
    setting: Setting,
    key: str,
    *,
    claimed: tuple[float, float, str] | None = None,
    height: int = 132,
) -> Figure:
    title = path_title(path, setting.panel)
    rivals = _rivals(path, setting)
    thin = f" Thin grey: {listing(line.label for line in rivals)}." if rivals else ""
    index = path.frame.index
    what = "Conditional correlation" if path.quantity == "correlation" else "Conditional beta"
    label = f"{'with' if path.quantity == 'correlation' else 'on'} {in_sentence(setting.name(path.pair[1]))}"
    wavy = (
        ""
        if path.dispersion_percentile is None
        else (
            f" Its line is wavier than {share(path.dispersion_percentile)} of those from worlds with constant "
            "correlation."
        )
    )
    return Figure(
        key=key.replace("_", "-"),
        title=title,
        subtitle=f"{what} of daily returns, {index[0].date().isoformat()} to {index[-1].date().isoformat()}, weekly "
        "readings in "
        f"print; {setting.level_text} pointwise band",
        chart=band_chart(
            [Line(label, path.frame, setting.color(path))],
            setting.time_frame(index),
            domain=setting.domain(path),
            claimed=claimed,
            height=height,
            beside=rivals,
        ),
        alt=f"{title}. A line over time with its band.",
        source=setting.source(path.pair),
        note=f"{path_note(path, setting)}{thin}{wavy}",
    )


def _rivals(path: PathBand, setting: Setting) -> list[Line]:
    """The same quantity from other models, at most two."""
    table = setting.evidence.suite.rivals.get(path.pair)
    if path.quantity != "correlation" or table is None:
        return []
    return [
        Line(str(name), table[[name]].set_axis(["estimate"], axis=1), MUTED)
        for name in table.columns[:2]
        if table[name].notna().any()
    ]


def regimes(setting: Setting) -> Section | None:
    """Probability of the turbulent regime and expected durations."""
    suite = setting.evidence.suite
    blocks: list[Block] = []
    reference = listing(in_sentence(setting.name(role)) for role in setting.evidence.study.regimes.reference)
    if suite.stress_probability.notna().any().any():
        title = regime_title(suite.stress_probability)
        index = suite.stress_probability.index
        blocks.append(
            Figure(
                key="regime-probability",
                title=title,
                subtitle=f"Probability of the turbulent regime, {index[0].date().isoformat()} to "
                f"{index[-1].date().isoformat()}, "
                "weekly readings in print",
                chart=probability_chart(suite.stress_probability, setting.time_frame(index)),
                alt=f"{title}. Filtered and smoothed probability over time.",
                source=setting.source(setting.evidence.study.regimes.reference),
                note=f"Markov switching with {plural(setting.evidence.study.regimes.k_regimes, 'regime')} on "
                f"{reference} only, so that "
                "no statement is judged by its own series. Grey area: smoothed, with all later data. "
                f"{setting.shading}",
            )
        )
        blocks.append(revision_block(setting))
    if suite.expected_durations:
        blocks.append(
            estimates_table(
                "durations",
                "Expected duration of a spell",
                [(capitalised(name), one) for name, one in suite.expected_durations.items()],
                setting.source(setting.evidence.study.regimes.reference),
                head="Regime",
            )
        )
    return Section("regimes", "Regimes", tuple(blocks)) if blocks else None


def parameters(setting: Setting) -> Section | None:
    """Parameter tables, one a model."""
    tables = setting.evidence.suite.parameters
    if not tables:
        return None
    return Section(
        "parameters",
        "Parameters",
        tuple(parameter_table(i, one, setting.panel, setting.source()) for i, one in enumerate(tables, 1)),
    )


def checks(setting: Setting) -> Section | None:
    """Model checks with targets."""
    every = setting.evidence.suite.checks
    if not every:
        return None
    missed = [one for one in every if not one.passed]
    named = [f"{one.name} ({checked_model(one, setting.panel)})" for one in missed[:6]]
    words = (
        f"{capitalised(plural(len(missed), 'check misses', 'checks miss'))} the target: "
        f"{listing(named)}{' and others' if len(missed) > 6 else ''}"
        if missed
        else "All checks meet their targets"
    )
    return Section(
        "model-checks",
        "Checks",
        (
            Paragraph((sentence(words), " ", Ref("checks"), " lists all.")),
            checks_table(every, setting.panel, setting.source()),
        ),
    )


def recovery_section(setting: Setting) -> Section | None:
    """On simulated data: known values against estimates."""
    recovered = [replace(one, label=_named(one.label, setting)) for one in setting.evidence.recovered]
    if not recovered:
        return None
    return Section(
        "recovery",
        "Does the machine recover the truth?",
        (
            Paragraph((recovery(recovered),), lead=True),
            recovered_table(recovered, "truth file of the simulated sample."),
        ),
    )


def _named(label: str, setting: Setting) -> str:
    """The label with names of assets for their roles."""
    roles = "|".join(map(re.escape, setting.evidence.study.correlation.assets))
    return re.sub(rf"\b({roles})\b", lambda found: in_sentence(setting.name(found.group(1))), label)
