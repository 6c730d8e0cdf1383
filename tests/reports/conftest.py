from __future__ import annotations

import pytest
from evidence_factory import evidence

from reports.publish import Published, publish


@pytest.fixture(scope="session")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Published, Published]:
    """The same simulated evidence published into two folders, by one process and by two."""
    one, other = (tmp_path_factory.mktemp(name) for name in ("one", "other"))
    return publish(evidence("simulated", dirty=True), one), publish(evidence("simulated", dirty=True), other, workers=2)
