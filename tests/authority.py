"""Certificates for tests: an authority that nobody else trusts, and files of what it has issued."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import trustme


@attrs.frozen
class Files:
    """What a broker is given.

    Attributes:
        cert: the certificate, in PEM.
        key: its key.
    """

    cert: Path
    key: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """Of `bitbroker serve`."""
        return "--tls-cert", str(self.cert), "--tls-key", str(self.key)


class Authority:
    """Issues certificates into a folder.

    Attributes:
        ca_file: its own certificate, for who is to trust it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self._issued = 0
        self.ca_file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, *names: str, key_type: trustme.KeyType = trustme.KeyType.ECDSA, expired: bool = False) -> Files:
        """A certificate for these names or addresses; for this machine's if none are given."""
        until = datetime.now(UTC) - timedelta(days=1) if expired else None
        named = names or ("localhost", "127.0.0.1", "::1")
        issued = self._ca.issue_cert(*named, key_type=key_type, not_after=until)
        self._issued += 1
        files = Files(self._folder / f"cert-{self._issued}.pem", self._folder / f"key-{self._issued}.pem")
        files.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        files.key.write_bytes(issued.private_key_pem.bytes())
        return files

    def trusting(self) -> ssl.SSLContext:
        """What a client has that trusts it."""
        return ssl.create_default_context(cafile=self.ca_file)
