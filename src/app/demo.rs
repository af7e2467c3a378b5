//! `costage demo`: a server, two synthetic hosts who publish to it over real WHIP, and battles between them.

use super::cast::{self, Part};
use super::clock::SystemClock;
use super::settings::Settings;
use super::shutdown::Signals;
use super::{about, dev, logging, metrics, server};
use crate::api::auth::Role;
use crate::client::performance::Rate;
use crate::client::synthetic::{Melody, Presenter};
use crate::client::video_loop::{LoopConfig, Scenery};
use crate::client::whip::Host;
use crate::client::{Backend, BackendError};
use crate::engine::Clock;
use anyhow::Context;
use costage_media::frame::Size;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

mod gifts;

use gifts::Gifts;

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

/// Live id, also the user's, and name.
const HOSTS: [(&str, &str); 2] = [("luna", "Luna"), ("kai", "Kai")];
/// Pictures in a loop: six seconds, as long as the voices' phrase.
const LOOP_FRAMES: usize = 180;
/// What a phone with a good network sends at 720p.
const BITRATE_BPS: u32 = 2_000_000;
const SIZE: Size = Size { width: 1280, height: 720 };
/// Between two battles: the result is looked at.
const PAUSE: Duration = Duration::from_secs(6);
/// Battles that may fail to start one after the other before the demo gives up.
const FAILURES_MAX: u32 = 5;

/// What to do when a port of the demo is taken, as a rule by another costage.
const OTHER_PORTS: &str = "the demo's server does not start; if a port is taken, end what holds it or name others: \
     costage demo --listen 127.0.0.1:8090 --media-udp-port 0 --metrics-listen ''";

/// Runs the demo until a signal: on a server of its own in dev mode, or on the one named.
///
/// # Errors
/// When the server cannot be started or reached, or refuses.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let config = args.settings.load(true)?;
    logging::start(&config)?;
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
    let ended = perform(&backend, round, asked_to_end).await;
    if ended.is_err() {
        // No signal has begun this goodbye; the first one cuts it short.
        Signals::listen()?.end_at_next();
    }
    server.shut_down().await;
    ended
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
        let parts = rehearse().await?;
        for part in parts {
            hosts.push(cast::enter(backend, &clock, part).await?);
        }
        let [(host, _), (guest, _)] = HOSTS;
        backend.connect(host, guest).await.context("the two hosts cannot be connected")?;
        battles(backend, &hosts, round).await
    };
    let ended = tokio::select! {
        ended = show => ended,
        () = &mut stop => Ok(()),
    };
    for host in hosts {
        host.close().await;
    }
    for (live, _) in HOSTS {
        if let Err(error) = backend.end_live(live).await {
            tracing::debug!(%error, "live not ended");
        }
    }
    ended
}

async fn rehearse() -> anyhow::Result<Vec<Part>> {
    let rate = Rate::new(30.0);
    let config = LoopConfig { size: SIZE, rate, frames: LOOP_FRAMES, keyframe_every: 60, bitrate_bps: BITRATE_BPS };
    let sceneries =
        (0..HOSTS.len()).map(|place| Box::new(Presenter::new(place, SIZE, LOOP_FRAMES)) as Box<dyn Scenery>).collect();
    let bar = cast::progress("Two hosts get ready");
    let loops = cast::rehearse(config, sceneries, &bar).await?;
    bar.finish_and_clear();
    let part = |(place, ((live, name), video)): (usize, (&(&str, &str), _))| Part {
        live: (*live).to_owned(),
        name: (*name).to_owned(),
        rate,
        video,
        voice: Box::new(Melody::new(place)),
        offset: crate::client::whip::random(),
        witness: None,
    };
    Ok(HOSTS.iter().zip(loops).enumerate().map(part).collect())
}

/// Battle after battle, until a host is gone or the server refuses too often.
async fn battles(backend: &Backend, hosts: &[Host], round: Duration) -> anyhow::Result<()> {
    let mut gifts = Gifts::new(u64::from(crate::client::whip::random()));
    let mut failures = 0;
    loop {
        let ended = tokio::select! {
            ended = battle(backend, &mut gifts, round) => ended,
            () = anyone_gone(hosts) => anyhow::bail!("the server has closed a host's session"),
        };
        match ended {
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

async fn anyone_gone(hosts: &[Host]) {
    match hosts {
        [first, second, ..] => tokio::select! {
            () = first.ended() => {}
            () = second.ended() => {}
        },
        [] | [_] => std::future::pending().await,
    }
}

/// The code of a score that comes after the end.
const BATTLE_ENDED: u64 = 100_421;

async fn battle(backend: &Backend, gifts: &mut Gifts, round: Duration) -> anyhow::Result<()> {
    let [(host, _), (guest, _)] = HOSTS;
    let battle = backend.start_battle(host, &[guest], round).await?;
    tracing::info!(%battle, "battle started");
    let over = tokio::time::sleep(round);
    tokio::pin!(over);
    loop {
        let gift = gifts.next();
        tokio::select! {
            () = &mut over => return Ok(()),
            () = tokio::time::sleep(gift.after) => {}
        }
        let (user, _) = HOSTS[gift.to % HOSTS.len()];
        match backend.add_score(&battle, user, gift.points, &gift.key).await {
            Ok(_) => {}
            Err(BackendError::Refused { code: Some(BATTLE_ENDED), .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Says something to the person who started the demo.
fn say(text: &str) {
    // A closed pipe is no reason to end the show.
    drop(writeln!(std::io::stdout(), "{text}"));
}
