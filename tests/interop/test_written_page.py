"""docs/interop.md says what this run has seen. The last file of the folder, so that all has been seen."""

import pytest

from tests.interop.page import PAGE, Seen, render

pytestmark = pytest.mark.interop


def test_page_says_what_was_seen(seen: Seen) -> None:
    """It is written anew; if it said something else, that is to be looked at and committed."""
    missing = seen.missing()
    assert not missing, f"{PAGE.name} is left as it was, since something was not seen"
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    page = render(seen)
    PAGE.write_text(page, encoding="utf-8")
    assert page == before, f"{PAGE.name} said something else: it has been written anew; look at it and commit it"
