"""What the tests of this folder share: the page that tells what they have seen."""

import pytest

from tests.interop.page import Seen


@pytest.fixture(scope="session")
def seen() -> Seen:
    """Where each test notes what it has seen."""
    return Seen()
