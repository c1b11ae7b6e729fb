//! The crate's broker: `broker PORT PLAYERS`. What it logs goes to standard error, a line each.

use std::io;
use std::process::ExitCode;

use interop::{HOST, argument, run};

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_ansi(false)
        .init();
    run(bitbroker::run_broker(argument(2, "a number of players"), HOST, argument(1, "a port")))
}
