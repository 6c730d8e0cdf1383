"""Data, methods, limits, what cannot be tested, terms, provenance."""

from __future__ import annotations

from models.claims.verdict import Outcome
from reports.document import Block, Bullets, Inline, Paragraph, Ref, Section, Strong
from reports.setting import Setting
from reports.tables import (
    findings_table,
    glossary_table,
    information_table,
    provenance_table,
    series_table,
    untestable_table,
)
from reports.tables.closest import closest_table
from reports.text import capitalised, humanised, in_sentence, listing, number, plural, sentence

GLOSSARY = {
    "ρ (conditional correlation)": "Correlation of two returns given everything up to the session before.",
    "β (conditional beta)": (
        "Covariance with a reference divided by its variance, given everything up to the session before."
    ),
    "z (devolatilised return)": (
        "Return divided by its own conditional volatility, so that calm and wild days weigh alike."
    ),
    "Band": "Pointwise interval around a path, session by session.",
    "bp": "Basis point, a hundredth of a percentage point.",
    "cDCC": "Corrected dynamic conditional correlation (Aielli 2013).",
    "Filtered, smoothed": "Probability from data up to the session, and from all data including later ones.",
    "Found with 80 %": "Effect that the rule would find supported in four of five samples of this size.",
    "GARCH": "Model in which today’s variance depends on yesterday’s variance and squared surprise.",
    "Holm, Benjamini–Hochberg": (
        "Corrections for testing several statements at once: of any false yes, of the share of false ones."
    ),
    "n": "Observations behind a number.",
    "p": "Chance, were there no effect, of an estimate at least as far from zero.",
    "Size of interest": "Smallest effect that would matter, fixed in the study file in advance.",
    "Specification": "One alternative way to measure the same effect.",
    "Stress": "Session whose day before ended with the fear index above its expanding percentile.",
    "–, …": "Not applicable, and missing.",
}


def data_section(setting: Setting) -> Section:
    """Origins, range, findings and what is absent."""
    panel = setting.panel
    clocks = sorted({origin.stamp for origin in panel.origins.values()})
    words = {"session": "the exchange’s close", "ny16": "16:00 in New York", "utc00": "24:00 UTC"}
    blocks: list[Block] = [
        Paragraph((f"{sentence(panel.source)} {sentence(panel.calendar_rule)}",), lead=True),
        Paragraph((f"Daily values are taken at {listing(words.get(clock, clock) for clock in clocks)}.",)),
        series_table(panel, setting.evidence.study),
    ]
    blocks += [table for table in (findings_table(panel), information_table(panel)) if table is not None]
    if panel.quality.absent:
        items: list[tuple[Inline, ...]] = [
            (
                Strong(setting.name(role) if role in panel.names else capitalised(humanised(role))),
                f": {sentence(reason)}",
            )
            for role, reason in panel.quality.absent
        ]
        blocks += [
            Paragraph(("Absent, and therefore without the specifications that need them:",)),
            Bullets(tuple(items)),
        ]
    licences = sorted({origin.licence for origin in panel.origins.values() if origin.licence})
    if licences:
        blocks.append(Paragraph((f"Terms of the data: {sentence('; '.join(licences))}",)))
    return Section("data", "Data and their quality", tuple(blocks))


#: What the methods say about days on which the exchange is closed, by the study's choice.
CLOSED_DAYS = {
    "none": "",
    "estimated": " The variance of what trades around the clock grows with the calendar days that its return covers, "
    "by an estimated share for each closed day; its betas and volatilities are those of a session of mean length.",
}


def methods_section(setting: Setting) -> Section:
    """Methods in short, from the study's own settings."""
    study = setting.evidence.study
    margins, stress, inference = study.margins, study.stress, study.inference
    draws = inference.quick_replications if setting.evidence.quick else inference.replications
    items: tuple[tuple[Inline, ...], ...] = (
        (
            Strong("Margins."),
            f" Each return has a {humanised(margins.mean)} mean and a {margins.volatility.upper()}(1,1) variance with "
            f"{ {'normal': 'normal', 't': 'Student-t', 'skewt': 'skewed Student-t'}[margins.distribution] } "
            "innovations, by "
            "quasi-maximum likelihood." + CLOSED_DAYS[margins.gap_variance],
        ),
        (
            Strong("Correlations."),
            f" Corrected DCC on {plural(len(study.correlation.assets), 'asset')}, second step on the standardised "
            "residuals; bands "
            f"from {number(inference.band_draws, 0)} draws of all parameters of both steps.",
        ),
        (
            Strong("Regimes."),
            f" Markov switching with {plural(study.regimes.k_regimes, 'regime')} and "
            f"{'Student-t' if study.regimes.distribution == 't' else 'Gaussian'} emissions on series about which "
            "nothing is claimed, "
            f"from {plural(study.regimes.starts, 'start')}.",
        ),
        (
            Strong("Stress."),
            f" The fear index above its expanding {number(100 * stress.fear_quantile, 0)}th percentile (at least "
            f"{number(stress.fear_history, 0)} sessions) at the close before: known in time, and not made from the "
            "returns under test.",
        ),
        (
            Strong("Intervals."),
            f" Level {setting.level_text}; stationary bootstrap with {number(draws, 0)} replications where no other "
            "method is named, mean "
            f"block from {inference.block_floor} to {inference.block_cap} sessions; seed {inference.seed}.",
        ),
        (
            Strong("Verdicts."),
            " An upper limit below zero or below the size of interest is “not supported”; a lower limit above zero "
            "with size, adjusted "
            "p and specifications in agreement is “supported”; with one of them failing “mixed”; all else is "
            "“inconclusive”.",
        ),
    )
    return Section("methods", "Methods in short", (Bullets(items),))


def limits_section(setting: Setting) -> Section:
    """What the edition cannot say, inconclusive statements first."""
    verdicts = setting.evidence.verdicts
    undecided = [one for one in verdicts if one.outcome is Outcome.INCONCLUSIVE]
    untested = [one for one in verdicts if one.outcome is Outcome.NOT_TESTABLE]
    missed = [one for one in setting.evidence.suite.checks if not one.passed]
    failed = [one for one in setting.evidence.suite.parameters if not one.convergence.converged]
    refused = sum(not hasattr(spec.estimate, "value") for one in verdicts for spec in one.specifications)
    items: list[tuple[Inline, ...]] = []
    if undecided:
        items.append(
            (
                Strong("Inconclusive."),
                f" {capitalised(plural(len(undecided), 'statement'))} ({listing(one.id for one in undecided)}) "
                "cannot be decided in "
                "either direction with the days there are.",
            )
        )
    if untested:
        items.append((Strong("Not tested."), f" {listing(one.id for one in untested)}: {sentence(untested[0].reason)}"))
    if setting.evidence.study.untestable:
        items.append((Strong("Beyond daily prices."), " The statements of ", Ref("untestable"), " need other data."))
    items += [
        (
            Strong("No causes."),
            " Correlations, betas and regimes describe what moved together. That selling was forced is not seen in "
            "prices.",
        ),
        (
            Strong("One event."),
            " The statements were made after the fall. Windows and thresholds were fixed without looking at "
            "results, the event itself "
            "was not chosen at random.",
        ),
        (
            Strong("Model."),
            " Bands hold if the model holds. They leave out that it may be wrong; the specification curves and "
            "rival models show how "
            "much that matters.",
        ),
    ]
    if missed:
        items.append(
            (
                Strong("Missed checks."),
                f" {capitalised(plural(len(missed), 'model check'))} missed the target; ",
                Ref("checks"),
                " names each.",
            )
        )
    if failed:
        items.append((Strong("Not converged."), f" {sentence(listing(one.model for one in failed))}"))
    if refused:
        items.append(
            (
                Strong("Dropped specifications."),
                f" {capitalised(plural(refused, 'specification'))} could not be estimated and "
                f"{'is' if refused == 1 else 'are'} counted as such.",
            )
        )
    if setting.panel.quality.absent:
        absent = listing(in_sentence(setting.name(role)) for role, _ in setting.panel.quality.absent)
        items.append((Strong("Absent series."), f" {sentence(absent)}"))
    return Section("limits", "Limits", (Bullets(tuple(items)),))


def untestable_section(setting: Setting) -> Section | None:
    """Statements that daily prices cannot decide."""
    if not setting.evidence.study.untestable:
        return None
    closest = setting.evidence.closest
    roles = dict.fromkeys(role for one in closest for reading in one.readings for role in reading.roles)
    figures = closest_table(closest, setting.source(roles))
    lead = "These statements stay on the list, with the reason why no verdict is given."
    return Section(
        "not-testable",
        "Not testable with daily prices",
        (
            Paragraph((lead, *((" ", Ref("closest"), " has the closest figures that there are.") if figures else ()))),
            untestable_table(setting.evidence.study),
            *((figures,) if figures else ()),
        ),
    )


def glossary_section() -> Section:
    """Symbols and terms."""
    return Section("terms", "Glossary", (glossary_table(GLOSSARY),))


def provenance_section(setting: Setting) -> Section:
    """How to make the edition again, whom to ask, under which terms."""
    about = setting.evidence.study.about
    return Section(
        "making",
        "Provenance",
        (
            provenance_table(setting.evidence.provenance, setting.panel),
            Paragraph((f"Contact: {about.contact}. Licence: {about.licence}. Not investment advice.",)),
        ),
    )
