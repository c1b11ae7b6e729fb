"""The docs say what the code does: names in their tables and messages in their headings are those of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bitbroker.api.metrics import SnapshotCollector
from bitbroker.errors import Cause, Ending
from tests.unit.snapshots import IDLE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def read(page: str) -> str:
    """A page of the docs."""
    return (DOCS / page).read_text(encoding="utf-8")


def first_cells(page: str) -> set[str]:
    """What stands as code in the first column of a page's tables."""
    return {
        name
        for row in re.findall(r"^\| (`[^|]*) \|", read(page), re.MULTILINE)
        for name in re.findall("`([^`]+)`", row)
    }


def exported_metrics() -> set[str]:
    """The name of each metric, as it is exported."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: IDLE))
    return set(re.findall(r"^# TYPE (\w+)", generate_latest(registry).decode(), re.MULTILINE))


def test_every_metric_is_named() -> None:
    """And no other."""
    documented = {name for name in first_cells("operations.md") if name.startswith("bitbroker_")}
    assert documented == exported_metrics()


def test_every_ending_of_a_connection_is_named() -> None:
    """In the two tables of the operations page, refusals in the second one."""
    rows = re.findall(r"^\| `([a-z-]+)` \|", read("operations.md").partition("| refusal |")[2], re.MULTILINE)
    assert set(rows) == {ending.value for ending in Ending if ending.refused}
    assert {ending.value for ending in Ending} <= first_cells("operations.md")


def test_every_event_of_the_log_is_named() -> None:
    """Each text that is logged, wherever in the broker."""
    files = [*(ROOT / "bitbroker" / "broker").glob("*.py"), ROOT / "bitbroker" / "cli.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    events = set(re.findall(r"log\.(?:info|warning|error|exception)\(\s*\"([^\"]+)\"", code))
    assert len(events) > 10
    assert events <= first_cells("operations.md")


@pytest.mark.parametrize("page", ["how-to/read-a-verdict.md", "protocol.md"])
def test_every_cause_of_a_match_is_explained(page: str) -> None:
    """All but those that are of single answers."""
    not_of_matches = {Cause.NONE, Cause.FORFEITED, Cause.ALREADY_ANSWERED, Cause.NOT_ASKED}
    labels = {cause.label for cause in Cause if cause not in not_of_matches}
    text = read(page)
    assert {label for label in labels if not re.search(rf"^\|.*\b{label}\b", text, re.MULTILINE)} == set()


def text_of(node: ast.AST) -> str | None:
    """A text in code, with `...` for what is put into it; None if this is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
    return None


def walk(path: Path) -> Iterator[ast.AST]:
    """All that a file's code consists of."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


OTHERS = {
    "Address already in use",
    "Too many open files",
    "Connection reset by peer",
    "google.protobuf.message.DecodeError",
}
"""Words of the system and of other libraries."""


def explained() -> list[list[str]]:
    """The messages in the headings of the troubleshooting page, each as the pieces of it that are ours.

    Pieces stand between dots, behind the name of an error, and behind words that several messages share.
    """
    headings = re.findall(r"^### (.*)$", read("how-to/troubleshooting.md"), re.MULTILINE)
    messages = [message for heading in headings for message in re.findall("`([^`]+)`", heading)]
    parts = [re.split(r"\.\.\.|^\w+Error: |^it sent (?=an? )|: (?=Address)", message) for message in messages]
    pieces = [[part.strip() for part in each if part.strip(" :,;()") and part not in OTHERS] for each in parts]
    return [each for each in pieces if each]


def test_messages_that_are_explained_exist() -> None:
    """Each piece of theirs is part of a text of ours."""
    nodes = [node for path in (ROOT / "bitbroker").rglob("*.py") for node in walk(path)]
    ours = "\n".join(text for node in nodes if (text := text_of(node)) is not None)
    assert len(explained()) > 50
    assert [piece for pieces in explained() for piece in pieces if piece not in ours] == []


def test_errors_that_are_raised_are_explained() -> None:
    """Each one that a user may meet: some heading consists of pieces of it."""
    rooms = ("client", "play", "testing", "wire", "match")
    files = [path for room in rooms for path in (ROOT / "bitbroker" / room).glob("*.py")]
    files += [ROOT / "bitbroker" / name for name in ("settings.py", "broker/service.py", "broker/connection.py")]
    raised = [node.exc for path in files for node in walk(path) if isinstance(node, ast.Raise)]
    arguments = [error.args[0] for error in raised if isinstance(error, ast.Call) and error.args]
    texts = [text for argument in arguments if (text := text_of(argument)) is not None]
    errors = [text for text in texts if re.search(r"\w", text)]  # others are made of what other errors say
    assert len(errors) > 20
    assert [each for each in errors if not any(all(piece in each for piece in one) for one in explained())] == []
