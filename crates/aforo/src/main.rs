//! `aforo`, the one binary: picks the subcommand and turns its outcome into an exit code. What a subcommand does is in its own module.

mod bench;
mod client;
mod clock;
mod demo;
mod import;
mod openapi;
mod out;
mod sell;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A ticket-distribution platform in one binary.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::ServeArgs>),
    Sell(sell::SellArgs),
    Bench(bench::BenchArgs),
    Import(import::ImportArgs),
    Verify(verify::VerifyArgs),
    Openapi(openapi::OpenapiArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::serve(&args),
        Command::Sell(args) => sell::sell(&args),
        Command::Bench(args) => bench::bench(&args),
        Command::Import(args) => import::import(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Openapi(args) => openapi::openapi(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            out::fail(reason);
            ExitCode::FAILURE
        }
    }
}
