"""Time the correlation engine against its length, its width, a plain kernel and a peer.

`python -m benchmarks.correlation` prints the tables. Processor time, which other work on the machine touches little;
the best of several runs. `pymgarch[numba]` fits the same returns in the same run (a minute at thirty series) from an
environment of its own, which is built on first use; offline, the reason why it is left out is printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.peer import REQUIREMENT, find_peer
from models.correlation import CDCC, DCC, Correlation
from models.correlation.dynamics import Dynamics
from models.correlation.likelihood import evaluate, loglik
from models.margins import fit_margins

Array = NDArray[np.float64]

PSI = np.array([0.02, 0.95])
KINDS: tuple[Literal["dcc", "cdcc"], ...] = ("dcc", "cdcc")
WIDTHS = (2, 3, 8, 10, 30, 100)
LENGTHS = (1_250, 2_500, 5_000, 10_000, 20_000)
DRAWS = (100, 1_000, 5_000)
#: Series and sessions of the complete fits.
SIZES = ((3, 5_011), (10, 5_521), (30, 5_521))


def simulated(periods: int, size: int, seed: int = 0) -> pd.DataFrame:
    """Returns of a cDCC world with heavy tails and GARCH margins."""
    rng = np.random.default_rng(seed)
    target = np.full((size, size), 0.4) + 0.6 * np.eye(size)
    q, h, rows = target.copy(), np.ones(size), np.empty((periods, size))
    for t in range(periods):
        scale = np.sqrt(np.diag(q))
        shock = np.linalg.cholesky(q / np.outer(scale, scale)) @ rng.standard_normal(size)
        shock *= np.sqrt(5.0 / rng.chisquare(7.0))
        rows[t] = np.sqrt(h) * shock
        h = 0.02 + 0.06 * rows[t] ** 2 + 0.92 * h
        star = shock * scale
        q = 0.03 * target + 0.02 * np.outer(star, star) + 0.95 * q
    dates = pd.bdate_range("1970-01-01", periods=periods)
    return pd.DataFrame(rows, index=dates, columns=[f"s{i}" for i in range(size)])


def seconds(action: Callable[[], object], repetitions: int = 5) -> float:
    """Least processor time of several runs, after one that is not counted."""
    action()
    took = []
    for _ in range(repetitions):
        began = time.process_time()
        action()
        took.append(time.process_time() - began)
    return min(took)


@njit(cache=True)
def plain_loglik(z: Array, target: Array, a: float, b: float) -> float:
    """The Gaussian likelihood date by date on the lower triangle: what most would write first."""
    periods, size = z.shape
    q, factor, y = target.copy(), np.zeros((size, size)), np.empty(size)
    total = 0.0
    for t in range(periods):
        form = 0.0
        for i in range(size):
            for j in range(i + 1):
                value = q[i, j] / np.sqrt(q[i, i] * q[j, j])
                for k in range(j):
                    value -= factor[i, k] * factor[j, k]
                factor[i, j] = np.sqrt(value) if i == j else value / factor[j, j]
            value = z[t, i]
            for k in range(i):
                value -= factor[i, k] * y[k]
            y[i] = value / factor[i, i]
            form += y[i] * y[i] - z[t, i] * z[t, i]
            total += np.log(factor[i, i])
        total += 0.5 * form
        for i in range(size):
            for j in range(i + 1):
                q[i, j] = (1.0 - a - b) * target[i, j] + a * z[t, i] * z[t, j] + b * q[i, j]
    return -total


def likelihoods() -> Table:
    """Likelihood and score by width, against the plain kernel."""
    table = Table(title="One Gaussian likelihood, T = 5,521, milliseconds")
    for heading in ("N", "plain", "DCC", "plain / DCC", "score / likelihood", "cDCC / DCC", "cDCC score"):
        table.add_column(heading, justify="right")
    for size in WIDTHS:
        z = np.ascontiguousarray(simulated(5_521, size).to_numpy())
        z /= z.std(axis=0)
        took = {}
        for kind in KINDS:
            dynamics = Dynamics(kind)
            moments = dynamics.moments(z)
            took[kind] = 1e3 * seconds(lambda d=dynamics, m=moments, z=z: loglik(d, z, m, PSI, 0.0))
            took[kind + " score"] = 1e3 * seconds(lambda d=dynamics, m=moments, z=z: evaluate(d, z, m, PSI, 0.0))
        target = np.corrcoef(z, rowvar=False)
        plain = 1e3 * seconds(lambda z=z, target=target: plain_loglik(z, target, *PSI))
        row = (plain, took["dcc"], plain / took["dcc"], took["dcc score"] / took["dcc"], took["cdcc"] / took["dcc"])
        table.add_row(str(size), *(f"{value:.2f}" for value in (*row, took["cdcc score"])))
    return table


def lengths() -> Table:
    """Cost against the length of the sample."""
    took = {}
    dynamics = Dynamics("cdcc")
    for periods in LENGTHS:
        z = np.ascontiguousarray(simulated(periods, 8).to_numpy())
        z /= z.std(axis=0)
        moments = dynamics.moments(z)
        took[periods] = seconds(lambda z=z, m=moments: loglik(dynamics, z, m, PSI, 0.0))
    return growth("One Gaussian cDCC likelihood at N = 8", "T", took)


def widths() -> Table:
    """Cost against the number of series, at most cubic."""
    took = {}
    dynamics = Dynamics("cdcc")
    for size in WIDTHS:
        z = np.ascontiguousarray(simulated(1_250, size).to_numpy())
        z /= z.std(axis=0)
        moments = dynamics.moments(z)
        took[size] = seconds(lambda z=z, m=moments: loglik(dynamics, z, m, PSI, 0.0))
    return growth("One Gaussian cDCC likelihood at T = 1,250", "N", took)


def growth(title: str, what: str, took: dict[int, float]) -> Table:
    """Seconds by size, with the exponent of growth from each size to the next (1 linear, 3 cubic)."""
    table = Table(title=title)
    for heading in (what, "milliseconds", "exponent"):
        table.add_column(heading, justify="right")
    before: tuple[int, float] | None = None
    for size, one in took.items():
        exponent = "" if before is None else f"{np.log(one / before[1]) / np.log(size / before[0]):.2f}"
        table.add_row(f"{size:,}", f"{1e3 * one:.2f}", exponent)
        before = size, one
    return table


def fits(sizes: tuple[tuple[int, int], ...] = SIZES) -> Table:
    """Complete two-step fits with all standard errors, beside the peer's."""
    peer = find_peer()
    caption = f"The peer is left out: {peer.problem}." if peer.problem else f"The peer is {REQUIREMENT}."
    table = Table(
        title="Complete fit with standard errors, seconds; log-likelihood of DCC less the peer's",
        caption=escape(caption),
    )
    for heading in (
        "N",
        "T",
        "margins",
        "DCC after them",
        "complete",
        "cDCC / DCC",
        "peer's DCC",
        "peer / ours",
        "gain",
    ):
        table.add_column(heading, justify="right")
    for size, periods in sizes:
        returns = simulated(periods, size)
        margins = fit_margins(returns)
        first = seconds(lambda r=returns: fit_margins(r), 3)
        second = seconds(lambda r=returns, m=margins: DCC().fit(r, margins=m), 3)
        corrected = seconds(lambda r=returns, m=margins: CDCC().fit(r, margins=m), 3)
        row = [*(f"{value:.2f}" for value in (first, second, first + second)), f"{corrected / second:.2f}"]
        theirs = peer.fit(returns)
        if theirs is not None:
            gain = DCC().fit(returns, margins=margins).loglik - theirs.loglik
            row += [f"{theirs.seconds:.2f}", f"{theirs.seconds / (first + second):.1f}", f"{gain:.1f}"]
        table.add_row(str(size), f"{periods:,}", *row)
    return table


def bands() -> Table:
    """Cost of a band against its draws."""
    result = CDCC().fit(simulated(2_900, 8))
    pair = Correlation("s0", "s1")
    took = {draws: seconds(lambda d=draws: result.bands(pair, draws=d), 2) for draws in DRAWS}
    return growth("Band of one pair, N = 8, T = 2,900", "draws", took)


#: What a user waits for on a second run: compiled kernels come from the cache on disk.
FRESH = """
import time
from benchmarks.correlation import simulated
returns = simulated(1_250, 3)
began = time.process_time()
from benchmarks.peer import REQUIREMENT, find_peer
from models.correlation import CDCC
CDCC().fit(returns)
print(time.process_time() - began)
"""


def fresh_process() -> Table:
    """First fit of a new process, kernels cached by an earlier one."""
    table = Table(title="First fit of a new process, N = 3, T = 1,250")
    table.add_column("seconds", justify="right")
    took = []
    for _ in range(3):
        made = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
        took.append(float(made.stdout))
    table.add_row(f"{min(took):.2f}")
    return table


def main() -> None:
    """Print every table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    console = Console()
    for table in (likelihoods, lengths, widths, bands, fresh_process, fits):
        console.print(table())


if __name__ == "__main__":
    main()
