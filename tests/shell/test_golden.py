"""Recorded matches of the crate's broker, held again with ours."""

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from bitbroker.errors import Cause
from tests.replay import RECORDINGS, Recording, replay_clients

from .conftest import OpenShell


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.case)
async def test_broker_says_what_the_crates_broker_said(
    autojump_clock: MockClock, open_shell: OpenShell, recording: Recording
) -> None:
    """The recorded game and bots hear the same bytes, in either way of reading, and the match is completed."""
    shell = open_shell(num_players=recording.players)

    async def connect() -> trio.abc.Stream:
        return shell.connect().stream

    await replay_clients(recording, connect)
    assert shell.tally.matches == {Cause.COMPLETED: 1}
