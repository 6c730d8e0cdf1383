"""Rules of the house that no linter knows."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("data", "models", "reports")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Modules a file imports, with the names taken from them."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_scipy_optimize_stands_behind_models_optimise():
    users = [path.relative_to(ROOT).as_posix() for path in FILES if "scipy.optimize" in imported(path)]
    assert users == ["models/optimise.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_fits_in_one_reading(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


@pytest.mark.parametrize("ticker", ["GLD", "GDX", "SPY", "QQQ", "BTC-USD", "VIXCLS"])
def test_code_speaks_of_roles_not_tickers(ticker):
    """Only study files name tickers; the simulator's column heads and docstring examples may."""
    quoted = (f'"{ticker}"', f"'{ticker}'")
    offenders = [
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in (ticker, *quoted)
    ]
    assert not offenders


def test_every_room_of_the_models_is_named_in_the_contract_that_keeps_claims_above():
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rooms = {path.stem for path in (ROOT / "models").iterdir() if not path.name.startswith("__")} - {"claims"}
    assert not {room for room in rooms if f'"models.{room}"' not in contract}
