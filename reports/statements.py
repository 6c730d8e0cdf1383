"""What was found, in words: a clause for each claim and outcome, and which claims lead the headline."""

from __future__ import annotations

from collections.abc import Mapping

from models.claims.verdict import Outcome

#: Findings by claim and outcome; names of roles are filled in. Claims without an entry speak with their statement.
FINDINGS: Mapping[str, Mapping[Outcome, str]] = {
    "C01": {
        Outcome.SUPPORTED: "{crypto} and {miners} fell together more than two volatile assets do",
        Outcome.MIXED: "{crypto} and {miners} fell steeply together; whether that is unusual is not settled",
        Outcome.NOT_SUPPORTED: "{crypto} and {miners} did not fall steeply together",
    },
    "C02": {
        Outcome.SUPPORTED: "{metal} went its own way",
        Outcome.MIXED: "{metal} diverged only in part",
        Outcome.NOT_SUPPORTED: "{metal} did not go its own way",
    },
    "C03": {
        Outcome.SUPPORTED: "correlations rose in stress",
        Outcome.MIXED: "correlations rose in stress, with reservations",
        Outcome.NOT_SUPPORTED: "stress did not raise correlations by a size that matters",
    },
    "C04": {
        Outcome.SUPPORTED: "{crypto} behaves like a risky growth asset",
        Outcome.MIXED: "{crypto} behaves like a risky growth asset, with reservations",
        Outcome.NOT_SUPPORTED: "{crypto} does not behave like a risky growth asset",
    },
    "C05": {
        Outcome.SUPPORTED: "{crypto_s} tie to {metal} weakened",
        Outcome.MIXED: "{crypto_s} tie to {metal} weakened, with reservations",
        Outcome.NOT_SUPPORTED: "{crypto_s} tie to {metal} did not weaken by a size that matters",
    },
    "C06": {
        Outcome.SUPPORTED: "{crypto} moved closer to {growth}",
        Outcome.MIXED: "{crypto} moved closer to {growth}, with reservations",
        Outcome.NOT_SUPPORTED: "{crypto} did not move closer to {growth} by a size that matters",
    },
    "C07": {
        Outcome.SUPPORTED: "{crypto} follows credit and conditions closely",
        Outcome.MIXED: "credit and conditions explain some of {crypto_s} week, not enough to say closely",
        Outcome.NOT_SUPPORTED: "credit and conditions explain too little of {crypto_s} week to matter",
    },
    "C08": {
        Outcome.SUPPORTED: "{miners} go on where {crypto_s} weekend left off",
        Outcome.MIXED: "{miners} go on where {crypto_s} weekend left off, with reservations",
        Outcome.NOT_SUPPORTED: "{miners} do not go on where {crypto_s} weekend left off",
    },
    "C09": {
        Outcome.SUPPORTED: "{crypto} is still among the most volatile liquid assets",
        Outcome.MIXED: "{crypto} is among the most volatile liquid assets, with reservations",
        Outcome.NOT_SUPPORTED: "{crypto} is no longer among the most volatile liquid assets",
    },
    "C10": {
        Outcome.SUPPORTED: "{miners} moved {low} to {high} times as much as {metal}",
        Outcome.MIXED: "{miners} moved {low} to {high} times as much as {metal} at best in part",
        Outcome.NOT_SUPPORTED: "{miners} did not move {low} to {high} times as much as {metal}",
    },
    "C11": {
        Outcome.SUPPORTED: "{miners} fell with shares as high-beta equities do",
        Outcome.MIXED: "{miners} fell with shares, but not as high-beta equities do",
        Outcome.NOT_SUPPORTED: "{miners} did not fall with shares by a size that matters",
    },
    "C12": {
        Outcome.SUPPORTED: "neither {crypto} nor {miners} hedged every crisis",
        Outcome.NOT_SUPPORTED: "one of {crypto} and {miners} never failed as a hedge",
    },
    "C13": {
        Outcome.SUPPORTED: "technology beyond the market explains a large part of both falls",
        Outcome.MIXED: "technology beyond the market explains a part of the falls, with reservations",
        Outcome.NOT_SUPPORTED: "technology beyond the market explains little of the falls",
    },
    "C14": {
        Outcome.SUPPORTED: "{metal_s} turbulence spreads to {miners}",
        Outcome.MIXED: "{metal_s} turbulence spreads to {miners}, with reservations",
        Outcome.NOT_SUPPORTED: "{metal_s} turbulence does not spread to {miners} more than theirs to it",
    },
    "C15": {
        Outcome.SUPPORTED: "{miners} fall when oil and credit spreads rise",
        Outcome.MIXED: "{miners} fall when oil and credit spreads rise, with reservations",
        Outcome.NOT_SUPPORTED: "{miners} do not fall when oil and credit spreads rise",
    },
    "C16": {
        Outcome.SUPPORTED: "both falls look like deleveraging more than like worse fundamentals",
        Outcome.MIXED: "the falls look like deleveraging only in part",
        Outcome.NOT_SUPPORTED: "deleveraging does not explain both falls",
    },
    "C17": {
        Outcome.SUPPORTED: "{crypto_s} volume spikes on days of fear",
        Outcome.MIXED: "{crypto_s} volume rises on days of fear, with reservations",
        Outcome.NOT_SUPPORTED: "{crypto_s} volume does not spike on days of fear",
    },
    "C18": {
        Outcome.SUPPORTED: "{miners} are thinly traded beyond their volatility",
        Outcome.MIXED: "{miners} are thinly traded beyond their volatility, with reservations",
        Outcome.NOT_SUPPORTED: "{miners} are not thinner than {metal} by a size that matters, volatility allowed for",
    },
    "C19": {
        Outcome.SUPPORTED: "{metal} stabilised first after stress",
        Outcome.MIXED: "{metal} stabilised first only in part",
        Outcome.NOT_SUPPORTED: "{metal} was not the first to stabilise after stress",
    },
    "C22": {
        Outcome.SUPPORTED: "markets were in a lasting risk-off phase",
        Outcome.MIXED: "markets were in a risk-off phase only in part",
        Outcome.NOT_SUPPORTED: "markets were not in a lasting risk-off phase",
    },
    "C23": {
        Outcome.SUPPORTED: "{metal} lost least in crises",
        Outcome.MIXED: "{metal} lost least in crises, with reservations",
        Outcome.NOT_SUPPORTED: "{metal} was not the stabiliser",
    },
    "C24": {
        Outcome.SUPPORTED: "volatile assets were sold hardest in panics",
        Outcome.MIXED: "volatile assets were sold hardest in panics, with reservations",
        Outcome.NOT_SUPPORTED: "volatility did not decide what was sold in panics by a size that matters",
    },
    "C25": {
        Outcome.SUPPORTED: "liquidity was tightening",
        Outcome.MIXED: "liquidity was tightening by some signs",
        Outcome.NOT_SUPPORTED: "liquidity was not tightening by most signs",
    },
    "C26": {
        Outcome.SUPPORTED: "the two-year yield priced a tighter policy",
        Outcome.MIXED: "the two-year yield priced a tighter policy only in part",
        Outcome.NOT_SUPPORTED: "the two-year yield did not price a tighter policy",
    },
}

#: Claims that answer the question of the title come first in the headline, the others follow in their own order.
HEADLINE_FIRST = ("C16", "C02", "C06", "C01", "C03", "C10")
