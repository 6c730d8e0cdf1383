"""Plain names of model parameters, for readers who do not know their symbols."""

from __future__ import annotations

import re
from collections.abc import Callable

from reports.text import capitalised, listing

#: What a symbol of the margins and of the dynamics stands for.
PLAIN_NAMES = {
    "mu": "mean",
    "phi": "carry-over of the return",
    "omega": "constant of the variance",
    "alpha": "reaction to shocks",
    "gamma": "extra reaction to falls",
    "beta": "persistence",
    "nu": "degrees of freedom",
    "gap": "variance of a closed day",
    "a": "reaction to shocks",
    "b": "persistence",
    "g": "extra reaction to joint falls",
}
_KINDS = {"cov": "covariance", "sigma2": "variance"}
_MOVE = re.compile(r"p\[(\d+)->(\d+)\]")
_OF_A_REGIME = re.compile(r"(\w+)\[(\d+)(?:,([\w,]+))?\]")


def in_words(name: str, series: Callable[[str], str]) -> str:
    """A parameter in words, empty where there are none for it.

    Parameters
    ----------
    name : str
        As the model calls it: "nu", "p[0->1]", "cov[0,market,fear]", "crypto.omega".
    series : callable
        Display name of a role.
    """
    role, dot, symbol = name.rpartition(".")
    if dot:
        plain = PLAIN_NAMES.get(symbol, "")
        return f"{capitalised(plain)} of {series(role)}" if plain else ""
    if move := _MOVE.fullmatch(name):
        before, after = (int(one) + 1 for one in move.groups())
        return f"Chance to stay in regime {before}" if before == after else f"Chance of regime {after} after {before}"
    if found := _OF_A_REGIME.fullmatch(name):
        kind, regime, roles = found.group(1), int(found.group(2)) + 1, (found.group(3) or "").split(",")
        if len(set(roles)) < len(roles):
            kind, roles = "variance", roles[:1]
        of = f" of {listing(series(one) for one in roles)}" if roles != [""] else ""
        return f"{capitalised(_KINDS.get(kind, kind))}{of}, regime {regime}"
    return capitalised(PLAIN_NAMES.get(name, ""))
