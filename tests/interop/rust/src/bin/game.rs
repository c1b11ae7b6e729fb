//! A game on the crate that checks every answer: `game PORT TURNS SIZE [PAUSE-AT] [FIRST-PLAYER]`.
//!
//! It asks the players in turn, with states of SIZE bytes. In turn PAUSE-AT, from 0, it says `paused` and waits for a
//! line. FIRST-PLAYER is who is asked in turn 0, there or not; -1 for no pause. What it prints: a line for each
//! player (seat, and name in hex), and when it is over one for each tag (seat, tag) and each sum.

use std::process::ExitCode;
use std::time::Instant;

use bitbroker::proto::InitialMessageBatchProto;
use bitbroker::{Action, BaseGame, run_game};
use interop::{HOST, answer, argument, optional_argument, pause, run, state};

struct Checker {
    turns: usize,
    size: usize,
    pause_at: Option<isize>,
    first_player: usize,
    turn: usize,
    /// Of each seat, once it is known: the tag of its bot.
    tags: Vec<Option<u8>>,
    wrong: usize,
    began: Option<Instant>,
    seconds: f64,
}

impl Checker {
    fn from_arguments() -> Self {
        Self {
            turns: argument(2, "a number of turns"),
            size: argument(3, "a size in bytes"),
            pause_at: optional_argument(4),
            first_player: optional_argument(5).unwrap_or(0),
            turn: 0,
            tags: Vec::new(),
            wrong: 0,
            began: None,
            seconds: 0.0,
        }
    }

    fn player(&self) -> usize {
        if self.turn == 0 { self.first_player } else { self.turn % self.tags.len() }
    }

    /// Whether this is the answer of the bot in this seat. The first that is not empty tells its tag.
    fn is_right(&mut self, seat: usize, response: &[u8]) -> bool {
        let asked = state(self.turn, self.size);
        if let (None, Some(first), Some(last)) = (self.tags[seat], response.first(), asked.last()) {
            let tag = first ^ last;
            if tag == 0 || self.tags.contains(&Some(tag)) {
                return false;
            }
            self.tags[seat] = Some(tag);
        }
        response == answer(&asked, self.tags[seat].unwrap_or(0))
    }

    fn report(&self) {
        for (seat, tag) in self.tags.iter().enumerate() {
            println!("tag {seat} {}", tag.unwrap_or(0));
        }
        println!("turns {}", self.turn);
        println!("wrong {}", self.wrong);
        println!("seconds {:.6}", self.seconds);
    }
}

impl BaseGame for Checker {
    type State = Vec<u8>;
    type Response<'a> = &'a [u8];

    async fn initialise(&mut self, players: InitialMessageBatchProto) {
        for player in &players.initial_messages {
            println!("player {} {}", player.bot_index, hex::encode(&player.bot_name));
        }
        self.tags = vec![None; players.initial_messages.len()];
    }

    async fn next_action(&mut self) -> Action<Vec<u8>> {
        self.began.get_or_insert_with(Instant::now);
        if self.pause_at == Some(self.turn as isize) {
            pause();
        }
        if self.turn == self.turns {
            return Action::EndGame;
        }
        Action::PlayerAction(self.player() as u8, state(self.turn, self.size))
    }

    async fn deliver_response<'a>(&mut self, response: Self::Response<'a>) {
        self.seconds = self.began.expect("there was a trigger").elapsed().as_secs_f64();
        let seat = self.player();
        if seat >= self.tags.len() || !self.is_right(seat, response) {
            self.wrong += 1;
        }
        self.turn += 1;
    }
}

fn main() -> ExitCode {
    run(async {
        let mut game = Checker::from_arguments();
        let result = run_game(&mut game, HOST, argument(1, "a port")).await;
        game.report();
        result
    })
}
