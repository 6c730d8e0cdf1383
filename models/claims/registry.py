"""Every claim that has code, in the order of the study."""

from models.claims import (
    c01_joint_fall,
    c02_gold_diverges,
    c03_correlations_rise,
    c04_growth_asset,
    c05_weaker_with_gold,
    c06_closer_to_nasdaq,
    c09_most_volatile,
    c10_two_to_three_times,
    c11_miners_risk_assets,
    c12_no_universal_hedge,
    c17_volume_spikes,
    c18_thin_liquidity,
    c20_overextended,
    c22_risk_off_state,
    c23_gold_stabilises,
    c24_volatile_sold_first,
    c25_liquidity_tightens,
    c26_hawkish_repricing,
)
from models.claims.claim import Claim

CLAIMS: tuple[Claim, ...] = (
    c01_joint_fall.CLAIM,
    c02_gold_diverges.CLAIM,
    c03_correlations_rise.CLAIM,
    c04_growth_asset.CLAIM,
    c05_weaker_with_gold.CLAIM,
    c06_closer_to_nasdaq.CLAIM,
    c09_most_volatile.CLAIM,
    c10_two_to_three_times.CLAIM,
    c11_miners_risk_assets.CLAIM,
    c12_no_universal_hedge.CLAIM,
    c17_volume_spikes.CLAIM,
    c18_thin_liquidity.CLAIM,
    c20_overextended.CLAIM,
    c22_risk_off_state.CLAIM,
    c23_gold_stabilises.CLAIM,
    c24_volatile_sold_first.CLAIM,
    c25_liquidity_tightens.CLAIM,
    c26_hawkish_repricing.CLAIM,
)
