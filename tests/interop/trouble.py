"""What becomes of everybody in each scene of trouble, with the crate's broker and with ours."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import attrs

from tests.interop import scenes
from tests.interop.programs import Kind
from tests.interop.stage import Facts, Stage, open_stage


@attrs.frozen
class Row:
    """One scene.

    Attributes:
        what: happens.
        scene: plays it.
        crate: what is seen with the crate's broker; empty where only ours has such a setting.
        ours: what is seen with ours.
    """

    what: str
    scene: Callable[[Stage], Awaitable[Facts]]
    crate: str
    ours: str

    def expected(self, kind: Kind) -> str:
        """What must be seen."""
        return self.ours if kind is Kind.OURS else self.crate


def _refusing(scene: Callable[..., Awaitable[Facts]]) -> Callable[[Stage], Awaitable[Facts]]:
    return lambda stage: scene(stage, "--surplus", "refuse")


ROWS: Final = [
    Row(
        "a stranger sends `GET / HTTP/1.1`",
        partial(scenes.stranger_speaks, words=b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n"),
        "broker: fails; bot: fails; game: fails",
        "stranger: refused, malformed; bot: Ok(()); game: Ok(())",
    ),
    Row(
        "a stranger takes it for another service (`SSH-2.0-...`)",
        partial(scenes.stranger_speaks, words=b"SSH-2.0-client\r\n"),
        "broker: fails; bot: fails; game: fails",
        "stranger: refused, not-this-protocol; bot: Ok(()); game: Ok(())",
    ),
    Row(
        "a stranger sends a line that is not base64",
        partial(scenes.stranger_speaks, words=b"A bad line\n"),
        "broker: fails; bot: fails; game: fails",
        "stranger: refused, malformed; bot: Ok(()); game: Ok(())",
    ),
    Row(
        "a stranger sends a message that is no hello",
        partial(scenes.stranger_speaks, words=b"AAc=\n"),
        "broker: fails; bot: fails; game: fails",
        "stranger: refused, unexpected-message; bot: Ok(()); game: Ok(())",
    ),
    Row(
        "a stranger connects and says nothing",
        scenes.stranger_is_silent,
        "bot: waits; game: waits; broker: waits",
        "bot: Ok(()); game: Ok(()); stranger: refused, handshake-timeout",
    ),
    Row(
        "a game comes while another one waits",
        scenes.second_game,
        "first game: fails; second game: fails",
        "first game: Ok(()); second game: Ok(())",
    ),
    Row(
        "the same, with `--surplus refuse`",
        _refusing(scenes.second_game),
        "",
        "first game: Ok(()); second game: its error",
    ),
    Row(
        "a bot comes when there are enough",
        scenes.surplus_bot,
        "first bot: fails; second bot: fails",
        "first bot: Ok(()); second bot: Ok(())",
    ),
    Row(
        "a bot comes while a match is played",
        scenes.latecomer,
        "match: Ok(()); latecomer: fails",
        "match: Ok(()); latecomer: Ok(())",
    ),
    Row(
        "when a match is over, all come again",
        scenes.second_match,
        "first match: Ok(()); second match: fails",
        "first match: Ok(()); second match: Ok(())",
    ),
    Row(
        "a bot is killed in mid-turn",
        scenes.bot_killed,
        "broker: fails; game: fails; other bot: fails",
        "match: disconnected, at fault: player 0; game: Ok(()); other bot: Ok(())",
    ),
    Row(
        "a bot never answers",
        scenes.bot_stalls,
        "broker: waits; game: waits; other bot: waits; the bot: waits",
        "match: time-limit, at fault: player 0; game: Ok(()); other bot: Ok(()); the bot: Ok(())",
    ),
    Row(
        "the game is killed while it thinks",
        scenes.game_killed_in_thought,
        "broker: fails; bots: fails",
        "match: game-lost, at fault: game; bots: Ok(())",
    ),
    Row(
        "the game is killed while a bot thinks",
        scenes.game_killed_in_wait,
        "broker: fails; bots: fails",
        "match: game-lost, at fault: game; bots: Ok(())",
    ),
    Row(
        "the game asks a player who is not there",
        scenes.missing_player,
        "broker: fails; game: fails; bots: fails",
        "match: game-fault, at fault: game; game: Ok(()); bots: Ok(())",
    ),
    Row(
        "a bot speaks before it is asked",
        scenes.early_decision,
        "game: Ok(()); right answers: 0 of 3",
        "game: Ok(()); right answers: 3 of 3",
    ),
    Row(
        "a bot answers with codes of no decision",
        scenes.other_codes,
        "broker: Ok(()); game: Ok(()); right answers: 1 of 1",
        "match: protocol-violation, at fault: player 0; game: Ok(()); right answers: 0 of 1",
    ),
    Row(
        "a bot answers in base64 that is not canonical",
        scenes.decision_not_canonical,
        "broker: fails; game: fails; other bot: fails",
        "match: protocol-violation, at fault: player 0; game: Ok(()); other bot: Ok(())",
    ),
    Row(
        "the game asks in base64 that is not canonical",
        scenes.state_not_canonical,
        "broker: fails; bot: fails",
        "match: protocol-violation, at fault: game; bot: Ok(())",
    ),
    Row(
        "a bot answers the first request only when it has the second (`--on-failure tell-game`)",
        scenes.late_answer,
        "game: waits",
        "match: completed, at fault: nobody; game: Ok(()); right answers: 1 of 2",
    ),
    Row(
        "the broker is stopped while a bot and the game wait",
        scenes.stopped_in_wait,
        "bot: fails; game: fails",
        "bot: Ok(()); game: its error",
    ),
    Row(
        "the broker is stopped while they play",
        scenes.stopped_in_play,
        "game: fails; bots: fails",
        "match: broker-stopping, at fault: nobody; game: Ok(()); bots: Ok(())",
    ),
    Row(
        "the broker is stopped while a bot thinks",
        scenes.stopped_in_bots_thought,
        "game: fails; bots: fails",
        "match: broker-stopping, at fault: nobody; game: Ok(()); bots: Ok(())",
    ),
    Row(
        "the broker is stopped while the game thinks",
        scenes.stopped_in_games_thought,
        "game: fails; bots: fails",
        "match: broker-stopping, at fault: nobody; game: Ok(()); bots: Ok(())",
    ),
    Row(
        "a turn's response and trigger reach the game",
        scenes.response_and_trigger,
        "response and trigger: in two writes",
        "response and trigger: in one write",
    ),
]


async def play(row: Row, kind: Kind) -> str:
    """What is seen with this broker."""
    async with open_stage(kind) as stage:
        facts = await row.scene(stage)
    return "; ".join(f"{who}: {how}" for who, how in facts.items())
