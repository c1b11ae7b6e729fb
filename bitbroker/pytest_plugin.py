"""The pytest plugin, which pytest finds by its entry point; costs nothing where its fixture is not used.

It lives outside `bitbroker.testing` so that pytest's start loads neither that nor Trio.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bitbroker.testing import RunningBroker, StartBroker


@pytest.fixture
def bitbroker_broker() -> Iterator["StartBroker"]:
    """Start real brokers on free ports.

    `broker = bitbroker_broker(num_players=2, time_limit=1)` starts one; all of them end with the test. The arguments
    are those of `bitbroker.testing.running_broker`; what there is to be had is a `bitbroker.testing.RunningBroker`.
    """
    from bitbroker.testing import running_broker

    with ExitStack() as brokers:

        def start(**settings: Any) -> "RunningBroker":
            return brokers.enter_context(running_broker(**settings))

        yield start
