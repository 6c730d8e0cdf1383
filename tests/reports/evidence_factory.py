"""A plausible Evidence from seeded random numbers: what the pages are tested against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from outlook_factory import outlook

from data.origin import Origin
from data.panel import Panel
from data.quality import Finding, QualityReport, SeriesSummary
from data.study import Study, load_study
from models.claims.closest import ClosestReadings, ProxyReading
from models.claims.recovery import Recovered
from models.claims.verdict import (
    Confirmation,
    Exhibit,
    MovedWindow,
    Outcome,
    Part,
    SpecificationResult,
    Verdict,
)
from models.clock import CLOCKS, EXCHANGE, FUND, LEADS, ClockRow
from models.correlation import CorrelationResult
from models.drivers import Attribution, Fall
from models.estimate import Estimate, NotDecidable, TestResult
from models.long_study import LongResult
from models.optimise import Convergence
from models.portfolio import MixRisk, PortfolioRisk
from models.regimes import SwitchingResult
from models.suite import Check, Pair, ParameterTable, PathBand, Suite
from reports.evidence import Evidence, Provenance, QuotedStudy

ROOT = Path(__file__).parents[2]
LAST = date(2026, 2, 6)
VOLATILITY = {"crypto": 3.4, "miners": 2.3, "junior_miners": 2.7, "fear": 7.0, "market": 1.1, "growth": 1.4}


def estimate(
    value: float, half: float, *, unit: str = "", n: int = 2812, method: str = "stationary bootstrap"
) -> Estimate:
    return Estimate(
        value=value,
        std_error=half / 1.96,
        lower=value - half,
        upper=value + half,
        level=0.95,
        n=n,
        unit=unit,
        method=method,
    )


def sessions() -> pd.DatetimeIndex:
    return pd.bdate_range("2014-12-31", LAST.isoformat(), name="date")


def walk(rng: np.random.Generator, level: float, size: float, n: int) -> np.ndarray:
    path = np.empty(n)
    state = 0.0
    for i, shock in enumerate(rng.standard_normal(n)):
        state = 0.985 * state + size * shock
        path[i] = level + state
    return path


def panel(study: Study, kind: str, rng: np.random.Generator) -> Panel:
    index = sessions()
    roles = [role for role in study.roles if role != "conditions"]
    returns = pd.DataFrame(
        {role: VOLATILITY.get(role, 1.0) * rng.standard_normal(len(index) - 1) for role in roles}, index=index[1:]
    )
    levels = pd.concat([pd.DataFrame(100.0, index=index[:1], columns=roles), 100.0 * np.exp(returns.cumsum() / 100.0)])
    simulated = kind == "simulated"
    origins = {
        role: Origin(
            producer="Simulator of this study" if simulated else "Yahoo Finance",
            address=f"{study.instrument(role).id.lower()}{'-SIMULATED' if simulated else ''}.csv",
            accessed=None if simulated else date(2026, 5, 3),
            adjustment="adjusted for splits and dividends",
            licence="CC0" if simulated else "use of the reader's own licence",
            sha256=f"{i:064x}",
            stamp="ny16" if role == "crypto" else "session",
            simulated=simulated,
        )
        for i, role in enumerate(roles)
    }
    quality = QualityReport(
        summaries=tuple(
            SeriesSummary(role, "2014-09-17", LAST.isoformat(), len(index), 3 if role == "credit" else 0, "green")
            for role in roles
        ),
        findings=(
            Finding("oil", "jump", "amber", "falls by 55.90 on 2020-04-20, 31 robust standard deviations"),
            Finding(
                "dollar", "values on non-sessions", "green", "42 values lie on days without a session and are unused"
            ),
        ),
        absent=(("conditions", "no file nfci.csv in the folder"),),
    )
    return Panel(
        levels=levels,
        returns=returns,
        closes=levels,
        volumes=levels * np.nan,
        history={role: levels[role] for role in roles},
        gap_days=pd.Series(1, index=index[1:]),
        origins=origins,
        names={role: study.instrument(role).name for role in roles},
        units={role: "bp" if study.instrument(role).change == "basis_points" else "%" for role in roles},
        calendar_rule="Prices are aligned on the sessions of XNYS; weekend moves fall into Monday.",
        kind="simulated" if simulated else "real",
        source="bundled simulated sample" if simulated else "real data from folder market (CSV files), to 2026-05-01",
        as_of=date(2026, 2, 8),
        quality=quality,
        sha256="ab" * 32,
    )


def band(rng: np.random.Generator, pair: Pair, quantity: str, level: float, *, holes: bool = False) -> PathBand:
    index = sessions()[1:]
    size = 0.02 if quantity == "correlation" else 0.06
    center = walk(rng, level, size, len(index))
    if quantity == "correlation":
        center = np.clip(center, -0.9, 0.95)
    half = size * 4 * (1 + 0.3 * rng.random(len(index)))
    frame = pd.DataFrame({"estimate": center, "lower": center - half, "upper": center + half}, index=index)
    if holes:
        frame.iloc[400:480] = np.nan
        frame.loc[frame.index[900:930], ["lower", "upper"]] = np.nan
    method = "cDCC(1,1) on GARCH(1,1) margins; the band covers the uncertainty of the parameters and nothing else"
    return PathBand(pair, "correlation" if quantity == "correlation" else "beta", frame, 0.95, method, 0.93)


def convergence() -> Convergence:
    return Convergence(True, "gradient small", 12, -4120.3, -4133.0, 0.75, 3e-6, (), 410)


def suite(study: Study, rng: np.random.Generator) -> Suite:
    index = sessions()[1:]
    n = len(index)
    stress = pd.Series(False, index=index)
    for start in (150, 800, 1300, 1310, 1850, 2600, n - 8):
        stress.iloc[start : start + 30] = True
    levels = {
        ("crypto", "growth"): 0.35,
        ("crypto", "metal"): 0.1,
        ("crypto", "miners"): 0.2,
        ("metal", "miners"): 0.75,
    }
    correlations = {
        pair: band(rng, pair, "correlation", levels.get(pair, 0.0), holes=i == 1)
        for i, pair in enumerate(study.correlation.pairs)
    }
    beta_levels = {("miners", "metal"): 1.9, ("crypto", "market"): 1.1, ("miners", "market"): 0.6}
    betas = {pair: band(rng, pair, "beta", beta_levels.get(pair, 1.0)) for pair in study.correlation.betas}
    smoothed = np.clip(stress.rolling(12, min_periods=1).mean() + 0.05 * rng.random(n), 0, 1)
    filtered = np.clip(smoothed + 0.15 * rng.standard_normal(n), 0, 1)
    days = {"short": "2026-01-28", "long": "2025-10-06"}
    end = {"crypto": -20.9, "metal": -7.9, "miners": -13.2, "market": -0.7, "growth": -3.7}
    windows = {}
    for name, base in days.items():
        dates = index[index >= base]
        ramp = np.linspace(0.0, 1.0, len(dates))[:, None]
        noise = rng.standard_normal((len(dates), len(end))) * np.sqrt(ramp * (1 - ramp)) * 6
        windows[name] = pd.DataFrame(ramp * np.array(list(end.values())) + noise, index=dates, columns=list(end))
    parameters = ParameterTable(
        model="cDCC(1,1)",
        equation="Q_t = (1 − a − b) S + a z*_{t−1} z*_{t−1}′ + b Q_{t−1}",
        frame=pd.DataFrame(
            {"estimate": [0.021, 0.962], "std_error": [0.004, 0.009], "lower": [0.013, 0.944], "upper": [0.029, 0.98]},
            index=["a", "b"],
        ),
        loglik=-24120.31,
        n=n,
        standard_errors="stacked-moment sandwich over both steps",
        convergence=convergence(),
    )
    margins = replace(
        parameters,
        model="GARCH(1,1) margins",
        equation="h_t = ω + α e²_{t−1} + β h_{t−1}",
        frame=pd.DataFrame(
            {
                "estimate": [0.12, 0.08, 0.9],
                "std_error": [0.05, 0.02, 0.02],
                "lower": [0.02, 0.04, 0.86],
                "upper": [0.22, 0.12, 0.94],
            },
            index=["crypto.omega", "crypto.alpha[1]", "crypto.beta[1]"],
        ),
    )
    return Suite(
        sample=f"{n:,} sessions from 2015-01-01 to 2026-02-06; six assets",
        correlations=correlations,
        betas=betas,
        rivals={
            pair: pd.DataFrame(
                {"DCC": path.frame["estimate"] + 0.01, "EWMA": path.frame["estimate"] - 0.03}, index=index
            )
            for pair, path in list(correlations.items())[:2]
        },
        static_betas={
            pair: estimate(beta_levels.get(pair, 1.0), 0.1, method="OLS with HAC") for pair in study.correlation.betas
        },
        static_correlations={pair: estimate(levels.get(pair, 0.0), 0.04) for pair in study.correlation.pairs},
        stress=stress,
        conditional=cast(CorrelationResult, None),
        regimes=cast(SwitchingResult, None),
        vintages=NotDecidable("the regime model is not estimated here"),
        stress_probability=pd.DataFrame(
            {"filtered": filtered, "smoothed": smoothed, "known": np.where(np.arange(n) < 500, np.nan, filtered)},
            index=index,
        ),
        expected_durations={
            "calm": estimate(64.0, 20.0, unit="sessions"),
            "turbulent": estimate(17.5, 6.0, unit="sessions"),
            "extreme": NotDecidable("the spell is never seen to end"),
        },
        window_returns=windows,
        parameters=(margins, parameters),
        checks=(
            Check("cDCC(1,1)", "Ljung–Box on z_i z_j, 20 lags", 0.21, "> .05", True),
            Check("cDCC(1,1)", "a + b", 0.983, "< .999", True),
            Check("Markov switching", "regime classification measure", 41.0, "< 40", False),
        ),
        std_residuals=pd.DataFrame(rng.standard_normal((n, 6)), index=index, columns=list(study.correlation.assets)),
    )


def specifications(rng: np.random.Generator, center: float, n: int = 36) -> tuple[SpecificationResult, ...]:
    good = [
        SpecificationResult(
            f"window {21 * (i % 4 + 1)}, {'raw' if i % 2 else 'devolatilised'} returns, variant {i}",
            estimate(center + 0.06 * x, 0.12),
        )
        for i, x in enumerate(rng.standard_normal(n))
    ]
    return (*good, SpecificationResult("monthly readings", NotDecidable("fewer than 60 observations remain")))


def part(
    label: str, effect: Estimate | NotDecidable, sesoi: float, outcome: Outcome, reason: str, p: float | None
) -> Part:
    return Part(label, effect, sesoi, p, 0.41 if isinstance(effect, Estimate) else None, outcome, reason)


def verdicts(study: Study, models: Suite, rng: np.random.Generator, kind: str) -> tuple[Verdict, ...]:
    long = "84 sessions from 2025-10-07 to 2026-02-06"

    def make(
        claim_id: str,
        outcome: Outcome,
        reason: str,
        headline: Estimate | NotDecidable,
        label: str,
        parts: Sequence[Part],
        **more: object,
    ) -> Verdict:
        claim = study.claims[claim_id]
        p = next((one.p_value for one in parts if one.p_value is not None), None)
        return Verdict(
            id=claim_id,
            statement=claim.statement,
            section=claim.section,
            family=claim.family,
            kind=str(more.pop("kind", "single")),
            outcome=outcome,
            reason=reason,
            headline=headline,
            headline_label=label,
            parts=tuple(parts),
            p_value=p,
            p_holm=None if p is None else min(1.0, 2 * p),
            p_bh=None if p is None else min(1.0, 1.5 * p),
            n=2812,
            n_events=int(more.pop("n_events", 0)) or None,  # type: ignore[call-overload]
            window=str(more.pop("window", long)),
            data_kind=kind,
            seed=20260208,
            **more,  # type: ignore[arg-type]
        )

    names = list(study.correlation.assets)
    calm = np.corrcoef(rng.standard_normal((len(names), 30)))
    square = pd.DataFrame(calm, index=names, columns=names)
    pairs = models.correlations
    first, second = list(pairs)[:2]
    beta = next(iter(models.betas.values()))
    fall = estimate(-7.9, 2.4, unit="%", n=7)
    return (
        make(
            "C02",
            Outcome.NOT_SUPPORTED,
            "Gold fell by 7.9 % in the window, more than the tolerance of 1 %.",
            fall,
            "cumulative return of gold",
            [
                part(
                    "gold's return is not negative",
                    fall,
                    1.0,
                    Outcome.NOT_SUPPORTED,
                    "The interval excludes the size of interest.",
                    0.98,
                ),
                part(
                    "gold's abnormal return exceeds the others'",
                    estimate(-0.4, 0.9),
                    0.5,
                    Outcome.INCONCLUSIVE,
                    "The interval holds zero and the size of interest.",
                    0.41,
                ),
            ],
            kind="fact",
            window="7 sessions from 2026-01-29 to 2026-02-06",
            moved=moved(study, -7.9, "%"),
            confirmation=Confirmation(
                "return of gold since",
                date(2026, 2, 8),
                date(2026, 5, 1),
                57,
                estimate(3.1, 2.0, unit="%"),
                towards=True,
            ),
            exhibits=(
                Exhibit(
                    "window", models.window_returns["short"], "%", "Cumulative return since the close of 2026-01-28."
                ),
            ),
        ),
        make(
            "C03",
            Outcome.MIXED,
            "Correlations are higher in stress, by less than the size that would matter.",
            estimate(0.07, 0.05),
            "mean correlation in stress minus calm",
            [
                part(
                    "mean correlation rises",
                    estimate(0.07, 0.05),
                    0.1,
                    Outcome.MIXED,
                    "The estimate is below the size of interest.",
                    0.006,
                )
            ],
            n_events=9,
            specifications=specifications(rng, 0.07),
            share=0.61,
            median=0.066,
            window="2,812 sessions, 281 of them in stress",
            exhibits=(
                Exhibit("matrix: calm", square, "correlation", "Calm sessions."),
                Exhibit("matrix: stress", square * 1.2, "correlation", "Stress sessions."),
                Exhibit("matrix: difference", square * 0.2, "correlation", "Stress minus calm."),
            ),
            secondary={
                "Forbes–Rigobon bound": estimate(0.02, 0.05),
                "equality of matrices": TestResult(
                    14.2, 0.032, "The two matrices are equal.", "χ² with 15 degrees of freedom", 2812, "Jennrich (1970)"
                ),
            },
        ),
        make(
            "C05",
            Outcome.INCONCLUSIVE,
            "The window is too short to tell a shift of 0.10 from none.",
            estimate(0.05, 0.24),
            "fall of the correlation against the year before",
            [
                part(
                    "the correlation has weakened",
                    estimate(0.05, 0.24),
                    0.1,
                    Outcome.INCONCLUSIVE,
                    "The interval holds zero and the size of interest.",
                    0.68,
                ),
                part(
                    "the correlation is negative",
                    estimate(-0.08, 0.2),
                    0.05,
                    Outcome.INCONCLUSIVE,
                    "The interval holds zero and the size of interest.",
                    0.44,
                ),
            ],
            kind="union",
            specifications=specifications(rng, 0.03, 24),
            share=0.4,
            median=0.02,
            exhibits=(Exhibit("path", pairs[second].frame, "correlation", "Conditional correlation with its band."),),
            secondary={"path average": NotDecidable("the window ends before the band begins")},
        ),
        make(
            "C06",
            Outcome.SUPPORTED,
            "The correlation with the Nasdaq exceeds that with gold by more than 0.15.",
            estimate(0.34, 0.15),
            "correlation with the Nasdaq 100 minus with gold",
            [
                part(
                    "the correlation has risen",
                    estimate(0.21, 0.1),
                    0.1,
                    Outcome.SUPPORTED,
                    "The interval lies above zero and the estimate above the size of interest.",
                    0.0003,
                ),
                part(
                    "it exceeds that with gold",
                    estimate(0.34, 0.15),
                    0.15,
                    Outcome.SUPPORTED,
                    "The interval lies above zero and the estimate above the size of interest.",
                    0.0001,
                ),
            ],
            kind="conjunctive",
            specifications=specifications(rng, 0.3, 48),
            share=0.94,
            median=0.31,
            exhibits=(
                Exhibit(
                    "paths",
                    pd.DataFrame({"growth": pairs[first].frame["estimate"], "metal": pairs[second].frame["estimate"]}),
                    "correlation",
                    "Two conditional correlations.",
                ),
            ),
        ),
        make(
            "C10",
            Outcome.MIXED,
            "On average below the claimed range, inside it on 40 % of the sessions.",
            estimate(1.89, 0.1),
            "beta of the miners on gold",
            [
                part(
                    "the beta lies from 2 to 3",
                    estimate(1.89, 0.1),
                    2.0,
                    Outcome.MIXED,
                    "The estimate lies in the widened range, its interval does not.",
                    0.0001,
                )
            ],
            kind="range",
            exhibits=(
                Exhibit("path", beta.frame, "times", "Conditional beta."),
                Exhibit(
                    "forest",
                    pd.DataFrame(
                        {"estimate": [2.6, 1.3], "lower": [2.3, 1.0], "upper": [2.9, 1.6]}, index=["2014", "2026"]
                    ),
                    "times",
                    "Static beta by period.",
                ),
                Exhibit(
                    "share by year",
                    pd.DataFrame({"share": [0.52, 0.31, np.nan]}, index=[2023, 2024, 2025]),
                    "",
                    "Share of sessions inside the range.",
                ),
            ),
        ),
        make(
            "C22",
            Outcome.NOT_TESTABLE,
            "The credit spread is missing.",
            NotDecidable("the credit spread is missing"),
            "probability of the turbulent regime",
            [
                part(
                    "the state was risk-off",
                    NotDecidable("the credit spread is missing"),
                    0.2,
                    Outcome.NOT_TESTABLE,
                    "The series is missing.",
                    None,
                )
            ],
            kind="conjunctive",
        ),
    )


def clocks(study: Study, *, hourly: bool = True) -> dict[str, ClockRow]:
    """Correlations by the hour of the close; without hourly prices there is none at the exchange's close."""
    none = NotDecidable("there are no prices at the exchange's close")
    return {
        role: ClockRow(
            correlations={
                clock: estimate(0.2 + 0.01 * k, 0.05) if hourly or clock != EXCHANGE else none
                for k, clock in enumerate(CLOCKS)
            },
            differences={
                clock: estimate(0.01 * (k + 1), 0.02) if hourly else none for k, clock in enumerate(CLOCKS[1:])
            },
            leads={clock: estimate(-0.01, 0.03) if hourly or clock != EXCHANGE else none for clock in LEADS},
            n=2800,
            first=pd.Timestamp("2014-09-25"),
            last=pd.Timestamp(LAST),
        )
        for role in (*(one for one in study.correlation.assets if one != "crypto"), FUND)
    }


def closest(study: Study) -> tuple[ClosestReadings, ...]:
    """One figure with a place, one without data, one estimate, and the verdicts that rows are drawn from."""
    observed = Estimate(-19.4, None, -19.4, -19.4, 0.95, 9, "%", "observed, without sampling error")
    readings = (
        ProxyReading("open interest, change", ("crypto",), observed, date(2026, 1, 28), LAST, 2.6, 340),
        ProxyReading("margin debt, change", ("market",), NotDecidable("the data hold no margin debt")),
        ProxyReading("gold, slope on breakeven", ("metal",), estimate(0.004, 0.02), date(2015, 1, 2), LAST),
    )
    return tuple(
        ClosestReadings(key, row, readings[: len(row.proxies)], dict.fromkeys(row.claims, Outcome.INCONCLUSIVE))
        for key, row in study.untestable.items()
    )


def falls(rng: np.random.Generator) -> tuple[Fall, ...]:
    """Two assets with shared drivers, one of them also with gold; the second reading's drivers cannot be told apart."""

    def attribution(move: float, parts: dict[str, float]) -> Attribution:
        whole = {**parts, "own residual": move - sum(parts.values())}
        explained = sum(parts.values())
        return Attribution(
            move=move,
            contributions={name: estimate(value, 0.4, unit="%") for name, value in whole.items()},
            explained=estimate(explained, 1.0, unit="%"),
            explained_share=estimate(explained / move, 0.05),
            shares={name: estimate(value / explained, 0.1) for name, value in parts.items()},
            share_draws={name: rng.standard_normal(9) for name in parts},
            share_jackknife={name: rng.standard_normal(9) for name in parts},
            shares_of_move={name: estimate(value / move, 0.05) for name, value in whole.items()},
            r_squared=0.2,
            sessions=7,
            n=2783,
        )

    shared = {"market": 0.1, "growth shares": -2.0, "dollar and rates": -0.7, "credit": -0.3}
    return (
        Fall("crypto", (), attribution(-24.2, shared)),
        Fall("miners", (), attribution(-14.1, shared)),
        Fall("miners", ("gold",), attribution(-14.1, {**shared, "gold": -14.9})),
        Fall("metal", (), NotDecidable("the drivers are collinear")),
    )


def portfolio(study: Study) -> PortfolioRisk | None:
    if study.portfolio is None:
        return None
    weights = study.portfolio.weights

    def risk(scale: float) -> MixRisk:
        shares = {role: estimate(weight, 0.02, unit="share") for role, weight in weights.items()}
        return MixRisk(estimate(0.8 * scale, 0.05), estimate(1.6 - 0.2 * scale, 0.05), shares, round(600 / scale))

    return PortfolioRisk(
        weights=weights,
        calm=risk(1.0),
        stress=risk(2.5),
        volatility_ratio=estimate(2.5, 0.5, unit="times"),
        ratio_at_calm_correlations=estimate(2.2, 0.4, unit="times"),
        diversification_change=estimate(-0.3, 0.1),
        share_changes={role: estimate(0.05 * (-1) ** i, 0.02, unit="share") for i, role in enumerate(weights)},
    )


def moved(study: Study, center: float, unit: str) -> tuple[MovedWindow, ...]:
    """Nine moved windows: one without a reading, two beyond half a unit."""
    window = study.windows["short"]
    shifts = [(by, 0) for by in (-3, -2, -1, 1, 2, 3)] + [(0, by) for by in (-3, -2, -1)]
    found = []
    for i, (base, last) in enumerate(shifts):
        value = estimate(center + 0.1 * i, 0.5, unit=unit) if i else NotDecidable("no fall in this window")
        holds = None if not i else i > 6
        found.append(
            MovedWindow(base, last, window.base + timedelta(days=base), LAST + timedelta(days=last), value, holds)
        )
    return tuple(found)


def evidence(
    kind: str = "real", *, dirty: bool = False, quick: bool = False, seed: int = 7, study: Study | None = None
) -> Evidence:
    study = study or load_study(ROOT / "study.toml")
    rng = np.random.default_rng(seed)
    models = suite(study, rng)
    return Evidence(
        study=study,
        panel=panel(study, kind, rng),
        suite=models,
        outlook=outlook(study, sessions()[1:], np.random.default_rng(seed)),
        verdicts=verdicts(study, models, rng, kind),
        recovered=(
            (
                Recovered("beta of the miners on gold", 1.83, 0.002, estimate(1.86, 0.09)),
                Recovered("rise of correlation in stress", 0.12, 0.001, estimate(0.05, 0.06)),
            )
            if kind == "simulated"
            else ()
        ),
        robustness=(
            QuotedStudy(
                "found",
                "How many regimes are there?",
                LongResult(
                    ("test", "statistic", "p"),
                    (("one regime against two", 41.3, 0.005), ("two against three", None, None)),
                    ("One regime is rejected with p = 0.005.",),
                    "parametric bootstrap, 199 samples",
                ),
                same_code=False,
            ),
            QuotedStudy("missing", "What could the claims' designs have found?", None, same_code=False),
        ),
        provenance=Provenance(
            command="make report SOURCE=market AS_OF=2026-02-08",
            commit="399979c95e5508bd220e2dff0be80c123acde6d1",
            dirty=dirty,
            lock_sha256="11" * 32,
            study_sha256=study.sha256,
            data_sha256="22" * 32,
            code_sha256="33" * 32,
            robustness_sha256="44" * 32,
            versions=(("numpy", "2.4.0"), ("arch", "8.0.0")),
            seed=20260208,
        ),
        quick=quick,
        falls=falls(rng),
        portfolio=portfolio(study),
        clocks=clocks(study),
        closest=closest(study),
    )
