"""Volume and liquidity: written-out formulas, planted spreads and spikes, the sample's truth, rules for no trade."""

import numpy as np
import pandas as pd
import pytest

from models.estimate import NotDecidable
from models.inference.resampling import Resampling
from models.liquidity import (
    abnormal_log_volume,
    corwin_schultz_spread,
    garman_klass_variance,
    mean_spread,
    monthly_log_ratio,
    outflow_impact_ratio,
    parkinson_variance,
    price_impact,
    volume_response,
)
from models.margins import fit_margins
from models.stress import fear_stress

QUICK = Resampling(level=0.95, replications=199, block_bounds=(5, 40), seed=3)
INDEX = pd.bdate_range("2016-01-04", periods=1000)


def world(seed: int, effect: float = 0.0, mechanical: float = 0.2):
    generator = np.random.default_rng(seed)
    stress = pd.Series((np.arange(1000) // 25) % 6 == 2, INDEX)
    returns = pd.Series(generator.standard_t(6, size=1000), INDEX)
    logs = (
        10.0
        + 2e-4 * np.arange(1000)
        + 0.1 * (INDEX.day_of_week == 0)
        + mechanical * returns.abs()
        + effect * stress
        + 0.3 * generator.normal(size=1000)
    )
    return np.exp(logs), stress, returns


def intraday(seed: int, days: int, spread: float, deviation: float = 0.01, gap: float = 0.0):
    """Bars of a random walk seen through bid and ask; `gap` is the deviation of the overnight move."""
    generator = np.random.default_rng(seed)
    moves = generator.normal(0.0, deviation / np.sqrt(390), size=(days, 390))
    nights = generator.normal(0.0, gap, size=days) if gap else np.zeros(days)
    before = np.concatenate([[0.0], np.cumsum(moves.sum(axis=1) + nights)[:-1]]) + nights
    paths = np.exp(np.cumsum(moves, axis=1) + before[:, None])
    seen = paths * (1.0 + spread / 2.0 * generator.choice([-1.0, 1.0], size=paths.shape))
    columns = {"open": seen[:, 0], "high": seen.max(axis=1), "low": seen.min(axis=1), "close": seen[:, -1]}
    return pd.DataFrame(columns, index=pd.bdate_range("2016-01-04", periods=days))


class TestAbnormalVolume:
    def test_one_value_by_hand(self):
        volume, _, _ = world(1)
        result = abnormal_log_volume(volume)
        logs = np.log(volume.to_numpy())
        raw = np.array([logs[t] - np.median(logs[t - 63 : t]) for t in range(63, 1000)])
        trend = np.linspace(-1.0, 1.0, len(result.dropna()))
        days = INDEX[-len(trend) :].day_of_week.to_numpy()
        design = np.column_stack([days == day for day in range(5)] + [trend]).astype(float)
        first = np.array([logs[t] - np.median(logs[max(t - 63, 0) : t]) for t in range(42, 63)])
        everything = np.concatenate([first, raw])
        residual = everything - design @ np.linalg.lstsq(design, everything, rcond=None)[0]
        np.testing.assert_allclose(result.dropna().to_numpy(), residual, atol=1e-10)

    def test_scale_and_weekday_pattern_do_not_matter(self):
        volume, _, _ = world(2)
        pd.testing.assert_series_equal(abnormal_log_volume(volume), abnormal_log_volume(1000.0 * volume))
        assert abnormal_log_volume(volume).groupby(INDEX.day_of_week).mean().abs().max() < 1e-10

    def test_sessions_without_trade_are_missing(self):
        volume, _, _ = world(3)
        volume.iloc[[100, 500]] = 0.0
        volume.iloc[600] = np.nan
        result = abnormal_log_volume(volume)
        assert result.iloc[[100, 500, 600]].isna().all()
        assert np.isfinite(result.dropna()).all()

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda volume: volume * 0.0, "only 0 sessions"),
            (lambda volume: volume.where(np.arange(1000) % 10 > 0, 0.0), "10% of the sessions"),
            (lambda volume: volume * 0.0 + 5.0, "does not change"),
            (lambda volume: volume.iloc[:50], "only 50 sessions"),
        ],
    )
    def test_refusals(self, spoil, reason):
        answer = abnormal_log_volume(spoil(world(4)[0]))
        assert isinstance(answer, NotDecidable)
        assert reason in answer.reason


class TestVolumeResponse:
    def test_values_by_plain_means(self):
        volume, stress, returns = world(5, effect=0.5)
        abnormal = abnormal_log_volume(volume)
        result = volume_response(abnormal, stress, returns, QUICK)
        known = abnormal.dropna()
        label = stress.loc[known.index]
        spike = known >= known.quantile(0.95)
        assert result.difference.value == pytest.approx(known[label].mean() - known[~label].mean())
        assert result.risk_ratio.value == pytest.approx(spike[label].mean() / spike[~label].mean())
        assert result.p_value < 0.05

    def test_beyond_volatility_takes_out_the_mechanical_part(self):
        volume, stress, returns = world(6, mechanical=0.4)
        loud = returns * np.where(stress, 3.0, 1.0)
        volume = volume * np.exp(0.4 * (loud.abs() - returns.abs()))
        result = volume_response(abnormal_log_volume(volume), stress, loud, QUICK)
        assert result.difference.lower > 0.2
        assert result.beyond_volatility.contains(0.0)

    def test_coverage(self):
        hits = 0
        for seed in range(40):
            generator = np.random.default_rng(seed)
            stress = pd.Series((np.arange(1000) // 25) % 6 == 2, INDEX)
            noise = np.zeros(1000)
            for t in range(1, 1000):
                noise[t] = 0.5 * noise[t - 1] + generator.normal()
            volume = pd.Series(noise + 0.4 * stress, INDEX)
            returns = pd.Series(generator.normal(size=1000), INDEX)
            hits += volume_response(volume, stress, returns, QUICK).difference.contains(0.4)
        assert 33 <= hits <= 40

    def test_the_sample_is_recovered(self, sample_panel, sample_study, truth, resampling):
        abnormal = abnormal_log_volume(sample_panel.volumes["crypto"].iloc[1:])
        stress = fear_stress(sample_panel, sample_study.stress)
        result = volume_response(abnormal, stress, sample_panel.returns["crypto"], resampling)
        assert result.difference.contains(truth["fear_volume.crypto"])
        assert result.risk_ratio.contains(truth["fear_volume.risk_ratio"])

    @pytest.mark.parametrize("stressed", [True, False])
    def test_labels_on_one_side_are_refused(self, stressed):
        volume, stress, returns = world(7)
        stress[:] = stressed
        answer = volume_response(abnormal_log_volume(volume), stress, returns, QUICK)
        assert isinstance(answer, NotDecidable)
        assert "in stress" in answer.reason

    def test_returns_of_one_size_leave_the_rest_standing(self):
        volume, stress, _ = world(8)
        result = volume_response(abnormal_log_volume(volume), stress, pd.Series(1.0, INDEX), QUICK)
        assert isinstance(result.beyond_volatility, NotDecidable)
        assert not isinstance(result.difference, NotDecidable)


class TestPriceImpact:
    def test_units(self):
        returns, dollars = pd.Series(2.0, INDEX), pd.Series(5e6, INDEX)
        np.testing.assert_allclose(price_impact(returns, dollars), 0.02 / 5.0)
        np.testing.assert_allclose(price_impact(returns, dollars, pd.Series(4.0, INDEX)), 0.5 / 5.0)

    def test_log_ratio_of_two_assets_is_recovered(self):
        hits = 0
        for seed in range(40):
            generator = np.random.default_rng(seed)
            returns = [pd.Series(generator.standard_t(6, size=1000) * scale, INDEX) for scale in (1.0, 2.0)]
            dollars = [pd.Series(np.exp(15 + 0.4 * generator.normal(size=1000)) * m, INDEX) for m in (1.0, 4.0)]
            plain = [price_impact(r, v) for r, v in zip(returns, dollars, strict=True)]
            hits += monthly_log_ratio(*plain, level=0.95).contains(np.log(2.0))
        assert 33 <= hits <= 40

    def test_thinness_of_the_sample_is_recovered(self, sample_panel, truth):
        returns = sample_panel.complete_returns(("miners", "metal"))
        deviation = np.sqrt(fit_margins(returns).variances)
        measures = [
            price_impact(
                returns[role], (sample_panel.closes[role] * sample_panel.volumes[role]).iloc[1:], deviation[role]
            )
            for role in ("miners", "metal")
        ]
        assert monthly_log_ratio(*measures, level=0.95).value == pytest.approx(truth["thinness.miners.metal"], abs=0.15)

    def test_no_volume_no_answer(self):
        assert isinstance(price_impact(pd.Series(1.0, INDEX), pd.Series(0.0, INDEX)), NotDecidable)
        steady = pd.Series(1.0, INDEX)
        for first, second in ((steady, steady), (steady, steady.iloc[:0]), (steady.iloc[:100], steady)):
            assert isinstance(monthly_log_ratio(first, second, level=0.95), NotDecidable)


class TestOutflows:
    def test_ratio_by_plain_means_and_refusal(self):
        volume, _, returns = world(9)
        other, _, changes = world(10)
        first, second = abnormal_log_volume(volume), abnormal_log_volume(other)
        result = outflow_impact_ratio(2.0 * returns, first, changes, second, QUICK)
        means = []
        for r, v in ((2.0 * returns, first), (changes, second)):
            known = v.dropna()
            days = (r.loc[known.index] < 0.0) & (known >= known.quantile(0.8))
            means.append((-r.loc[known.index] / np.exp(known))[days].mean())
        assert result.value == pytest.approx(np.log(means[0] / means[1]))
        assert result.contains(np.log(2.0))
        rising = returns.abs()
        assert isinstance(outflow_impact_ratio(rising, first, rising, second, QUICK), NotDecidable)


class TestRanges:
    def test_formulas_on_one_bar(self):
        bar = pd.DataFrame({"open": [100.0], "high": [103.0], "low": [99.0], "close": [102.0]})
        spread, move = np.log(103 / 99), np.log(102 / 100)
        assert parkinson_variance(bar)[0] == pytest.approx(1e4 * spread**2 / (4 * np.log(2)))
        assert garman_klass_variance(bar)[0] == pytest.approx(1e4 * (0.5 * spread**2 - (2 * np.log(2) - 1) * move**2))

    def test_both_recover_the_variance_of_a_random_walk(self):
        bars = intraday(1, 1500, spread=0.0)
        for measure in (parkinson_variance, garman_klass_variance):
            assert measure(bars).mean() == pytest.approx(1.0, abs=0.12)
        assert garman_klass_variance(bars).std() < parkinson_variance(bars).std()

    def test_a_bar_without_a_range_has_no_variance(self):
        bars = pd.DataFrame({name: [100.0, 100.0] for name in ("open", "high", "low", "close")})
        assert parkinson_variance(bars).isna().all()
        assert garman_klass_variance(bars).isna().all()


class TestSpread:
    @pytest.mark.parametrize("planted", [0.005, 0.02])
    def test_planted_spread_is_recovered(self, planted):
        spread = corwin_schultz_spread(intraday(2, 1500, planted), overnight=False)
        assert spread["spread"].mean() == pytest.approx(planted, rel=0.15)
        assert (spread["floored"] >= 0.0).all()

    def test_overnight_moves_are_taken_out(self):
        bars = intraday(3, 1500, 0.01, gap=0.02)
        adjusted = corwin_schultz_spread(bars, overnight=True)["spread"].mean()
        plain = corwin_schultz_spread(bars, overnight=False)["spread"].mean()
        assert abs(adjusted - 0.01) < abs(plain - 0.01)

    def test_equations_on_two_bars_with_a_gap(self):
        bars = pd.DataFrame({"high": [101.0, 106.0], "low": [99.0, 104.0], "close": [100.0, 105.0]})
        high, low = 106.0 - 4.0, 104.0 - 4.0
        beta = np.log(101 / 99) ** 2 + np.log(high / low) ** 2
        gamma = np.log(max(101.0, high) / min(99.0, low)) ** 2
        k = 3 - 2 * np.sqrt(2)
        alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / k - np.sqrt(gamma / k)
        result = corwin_schultz_spread(bars, overnight=True)["spread"].iloc[0]
        assert result == pytest.approx(2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha)))

    def test_without_a_close_only_neighbouring_days_are_compared(self):
        bars = intraday(5, 10, 0.01)
        found = corwin_schultz_spread(bars, overnight=False)
        assert set(found.index.day_of_week) == {1, 2, 3, 4}
        assert len(corwin_schultz_spread(bars, overnight=True)) == 9

    def test_mean_in_basis_points(self):
        spread = corwin_schultz_spread(intraday(4, 400, 0.01), overnight=False)["spread"]
        assert mean_spread(spread, level=0.95).value == pytest.approx(1e4 * spread.mean())
        assert isinstance(mean_spread(spread.iloc[:10], level=0.95), NotDecidable)
        assert isinstance(mean_spread(spread * 0.0, level=0.95), NotDecidable)
