"""TLS to the broker: whom to trust, and what to do where that fails."""

import os
import ssl
from typing import Final

import trio

from bitbroker.client.address import Address
from bitbroker.errors import TlsError
from bitbroker.text import tls_reason

CA_FILE_ENV: Final = "BROKER_CA_FILE"
ALERT: Final = b"\x15\x03"
"""What TLS answers with to who does not speak it."""

_UNTRUSTED: Final = frozenset({18, 19, 20, 21})
"""OpenSSL's numbers for a chain that ends nowhere: self-signed, at its beginning or end, or of an unknown issuer."""
_OTHER_NAME: Final = frozenset({62, 64})
"""Its numbers for a certificate for another name, or address."""

CaFile = str | os.PathLike[str]


def choose_context(address: Address, ca_file: CaFile | None, context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    """Whom to trust at this address; None where there is no TLS.

    Args:
        address: of the broker.
        ca_file: authorities, in PEM; None for those of the file that the environment's BROKER_CA_FILE names, or else
            the system's.
        context: all that TLS may be told, in place of a file.

    Raises:
        ValueError: the file cannot be read, or has no certificate; or one of the two is given where it means nothing.
    """
    given = "ssl_context" if context is not None else "ca_file" if ca_file is not None else ""
    if not address.tls:
        if given:
            raise ValueError(f"{given} is for TLS: leave it out, or give a tls:// or wss:// address")
        return None
    if context is not None and ca_file is not None:
        raise ValueError("ca_file and ssl_context both say whom to trust: give one")
    return context or _trust(ca_file)


def _trust(ca_file: CaFile | None) -> ssl.SSLContext:
    source = "ca_file" if ca_file else CA_FILE_ENV
    path = ca_file or os.environ.get(CA_FILE_ENV) or None
    try:
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise ValueError(f"{source} is {str(path)!r}: it holds no certificate in PEM") from None
    except OSError as error:
        raise ValueError(f"{source} is {str(path)!r}: it cannot be read: {error.strerror}") from None


async def encrypt(stream: trio.abc.Stream, address: Address, context: ssl.SSLContext) -> trio.abc.Stream:
    """Shake hands.

    Args:
        stream: to the broker; closed if this fails.
        address: whose certificate it must have.
        context: whom to trust.

    Raises:
        TlsError: the broker is not whom it is asked to be, or speaks no TLS that is spoken here.
        OSError: the connection ended in mid-handshake, as where a broker begins, or has no certificate.
    """
    encrypted = trio.SSLStream(stream, context, server_hostname=address.host)
    agreed = False
    try:
        await encrypted.do_handshake()
        agreed = True
    except trio.BrokenResourceError as broken:
        raise _explain(broken, address) from None
    finally:
        if not agreed:
            await trio.aclose_forcefully(stream)
    return encrypted


def _explain(broken: trio.BrokenResourceError, address: Address) -> Exception:
    error = broken.__cause__
    where = f"the broker at {address.host} port {address.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsError(f"{where} cannot be trusted: {error.verify_message}; {_advice(error, address)}")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return TlsError(
            f"TLS with {where} failed: {tls_reason(error)}; if it speaks no TLS, its address is tcp:// or ws://"
        )
    return OSError("it ended the connection in the TLS handshake; has it a certificate (--tls-cert)?")


def _advice(error: ssl.SSLCertVerificationError, address: Address) -> str:
    if error.verify_code in _UNTRUSTED:
        return f"if its certificate is of an authority of your own, name that one's with ca_file, or {CA_FILE_ENV}"
    if error.verify_code in _OTHER_NAME:
        return f"connect by a name in its certificate, or have it get one for {address.host}"
    return "whoever runs it must renew its certificate"
