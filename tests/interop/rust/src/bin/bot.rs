//! A bot on the crate: `bot PORT TAG NAME [PAUSE-AT]`.
//!
//! NAME is a key of the names below. In turn PAUSE-AT, from 0, it says `paused` and waits for a line.

use std::process::ExitCode;

use bitbroker::{BaseBot, Result, run_bot};
use interop::{HOST, answer, argument, optional_argument, pause, run};

const LONG: [u8; 64] = [b'n'; 64];

/// A bot's name is part of its type, so there is a type for each; by the keys `plain`, `foreign`, `empty`, `long`.
const NAMES: [&str; 4] = [
    "plain",
    "Зоя 📡",
    "",
    match std::str::from_utf8(&LONG) {
        Ok(name) => name,
        Err(_) => unreachable!(),
    },
];

struct Bot<const NAME: usize> {
    tag: u8,
    pause_at: Option<usize>,
    turn: usize,
}

impl<const NAME: usize> BaseBot for Bot<NAME> {
    type State<'a> = &'a [u8];
    type Response = Vec<u8>;

    const NAME: &'static str = NAMES[NAME];

    async fn decide_move<'a>(&mut self, state: Self::State<'a>) -> Vec<u8> {
        if self.pause_at == Some(self.turn) {
            pause();
        }
        self.turn += 1;
        answer(state, self.tag)
    }
}

async fn play<const NAME: usize>() -> Result<()> {
    let bot = Bot::<NAME> { tag: argument(2, "a tag, 1 to 255"), pause_at: optional_argument(4), turn: 0 };
    run_bot(bot, HOST, argument(1, "a port")).await
}

fn main() -> ExitCode {
    run(async {
        match argument::<String>(3, "a name's key").as_str() {
            "plain" => play::<0>().await,
            "foreign" => play::<1>().await,
            "empty" => play::<2>().await,
            "long" => play::<3>().await,
            key => panic!("no name has the key {key}"),
        }
    })
}
