"""Every decision of these tests is noted, for tests/tidy/test_every_fact.py."""

import pytest

from tests.noted import listen


@pytest.fixture(scope="package", autouse=True)
def _noted():
    with pytest.MonkeyPatch.context() as patch:
        listen(patch)
        yield
