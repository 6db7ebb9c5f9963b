//! The binary: parse the command line, run one command.

use clap::Parser;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let cli = bouillon::cli::Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("bouillon: the system gives no threads: {e}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(bouillon::cli::run(cli));
    // Everything durable is done by now; work on other threads that does not end must not hold the exit.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}
