"""Filter and smoother of a hidden Markov chain: arrays in, arrays out; they do not know what is emitted.

Transition matrices have shape (L, K, K) with rows summing to one: L = 1 for a constant matrix, L = T for one that
varies; entry [t, i, j] is P(s_t = j | s_{t-1} = i). Entry [0] of a varying one is not used by the recursion.

What is emitted at t may depend on the last p + 1 regimes: a state is c = s_t K^p + s_{t-1} K^{p-1} + ... + s_{t-p},
so that S = K^(p+1); with p = 0 the states are the regimes.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Sum of predicted probabilities times shifted densities below which the shift is chosen anew.
SMALLEST_TOTAL = 1e-250
#: Sum of carried probabilities below which they are made to add up to one again.
SMALLEST_CARRIED = 1e-30
#: Predicted probability below which its inverse overflows; the state is then taken as out of reach.
SMALLEST_DIVISOR = 1e-300


@njit(cache=True)
def _moves(states: int, regimes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Regime of s_t in each state, and the number of the lags that remain when the chain moves on."""
    rows = np.empty(states, dtype=np.int64)
    rests = np.empty(states, dtype=np.int64)
    for i in range(states):
        rows[i] = i // (states // regimes)
        rests[i] = i // regimes
    return rows, rests


def hamilton_filter(log_densities: Array, transition: Array, initial: Array) -> tuple[Array, Array, Array]:
    """Predicted and filtered probabilities by the recursion of Hamilton (1989, Econometrica 57, eq. 4.5-4.8).

    Densities are shifted by the largest one of each observation, so that none, however far out, makes the total
    underflow; where the state of the largest one cannot be reached, by the largest one that can.

    Parameters
    ----------
    log_densities : array, shape (T, S)
        log f(y_t | state at t).
    transition : array, shape (1, K, K) or (T, K, K)
    initial : array, shape (S,)
        Probabilities of the first state before the first observation.

    Returns
    -------
    logliks : array, shape (T,)
        log f(y_t | F_{t-1}).
    predicted, filtered : array, shape (T, S)
        Probabilities of the states given F_{t-1} and F_t.
    """
    peaks, shifted = _shifted(log_densities)
    densities = np.exp(shifted, out=shifted)
    if len(initial) == transition.shape[1]:
        totals, predicted, filtered = _filter(log_densities, densities, peaks, transition, tuple(initial.tolist()))
    else:
        totals, predicted, filtered = _lagged_filter(log_densities, densities, peaks, transition, initial)
    return peaks + np.log(totals), predicted, filtered


@njit(cache=True)
def _shifted(log_densities: Array) -> tuple[Array, Array]:
    """Largest log density of each row, shape (T,), and the log densities less it; minus infinity stays what it is."""
    length, states = log_densities.shape
    peaks = np.empty(length)
    shifted = np.empty((length, states))
    for t in range(length):
        peak = log_densities[t, 0]
        for j in range(1, states):
            peak = max(peak, log_densities[t, j])
        peaks[t] = peak
        for j in range(states):
            shifted[t, j] = log_densities[t, j] - peak if peak > -np.inf else -np.inf
    return peaks, shifted


@njit(cache=True)
def _out_of_reach(log_densities: Array, ahead: Array, now: Array) -> tuple[float, float]:
    """The largest log density among states that can be reached, and the total of `now`, shifted by it anew."""
    peak = -np.inf
    for j in range(len(ahead)):
        if ahead[j] > 0.0 and log_densities[j] > peak:
            peak = log_densities[j]
    total = 0.0
    for j in range(len(ahead)):
        if peak == -np.inf:
            now[j] = ahead[j]
        else:
            now[j] = ahead[j] * np.exp(log_densities[j] - peak) if ahead[j] > 0.0 else 0.0
        total += now[j]
    return peak, total


@njit(cache=True, error_model="numpy")
def _filter(
    log_densities: Array, densities: Array, peaks: Array, transition: Array, initial: tuple[float, ...]
) -> tuple[Array, Array, Array]:
    """Totals of predicted times shifted density, predicted, filtered; a peak out of reach is moved in `peaks`.

    The length of a tuple is part of its type: the compiler knows K and unrolls the loops. The recursion runs on
    probabilities that do not add up to one, so that no observation waits for the division of the one before.
    """
    length = densities.shape[0]
    regimes = len(initial)
    step = 1 if transition.shape[0] > 1 else 0
    totals = np.empty(length)
    predicted = np.empty((length, regimes))
    filtered = np.empty((length, regimes))
    ahead, now = np.empty(regimes), np.empty(regimes)
    for j in range(regimes):
        ahead[j] = initial[j]
    share = 1.0
    for t in range(length):
        if t > 0:
            for j in range(regimes):
                reached = 0.0
                for i in range(regimes):
                    reached += now[i] * transition[t * step, i, j]
                ahead[j] = reached
        total = 0.0
        for j in range(regimes):
            predicted[t, j] = ahead[j] * share
            now[j] = ahead[j] * densities[t, j]
            total += now[j]
        if not total * share > SMALLEST_TOTAL:
            peaks[t], total = _out_of_reach(log_densities[t], predicted[t], now)
            share = 1.0
        totals[t] = total * share
        share = 1.0 / total
        for j in range(regimes):
            filtered[t, j] = now[j] * share
        if not total > SMALLEST_CARRIED:
            for j in range(regimes):
                now[j] = filtered[t, j]
            share = 1.0
    return totals, predicted, filtered


@njit(cache=True, error_model="numpy")
def _lagged_filter(
    log_densities: Array, densities: Array, peaks: Array, transition: Array, initial: Array
) -> tuple[Array, Array, Array]:
    """`_filter` for states that hold lagged regimes."""
    length, states = densities.shape
    regimes = transition.shape[1]
    rows, rests = _moves(states, regimes)
    block = states // regimes
    step = 1 if transition.shape[0] > 1 else 0
    totals = np.empty(length)
    predicted = np.empty((length, states))
    filtered = np.empty((length, states))
    ahead = initial.copy()
    now = np.empty(states)
    for t in range(length):
        if t > 0:
            for j in range(states):
                ahead[j] = 0.0
            for i in range(states):
                for j in range(regimes):
                    ahead[j * block + rests[i]] += now[i] * transition[t * step, rows[i], j]
        total = 0.0
        for j in range(states):
            predicted[t, j] = ahead[j]
            now[j] = ahead[j] * densities[t, j]
            total += now[j]
        if not total > SMALLEST_TOTAL:
            peaks[t], total = _out_of_reach(log_densities[t], ahead, now)
        totals[t] = total
        share = 1.0 / total
        for j in range(states):
            now[j] *= share
            filtered[t, j] = now[j]
    return totals, predicted, filtered


def kim_smoother(predicted: Array, filtered: Array, transition: Array) -> tuple[Array, Array]:
    """Smoothed probabilities and expected transitions (Kim 1994, Journal of Econometrics 60, eq. 2.20-2.21).

    Parameters
    ----------
    predicted, filtered : array, shape (T, S)
        From `hamilton_filter`.
    transition : array, shape (1, K, K) or (T, K, K)

    Returns
    -------
    smoothed : array, shape (T, S)
        Probabilities of the states given F_T.
    transitions : array, of the shape of `transition`
        P(s_{t-1} = i, s_t = j | F_T) at each t >= 1, or its sum over t for a constant matrix.
    """
    if predicted.shape[1] == transition.shape[1]:
        return _smoother(predicted, filtered, transition, tuple(filtered[-1].tolist()))
    return _lagged_smoother(predicted, filtered, transition)


@njit(cache=True, error_model="numpy")
def _smoother(predicted: Array, filtered: Array, transition: Array, last: tuple[float, ...]) -> tuple[Array, Array]:
    """`kim_smoother` where the states are the regimes; the tuple tells the compiler how many, see `_filter`."""
    length = predicted.shape[0]
    regimes = len(last)
    step = 1 if transition.shape[0] > 1 else 0
    smoothed = np.empty((length, regimes))
    transitions = np.zeros(transition.shape)
    after, ratio = np.empty(regimes), np.empty(regimes)
    for j in range(regimes):
        after[j] = last[j]
        smoothed[length - 1, j] = last[j]
    for t in range(length - 1, 0, -1):
        for j in range(regimes):
            inverse = 1.0 / predicted[t, j] if predicted[t, j] > SMALLEST_DIVISOR else 0.0
            ratio[j] = after[j] * inverse
        total = 0.0
        for i in range(regimes):
            weight = filtered[t - 1, i]
            ahead = 0.0
            for j in range(regimes):
                move = transition[t * step, i, j] * ratio[j]
                transitions[t * step, i, j] += weight * move
                ahead += move
            after[i] = weight * ahead
            total += after[i]
        share = 1.0 / total if total > 0.0 else 1.0
        for i in range(regimes):
            smoothed[t - 1, i] = after[i] * share
    return smoothed, transitions


@njit(cache=True, error_model="numpy")
def _lagged_smoother(predicted: Array, filtered: Array, transition: Array) -> tuple[Array, Array]:
    """`kim_smoother` for states that hold lagged regimes."""
    length, states = predicted.shape
    regimes = transition.shape[1]
    rows, rests = _moves(states, regimes)
    block = states // regimes
    step = 1 if transition.shape[0] > 1 else 0
    smoothed = np.empty((length, states))
    transitions = np.zeros(transition.shape)
    after = filtered[length - 1].copy()
    ratio = np.empty(states)
    smoothed[length - 1] = after
    for t in range(length - 1, 0, -1):
        for j in range(states):
            ratio[j] = after[j] / predicted[t, j] if predicted[t, j] > 0.0 else 0.0
        total = 0.0
        for i in range(states):
            weight = filtered[t - 1, i]
            row, rest = rows[i], rests[i]
            ahead = 0.0
            for j in range(regimes):
                move = transition[t * step, row, j] * ratio[j * block + rest]
                transitions[t * step, row, j] += weight * move
                ahead += move
            after[i] = weight * ahead
            total += after[i]
        share = 1.0 / total if total > 0.0 else 1.0
        for i in range(states):
            smoothed[t - 1, i] = after[i] * share
    return smoothed, transitions


@njit(cache=True)
def squared_distances(x: Array, means: Array, choleskys: Array) -> Array:
    """Mahalanobis distances (x_t - mean_k)' (L_k L_k')^-1 (x_t - mean_k), shape (T, K)."""
    length, size = x.shape
    regimes = means.shape[0]
    distances = np.empty((length, regimes))
    solved, inverses = np.empty(size), np.empty(size)
    for k in range(regimes):
        for i in range(size):
            inverses[i] = 1.0 / choleskys[k, i, i]
        for t in range(length):
            total = 0.0
            for i in range(size):
                value = x[t, i] - means[k, i]
                for j in range(i):
                    value -= choleskys[k, i, j] * solved[j]
                value *= inverses[i]
                solved[i] = value
                total += value * value
            distances[t, k] = total
    return distances


@njit(cache=True)
def nearest(points: Array, centres: Array) -> NDArray[np.intp]:
    """Number of the centre, shape (K, F), nearest to each point, shape (T, F); the first of equals."""
    labels = np.zeros(len(points), dtype=np.intp)
    for t in range(len(points)):
        smallest = np.inf
        for k in range(len(centres)):
            distance = 0.0
            for i in range(points.shape[1]):
                distance += (points[t, i] - centres[k, i]) ** 2
            if distance < smallest:
                smallest = distance
                labels[t] = k
    return labels


@njit(cache=True)
def subtract_from_columns(values: Array, offsets: Array) -> None:
    """Take offset k from column k of the values, shape (T, K), in place: numpy is slow for few columns."""
    length, columns = values.shape
    for t in range(length):
        for k in range(columns):
            values[t, k] -= offsets[k]


@njit(cache=True)
def stationary_distribution(transition: Array) -> Array:
    """pi = pi P by elimination without subtractions (Grassmann, Taksar and Heyman 1985, Operations Research 33).

    Each entry is accurate in relative terms, also for chains that hardly ever leave a regime.
    """
    states = len(transition)
    reduced = transition.copy()
    for last in range(states - 1, 0, -1):
        leaving = 0.0
        for j in range(last):
            leaving += reduced[last, j]
        leaving = max(leaving, 1e-300)
        for i in range(last):
            reduced[i, last] /= leaving
            for j in range(last):
                reduced[i, j] += reduced[i, last] * reduced[last, j]
    stationary = np.empty(states)
    stationary[0] = 1.0
    total = 1.0
    for j in range(1, states):
        mass = 0.0
        for i in range(j):
            mass += stationary[i] * reduced[i, j]
        stationary[j] = mass
        total += mass
    return stationary / total
