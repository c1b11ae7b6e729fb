"""Who may ask what of the API."""

from pathlib import Path

import pytest

from bitbroker.api.access import Access, is_local, read_api_token
from bitbroker.errors import SettingsError

TOKEN = "0123456789abcdef"
GOOD = f"Bearer {TOKEN}"
NO_TOKEN = "this needs a token, and the broker has none: give it one with --api-token-file"
MISSING = "this needs the API's token, in the header Authorization: Bearer TOKEN"
WRONG = "this is not the API's token"


@pytest.mark.parametrize("access", [Access(local, token) for local in (True, False) for token in (None, TOKEN)])
@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_probes_are_for_all(access: Access, path: str) -> None:
    """Whatever they bring."""
    assert access.refusal("GET", path, "") is None
    assert access.refusal("GET", path, "Bearer wrong") is None


@pytest.mark.parametrize("path", ["/metrics", "/api/matches", "/openapi.json", "/nothing", "//", "/healthz/"])
def test_looking_is_for_this_machine_or_who_has_the_token(path: str) -> None:
    """From elsewhere the answer says what is missing."""
    for token in (None, TOKEN):
        assert Access(local=True, token=token).refusal("GET", path, "") is None
    assert Access(local=False).refusal("GET", path, "") == NO_TOKEN
    assert Access(local=False).refusal("GET", path, GOOD) == NO_TOKEN
    access = Access(local=False, token=TOKEN)
    assert access.refusal("GET", path, GOOD) is None
    assert access.refusal("GET", path, f"bearer  {TOKEN}") is None
    assert access.refusal("GET", path, "") == MISSING
    assert access.refusal("GET", path, f"Basic {TOKEN}") == MISSING


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_changing_always_needs_the_token(method: str) -> None:
    """From this machine too, where any web page may send something."""
    path = "/api/matches/1/abort"
    assert Access(local=True).refusal(method, path, GOOD) == NO_TOKEN
    access = Access(local=True, token=TOKEN)
    assert access.refusal(method, path, "") == MISSING
    assert access.refusal(method, path, GOOD) is None


@pytest.mark.parametrize("given", ["", "0", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "é", "\ud800"])
def test_wrong_tokens(given: str) -> None:
    """However near."""
    access = Access(local=False, token=TOKEN)
    assert access.refusal("GET", "/metrics", f"Bearer {given}") == WRONG


def test_token_is_not_shown() -> None:
    """Whoever prints it for a fault prints no secret."""
    assert TOKEN not in repr(Access(local=False, token=TOKEN))


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("10.0.0.1", False)],
)
def test_local_addresses(host: str, local: bool) -> None:
    """All addresses are those of others too."""
    assert is_local(host) == local


def test_token_file(tmp_path: Path) -> None:
    """A word of some length, a newline aside; what is none is not shown."""
    path = tmp_path / "api.token"
    assert read_api_token(None) is None
    path.write_text(f"{TOKEN}\n")
    assert read_api_token(path) == TOKEN
    for bad in ("", TOKEN[:-1], "two words that are long", "with\nline ends in it", "not ÄSCII but long enough"):
        path.write_text(bad, encoding="utf-8")
        with pytest.raises(SettingsError) as caught:
            read_api_token(path)
        words = "it must hold one word of 16 characters or more, and nothing else"
        assert str(caught.value) == f"BROKER_API_TOKEN_FILE (--api-token-file) is {str(path)!r}: {words}"
    path.write_bytes(b"\xff" * 20)
    with pytest.raises(SettingsError, match="one word of 16"):
        read_api_token(path)
    with pytest.raises(SettingsError, match=r"it cannot be read: Is a directory; name another file$"):
        read_api_token(tmp_path)
