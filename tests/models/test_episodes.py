"""Episodes, recoveries, places and peaks: hand-made paths, full enumeration, published survival figures."""

from itertools import product
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.claims.rule import judge_effect
from models.claims.verdict import Outcome
from models.episodes import (
    Recoveries,
    _share_limits,
    _share_of_wins,
    _share_tails,
    drawdown_episodes,
    first_to_recover,
    order_of_peaks,
    recoveries,
)
from models.estimate import NotDecidable
from models.survival import kaplan_meier

INDEX = pd.bdate_range("2012-01-02", periods=1200)


def labels(*stretches: tuple[int, int]) -> pd.Series:
    stress = pd.Series(False, INDEX)
    for start, end in stretches:
        stress.iloc[start:end] = True
    return stress


def waits(rows, ended=None) -> Recoveries:
    frame = pd.DataFrame(rows, columns=list("abc"), dtype=float)
    observed = frame.notna() if ended is None else pd.DataFrame(ended, columns=list("abc"))
    return Recoveries(frame, observed, "price")


class TestEpisodes:
    def test_calm_separates_and_short_pauses_do_not(self):
        stress = labels((100, 110), (150, 155), (400, 402), (30, 31))
        level = pd.Series(100.0, INDEX)
        level.iloc[152] = 80.0
        level.iloc[399] = 90.0
        found = drawdown_episodes(stress, level)
        assert [(one.first, one.last, one.trough) for one in found] == [
            (INDEX[100], INDEX[154], INDEX[152]),
            (INDEX[400], INDEX[401], INDEX[399]),
        ]

    def test_no_stress_no_episode_and_open_ones_are_left_out(self):
        level = pd.Series(100.0, INDEX)
        assert drawdown_episodes(labels(), level) == ()
        assert drawdown_episodes(labels((1150, 1200)), level) == ()
        assert drawdown_episodes(labels((0, 1200)), level) == ()


class TestRecoveries:
    def paths(self):
        generator = np.random.default_rng(1)
        steps = generator.normal(0.0, 0.004, size=(1200, 3))
        steps -= steps[:400].mean(axis=0)
        steps[400:410, 0] = -0.03
        steps[411:441, 0] = 0.0105
        steps[400:410, 1] = -0.02
        steps[411:, 1] = 0.0
        levels = pd.DataFrame(100.0 * np.exp(np.cumsum(steps, axis=0)), INDEX, ["quick", "never", "calm"])
        return levels, drawdown_episodes(labels((402, 420)), levels["quick"])

    def test_sessions_until_the_old_high_by_hand(self):
        levels, episodes = self.paths()
        trough = INDEX.get_loc(episodes[0].trough)
        high = levels["quick"].iloc[402 - 63 : 402].max()
        result = recoveries(levels, episodes, criterion="price")
        expected = next(k for k in range(1, 300) if levels["quick"].iloc[trough + k] >= high)
        assert result.sessions["quick"].iloc[0] == expected
        assert result.observed["quick"].iloc[0]

    def test_what_does_not_come_back_is_cut_off_at_the_horizon(self):
        levels, episodes = self.paths()
        result = recoveries(levels, episodes, criterion="price", horizon=100)
        assert result.sessions["never"].iloc[0] == 100
        assert not result.observed["never"].iloc[0]

    def test_what_hardly_fell_does_not_count(self):
        levels, episodes = self.paths()
        assert np.isnan(recoveries(levels, episodes, criterion="price").sessions["calm"].iloc[0])

    def test_volatility_by_hand(self):
        levels, episodes = self.paths()
        logs = np.log(levels["quick"])
        deviation = logs.diff().rolling(21).std()
        trough = INDEX.get_loc(episodes[0].trough)
        limit = 1.25 * deviation.iloc[402 - 252 : 402].median()
        expected = next(k for k in range(1, 300) if deviation.iloc[trough + k] < limit)
        assert recoveries(levels, episodes, criterion="volatility").sessions["quick"].iloc[0] == expected

    def test_what_never_left_calm_is_not_the_first_to_be_calm_again(self):
        """A steady slide costs more than a usual month without any more volatility than before."""
        levels, episodes = self.paths()
        steps = np.tile([0.004, -0.004], 600)
        steps[380:410] -= 0.002
        levels["slide"] = 100.0 * np.exp(np.cumsum(steps))
        assert recoveries(levels, episodes, criterion="price").sessions["slide"].notna().all()
        volatility = recoveries(levels, episodes, criterion="volatility")
        assert volatility.sessions["slide"].isna().all()
        assert volatility.sessions["quick"].notna().all()

    def test_refusals(self):
        levels, episodes = self.paths()
        assert isinstance(recoveries(levels, (), criterion="price"), NotDecidable)
        assert isinstance(recoveries(levels * 0.0 + 5.0, episodes, criterion="price"), NotDecidable)
        early = drawdown_episodes(labels((100, 120)), levels["quick"])
        assert isinstance(recoveries(levels, early, criterion="price"), NotDecidable)


class TestFirstPlace:
    def test_tails_are_binomial_sums(self):
        for total in range(6):
            each = [comb(5, k) * 0.3**k * 0.7 ** (5 - k) for k in range(6)]
            assert _share_tails(total, 5, 0.3) == pytest.approx((sum(each[total:]), sum(each[: total + 1])))

    def test_limits_between_integers_lie_between_theirs(self):
        for total in np.arange(0.0, 5.0, 0.25):
            low, high = _share_limits(total, 5, 0.95), _share_limits(total + 0.25, 5, 0.95)
            assert low[0] <= high[0]
            assert low[1] <= high[1]

    @pytest.mark.parametrize("tie", [0.0, 0.3, 0.6])
    def test_limits_of_shared_places_cover_in_full_enumeration(self, tie):
        """Five episodes whose share is 0, one half (a tie) or 1: coverage at every mean share is at least 95 %."""
        for win in np.arange(0.0, 1.0 - tie + 1e-9, 0.05):
            chances = {0.0: max(1.0 - tie - win, 0.0), 0.5: tie, 1.0: win}
            covered = 0.0
            for one in product(chances, repeat=5):
                lower, upper = _share_limits(sum(one), 5, 0.95)
                if lower <= win + tie / 2.0 <= upper:
                    covered += np.prod([chances[share] for share in one])
            assert covered >= 0.95

    def test_without_ties_it_is_the_binomial_test(self):
        rows = [[1.0, 5.0, 7.0]] * 6 + [[9.0, 5.0, 7.0]] * 3
        estimate, p_value = first_to_recover(waits(rows), "a", level=0.95)
        upper = stats.binom.sf(5, 9, 1 / 3)
        assert p_value == pytest.approx(2.0 * upper)
        exact = stats.binomtest(6, 9).proportion_ci(0.95, method="exact")
        assert estimate.value == pytest.approx(6 / 9 - 1 / 3)
        assert estimate.lower == pytest.approx(exact.low - 1 / 3, abs=1e-6)
        assert estimate.upper == pytest.approx(exact.high - 1 / 3, abs=1e-6)

    def test_ties_share_and_cut_off_waits_come_last(self):
        rows = [[3.0, 3.0, 9.0], [252.0, 10.0, 20.0], [4.0, 6.0, np.nan]]
        ended = [[True, True, True], [False, True, True], [True, True, False]]
        estimate, _ = first_to_recover(waits(rows, ended), "a", level=0.95)
        assert estimate.value == pytest.approx((0.5 + 0.0 + 1.0) / 3.0 - (1 / 3 + 1 / 3 + 1 / 2) / 3.0)

    def test_a_tie_of_all_says_nothing(self):
        rows = [[1.0, 5.0, 7.0]] * 4 + [[9.0, 5.0, 7.0]] * 3
        plain = first_to_recover(waits(rows), "a", level=0.95)
        assert first_to_recover(waits(rows + [[6.0, 6.0, 6.0]] * 20), "a", level=0.95) == plain
        assert isinstance(first_to_recover(waits([[6.0, 6.0, 6.0]] * 20), "a", level=0.95), NotDecidable)
        answer = first_to_recover(waits([*rows[:3], [6.0, 6.0, 6.0]]), "a", level=0.95, minimum=4)
        assert isinstance(answer, NotDecidable)
        assert "only 3 episodes" in answer.reason

    def test_ten_shared_first_places_do_not_exclude_a_third(self):
        """First in each of ten episodes, always with one rival of two: half of the first places by construction."""
        estimate, _ = first_to_recover(waits([[3.0, 3.0, 9.0]] * 10), "a", level=0.95)
        assert estimate.value == pytest.approx(1 / 2 - 1 / 3)
        assert judge_effect(estimate, 1 / 3, p_adjusted=None, specifications=None).outcome is Outcome.INCONCLUSIVE

    def test_one_win_of_five_does_not_exclude_a_third(self):
        rows = [[1.0, 5.0, 7.0]] + [[9.0, 5.0, 7.0]] * 4
        assert first_to_recover(waits(rows), "a", level=0.95)[0].upper > 1 / 3

    def test_interval_inverts_the_test_with_ties(self):
        for wins, shared in product(range(5), range(5)):
            rows = [[1.0, 5.0, 7.0]] * wins + [[5.0, 5.0, 7.0]] * shared + [[9.0, 5.0, 7.0]] * (8 - wins - shared)
            estimate, p_value = first_to_recover(waits(rows), "a", level=0.95)
            assert (p_value <= 0.05) == (not estimate.contains(0.0))

    def test_interval_inverts_the_test(self):
        for wins in range(10):
            rows = [[1.0, 5.0, 7.0]] * wins + [[9.0, 5.0, 7.0]] * (9 - wins)
            estimate, p_value = first_to_recover(waits(rows), "a", level=0.95)
            assert (p_value <= 0.05) == (not estimate.contains(0.0))

    def test_always_and_never_first(self):
        always, _ = first_to_recover(waits([[1.0, 5.0, 7.0]] * 9), "a", level=0.95)
        never, _ = first_to_recover(waits([[1.0, 5.0, 7.0]] * 9), "c", level=0.95)
        assert always.upper == pytest.approx(2 / 3)
        assert never.lower == pytest.approx(-1 / 3)

    def test_coverage_at_two_thirds(self):
        generator = np.random.default_rng(5)
        hits = 0
        for _ in range(100):
            first = generator.random(9) < 2 / 3
            rows = [[1.0, 5.0, 7.0] if one else [9.0, 5.0, 7.0] for one in first]
            hits += first_to_recover(waits(rows), "a", level=0.95)[0].contains(1 / 3)
        assert hits >= 93

    @pytest.mark.parametrize("rows", [[[1.0, 2.0, 3.0]], [[np.nan, 2.0, 3.0]] * 5, [[1.0, np.nan, np.nan]] * 5])
    def test_one_episode_or_no_rival_is_refused(self, rows):
        assert isinstance(first_to_recover(waits(rows), "a", level=0.95), NotDecidable)

    def test_nobody_recovered_is_refused(self):
        answer = first_to_recover(waits([[9.0, 9.0, 9.0]] * 4, [[False] * 3] * 4), "a", level=0.95)
        assert isinstance(answer, NotDecidable)


class TestPeaks:
    def test_a_planted_order_is_counted(self):
        steps = np.full((1200, 2), 0.0)
        generator = np.random.default_rng(3)
        steps += generator.normal(0.0, 0.002, size=steps.shape)
        for start in (200, 500, 800):
            steps[start - 60 : start, :] += 0.001
            steps[start : start + 12, 0] = -0.02
            steps[start : start + 6, 1] = 0.004
            steps[start + 6 : start + 18, 1] = -0.02
        levels = pd.DataFrame(np.exp(np.cumsum(steps, axis=0)), INDEX, ["leader", "follower"])
        estimate, p_value = order_of_peaks(levels["leader"], levels["follower"], level=0.95, depth=4.0)
        assert estimate.n == 3
        assert estimate.value == 1.0
        assert p_value == pytest.approx(0.25)
        back, _ = order_of_peaks(levels["follower"], levels["leader"], level=0.95, depth=4.0)
        assert back.value == 0.0

    def test_share_is_the_exact_binomial_with_ties_at_half(self):
        estimate, p_value = _share_of_wins(6, 2, 2, 0.95)
        interval = stats.binomtest(6, 8).proportion_ci(0.95, method="exact")
        assert estimate.value == pytest.approx(0.7)
        assert estimate.lower == pytest.approx((1.0 + 8.0 * interval.low) / 10.0)
        assert p_value == pytest.approx(stats.binomtest(6, 8).pvalue)
        assert isinstance(_share_of_wins(0, 0, 3, 0.95), NotDecidable)

    def test_constant_or_short_series_are_refused(self):
        flat = pd.Series(1.0, INDEX)
        for series in (flat, flat.iloc[:50]):
            assert isinstance(order_of_peaks(series, flat, level=0.95), NotDecidable)


class TestSurvival:
    def test_remission_times_of_freireich(self):
        """6-MP arm of Freireich et al. (1963), as tabulated in Collett, and Kleinbaum and Klein, table 2.3."""
        times = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float)
        ended = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
        curve = kaplan_meier(times, ended, level=0.95)
        expected = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
        assert {int(k): round(v, 4) for k, v in curve.frame["waiting"].items()} == expected
        assert list(curve.frame["at_risk"]) == [21, 17, 15, 12, 11, 7, 6]
        assert curve.censored == 12
        assert isinstance(curve.median, NotDecidable)

    def test_without_censoring_it_is_the_empirical_share(self):
        times = np.random.default_rng(1).integers(1, 30, size=60).astype(float)
        curve = kaplan_meier(times, np.ones(60, dtype=bool), level=0.95)
        for moment, share in curve.frame["waiting"].items():
            assert share == pytest.approx(np.mean(times > moment))
        assert curve.median.value == np.sort(times)[29]
        assert (curve.frame["lower"] <= curve.frame["waiting"] + 1e-12).all()
        assert (curve.frame["upper"] >= curve.frame["waiting"] - 1e-12).all()

    def test_coverage_under_censoring(self):
        hits = 0
        for seed in range(100):
            generator = np.random.default_rng(seed)
            wait, limit = generator.exponential(20.0, 80), generator.exponential(40.0, 80)
            curve = kaplan_meier(np.minimum(wait, limit), wait <= limit, level=0.95)
            hits += curve.median.contains(20.0 * np.log(2.0))
        assert hits >= 89

    def test_nothing_ended_or_nothing_there(self):
        for times in (np.array([5.0, 6.0]), np.array([np.nan, np.nan])):
            assert isinstance(kaplan_meier(times, np.array([False, False]), level=0.95), NotDecidable)
