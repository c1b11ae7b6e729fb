//! What the programs share: payloads that check themselves, their arguments, and how they end.

use std::env;
use std::fmt::Display;
use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::str::FromStr;

use tokio::runtime::Builder;

pub const HOST: &str = "127.0.0.1";

/// A prime, so that no buffer's size is a multiple of the pattern's.
const PERIOD: usize = 251;

/// The state of a turn: another one each turn, and no stretch of it like the one beside it.
pub fn state(turn: usize, size: usize) -> Vec<u8> {
    (0..size).map(|place| ((turn + place) % PERIOD) as u8).collect()
}

/// What the bot with this tag (1 to 255) answers: the state from its end, each byte under the tag.
pub fn answer(state: &[u8], tag: u8) -> Vec<u8> {
    state.iter().rev().map(|byte| byte ^ tag).collect()
}

/// The argument in this place, from 1; the program ends where it is missing or no such thing.
pub fn argument<T: FromStr>(place: usize, what: &str) -> T {
    optional_argument(place).unwrap_or_else(|| panic!("argument {place} must be {what}"))
}

/// As `argument`; none where there is no such argument.
pub fn optional_argument<T: FromStr>(place: usize) -> Option<T> {
    env::args().nth(place)?.parse().ok()
}

/// Say that it stops here, and do nothing until there is a line on standard input, or its end.
pub fn pause() {
    println!("paused");
    io::stdin().read_line(&mut String::new()).expect("standard input is readable");
}

/// Run a program: exit code 0 for `Ok`, 1 and a line on standard error for an error, 101 for a panic.
pub fn run<E: Display>(program: impl Future<Output = Result<(), E>>) -> ExitCode {
    let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime can be made");
    match runtime.block_on(program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
