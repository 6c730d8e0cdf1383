"""The parameters of the simulated worlds: what is true in each of them.

World C ("mixed") is the default: some statements of the article hold in it, some do not. World A makes the article
right, world B makes it wrong: one regime, constant correlations and no links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from data.errors import StudyFileError
from models.simulate.structure import FACTORS, SHOCKED, Array, FundRule, Loadings, VolumeRule, World, WorldName


def _row(values: Mapping[str, float]) -> Array:
    return np.array([values[role] for role in SHOCKED])


def _changed(values: Array, **replaced: float) -> Array:
    changed = values.copy()
    for role, value in replaced.items():
        changed[..., SHOCKED.index(role)] = value
    return changed


def _loadings(table: str) -> Loadings:
    """Read lines "role factor.loading ..." with the initials of FACTORS: M G K T L U."""
    initials = dict(zip("MGKTLU", FACTORS, strict=True))
    rows: dict[str, dict[str, float]] = {}
    for line in table.strip().splitlines():
        role, *entries = line.split()
        rows[role] = {initials[entry[0]]: float(entry[1:]) for entry in entries}
    return rows


_CALM = """
crypto M.26 T.10 G.08
metal G.85 U-.42 M.02
miners M.26 G.72 U-.36 K.46
junior_miners M.30 G.70 U-.35 K.44
market M.97 T.10
growth M.90 T.38
fear M-.76
credit M-.55
dollar U.80 M-.08
real_yield U.55 M.08
oil M.25 U-.05
"""

_RISK_OFF = """
crypto M.46 T.14 G.05
metal G.85 U-.40 M-.10
miners M.30 G.70 U-.34 K.44
junior_miners M.35 G.67 U-.33 K.43
market M.97 T.10
growth M.91 T.36
fear M-.82
credit M-.72
dollar U.80 M-.18
real_yield U.55 M.12
oil M.35 U-.05
"""

_DELEVERAGING = """
crypto M.50 T.12 L.42
metal G.72 U-.38 M.06 L.30
miners M.42 G.55 U-.28 K.34 L.42
junior_miners M.46 G.52 U-.27 K.33 L.42
market M.93 T.10 L.25
growth M.87 T.34 L.25
fear M-.80 L-.25
credit M-.70 L-.35
dollar U.72 M-.20 L-.20
real_yield U.50 M.05 L-.05
oil M.40 L.25
"""

_MULTIPLIERS = {
    "crypto": (0.85, 1.10, 1.70),
    "metal": (0.85, 1.15, 1.45),
    "market": (0.85, 1.15, 1.55),
    "growth": (0.85, 1.15, 1.55),
}

_MARGINS = {
    # role: sigma, alpha, gamma, beta, mean in calm, risk-off, deleveraging
    "crypto": (3.0, 0.06, 0.02, 0.90, 0.18, -0.10, -0.95),
    "metal": (0.92, 0.04, -0.02, 0.945, 0.04, 0.05, -0.12),
    "miners": (2.0, 0.045, 0.01, 0.925, 0.05, 0.0, -0.60),
    "junior_miners": (2.4, 0.045, 0.01, 0.925, 0.05, -0.02, -0.70),
    "market": (0.98, 0.02, 0.11, 0.885, 0.08, -0.09, -0.45),
    "growth": (1.25, 0.025, 0.10, 0.88, 0.10, -0.12, -0.55),
    "fear": (7.0, 0.10, -0.06, 0.82, -0.35, 0.5, 2.5),
    "credit": (7.5, 0.12, -0.05, 0.82, -0.15, 0.4, 4.0),
    "dollar": (0.42, 0.035, 0.0, 0.95, 0.0, 0.02, 0.06),
    "real_yield": (5.5, 0.04, 0.0, 0.945, 0.0, 0.0, 0.4),
    "oil": (2.2, 0.06, 0.04, 0.88, 0.04, -0.08, -0.5),
}


def _margin(column: int) -> Array:
    return _row({role: values[column] for role, values in _MARGINS.items()})


# Some statements of the article are true here and some are not.
_C = World(
    name="C",
    transition=np.array([[0.985, 0.014, 0.001], [0.030, 0.957, 0.013], [0.010, 0.060, 0.930]]),
    loadings=(_loadings(_CALM), _loadings(_RISK_OFF), _loadings(_DELEVERAGING)),
    mixing=0.65,
    q_alpha=0.03,
    q_beta=0.94,
    degrees_of_freedom=8.0,
    sigma=_margin(0),
    alpha=_margin(1),
    gamma=_margin(2),
    beta=_margin(3),
    means=np.stack([_margin(4), _margin(5), _margin(6)]),
    multipliers=np.array([[_MULTIPLIERS.get(role, (0.85, 1.15, 1.65))[k] for role in SHOCKED] for k in range(3)]),
    crypto_lead=0.0,
    credit_lead=0.0,
    oil_on_miners=0.0,
    credit_on_miners=0.0,
    reversion=0.0,
    weekend_variance=0.64,
    common_in_session=0.85,
    volumes={
        "crypto": VolumeRule(level=np.log(2.0e9), regime=0.60),
        "metal": VolumeRule(level=np.log(1.2e9), regime=0.35),
        "miners": VolumeRule(level=np.log(4.0e8), regime=0.45),
        "junior_miners": VolumeRule(level=np.log(1.5e8), regime=0.45),
        "market": VolumeRule(level=np.log(2.0e10), regime=0.40),
        "growth": VolumeRule(level=np.log(6.0e9), regime=0.40),
        "credit_fund": VolumeRule(level=np.log(1.0e9), regime=0.40),
        "treasuries": VolumeRule(level=np.log(4.0e8), regime=0.20),
    },
    shock_volume=0.22,
    credit_fund=FundRule(carry=0.02, credit=-0.035, real_yield=-0.02, noise=0.12),
    event_lead=0,
    event_bounds={"crypto": (-60.0, -10.0), "miners": (-60.0, -10.0)},
)


_A_CALM = """
crypto M.05 T.18 G.05
metal G.85 U-.42 M.02
miners M.34 G.73 U-.38 K.38
junior_miners M.36 G.71 U-.37 K.38
market M.97 T.10
growth M.88 T.40
fear M-.76
credit M-.28
dollar U.80 M-.08
real_yield U.55 M.08
oil M.25 U-.05
"""

_A_RISK_OFF = """
crypto M.30 T.24
metal G.85 U-.40 M-.06
miners M.40 G.72 U-.36 K.38
junior_miners M.42 G.70 U-.35 K.38
market M.97 T.10
growth M.89 T.40
fear M-.82
credit M-.60
dollar U.80 M-.18
real_yield U.55 M.12
oil M.30 U-.05
"""

_A_DELEVERAGING = """
crypto M.70 T.22 L.60
metal G.85 U-.38 M-.18
miners M.66 G.52 U-.20 L.48
junior_miners M.68 G.50 U-.19 L.48
market M.93 T.10 L.30
growth M.86 T.38 L.30
fear M-.84 L-.28
credit M-.78 L-.56
dollar U.72 M-.20 L-.20
real_yield U.50 M.05 L-.05
oil M.35 L.15
"""

# The article is right here: stress is deleveraging, and miners are leveraged gold and risk assets at once.
_A = replace(
    _C,
    name="A",
    transition=np.array([[0.986, 0.012, 0.002], [0.030, 0.957, 0.013], [0.012, 0.026, 0.962]]),
    loadings=(_loadings(_A_CALM), _loadings(_A_RISK_OFF), _loadings(_A_DELEVERAGING)),
    mixing=0.95,
    sigma=_changed(_C.sigma, crypto=4.8, miners=3.25, junior_miners=3.85),
    beta=_changed(_C.beta, metal=0.915, market=0.895),
    means=np.stack(
        [
            _changed(_C.means[0], fear=-0.9, crypto=0.60, credit=-0.4, miners=0.38, junior_miners=0.38),
            _changed(_C.means[1], crypto=-0.20),
            _changed(_C.means[2], fear=6.0, crypto=-2.0, miners=-0.90, junior_miners=-1.1, metal=0.05, credit=4.0),
        ]
    ),
    multipliers=_C.multipliers * np.array([[1.0], [1.0], [1.3]]),
    crypto_lead=0.12,
    credit_lead=-0.28,
    oil_on_miners=-0.18,
    credit_on_miners=-0.01,
    reversion=0.06,
    volumes={**_C.volumes, "crypto": VolumeRule(level=np.log(2.0e9), regime=1.10)},
    event_lead=20,
    event_bounds={
        "crypto": (-60.0, -10.0),
        "miners": (-60.0, -10.0),
        "metal": (1.0, 30.0),
        "growth": (-30.0, -2.0),
    },
)

_B_LOADINGS = """
crypto
metal G.85 U-.42
miners G.51 U-.305 K.60
junior_miners G.48 U-.29 K.60
market M.97 T.10
growth M.90 T.38
fear M-.76
credit M-.55
dollar U.80 M-.08
real_yield U.55 M.08
oil M.25 U-.05
"""

# The article is wrong here: one regime, constant correlations, crypto and miners without links to risk.
_B = replace(
    _C,
    name="B",
    transition=np.array([[1.0]]),
    loadings=(_loadings(_B_LOADINGS),),
    mixing=1.0,
    means=_changed(np.zeros((1, len(SHOCKED))), crypto=0.05, metal=0.02, miners=0.02, market=0.03, growth=0.04),
    multipliers=np.ones((1, len(SHOCKED))),
    volumes={role: replace(rule, regime=0.0) for role, rule in _C.volumes.items()},
    event_bounds={},
)

_WORLDS = {one.name: one for one in (_A, _B, _C)}


def world(name: WorldName) -> World:
    """The world of that name.

    Raises
    ------
    StudyFileError
        If there is none.
    """
    if name not in _WORLDS:
        raise StudyFileError(f"world {name!r}", "does not exist", f"Use one of {', '.join(sorted(_WORLDS))}.")
    return _WORLDS[name]
