"""Where the broker is said to be."""

import pytest

from bitbroker.client.address import Address, find_address


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        (None, None, Address("127.0.0.1", 9000)),
        ("broker", None, Address("broker", 9000)),
        ("broker", 7, Address("broker", 7)),
        (None, 7, Address("127.0.0.1", 7)),
        ("broker:7", None, Address("broker", 7)),
        ("broker:7", 7, Address("broker", 7)),
        ("::1", 7, Address("::1", 7)),
        ("[::1]", 7, Address("::1", 7)),
        ("[::1]:7", None, Address("::1", 7)),
        ("tcp://broker", None, Address("broker", 9000)),
        ("tcp://broker:7", None, Address("broker", 7)),
        ("tcp://broker:7/", None, Address("broker", 7)),
        ("tcp://broker", 7, Address("broker", 7)),
        ("tcp://[::1]:7", None, Address("::1", 7)),
        ("ws://broker", None, Address("broker", 80, "/")),
        ("ws://broker:7/play?room=1", None, Address("broker", 7, "/play?room=1")),
        ("ws://broker/play", 7, Address("broker", 7, "/play")),
        ("tls://broker", None, Address("broker", 9000, tls=True)),
        ("tls://broker:7/", None, Address("broker", 7, tls=True)),
        ("tls://[::1]", 7, Address("::1", 7, tls=True)),
        ("wss://broker", None, Address("broker", 443, "/", tls=True)),
        ("wss://broker:7/play?room=1", None, Address("broker", 7, "/play?room=1", tls=True)),
    ],
)
def test_addresses(monkeypatch: pytest.MonkeyPatch, host: str | None, port: int | None, address: Address) -> None:
    """Host and port apart or together, and URLs."""
    monkeypatch.delenv("BROKER_HOST", raising=False)
    monkeypatch.delenv("BROKER_PORT", raising=False)
    assert find_address(host, port) == address


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        (None, None, Address("there", 7)),
        ("here", None, Address("here", 7)),
        (None, 8, Address("there", 8)),
        ("tcp://here", None, Address("here", 7)),
        ("here:8", None, Address("here", 8)),
        ("ws://here", None, Address("here", 80, "/")),
        ("tls://here", None, Address("here", 7, tls=True)),
        ("wss://here", None, Address("here", 443, "/", tls=True)),
    ],
)
def test_environment(monkeypatch: pytest.MonkeyPatch, host: str | None, port: int | None, address: Address) -> None:
    """It says what is not given, other than the port of a WebSocket, which has a default of its own."""
    monkeypatch.setenv("BROKER_HOST", "there")
    monkeypatch.setenv("BROKER_PORT", "7")
    assert find_address(host, port) == address


def test_environment_with_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """BROKER_HOST may be all that `host` may."""
    monkeypatch.setenv("BROKER_HOST", "ws://there:7/play")
    assert find_address() == Address("there", 7, "/play")


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("http://broker", None, "must be a host, host:port, tcp://host:port or ws://host:port/path, or over TLS "),
        ("https://broker", None, "must be a host"),
        ("tls://broker/path", None, "must be a host"),
        ("wss://", None, "must be a host"),
        ("tcp://broker/path", None, "must be a host"),
        ("tcp://", None, "must be a host"),
        ("broker:port", None, "must be a host"),
        ("broker:70000", None, "must be a host"),
        ("broker:7", 8, "say the port once"),
    ],
)
def test_what_is_no_address(host: str, port: int | None, message: str) -> None:
    """One line that says what it may be."""
    with pytest.raises(ValueError, match=message):
        find_address(host, port)


@pytest.mark.parametrize("port", ["0", "65536", "x", "\N{FULLWIDTH DIGIT SEVEN}"])
def test_port_of_the_environment_that_is_none(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    """It is said where it comes from."""
    monkeypatch.setenv("BROKER_PORT", port)
    with pytest.raises(ValueError, match=r"BROKER_PORT is .* it must be a port"):
        find_address("broker")
