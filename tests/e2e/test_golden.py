"""Recorded matches of the crate's broker, held again with ours: a whole process over TCP."""

import pytest
import trio

from tests.replay import RECORDINGS, replay_clients

from .conftest import PATIENCE, StartBroker


@pytest.mark.parametrize("reading", ["poller", "task"])
@pytest.mark.parametrize("players", sorted({recording.players for recording in RECORDINGS}))
async def test_broker_says_what_the_crates_broker_said(start_broker: StartBroker, players: int, reading: str) -> None:
    """All recordings for so many players, one after the other through one broker; each match is completed."""
    broker = await start_broker("--reading", reading, players=players)
    recordings = [recording for recording in RECORDINGS if recording.players == players]

    async def connect() -> trio.abc.Stream:
        return await trio.open_tcp_stream("127.0.0.1", broker.port)

    for recording in recordings:
        with trio.fail_after(PATIENCE):
            await replay_clients(recording, connect)
    assert await broker.stop() == 0
    assert broker.outcomes() == ["completed"] * len(recordings)
