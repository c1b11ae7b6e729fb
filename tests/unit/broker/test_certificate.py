"""The broker's certificate: what is said of files that are none, and how a new one takes the place of the old."""

import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from bitbroker.broker.certificate import Certificate
from bitbroker.errors import SettingsError
from bitbroker.settings import Settings
from tests.authority import Authority, Files


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Issues into the test's folder."""
    return Authority(tmp_path)


@pytest.fixture
def files(authority: Authority) -> Files:
    """What is right."""
    return authority.issue()


def refusal(cert: Path | str | None, key: Path | str | None, **settings: Any) -> str:
    """What is said of these settings: one line."""
    given: dict[str, Any] = {"num_players": 2, "tls_cert": cert, "tls_key": key, **settings}
    with pytest.raises(SettingsError) as caught:
        Certificate.of(Settings(**given))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_none() -> None:
    """Without the settings there is none."""
    assert Certificate.of(Settings(num_players=2)) is None


def test_settings(files: Files) -> None:
    """Both files make one; TLS is version 1.2 at the least."""
    certificate = Certificate.of(Settings(num_players=2, tls_cert=files.cert, tls_key=files.key, tls_only=True))
    assert certificate is not None
    assert certificate.only
    assert certificate.context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_half_of_it(files: Files) -> None:
    """Either file needs the other, and `tls_only` both."""
    assert refusal(files.cert, None) == (
        f"BROKER_TLS_KEY (--tls-key) is not set: name the file with the key of {files.cert}"
    )
    assert refusal(None, files.key) == (
        f"BROKER_TLS_CERT (--tls-cert) is not set: name the file with the certificate for {files.key}"
    )
    assert refusal(None, None, tls_only=True) == (
        "BROKER_TLS_CERT (--tls-cert) is not set: TLS alone (--tls-only) needs a certificate"
    )


def test_files_that_are_not_there(files: Files) -> None:
    """It is said which, and why."""
    assert refusal("missing", files.key) == (
        "BROKER_TLS_CERT (--tls-cert) is 'missing': it cannot be read: No such file or directory; name another file"
    )
    assert refusal(files.cert, files.cert.parent) == (
        f"BROKER_TLS_KEY (--tls-key) is '{files.cert.parent}': it cannot be read: Is a directory; name another file"
    )


def test_files_that_are_something_else(files: Files) -> None:
    """The two taken for each other, above all."""
    assert refusal(files.key, files.cert) == (
        f"BROKER_TLS_CERT (--tls-cert) is '{files.key}': it holds no certificate in PEM; name the file that does"
    )
    assert refusal(files.cert, files.cert) == (
        f"BROKER_TLS_KEY (--tls-key) is '{files.cert}': it holds no private key in PEM; name the file that does"
    )


def test_broken_file(files: Files) -> None:
    """What only looks like a certificate."""
    files.cert.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert f"it and {files.key} cannot be used: " in refusal(files.cert, files.key)


def test_key_of_another(authority: Authority, files: Files) -> None:
    """A certificate and a key that do not belong together."""
    other = authority.issue()
    assert refusal(files.cert, other.key) == (
        f"BROKER_TLS_KEY (--tls-key) is '{other.key}': it is not the key of {files.cert}; "
        "give the key that this certificate is for"
    )


def test_encrypted_key(files: Files) -> None:
    """Nobody is asked for a pass phrase at the terminal."""
    key = load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass phrase")))
    assert refusal(files.cert, files.key) == (
        f"BROKER_TLS_KEY (--tls-key) is '{files.key}': it is encrypted; "
        "give a key without a pass phrase (openssl pkey -in FILE -out NEW)"
    )


def served(context: ssl.SSLContext, client: ssl.SSLContext) -> bytes:
    """The certificate that a client is shown, in DER."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    far = context.wrap_bio(to_server, to_client, server_side=True)
    for end in (near, far, near):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = near.getpeercert(binary_form=True)
    assert shown is not None
    return shown


def in_der(files: Files) -> bytes:
    """The certificate of the files, without those behind it."""
    first, end, _ = files.cert.read_text().partition("-----END CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(first + end)


@pytest.mark.parametrize("key_type", trustme.KeyType, ids=lambda key_type: key_type.name)
def test_renewal(authority: Authority, files: Files, key_type: trustme.KeyType) -> None:
    """A new certificate, of the same kind or another: all that connects from then on is shown it."""
    certificate = Certificate(files.cert, files.key)
    holding_on = certificate.new_context()
    holding_on.sni_callback = certificate.choose
    assert served(certificate.context, authority.trusting()) == in_der(files)
    new = authority.issue(key_type=key_type)
    shutil.copy(new.cert, files.cert)
    shutil.copy(new.key, files.key)
    certificate.read_again()
    for context in (certificate.context, holding_on):
        assert served(context, authority.trusting()) == in_der(new)


def test_renewal_that_fails(authority: Authority, files: Files) -> None:
    """Half of a new one: the old one stays in force."""
    certificate = Certificate(files.cert, files.key)
    before = in_der(files)
    shutil.copy(authority.issue().cert, files.cert)
    with pytest.raises(SettingsError, match="it is not the key of"):
        certificate.read_again()
    assert served(certificate.context, authority.trusting()) == before
