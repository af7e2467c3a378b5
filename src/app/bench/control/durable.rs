//! Scores that survive a crash: how many a second are answered, how soon, and how soon everybody has heard.
//!
//! The same twice: with the ledger on a disk, and on a file system in memory, where keeping costs no waiting. The difference
//! is the disk's.

use super::ControlArgs;
use super::wire::Wire;
use crate::app::bench::mixing;
use crate::app::bench::percentiles::{Percentiles, rounded};
use crate::app::bench::process::cpu_time;
use crate::app::bench::server::{ChildServer, Keeping};
use crate::app::cast;
use crate::client::event_socket::EventSocket;
use crate::engine::Clock;
use anyhow::Context;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Clients that share a battle.
const CLIENTS_PER_BATTLE: u32 = 4;
/// Longer than any run.
const BATTLE: Duration = Duration::from_secs(3_600);
/// Between two scores that everybody is to hear of: the next one is told at once, not together with others.
pub(super) const SCORE_EVERY: Duration = Duration::from_millis(120);
/// How long a score may take to everybody before the run is given up.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
/// The file system in memory of every Linux.
const MEMORY: &str = "/dev/shm";

/// Figures of one kind of storage.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Durable {
    /// Where the ledger was.
    pub(super) directory: String,
    /// Scores answered a second, each client waiting for its answer before its next.
    pub(super) scores_per_s: f64,
    /// From a score's sending to its answer.
    pub(super) score_answer_ms: Percentiles,
    /// CPU of the server meanwhile, cores.
    pub(super) cpu_cores: f64,
    /// From a score's sending to its event at each of the sockets.
    pub(super) score_to_event_ms: Percentiles,
}

/// On disk, and in memory.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SideBySide {
    pub(super) clients: u32,
    pub(super) sockets: u32,
    pub(super) seconds: u64,
    pub(super) disk: Durable,
    pub(super) memory: Durable,
}

/// Measures both.
///
/// # Errors
/// When a score is refused, or an event does not come.
pub(super) async fn run(args: &ControlArgs, clock: &Arc<dyn Clock>) -> anyhow::Result<SideBySide> {
    Ok(SideBySide {
        clients: args.clients,
        sockets: args.sockets,
        seconds: args.seconds,
        disk: on(args, clock, &args.disk()?).await.context("on disk")?,
        memory: on(args, clock, Path::new(MEMORY)).await.context("in memory")?,
    })
}

/// With the data in a folder of its own below `parent`.
async fn on(args: &ControlArgs, clock: &Arc<dyn Clock>, parent: &Path) -> anyhow::Result<Durable> {
    let folder = Folder::make(parent)?;
    let server = ChildServer::start(&super::setup(Keeping::In(folder.0.clone())), clock.wall_ms()).await?;
    let measured = tokio::select! {
        measured = measure(args, clock, &server, parent) => measured,
        error = server.ended() => Err(error),
    };
    measured.map_err(|error| super::with_words(error, &server))
}

async fn measure(
    args: &ControlArgs,
    clock: &Arc<dyn Clock>,
    server: &ChildServer,
    parent: &Path,
) -> anyhow::Result<Durable> {
    let bar = cast::progress("Posting scores to keep");
    bar.set_length(args.warmup_seconds + args.seconds);
    let clients = Clients::start(args, clock, server).await?;
    mixing::wait(args.warmup_seconds, &bar).await;
    let (from, cpu_before) = (clock.now(), cpu_time(server.pid())?);
    mixing::wait(args.seconds, &bar).await;
    let (until, cpu_after) = (clock.now(), cpu_time(server.pid())?);
    let answers = clients.finish(from, until).await?;
    bar.finish_and_clear();
    let window = until.saturating_duration_since(from).as_secs_f64();
    Ok(Durable {
        directory: parent.display().to_string(),
        scores_per_s: rounded(answers.len() as f64 / window),
        score_answer_ms: Percentiles::of(answers).context("score_answer_ms: no score was answered")?,
        cpu_cores: rounded(cpu_after.saturating_sub(cpu_before).as_secs_f64() / window),
        score_to_event_ms: scores_to_events(args, clock, server).await?,
    })
}

/// A battle of two new lives.
async fn battle(server: &ChildServer, name: &str) -> anyhow::Result<(String, String)> {
    let backend = server.backend();
    let [a, b] = [format!("{name}a"), format!("{name}b")];
    for live in [&a, &b] {
        backend.create_live(live, live).await?;
    }
    backend.connect(&a, &b).await?;
    Ok((backend.start_battle(&a, &[&b], BATTLE).await?, a))
}

/// When a score was answered, and how many milliseconds after it was sent.
type Answered = (Instant, f64);

struct Clients {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<anyhow::Result<Vec<Answered>>>>,
}

impl Clients {
    async fn start(args: &ControlArgs, clock: &Arc<dyn Clock>, server: &ChildServer) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        let mut battles = Vec::new();
        for number in 0..args.clients.div_ceil(CLIENTS_PER_BATTLE) {
            battles.push(battle(server, &format!("kept{number}")).await?);
        }
        for (number, (battle, user)) in (0..args.clients).zip(battles.iter().cycle()) {
            let wire = Wire::connect(server.address(), server.backend().token()).await?;
            let (path, user) = (format!("/v1/battles/{battle}/scores"), user.clone());
            let (clock, stop) = (Arc::clone(clock), Arc::clone(&stop));
            tasks.push(tokio::spawn(post_until(stop, clock, wire, path, user, number)));
        }
        Ok(Self { stop, tasks })
    }

    /// Milliseconds of each score that was answered between the two moments.
    async fn finish(self, from: Instant, until: Instant) -> anyhow::Result<Vec<f64>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut samples = Vec::new();
        for task in self.tasks {
            let answered = task.await.context("a client has ended early")??;
            samples.extend(answered.iter().filter(|(at, _)| (from..until).contains(at)).map(|(_, ms)| *ms));
        }
        Ok(samples)
    }
}

/// One client: a score, its answer, the next score.
async fn post_until(
    stop: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
    mut wire: Wire,
    path: String,
    user: String,
    number: u32,
) -> anyhow::Result<Vec<Answered>> {
    let mut answered = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let key = format!("client-{number}-{}", answered.len());
        let sent = clock.now();
        wire.post(&path, &key, &score(&user, &key)).await?;
        let at = clock.now();
        answered.push((at, at.saturating_duration_since(sent).as_secs_f64() * 1_000.0));
    }
    Ok(answered)
}

fn score(user: &str, key: &str) -> String {
    format!(
        r#"{{"op":"add","scores":[{{"userId":"{user}","value":5}}],"source":{{"giftId":"rose","senderId":"fan","reference":"{key}"}}}}"#
    )
}

/// One score after the other, each heard by all sockets before the next.
async fn scores_to_events(
    args: &ControlArgs,
    clock: &Arc<dyn Clock>,
    server: &ChildServer,
) -> anyhow::Result<Percentiles> {
    let (battle, user) = battle(server, "heard").await?;
    let url = server.backend().events(&user);
    let (tell, mut heard) = mpsc::unbounded_channel();
    for _ in 0..args.sockets {
        let mut socket = EventSocket::open(&url).await?;
        socket.next().await.context("the snapshot")?;
        let (tell, clock) = (tell.clone(), Arc::clone(clock));
        tokio::spawn(async move {
            while let Ok(message) = socket.next().await {
                if message.contains("onBattleScoreChanged") && tell.send(clock.now()).is_err() {
                    return;
                }
            }
        });
    }
    let mut wire = Wire::connect(server.address(), server.backend().token()).await?;
    let progress = cast::progress("Posting scores to hear of");
    progress.set_length(u64::from(args.scores));
    let mut samples = Vec::new();
    for turn in 0..args.scores {
        let key = format!("heard-{turn}");
        let sent = clock.now();
        wire.post(&format!("/v1/battles/{battle}/scores"), &key, &score(&user, &key)).await?;
        for _ in 0..args.sockets {
            let at = tokio::time::timeout(HEARD_WITHIN, heard.recv()).await.context("a socket heard nothing")?;
            let at = at.context("all sockets are closed")?;
            samples.push(at.saturating_duration_since(sent).as_secs_f64() * 1_000.0);
        }
        progress.inc(1);
        tokio::time::sleep(SCORE_EVERY).await;
    }
    progress.finish_and_clear();
    Percentiles::of(samples).context("score_to_event_ms: no score was posted")
}

/// A folder that goes with the run.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn make(parent: &Path) -> anyhow::Result<Self> {
        let folder = parent.join(format!("costage-bench-data-{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| {
            format!("cannot make {}: give a folder that exists and may be written to", folder.display())
        })?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
