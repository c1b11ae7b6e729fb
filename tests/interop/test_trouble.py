"""The crate's clients in trouble, with the crate's broker and with ours."""

import pytest
import trio

from tests.interop.page import Seen
from tests.interop.programs import Kind
from tests.interop.trouble import ROWS, Row, play

CASES = [pytest.param(row, kind, id=f"{kind}-{row.what}") for row in ROWS for kind in Kind if row.expected(kind)]


@pytest.mark.interop
@pytest.mark.parametrize(("row", "kind"), CASES)
async def test_trouble(row: Row, kind: Kind, seen: Seen) -> None:
    """With ours nobody panics: bots and seated games end with `Ok(())`, a game without a match with its error."""
    with trio.fail_after(60):
        what = await play(row, kind)
    assert what == row.expected(kind)
    seen.trouble[row.what, kind] = what
