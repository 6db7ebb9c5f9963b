//! The binary: parse the command line, run one command.

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    bouillon::cli::run(bouillon::cli::Cli::parse()).await
}
