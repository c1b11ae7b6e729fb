"""Scenes of trouble: each plays on a stage and tells what was seen, in the same way with either broker.

Clients are the crate's, but for peers that do what no client of a library does.
"""

from bitbroker.wire import basic
from bitbroker.wire.messages import Message
from tests.interop.payloads import answer
from tests.interop.processes import Child
from tests.interop.programs import Kind
from tests.interop.stage import Facts, Peer, Stage

ENDLESS = 1_000_000_000
BOT = (basic.BOT_HELLO, basic.bot_info("peer"))


# Strangers.


async def stranger_speaks(stage: Stage, words: bytes) -> Facts:
    """A stranger says this while a bot waits; then comes the game."""
    await stage.open(1)
    bot = await stage.bot(1)
    stranger = await stage.peer()
    await stranger.say_bytes(words)
    seen = await stage.refusal(stranger)
    game = await stage.game(3, arrives=stage.kind is Kind.OURS)
    return seen | {"bot": await stage.ending(bot), "game": await stage.ending(game)}


async def stranger_is_silent(stage: Stage) -> Facts:
    """A stranger connects and says nothing; then come all that a match needs."""
    await stage.open(1, "--handshake-timeout", "2", crate_hangs=True)
    stranger = await stage.peer()
    bot = await stage.bot(1, arrives=False)
    game = await stage.game(3, arrives=False)
    seen = {"bot": await stage.ending(bot), "game": await stage.ending(game)}
    return seen | await stage.refusal(stranger)


# One too many.


async def second_game(stage: Stage, *flags: str) -> Facts:
    """A game comes while another one waits for its bot; then come bots for both."""
    await stage.open(1, *flags)
    games = [await stage.game(3), await stage.game(3)]
    for tag in (1, 2):
        await stage.bot(tag, arrives=stage.kind is Kind.OURS)
    return {"first game": await stage.ending(games[0]), "second game": await stage.ending(games[1])}


async def surplus_bot(stage: Stage, *flags: str) -> Facts:
    """A bot comes when there are enough; then come two games."""
    await stage.open(1, *flags)
    bots = [await stage.bot(1), await stage.bot(2)]
    for _ in (1, 2):
        await stage.game(3, arrives=stage.kind is Kind.OURS)
    return {"first bot": await stage.ending(bots[0]), "second bot": await stage.ending(bots[1])}


async def latecomer(stage: Stage) -> Facts:
    """A bot comes while a match is played; when that is over, another game."""
    await stage.open(1)
    await stage.bot(1)
    game = await stage.game(3, pause_at=1)
    await game.wait_said("paused")
    late = await stage.bot(2, arrives=stage.kind is Kind.OURS)
    await game.go_on()
    seen = {"match": await stage.ending(game)}
    await stage.game(3, arrives=stage.kind is Kind.OURS)
    return seen | {"latecomer": await stage.ending(late)}


async def second_match(stage: Stage) -> Facts:
    """When a match is over, all come again."""
    await stage.open(1)
    seen = {}
    for name, arrives in (("first match", True), ("second match", stage.kind is Kind.OURS)):
        await stage.bot(1, arrives=arrives)
        seen[name] = await stage.ending(await stage.game(3, arrives=arrives))
    return seen


# Clients that are lost.


async def bot_killed(stage: Stage) -> Facts:
    """A bot is killed while it thinks."""
    await stage.open(2)
    victim, other = await stage.bot(1, pause_at=1), await stage.bot(2)
    game = await stage.game(ENDLESS)
    await victim.wait_said("paused")
    victim.kill()
    return await stage.outcome() | {"game": await stage.ending(game), "other bot": await stage.ending(other)}


async def bot_stalls(stage: Stage) -> Facts:
    """A bot does not answer; where its match ends by that, it wakes up when it has."""
    await stage.open(2, time_limit=1, crate_hangs=True)
    sleeper, other = await stage.bot(1, pause_at=0), await stage.bot(2)
    game = await stage.game(ENDLESS)
    seen = await stage.outcome() | {"game": await stage.ending(game), "other bot": await stage.ending(other)}
    if stage.kind is Kind.OURS:
        await sleeper.go_on()
    return seen | {"the bot": await stage.ending(sleeper)}


async def game_killed_in_thought(stage: Stage) -> Facts:
    """The game is killed while it thinks."""
    await stage.open(2)
    bots = [await stage.bot(1), await stage.bot(2)]
    game = await stage.game(ENDLESS, pause_at=3)
    await game.wait_said("paused")
    game.kill()
    return await stage.outcome() | {"bots": await _same_ending(stage, *bots)}


async def game_killed_in_wait(stage: Stage) -> Facts:
    """The game is killed while a bot thinks, which then goes on."""
    await stage.open(2)
    thinker, other = await stage.bot(1, pause_at=1), await stage.bot(2)
    game = await stage.game(ENDLESS)
    await thinker.wait_said("paused")
    game.kill()
    await game.wait()
    seen = await stage.outcome() if stage.kind is Kind.OURS else {}
    await thinker.go_on()
    return seen | await stage.outcome() | {"bots": await _same_ending(stage, thinker, other)}


# Clients at fault.


async def missing_player(stage: Stage) -> Facts:
    """The game asks player 9 of two."""
    await stage.open(2)
    bots = [await stage.bot(1), await stage.bot(2)]
    game = await stage.game(3, first_player=9)
    return await stage.outcome() | {"game": await stage.ending(game), "bots": await _same_ending(stage, *bots)}


async def early_decision(stage: Stage) -> Facts:
    """A bot says a decision before it is asked; then it answers as it should."""
    await stage.open(1)
    bot = await stage.peer(*BOT, basic.decision(b"too early"))
    game = await stage.game(3)
    for _ in range(3):
        await bot.say(basic.decision(answer((await bot.hear()).body, 1)))
    return {"game": await stage.ending(game), "right answers": stage.right_answers(game)}


async def other_codes(stage: Stage) -> Facts:
    """A bot's first answer has the right body under codes that are no decision's."""
    await stage.open(1)
    bot = await stage.peer(*BOT)
    game = await stage.game(1)
    await bot.say(Message(3, 7, answer((await bot.hear()).body, 1)))
    seen = await stage.outcome() | {"game": await stage.ending(game)}
    return seen | {"right answers": stage.right_answers(game)}


async def decision_not_canonical(stage: Stage) -> Facts:
    """A bot's answer is base64 with unused bits that are not zero."""
    await stage.open(2)
    bot, other = await stage.peer(*BOT), await stage.bot(2)
    game = await stage.game(3)
    await bot.hear()
    await bot.say_bytes(b"AgB4eB==\n")
    return await stage.outcome() | {"game": await stage.ending(game), "other bot": await stage.ending(other)}


async def state_not_canonical(stage: Stage) -> Facts:
    """The game's state is such base64."""
    await stage.open(1)
    bot = await stage.bot(1)
    game = await _seated_game(stage)
    await game.say_bytes(b"AQB4eB==\n")
    return await stage.outcome() | {"bot": await stage.ending(bot)}


async def late_answer(stage: Stage) -> Facts:
    """A bot answers the first request when it has the second, and then the second."""
    await stage.open(1, "--on-failure", "tell-game", time_limit=3, crate_hangs=True)
    bot = await stage.peer(*BOT)
    game = await stage.game(2)
    first = await bot.hear()
    second = await stage.patiently(bot.hear())
    if second is None:
        return {"game": await stage.ending(game)}
    await bot.say(basic.decision(answer(first.body, 1)), basic.decision(answer(second.body, 1)))
    seen = await stage.outcome() | {"game": await stage.ending(game)}
    return seen | {"right answers": stage.right_answers(game)}


# The broker.


async def stopped_in_wait(stage: Stage) -> Facts:
    """The broker is stopped while a bot and a game wait for one more bot."""
    await stage.open(2)
    bot, game = await stage.bot(1), await stage.game(3)
    stage.broker.child.terminate()
    return {"bot": await stage.ending(bot), "game": await stage.ending(game)}


async def stopped_in_play(stage: Stage) -> Facts:
    """The broker is stopped, without a grace, in the middle of quick turns."""
    await stage.open(2, "--grace", "0")
    bots = [await stage.bot(1), await stage.bot(2)]
    game = await stage.game(ENDLESS, pause_at=10)
    await game.wait_said("paused")
    await game.go_on()
    stage.broker.child.terminate()
    return await _stopped(stage) | {"game": await stage.ending(game), "bots": await _same_ending(stage, *bots)}


async def stopped_in_bots_thought(stage: Stage) -> Facts:
    """The broker is stopped, without a grace, while a bot thinks, which then goes on."""
    await stage.open(2, "--grace", "0")
    thinker, other = await stage.bot(1, pause_at=1), await stage.bot(2)
    game = await stage.game(ENDLESS)
    await thinker.wait_said("paused")
    stage.broker.child.terminate()
    await stage.broker.child.wait()
    await thinker.go_on()
    seen = await _stopped(stage) | {"game": await stage.ending(game)}
    return seen | {"bots": await _same_ending(stage, thinker, other)}


async def stopped_in_games_thought(stage: Stage) -> Facts:
    """The broker is stopped, without a grace, while the game thinks, which then goes on."""
    await stage.open(2, "--grace", "0")
    bots = [await stage.bot(1), await stage.bot(2)]
    game = await stage.game(ENDLESS, pause_at=3)
    await game.wait_said("paused")
    stage.broker.child.terminate()
    await stage.broker.child.wait()
    await game.go_on()
    return await _stopped(stage) | {"game": await stage.ending(game), "bots": await _same_ending(stage, *bots)}


async def response_and_trigger(stage: Stage) -> Facts:
    """How the two messages of a turn reach the game, in thirty turns."""
    await stage.open(1)
    await stage.bot(1)
    game = await _seated_game(stage)
    apart = 0
    for _ in range(30):
        await game.say(basic.action(0, b"state"))
        response = await game.hear_bytes()
        if response.count(b"\n") < 2:
            apart += 1
            await game.hear_bytes()
    return {"response and trigger": "in two writes" if apart else "in one write"}


# What scenes share.


async def _seated_game(stage: Stage) -> Peer:
    """A peer as a game that has its first trigger."""
    game = await stage.peer(basic.GAME_HELLO)
    basic.parse_players(await game.hear())
    assert await game.hear() == basic.TRIGGER
    return game


async def _stopped(stage: Stage) -> Facts:
    """How the match of a broker that was stopped ended; the crate's has no word for it."""
    return await stage.outcome() if stage.kind is Kind.OURS else {}


async def _same_ending(stage: Stage, *children: Child) -> str:
    """How they end, which should be the same for all."""
    return ", ".join(sorted({await stage.ending(child) for child in children}))
