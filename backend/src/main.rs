//! The `hubbub` binary: reads the settings, runs a node until it is asked to leave.

#![forbid(unsafe_code)]

use std::{
    io::{Write, stderr},
    process::ExitCode,
};

use backend::{
    app::App,
    config::{Cli, Config},
    shutdown, telemetry, tools,
};
use clap::Parser;

/// The settings cannot be used.
const UNUSABLE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.tool {
        None => serve(&cli.config).await,
        Some(tool) => tools::run(tool).await,
    }
}

async fn serve(config: &Config) -> ExitCode {
    telemetry::start(&config.log);
    let app = match App::start(config).await {
        Ok(app) => app,
        Err(error) => {
            let _unread = writeln!(stderr(), "hubbub: {error}");
            return ExitCode::from(UNUSABLE);
        }
    };
    shutdown::asked_to_leave().await;
    tokio::select! {
        politely = app.leave() => {
            tracing::info!("left{}", if politely { "" } else { ", but not everybody in time" });
            ExitCode::SUCCESS
        }
        () = shutdown::asked_to_leave() => {
            tracing::warn!("asked twice: leaving at once");
            ExitCode::FAILURE
        }
    }
}
