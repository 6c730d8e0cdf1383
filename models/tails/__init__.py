"""Tails: shortfall, value at risk, CoVaR, dependence beyond thresholds, joint falls."""

from models.tails.backtests import conditional_coverage_test, coverage_test, independence_test, shortfall_test
from models.tails.conditional import RiskPath, conditional_risk, expanding_risk, next_risk
from models.tails.covar import ConditionalRisk, conditional_value_at_risk, lower_tail_dependence
from models.tails.dependence import ExceedanceCorrelations, exceedance_correlations, joint_tail
from models.tails.joint_fall import JointFall, joint_fall
from models.tails.shortfall import Shortfalls, marginal_expected_shortfall

__all__ = [
    "ConditionalRisk",
    "ExceedanceCorrelations",
    "JointFall",
    "RiskPath",
    "Shortfalls",
    "conditional_coverage_test",
    "conditional_risk",
    "conditional_value_at_risk",
    "coverage_test",
    "exceedance_correlations",
    "expanding_risk",
    "independence_test",
    "joint_fall",
    "joint_tail",
    "lower_tail_dependence",
    "marginal_expected_shortfall",
    "next_risk",
    "shortfall_test",
]
