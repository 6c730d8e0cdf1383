"""Markov switching: kernels, search, the models, the number of regimes, breaks and diagnostics."""

from models.regimes.autoregression import AutoregressionResult, MarkovAutoregression
from models.regimes.breaks import bai_perron, cusum_of_squares, sup_f
from models.regimes.degenerate import DegenerateRegime
from models.regimes.diagnostics import RegimeDiagnostics, diagnose
from models.regimes.markov_switching import MarkovSwitching, SwitchingResult
from models.regimes.msgarch import MSGARCH, MSGARCHResult
from models.regimes.regression import MarkovRegression, RegressionResult
from models.regimes.rsdc import RSDC, RSDCResult
from models.regimes.selection import RegimeTest, bootstrap_regimes, compare_regimes, information_criteria
from models.regimes.vintages import Vintages, vintages

__all__ = [
    "MSGARCH",
    "RSDC",
    "AutoregressionResult",
    "DegenerateRegime",
    "MSGARCHResult",
    "MarkovAutoregression",
    "MarkovRegression",
    "MarkovSwitching",
    "RSDCResult",
    "RegimeDiagnostics",
    "RegimeTest",
    "RegressionResult",
    "SwitchingResult",
    "Vintages",
    "bai_perron",
    "bootstrap_regimes",
    "compare_regimes",
    "cusum_of_squares",
    "diagnose",
    "information_criteria",
    "sup_f",
    "vintages",
]
