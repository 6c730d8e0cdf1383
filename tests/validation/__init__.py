"""Monte Carlo: do the intervals cover what they claim? Slow, resumable, run by `make validate`."""
