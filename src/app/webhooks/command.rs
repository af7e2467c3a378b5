//! `costage webhooks list | replay`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use super::super::clock::SystemClock;
use super::super::data::DataArgs;
use super::{DELIVERIES_FILE, MAIN_FILE, list};
use crate::engine::outbox_log::Which;
use crate::engine::{Clock, DeliveryLog, OutboxLog};
use crate::live::WallMs;
use crate::store::{Deliveries, OutboxReader};

/// What to do with webhooks.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum WebhooksCommand {
    /// How far each endpoint has got; what waits, what fails, what could not be delivered
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Send dead letters again, with the ids they have, before what waits; works while the server runs
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
}

/// What to list.
#[derive(Clone, Debug, clap::Args)]
pub struct ListArgs {
    /// Where the server keeps its files.
    #[command(flatten)]
    pub data: DataArgs,
    /// The dead letters too, with their bodies
    #[arg(long)]
    pub dead: bool,
}

/// What to send again.
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).multiple(true)))]
pub struct ReplayArgs {
    /// Where the server keeps its files.
    #[command(flatten)]
    pub data: DataArgs,
    /// Dead letters of this endpoint
    #[arg(long, value_name = "NAME", group = "which")]
    pub endpoint: Option<String>,
    /// The one with this id
    #[arg(long, value_name = "MSG", group = "which", conflicts_with = "all")]
    pub id: Option<String>,
    /// All of them
    #[arg(long, group = "which")]
    pub all: bool,
}

const LIST_EXAMPLES: &str = "Examples:
  costage webhooks list
  costage webhooks list --data /var/lib/costage --dead

Works while the server runs, and while it does not.";

const REPLAY_EXAMPLES: &str = "Examples:
  costage webhooks replay --id msg_0123456789abcdef0123456789abcdef
  costage webhooks replay --endpoint backend
  costage webhooks replay --all --data /var/lib/costage

A running server takes them up within a second, the oldest first; another one when it is started. One that fails for
another minute stays dead, and so do those behind it: see costage webhooks list.";

/// Dead letters that are listed.
const LISTED_MAX: usize = 1_000;

/// Does it.
///
/// # Errors
/// When there are no such files, or they cannot be read.
pub fn run(command: &WebhooksCommand) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match command {
        WebhooksCommand::List(args) => {
            let directory = args.data.path()?;
            let deliveries = deliveries(&directory)?;
            let main = directory.join(MAIN_FILE);
            let outbox = if main.exists() { Some(OutboxReader::open(&main)?) } else { None };
            let outbox = outbox.as_ref().map(|outbox| outbox as &dyn OutboxLog);
            out.write_all(list::standings(&deliveries, outbox, WallMs(SystemClock.wall_ms()))?.as_bytes())?;
            if args.dead {
                let letters = deliveries.dead(&Which::default(), LISTED_MAX)?;
                out.write_all(list::letters(&letters).as_bytes())?;
                if letters.len() == LISTED_MAX {
                    writeln!(out, "… the first {LISTED_MAX}; more are there")?;
                }
            }
        }
        WebhooksCommand::Replay(args) => {
            let marked = replay(&deliveries(&args.data.path()?)?, args)?;
            writeln!(out, "{marked} to be sent again")?;
        }
    }
    Ok(())
}

fn replay(deliveries: &dyn DeliveryLog, args: &ReplayArgs) -> anyhow::Result<u64> {
    let which = Which { endpoint: args.endpoint.clone(), id: args.id.clone() };
    let marked = deliveries.want(&which)?;
    if marked == 0 && !args.all {
        let standings = deliveries.standings()?;
        let known = |name: &String| standings.iter().any(|standing| standing.endpoint == *name);
        if let Some(name) = args.endpoint.as_ref().filter(|name| !known(name)) {
            let names: Vec<_> = standings.iter().map(|standing| &*standing.endpoint).collect();
            bail!("there is no endpoint called {name:?}; there are: {}", names.join(", "));
        }
        if let Some(id) = &args.id {
            bail!("no dead letter has the id {id}; costage webhooks list --dead shows them");
        }
    }
    Ok(marked)
}

fn deliveries(directory: &Path) -> anyhow::Result<Deliveries> {
    let path = directory.join(DELIVERIES_FILE);
    Deliveries::open_existing(&path)?.with_context(|| {
        format!("{} is not there: name the server's data directory by --data, once it has run", path.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::outbox_log::{DeadLetter, OutboxRow, StoreId};

    #[test]
    fn what_is_not_there_is_said_by_name() {
        let deliveries = Deliveries::in_memory().unwrap();
        deliveries.begin("crm", StoreId([0; 16]), 0).unwrap();
        let args = |endpoint: Option<&str>, id: Option<&str>, all| ReplayArgs {
            data: DataArgs::default(),
            endpoint: endpoint.map(str::to_owned),
            id: id.map(str::to_owned),
            all,
        };
        let said = |args: &ReplayArgs| replay(&deliveries, args).map_err(|error| error.to_string());
        assert_eq!(said(&args(None, None, true)), Ok(0));
        assert_eq!(said(&args(Some("crm"), None, false)), Ok(0));
        assert!(said(&args(Some("cmr"), None, false)).unwrap_err().ends_with("there are: crm"));
        assert!(said(&args(None, Some("msg_1"), false)).unwrap_err().contains("msg_1"));
        let row = OutboxRow {
            seq: 1,
            id: "msg_1".to_owned(),
            kind: "live.ended".to_owned(),
            live: "a".to_owned(),
            at: WallMs(0),
            body: "{}".to_owned(),
        };
        let (endpoint, error) = ("crm".to_owned(), "status 500".to_owned());
        let letter = DeadLetter { endpoint, row, attempts: 1, died: WallMs(0), error, wanted: false };
        deliveries.bury("crm", 1, &[letter]).unwrap();
        assert_eq!(said(&args(Some("crm"), Some("msg_1"), false)), Ok(1));
        let data = DataArgs { data: Some("/nowhere".into()), config: None };
        let missing = run(&WebhooksCommand::Replay(ReplayArgs { data, ..args(None, None, true) }));
        assert!(missing.unwrap_err().to_string().contains("/nowhere/webhooks.db"));
    }
}
