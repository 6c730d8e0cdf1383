"""C24: in panics the most volatile assets are sold first.

Question   On days of stress, do more volatile assets fall by more than their exposure to the market says, in units of
           their own volatility?
Trap       A volatile asset falls more in percent on any bad day; so does one with a high beta. Returns are divided by
           the asset's own volatility and the exposure is held fixed, both as known the day before. What happens on the
           market's best days in mirror image is exposure again and not an order of selling. The parameters behind the
           volatilities are those of the whole sample; alternatives take them from the sessions before.
Criteria   The general rule on theta. Fewer than `minimum_assets` assets, `minimum_days` days or `minimum_spells` spells
           of stress: not testable.
Thresholds sesoi (own standard deviations between the calmest and the most volatile asset), minimum_assets,
           minimum_days, minimum_spells, beta_sessions (sessions behind a beta).
Statistic  theta = minus the mean over stress days of the slope of r/sigma on the rank of sigma (0 to 1), given
           beta/sigma; spells of stress are resampled whole.
Secondary  The same on calm days, on the market's worst and best 5 % of sessions, and on the first day of a spell minus
           the four after it ("first").
Literature Fama and MacBeth (1973).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

import numpy as np
import pandas as pd

from models.betas import rolling_beta
from models.claims.claim import Case, Claim, Leg, Measurement
from models.claims.primary import Primary, reaching
from models.claims.rule import conjunction
from models.claims.specifications import attempted
from models.claims.tail_betas import full_returns, worst
from models.claims.verdict import Exhibit, SpecificationResult
from models.cross_section import mean_by_stretch_bootstrap, mean_over_stretches, stretch_numbers, volatility_slopes
from models.densities import log_density_frame
from models.estimate import Estimate, NotDecidable, TestResult
from models.margins import Margins
from models.margins.estimation import fit_margin
from models.stress import drawdown_stress, fear_stress

#: Liquid assets, as far as the study has them.
ASSETS = (
    "crypto",
    "metal",
    "silver",
    "miners",
    "junior_miners",
    "market",
    "growth",
    "technology",
    "small_caps",
    "world",
    "emerging",
    "credit_fund",
    "investment_grade",
    "treasuries",
    "long_treasuries",
    "dollar",
)
#: Sessions behind the plain standard deviation among the specifications.
DEVIATION_WINDOW = 63
#: Days of a spell that are shown one by one; the first is compared with the others.
SHOWN_DAYS = 5
#: Sessions in a year.
SESSIONS = 252
UNIT = "own sd"


@dataclass(frozen=True)
class _CrossSections:
    """Returns of the assets with what was known of them the day before, on the same sessions."""

    returns: pd.DataFrame
    betas: pd.DataFrame
    deviations: dict[str, pd.DataFrame]
    margins: Margins

    def effects(
        self, days: pd.Series, deviation: pd.DataFrame | None = None, without: tuple[str, ...] = ()
    ) -> pd.Series:
        """Minus the slope on volatility of each day on which `days` is True; by GARCH unless told otherwise."""
        kept = [role for role in self.returns.columns if role not in without]
        known = self.deviations["GARCH"] if deviation is None else deviation
        chosen = [frame.loc[days, kept] for frame in (self.returns, known, self.betas)]
        return -volatility_slopes(*chosen)

    def with_parameters_until(self, last: pd.Timestamp) -> pd.DataFrame:
        """Conditional standard deviations with parameters from the sessions up to `last` alone."""
        returns, known = self.margins.returns, {}
        count = int(returns.index.searchsorted(last, side="right"))
        for margin in self.margins.fitted:
            values = np.ascontiguousarray(returns[margin.name].to_numpy())
            earlier = fit_margin(margin.name, values[:count].copy(), margin.model, start=margin.params)
            known[margin.name] = np.sqrt(margin.model.filter(earlier.params, values, earlier.backcast)[0])
        return pd.DataFrame(known, index=returns.index).loc[self.returns.index]


def measure(case: Case) -> Measurement | NotDecidable:
    """Judge the slope on volatility over days of stress."""
    measured = _measured(case)
    if isinstance(measured, NotDecidable):
        return measured
    sections, stress, effects = measured.sections, measured.stress, measured.effects
    stretches, effect, p_value = stretch_numbers(stress), measured.effect, measured.p_value
    assets = sections.returns.columns
    specifications = tuple(_specifications(case, sections))
    sesoi = case.thresholds["sesoi"]
    return Measurement(
        legs=(Leg("volatile assets fall beyond their exposure in stress", effect, sesoi, p_value, specifications),),
        combine=conjunction,
        kind="single",
        headline=effect,
        headline_label="extra fall of the most volatile against the calmest asset on a day of stress",
        n=effect.n,
        n_events=int(stretches.nunique()),
        window=f"{case.describe('full')}, {len(effects)} days of stress, {len(assets)} assets",
        secondary=_readings(case, sections, stress, effects, stretches),
        exhibits=(_spell_days(case, effects, stretches), *_volatilities(case, sections, stress)),
    )


@dataclass(frozen=True)
class _Measured:
    """The mean slope with what it is made of."""

    sections: _CrossSections
    stress: pd.Series
    effects: pd.Series
    effect: Estimate
    p_value: float


def _measured(case: Case) -> _Measured | NotDecidable:
    assets = [role for role in ASSETS if role in case.panel.returns.columns]
    if len(assets) < case.thresholds["minimum_assets"]:
        return NotDecidable(f"only {len(assets)} liquid assets, {case.thresholds['minimum_assets']:.0f} are needed")
    sections = _cross_sections(case, assets)
    stress = _on(fear_stress(case.panel, case.study.stress), sections)
    too_few = _too_few(case, stress)
    if too_few is not None:
        return too_few
    effects = sections.effects(stress)
    measured = mean_by_stretch_bootstrap(
        effects,
        stretch_numbers(stress),
        level=case.level,
        replications=case.replications,
        seed=case.seed,
        unit=UNIT,
    )
    return measured if isinstance(measured, NotDecidable) else _Measured(sections, stress, effects, *measured)


def _cross_sections(case: Case, assets: list[str]) -> _CrossSections:
    rows = case.panel.returns[assets].dropna()
    behind_beta = int(case.thresholds["beta_sessions"])
    betas = {
        role: rolling_beta(rows[role], rows["market"].rename("factor"), window=behind_beta, level=case.level).frame[
            "estimate"
        ]
        for role in assets
    }
    known_betas = pd.DataFrame(betas).shift(1).dropna()
    margins = case.margins(rows)
    deviations = {
        "GARCH": margins.variances.pow(0.5),
        f"{DEVIATION_WINDOW} sessions": rows.rolling(DEVIATION_WINDOW).std().shift(1),
    }
    index = known_betas.index[known_betas.index.isin(case.sessions("full"))]
    return _CrossSections(
        rows.loc[index], known_betas.loc[index], {name: frame.loc[index] for name, frame in deviations.items()}, margins
    )


def _on(labels: pd.Series, sections: _CrossSections) -> pd.Series:
    return labels.reindex(sections.returns.index, fill_value=False)


def _too_few(case: Case, labels: pd.Series) -> NotDecidable | None:
    days, spells = int(labels.sum()), int(stretch_numbers(labels).nunique())
    if days < case.thresholds["minimum_days"] or spells < case.thresholds["minimum_spells"]:
        return NotDecidable(f"only {days} stress days in {spells} spells")
    return None


def _specifications(case: Case, sections: _CrossSections) -> list[SpecificationResult]:
    """Stress x volatility x assets x sample, errors by spell.

    Volatilities by GARCH have parameters of the whole sample, or, for the sessions of a later one, of those before it.
    """
    labels = {
        "fear index": _on(fear_stress(case.panel, case.study.stress), sections),
        "market drawdown": _on(drawdown_stress(case.panel, case.study.stress), sections),
    }
    without: dict[str, tuple[str, ...]] = {"all assets": (), "without Bitcoin": ("crypto",)}
    later = case.open_windows("post_2020")
    earlier = cache(lambda sample: sections.with_parameters_until(pd.Timestamp(case.study.windows[sample].base)))
    volatilities: list[tuple[str, str, Callable[[], pd.DataFrame]]] = [
        (name, sample, partial(sections.deviations.__getitem__, name))
        for name, sample in product(sections.deviations, ("full", *later))
    ]
    volatilities += [("GARCH of the sessions before", sample, partial(earlier, sample)) for sample in later]
    results = []
    for (by, label), (deviation, sample, known), (core, dropped) in product(
        labels.items(), volatilities, without.items()
    ):
        chosen = label & label.index.isin(case.sessions(sample))

        def estimate(
            chosen: pd.Series = chosen,
            known: Callable[[], pd.DataFrame] = known,
            dropped: tuple[str, ...] = dropped,
        ) -> Estimate | NotDecidable:
            effects = sections.effects(chosen, known(), dropped)
            return mean_over_stretches(effects, stretch_numbers(chosen), level=case.level, unit=UNIT)

        name = f"{by}, volatility by {deviation}, {core}, {sample.replace('_', ' ')}"
        too_few = _too_few(case, chosen)
        results.append(SpecificationResult(name, too_few) if too_few else attempted(name, estimate))
    return results


def _readings(
    case: Case, sections: _CrossSections, stress: pd.Series, effects: pd.Series, stretches: pd.Series
) -> dict[str, Estimate | TestResult | NotDecidable]:
    market = full_returns(case, ("market",))["market"].reindex(sections.returns.index)
    lowest, best = market <= market.quantile(case.tail), market >= market.quantile(1.0 - case.tail)
    return {
        "the same on calm days": _mean(case, sections, ~stress),
        f"the same on the market's {worst(case.tail)} of sessions": _mean(case, sections, lowest),
        f"the same on the market's best {100.0 * case.tail:.3g} % of sessions": _mean(case, sections, best),
        "first day of a spell minus the four after it": _first_days(case, effects, stretches),
    }


def _mean(case: Case, sections: _CrossSections, labels: pd.Series) -> Estimate | NotDecidable:
    return mean_over_stretches(sections.effects(labels), stretch_numbers(labels), level=case.level, unit=UNIT)


def _day_of_spell(stretches: pd.Series) -> pd.Series:
    return stretches.groupby(stretches).cumcount() + 1


def _first_days(case: Case, effects: pd.Series, stretches: pd.Series) -> Estimate | NotDecidable:
    """Effect on the first day minus the mean of the next four, over the spells that last longer than a day."""
    day = _day_of_spell(stretches)
    first = effects[day == 1].groupby(stretches[day == 1]).mean()
    later = effects[(day > 1) & (day <= SHOWN_DAYS)]
    differences = (first - later.groupby(stretches.loc[later.index]).mean()).dropna()
    own = pd.Series(np.arange(len(differences)), index=differences.index)
    return mean_over_stretches(differences, own, level=case.level, unit=UNIT)


def _spell_days(case: Case, effects: pd.Series, stretches: pd.Series) -> Exhibit:
    day, rows = _day_of_spell(stretches), {}
    for number in range(1, SHOWN_DAYS + 1):
        chosen = effects[day == number]
        one = mean_over_stretches(chosen, stretches, level=case.level, unit=UNIT)
        if isinstance(one, Estimate):
            rows[f"day {number} of a spell"] = (one.value, one.lower, one.upper)
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])
    note = "Minus the slope of scaled returns on the rank of volatility, given scaled betas; spells of the fear index"
    return Exhibit("extra fall of volatile assets by day of the spell", frame, "own standard deviations", note)


def _volatilities(case: Case, sections: _CrossSections, stress: pd.Series) -> tuple[Exhibit, ...]:
    """By which volatilities the assets are ranked: their densities on calm days and on days of stress."""
    annual = np.sqrt(SESSIONS) * sections.deviations["GARCH"]
    ranked = annual[annual.median().sort_values(ascending=False).index].rename(columns=dict(case.panel.names))
    return tuple(
        Exhibit(name, log_density_frame(ranked[days]), "% a year", "GARCH volatilities known at the close before")
        for name, days in (("volatility on calm days", ~stress), ("volatility on days of stress", stress))
    )


def primary(case: Case) -> Primary | NotDecidable:
    """Mean slope on volatility over days of stress."""
    measured = _measured(case)
    return measured if isinstance(measured, NotDecidable) else reaching(measured.effect, case.thresholds["sesoi"])


CLAIM = Claim(
    id="C24",
    needs=("market", "fear"),
    windows=("full",),
    thresholds=("sesoi", "minimum_assets", "minimum_days", "minimum_spells", "beta_sessions"),
    measure=measure,
    primary=primary,
)
