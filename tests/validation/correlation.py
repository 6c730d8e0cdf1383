"""Coverage of the correlation engine: bands of rho_t, intervals of (a, b) and of the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import EstimationError
from models.correlation import CDCC, Correlation, CorrelationResult
from models.correlation.bootstrap import bootstrap_world, replications
from models.correlation.draws import parameter_sample
from tests.validation.dcc_world import A, B, draw

LEVEL = 0.95
Z = 1.959964
BAND_DRAWS = 200
PAIR = Correlation("s0", "s1")


@dataclass(frozen=True)
class Cell:
    """One design point: series, target correlation, degrees of freedom (0: Gaussian), sessions."""

    series: int
    rho: float
    degrees: float
    sessions: int

    @property
    def label(self) -> str:
        """Name for tables and files."""
        tails = f"t{self.degrees:.0f}" if self.degrees else "Gaussian"
        return f"N={self.series} rho={self.rho} {tails} T={self.sessions}"


#: A fraction of N x rho x tails x T in which each level of each factor meets each level of the others at least once.
CELLS = (
    Cell(2, 0.1, 0.0, 1000),
    Cell(2, 0.5, 6.0, 2500),
    Cell(2, 0.8, 6.0, 1000),
    Cell(5, 0.1, 6.0, 2500),
    Cell(5, 0.5, 0.0, 1000),
    Cell(5, 0.8, 6.0, 2500),
    Cell(8, 0.1, 6.0, 1000),
    Cell(8, 0.5, 6.0, 1000),
    Cell(8, 0.8, 0.0, 2500),
)


def replicate(cell: Cell, number: int) -> dict[str, float]:
    """Fit one sample of a cell; one bootstrap refit a sample (warp speed: Giacomini, Politis and White 2013)."""
    sample = draw(cell.series, cell.sessions, cell.rho, cell.degrees, seed=number)
    try:
        result = CDCC().fit(sample.returns, seed=number)
        if result.degenerate:
            return {"failed": 1.0}
        band = result.bands(PAIR, level=LEVEL, draws=BAND_DRAWS, seed=number)
        inside = (band.lower.to_numpy() <= sample.correlation) & (sample.correlation <= band.upper.to_numpy())
        record = {"failed": 0.0, "band": float(inside.mean())}
        for name, truth in (("a", A), ("b", B)):
            record[name] = float(result.params[name] - truth)
            record[f"{name}_se"] = float(result.std_errors[name])
        record["bootstrapped"] = float(band.kind != "parameter")
        record["target"] = float(target_covered(result, cell.rho, number))
        world = bootstrap_world(result)
        for _, again in replications(world, 1, number):
            for name in ("a", "b"):
                if name in again.params and again.std_errors[name] > 0:
                    record[f"{name}_t"] = float((again.params[name] - world.params[name]) / again.std_errors[name])
    except EstimationError:
        return {"failed": 1.0}
    return record


def target_covered(result: CorrelationResult, rho: float, seed: int) -> bool:
    """Whether the draws behind the bands hold the target correlation of the pair."""
    sample = parameter_sample(result, PAIR.series, 2 * BAND_DRAWS, seed)
    position = sum(result.margin(name).params.size for name in PAIR.series) + 1
    low, high = np.quantile(sample.candidates[:, position], [0.5 * (1 - LEVEL), 0.5 * (1 + LEVEL)])
    return bool(low <= rho <= high)


def summary(records: list[dict[str, float]]) -> dict[str, float]:
    """Coverage in percent of each interval, over the samples that could be fitted.

    The quantiles of the ratios are those whose expected coverage is exact for any number of samples (Weibull's
    positions); the usual interpolation would be 4 points short at 50 samples.
    """
    fitted = [record for record in records if not record["failed"]]
    row = {
        "samples": float(len(records)),
        "failed": float(len(records) - len(fitted)),
        "band": 100 * float(np.mean([record["band"] for record in fitted])),
        "bootstrapped": 100 * float(np.mean([record["bootstrapped"] for record in fitted])),
        "target": 100 * float(np.mean([record["target"] for record in fitted])),
    }
    for name in ("a", "b"):
        row[f"{name} normal"] = 100 * float(
            np.mean([abs(record[name]) <= Z * record[f"{name}_se"] for record in fitted])
        )
        ratios = [record[f"{name}_t"] for record in fitted if f"{name}_t" in record]
        low, high = np.quantile(ratios, [0.5 * (1 - LEVEL), 0.5 * (1 + LEVEL)], method="weibull")
        row[f"{name} bootstrap-t"] = 100 * float(
            np.mean([low <= record[name] / record[f"{name}_se"] <= high for record in fitted])
        )
    return row
