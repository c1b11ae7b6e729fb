"""The certificate that brokers show when they are measured over TLS."""

from functools import cache
from pathlib import Path
from typing import Final

import attrs

from tests.authority import Authority, Files

_FOLDER: Final = Path(__file__).parent / "build" / "certificate"


@attrs.frozen
class Shown:
    """What a broker shows, and what its clients trust.

    Attributes:
        files: the broker's, of this machine's addresses.
        ca_file: of the authority that issued it.
    """

    files: Files
    ca_file: Path


@cache
def issued() -> Shown:
    """The certificate of this run, issued when it is first asked for."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    authority = Authority(_FOLDER)
    return Shown(authority.issue(), authority.ca_file)
