//! `costage demo`: a server, two synthetic hosts who publish to it over real WHIP, and battles between them.

use super::clock::SystemClock;
use super::server::{Fallen, Running};
use super::settings::Settings;
use super::shutdown::Signals;
use super::{about, dev, logging, metrics, server};
use crate::api::auth::Role;
use crate::client::{Backend, BackendError};
use crate::engine::Clock;
use anyhow::Context;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

mod gifts;
mod hosts;

use gifts::Gifts;
use hosts::HOSTS;

/// What the demo can be told.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// Seconds that a battle lasts (5 to 3600)
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    pub round_seconds: u64,
    /// Perform on a server that runs already, instead of starting one: its address, as http://localhost:8080
    #[arg(long, requires = "token")]
    pub server: Option<String>,
    /// An admin's token for --server
    #[arg(long, requires = "server")]
    pub token: Option<String>,
    /// The configuration of the server that it starts.
    #[command(flatten)]
    pub settings: Settings,
}

/// Between two battles: the result is looked at.
const PAUSE: Duration = Duration::from_secs(6);
/// Battles that may fail to start one after the other before the demo gives up.
const FAILURES_MAX: u32 = 5;
/// Gifts that may fail one after the other before a battle counts as failed.
const GIFTS_LOST_MAX: u32 = 10;

/// What to do when a port of the demo is taken, as a rule by another costage.
const OTHER_PORTS: &str = "the demo's server does not start; if a port is taken, end what holds it or name others: \
     costage demo --listen 127.0.0.1:8090 --media-udp-port 0 --metrics-listen ''";

/// Runs the demo until a signal: on a server of its own in dev mode, or on the one named.
///
/// # Errors
/// When the server cannot be started or reached, or refuses, or one of its threads has ended by a defect.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let config = args.settings.load_for_show()?;
    logging::start(&config)?;
    args.settings.tell_what_is_passed_over();
    about::announce(&about::version(about::kernels(config.simd).level()));
    let signals = Signals::listen().context("cannot listen for signals")?;
    // A second signal ends the process, during the goodbyes too.
    let asked_to_end = async {
        signals.first().await;
    };
    let round = Duration::from_secs(args.round_seconds);
    if let (Some(address), Some(token)) = (&args.server, &args.token) {
        let backend = Backend::new(address, token)?;
        say(&format!("Watch the battle at {address}/   (Ctrl-C ends it)"));
        return perform(&backend, round, asked_to_end).await;
    }
    let server = server::start(&config, true, &metrics::install()?).await.context(OTHER_PORTS)?;
    let backend = Backend::new(&server.url(), &dev::token(&server, Role::Admin, "demo")?)?;
    say(&format!("Watch the battle at {}/   (Ctrl-C ends it)", server.url()));
    let ended = perform_on(&server, &backend, round, asked_to_end).await?;
    if ended.is_err() {
        // No signal has begun this goodbye; the first one cuts it short.
        Signals::listen()?.end_at_next();
    }
    server.shut_down().await;
    ended
}

/// Performs on a server of our own; what became of it.
///
/// # Errors
/// When the server is whole no more.
async fn perform_on(
    server: &Running,
    backend: &Backend,
    round: Duration,
    stop: impl Future<Output = ()>,
) -> Result<anyhow::Result<()>, Fallen> {
    server.while_whole(perform(backend, round, stop)).await
}

/// Performs until `stop` resolves: two lives, one connection, battle after battle with rising scores.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn perform(backend: &Backend, round: Duration, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut hosts = Vec::new();
    tokio::pin!(stop);
    let show = async {
        hosts = hosts::rehearse().await?;
        for host in &mut hosts {
            host.enter(backend, &clock).await?;
        }
        let [host, guest] = &mut hosts[..] else { anyhow::bail!("there are {} hosts, not two", HOSTS.len()) };
        // Battles need the lives only: while a visitor publishes one of them, the show goes on with the visitor.
        tokio::select! {
            ended = battles(backend, round) => ended,
            () = host.stay(backend, &clock) => Ok(()),
            () = guest.stay(backend, &clock) => Ok(()),
        }
    };
    let ended = tokio::select! {
        ended = show => ended,
        () = &mut stop => Ok(()),
    };
    for host in hosts {
        host.leave(backend).await;
    }
    ended
}

/// Battle after battle, until the server refuses too often.
async fn battles(backend: &Backend, round: Duration) -> anyhow::Result<()> {
    let mut gifts = Gifts::new(u64::from(crate::client::whip::random()));
    let mut failures = 0;
    loop {
        match battle(backend, &mut gifts, round).await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                if failures == FAILURES_MAX {
                    return Err(error).context("no battle could be held");
                }
                tracing::warn!(%error, "battle not held");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The two lives are connected already.
const ALREADY_CONNECTED: u64 = 100_401;
/// A battle of before still runs.
const ALREADY_IN_BATTLE: u64 = 100_415;
/// The code of a score that comes after the end.
const BATTLE_ENDED: u64 = 100_421;

/// One battle to its end, with gifts.
async fn battle(backend: &Backend, gifts: &mut Gifts, round: Duration) -> Result<(), BackendError> {
    let battle = start(backend, round).await?;
    tracing::info!(%battle, "battle started");
    let over = tokio::time::sleep(round);
    tokio::pin!(over);
    let mut lost = 0;
    loop {
        let gift = gifts.next();
        tokio::select! {
            () = &mut over => return Ok(()),
            () = tokio::time::sleep(gift.after) => {}
        }
        let (user, _) = HOSTS[gift.to % HOSTS.len()];
        match backend.add_score(&battle, user, gift.points, &gift.key).await {
            Ok(_) => lost = 0,
            Err(error) if code(&error) == Some(BATTLE_ENDED) => return Ok(()),
            // The battle runs on without this gift; only a server that takes none at all ends it for us.
            Err(error) => {
                lost += 1;
                if lost == GIFTS_LOST_MAX {
                    return Err(error);
                }
                tracing::warn!(%error, "gift lost");
            }
        }
    }
}

/// Connects the lives, unless they are, and starts a battle, or takes up the one that runs. Its id.
async fn start(backend: &Backend, round: Duration) -> Result<String, BackendError> {
    let [(host, _), (guest, _)] = HOSTS;
    match backend.connect(host, guest).await {
        Err(error) if code(&error) != Some(ALREADY_CONNECTED) => return Err(error),
        Ok(()) | Err(_) => {}
    }
    match backend.start_battle(host, &[guest], round).await {
        Err(error) if code(&error) == Some(ALREADY_IN_BATTLE) => backend.battle_of(host).await,
        started => started,
    }
}

/// The product's code of a refusal.
fn code(error: &BackendError) -> Option<u64> {
    match error {
        BackendError::Refused { code, .. } => *code,
        BackendError::BadUrl(_)
        | BackendError::Unreachable { .. }
        | BackendError::Incomplete { .. }
        | BackendError::NotPublishing(..) => None,
    }
}

/// Says something to the person who started the demo.
fn say(text: &str) {
    // A closed pipe is no reason to end the show.
    drop(writeln!(std::io::stdout(), "{text}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Config;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_demo_whose_server_loses_a_thread_ends_and_names_it() {
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            media_udp_port: 0,
            metrics_listen: String::new(),
            data_dir: std::path::PathBuf::new(),
            ..Config::default()
        };
        let server = server::start(&config, true, &metrics::install().unwrap()).await.unwrap();
        let backend = Backend::new(&server.url(), &dev::token(&server, Role::Admin, "demo").unwrap()).unwrap();
        assert!(server.while_whole(async {}).await.is_ok(), "nothing has fallen yet");
        server.control().let_thread_fall();
        let forever = std::future::pending();
        let ended = tokio::time::timeout(Duration::from_secs(60), perform_on(&server, &backend, PAUSE, forever)).await;
        let fallen = ended.expect("it is noticed").expect_err("and ends the show");
        assert!(fallen.to_string().contains("thread control"), "{fallen}");
    }
}
