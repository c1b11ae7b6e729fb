"""Our generated messages against prost's bytes, both ways."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.interop.page import Seen
from tests.interop.protobuf import CASES, UNKNOWN, Case, Fields, Ours, Prost, counted, field, running_prost

pytestmark = pytest.mark.interop

without_a_clock = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

INFOS = st.tuples(st.integers(-(1 << 31), (1 << 31) - 1), st.text())
EXTRAS = st.lists(st.sampled_from(sorted(UNKNOWN.values())), max_size=4).map(b"".join)


@pytest.fixture(scope="module")
def prost() -> Iterator[Prost]:
    """The crate's messages."""
    with running_prost() as prost:
        yield prost


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.what}")
def test_case(case: Case, prost: Prost, seen: Seen) -> None:
    """Both read the same; but for one kind of bytes that nobody writes."""
    read = prost.read(case.kind, case.body), Ours().read(case.kind, case.body)
    assert read == (case.fields, case.fields if case.ours is None else case.ours)
    seen.protobuf[case.kind, case.what] = read


@without_a_clock
@given(infos=st.lists(INFOS, max_size=5))
def test_both_write_the_same_bytes_and_read_them(prost: Prost, infos: Fields) -> None:
    """Any index, any name: byte for byte."""
    for kind, fields in [("batch", infos), *(("info", [info]) for info in infos)]:
        body = prost.write(kind, fields)
        assert body == Ours().write(kind, fields)
        assert prost.read(kind, body) == Ours().read(kind, body) == fields


@without_a_clock
@given(info=INFOS, before=EXTRAS, behind=EXTRAS, between=EXTRAS)
def test_both_read_past_unknown_fields(
    prost: Prost, info: tuple[int, str], before: bytes, behind: bytes, between: bytes
) -> None:
    """Wherever they stand."""
    body = before + Ours().write("info", [info]) + behind
    batch = between + field(1, 2, counted(body)) + between
    assert prost.read("info", body) == Ours().read("info", body) == [info]
    assert prost.read("batch", batch) == Ours().read("batch", batch) == [info]


def test_a_name_of_any_length(prost: Prost) -> None:
    """Lengths around those at which protobuf's own length grows by a byte."""
    for length in (0, 1, 127, 128, 10_000, 16_383, 16_384):
        fields = [(length, "é" * length)]
        assert prost.read("info", Ours().write("info", fields)) == fields
        assert Ours().read("info", prost.write("info", fields)) == fields
