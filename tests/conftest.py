"""Settings of the whole test run."""

import os

from hypothesis import settings

# A merge is judged on the same examples each time; at a desk every run looks for new ones.
settings.register_profile("merge", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("merge")
