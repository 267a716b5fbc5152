//! What the binary does besides serving: compacts and exports histories, changes how a room is kept, checks a node.

mod health;

use std::{
    fmt::Display,
    io::{self, BufWriter, Write},
    net::IpAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use crate::{
    app::{self, StartError},
    broker::{
        self, StateError,
        embedded::{
            OpenError,
            tools::{Compacting, compact},
        },
        export::{ExportError, export},
        room,
    },
    config::{Broker, Keep, Tool},
};
use shared::text::Room;

/// The settings or the file cannot be used.
const UNUSABLE: u8 = 2;

/// How long to wait for Redis.
const PATIENCE: Duration = Duration::from_secs(10);

/// Exported lines between two progress messages.
const WORD_EVERY: u64 = 100_000;

#[derive(Debug, thiserror::Error)]
enum ToolError {
    #[error("there is no file {} (--data)", .0.display())]
    Missing(PathBuf),
    #[error("cannot use the history file (--data): {0}")]
    Open(#[from] OpenError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the broker does not answer: {0}")]
    Silent(String),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("the room's record: {0}")]
    Record(#[from] StateError),
    #[error("a thread ended early: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Runs a tool; its progress and its errors go to standard error.
pub async fn run(tool: Tool) -> ExitCode {
    let done = match tool {
        Tool::Compact { data } => compact_file(data).await,
        Tool::Export { broker } => export_all(&broker).await,
        Tool::Room { name, keep, broker } => room(&name, keep, &broker).await,
        Tool::Health { host, port } => return health(host, port),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format_args!("hubbub: {error}"));
            ExitCode::from(UNUSABLE)
        }
    }
}

fn health(host: IpAddr, port: u16) -> ExitCode {
    match health::ask(host, port) {
        Ok((ready, words)) => {
            say(&words);
            if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            say(&format_args!("no node answers on {host} port {port}: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn compact_file(data: PathBuf) -> Result<(), ToolError> {
    must_exist(&data)?;
    let compacted = tokio::task::spawn_blocking(move || {
        compact(&data, |progress| match progress {
            Compacting::Started { before } => {
                say(&format_args!("{}: {before} bytes, compacting", data.display()));
            }
            Compacting::Done { before, after } => {
                let freed = before.saturating_sub(after);
                say(&format_args!("{}: {after} bytes, {freed} given back", data.display()));
            }
        })
    });
    Ok(compacted.await??)
}

async fn room(name: &Room, keep: Option<Keep>, settings: &Broker) -> Result<(), ToolError> {
    let broker = ready(settings).await?;
    let record = match keep {
        Some(keep) => {
            let keep = match keep {
                Keep::Count(count) => Some(u64::from(count)),
                Keep::Default => None,
            };
            room::change(&*broker.state, name, |record| record.keep = keep).await
        }
        None => room::get(&*broker.state, name).await,
    };
    broker.core.close().await;
    match record?.keep {
        Some(0) => say(&"keeps no history"),
        Some(keep) => say(&format_args!("keeps {keep} messages")),
        None => say(&"keeps as many messages as the settings of the nodes say"),
    }
    Ok(())
}

/// Connects to the existing broker and waits until it answers.
async fn ready(settings: &Broker) -> Result<broker::Broker, ToolError> {
    if settings.redis_url.is_none() && settings.redis_url_file.is_none() {
        must_exist(&settings.data)?;
    }
    let broker = app::connect(settings)?;
    let mut health = broker.core.health();
    let ready = tokio::time::timeout(PATIENCE, health.wait_for(|health| health.ready)).await.is_ok();
    if !ready {
        let reason = health.borrow().reason.clone();
        return Err(ToolError::Silent(reason.unwrap_or_else(|| "no answer".into())));
    }
    drop(health);
    Ok(broker)
}

async fn export_all(settings: &Broker) -> Result<(), ToolError> {
    let broker = ready(settings).await?;
    let mut out = BufWriter::new(io::stdout());
    let mut next_word = WORD_EVERY;
    let exported = export(&broker, &mut out, |so_far| {
        if so_far.entries >= next_word {
            next_word += WORD_EVERY;
            say(&format_args!("{} rooms, {} lines so far", so_far.rooms, so_far.entries));
        }
    })
    .await;
    broker.core.close().await;
    let exported = exported?;
    say(&format_args!("{} rooms, {} lines", exported.rooms, exported.entries));
    Ok(())
}

fn must_exist(data: &Path) -> Result<(), ToolError> {
    if data.is_file() { Ok(()) } else { Err(ToolError::Missing(data.to_owned())) }
}

/// Writes a line to standard error. If that is closed, the line is dropped.
fn say(line: &dyn Display) {
    let _unread = writeln!(io::stderr(), "{line}");
}
