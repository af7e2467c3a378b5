//! `costage bench mixing`: from a host's camera to a viewer's eye, through a real server and real WebRTC.

use super::changes::{self, Changes, Flow};
use super::machine;
use super::process::cpu_time;
use super::report::{Findings, Report, Setup};
use super::server::{ChildServer, Keeping, ServerSetup};
use super::tiles::{LATENCY_MAX, Notes, TileReader};
use super::trace;
use crate::app::cast::{self, Part};
use crate::app::clock::SystemClock;
use crate::client::Backend;
use crate::client::performance::{Rate, SentPicture};
use crate::client::synthetic::{Beeps, FLASH_EVERY, TestCard};
use crate::client::video_loop::{LoopConfig, Scenery, VideoLoop};
use crate::client::whep::Viewer;
use crate::client::whip::{Host, Witness};
use crate::engine::Clock;
use anyhow::{Context, bail};
use costage_media::frame::Size;
use costage_media::scene::{Rect, Template};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What `costage bench mixing` can be told.
#[derive(Debug, Clone, clap::Args)]
pub struct MixingArgs {
    /// Hosts in the mix (1 to 9)
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=9))]
    pub hosts: u8,
    /// Size of each host's picture, pixels
    #[arg(long, default_value = "1280x720", value_parser = size)]
    pub source: Size,
    /// Size of the mixed picture, pixels
    #[arg(long, default_value = "720x1280", value_parser = size)]
    pub canvas: Size,
    /// Mixed frames a second at most
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub max_fps: u32,
    /// Seconds to measure
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(2..=600))]
    pub seconds: u64,
    /// Seconds before that, to be left out
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub warmup_seconds: u64,
    /// Layout changes after that, a second apart, in which all hosts change places
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub changes: u32,
    /// Write the figures to this file, as JSON
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// Pictures in a loop: ten seconds, and whole seconds of flashes.
const LOOP_FRAMES: usize = 10 * FLASH_EVERY;
/// What a phone with a good network sends at 720p; other sizes in proportion, within bounds.
const BITRATE_720P_BPS: usize = 2_500_000;
/// How long the first complete mix may take: hosts enter, the connection forms, a keyframe comes.
const COMPLETE_WITHIN: Duration = Duration::from_secs(15);
/// How often the bench looks whether the mix is complete.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// "1280x720".
fn size(text: &str) -> Result<Size, String> {
    let wanted = || format!("`{text}` is no size; 1280x720 is one, from 16 to 1920 pixels a side, even");
    let (width, height) = text.split_once('x').ok_or_else(wanted)?;
    let side =
        |text: &str| text.parse().ok().filter(|side: &usize| (16..=1_920).contains(side) && side.is_multiple_of(2));
    Ok(Size { width: side(width).ok_or_else(wanted)?, height: side(height).ok_or_else(wanted)? })
}

fn written(size: Size) -> String {
    format!("{}x{}", size.width, size.height)
}

/// Host `place` is 0.05 fps slower than the one before it, so that a run sweeps all phases between them.
fn fps(place: usize) -> f64 {
    30.0 - 0.05 * place as f64
}

/// Measures and reports.
///
/// # Errors
/// When server, hosts or viewer do not come about, or a figure has no samples.
pub(super) async fn run(args: &MixingArgs) -> anyhow::Result<Report> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let loops = encode(args.hosts, args.source).await?;
    let setup = ServerSetup { canvas: args.canvas, max_fps: args.max_fps, keeping: Keeping::Nothing };
    let server = ChildServer::start(&setup, clock.wall_ms()).await?;
    let measured = tokio::select! {
        measured = measure(args, &clock, &server, loops) => measured,
        error = server.ended() => Err(error),
    };
    match measured {
        Ok(findings) => Report::new(findings),
        Err(error) => Err(error.context(format!("the server's last words:\n{}", server.last_words()))),
    }
}

/// A loop for each host.
pub(super) async fn encode(hosts: u8, source: Size) -> anyhow::Result<Vec<VideoLoop>> {
    let pixels = source.width * source.height;
    let bitrate = (BITRATE_720P_BPS * pixels / (1280 * 720)).clamp(200_000, 6_000_000);
    let config = LoopConfig {
        size: source,
        rate: Rate::new(fps(0)),
        frames: LOOP_FRAMES,
        keyframe_every: LOOP_FRAMES / 2,
        bitrate_bps: u32::try_from(bitrate).unwrap_or(u32::MAX),
    };
    let sceneries = (0..usize::from(hosts))
        .map(|place| Box::new(TestCard::new(place, source, LOOP_FRAMES)) as Box<dyn Scenery>)
        .collect();
    let bar = cast::progress("Encoding the hosts' loops");
    let loops = cast::rehearse(config, sceneries, &bar).await?;
    bar.finish_and_clear();
    Ok(loops)
}

/// What one host has sent, written by its witness.
type Log = Arc<Mutex<Vec<SentPicture>>>;

/// Everybody on stage.
struct Show {
    hosts: Vec<Host>,
    logs: Vec<Log>,
    viewer: Viewer,
    notes: Notes,
}

async fn measure(
    args: &MixingArgs,
    clock: &Arc<dyn Clock>,
    server: &ChildServer,
    loops: Vec<VideoLoop>,
) -> anyhow::Result<Findings> {
    let backend = server.backend();
    let show = raise_curtain(args, clock, backend, loops).await?;
    wait_until_complete(clock, &show).await?;
    let bar = cast::progress("Measuring");
    bar.set_length(args.warmup_seconds + args.seconds);
    wait(args.warmup_seconds, &bar).await;
    let (from, server_before, client_before) = (clock.now(), cpu_time(server.pid())?, cpu_time(std::process::id())?);
    let freezes_before = show.viewer.figures().freezes;
    wait(args.seconds, &bar).await;
    let (until, server_after, client_after) = (clock.now(), cpu_time(server.pid())?, cpu_time(std::process::id())?);
    let freezes = show.viewer.figures().freezes - freezes_before;
    // What was captured last may still be shown, and its trace written.
    tokio::time::sleep(LATENCY_MAX).await;
    bar.finish_and_clear();
    let trace = trace::parse(&server.trace()?).context("the server's trace file")?;
    let observed = show.notes.read().clone();
    let sent = show.logs.iter().map(|log| log.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect();
    let changes = change_places(args, clock, backend, &show, (from, until)).await?;
    show.viewer.close().await;
    for host in show.hosts {
        host.close().await;
    }
    Ok(Findings {
        date: machine::date(clock.wall_ms()),
        commit: machine::commit(),
        simd: machine::simd_level(),
        setup: setup(args),
        from,
        until,
        sent,
        observed,
        trace,
        server_cpu: server_after.saturating_sub(server_before),
        client_cpu: client_after.saturating_sub(client_before),
        freezes,
        changes,
    })
}

/// Layouts become others, which costs the viewer pictures or not; `standing` is when none did.
async fn change_places(
    args: &MixingArgs,
    clock: &Arc<dyn Clock>,
    backend: &Backend,
    show: &Show,
    standing: (Instant, Instant),
) -> anyhow::Result<Option<Changes>> {
    if args.changes == 0 || args.hosts < 2 {
        return Ok(None);
    }
    let bar = cast::progress("Changing layouts");
    bar.set_length(u64::from(args.changes));
    let lives: Vec<_> = (0..show.hosts.len()).map(live).collect();
    let times = changes::make(args.changes, &**clock, backend, (&lives, &places(args, lives.len())), &bar).await?;
    bar.finish_and_clear();
    let pictures = show.notes.read().pictures.clone();
    // However many encodes a second there may be: each host sends so many frames.
    let due = f64::from(args.max_fps).min(fps(0));
    let [moving, standing] = [&times[..], &[standing]].map(|times| Flow::of(&pictures, times, due));
    Ok(Some(Changes::judged(times.len(), moving, standing)))
}

/// Where hosts stand when they have connected.
fn places(args: &MixingArgs, hosts: usize) -> Vec<Rect> {
    let regions = Template::HostDynamicGrid.regions(args.canvas, hosts);
    regions.into_iter().map(|region| region.rect).collect()
}

fn setup(args: &MixingArgs) -> Setup {
    Setup {
        hosts: usize::from(args.hosts),
        source: written(args.source),
        canvas: written(args.canvas),
        max_fps: args.max_fps,
        seconds: args.seconds,
        warmup_seconds: args.warmup_seconds,
        host_fps: (0..usize::from(args.hosts)).map(fps).collect(),
    }
}

async fn raise_curtain(
    args: &MixingArgs,
    clock: &Arc<dyn Clock>,
    backend: &Backend,
    loops: Vec<VideoLoop>,
) -> anyhow::Result<Show> {
    let (mut hosts, mut logs) = (Vec::new(), Vec::new());
    for (place, video) in loops.into_iter().enumerate() {
        let (log, witness) = log();
        logs.push(log);
        hosts.push(cast::enter(backend, clock, part(place, video, Some(witness))).await?);
    }
    for place in 1..hosts.len() {
        backend.connect(&live(0), &live(place)).await?;
    }
    let tiles = places(args, hosts.len());
    let (reader, notes) = TileReader::new(Arc::clone(clock), tiles, args.source);
    let viewer =
        Viewer::watch(&backend.whep(&live(0)), Some(backend.token()), Arc::clone(clock), Box::new(reader)).await?;
    Ok(Show { hosts, logs, viewer, notes })
}

/// The live of that host, and its user's id.
pub(super) fn live(place: usize) -> String {
    format!("bench{place}")
}

/// What that host brings along.
pub(super) fn part(place: usize, video: VideoLoop, witness: Option<Witness>) -> Part {
    Part {
        live: live(place),
        name: format!("Bench {place}"),
        rate: Rate::new(fps(place)),
        video,
        voice: Box::new(Beeps::new(place)),
        // Far apart, so that a timestamp tells its host.
        offset: u32::try_from(place).unwrap_or(0) << 28,
        witness,
    }
}

fn log() -> (Log, Witness) {
    let log = Log::default();
    let theirs = Arc::clone(&log);
    let witness = Box::new(move |picture: &SentPicture| {
        theirs.lock().unwrap_or_else(PoisonError::into_inner).push(picture.clone());
    });
    (log, witness)
}

/// Until every tile has been read once.
async fn wait_until_complete(clock: &Arc<dyn Clock>, show: &Show) -> anyhow::Result<()> {
    let deadline = clock.now() + COMPLETE_WITHIN;
    loop {
        let missing = {
            let observed = show.notes.read();
            let hosts = observed.hosts.iter().enumerate();
            let missing: Vec<_> = hosts.filter(|(_, host)| host.sightings.is_empty()).map(|(place, _)| place).collect();
            (missing, observed.pictures.len())
        };
        match missing {
            (missing, _) if missing.is_empty() => return Ok(()),
            (missing, pictures) if clock.now() >= deadline => bail!(
                "after {} s the viewer has decoded {pictures} pictures and read nothing in the tiles of hosts {missing:?}; {:?}",
                COMPLETE_WITHIN.as_secs(),
                show.viewer.figures()
            ),
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// So many seconds, told to `bar`.
pub(super) async fn wait(seconds: u64, bar: &indicatif::ProgressBar) {
    for _ in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bar.inc(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_nonsense_is_explained() {
        assert_eq!(size("1280x720"), Ok(Size { width: 1280, height: 720 }));
        for wrong in ["1280", "1280x", "1281x720", "8x720", "4096x2160", "ax720"] {
            assert!(size(wrong).is_err_and(|error| error.contains(wrong)), "{wrong}");
        }
    }

    #[test]
    fn no_two_hosts_have_the_same_rate() {
        assert!((fps(0) - 30.0).abs() < 1e-9 && (fps(1) - 29.95).abs() < 1e-9 && fps(8) > 29.0);
    }
}
