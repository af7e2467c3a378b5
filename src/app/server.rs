//! The whole server, put together: engine, control, sessions, HTTP, metrics.

use super::about;
use super::avatars;
use super::clock::SystemClock;
use super::config::Config;
use super::fonts;
use super::keeping::{self, Keeping};
use super::metrics::{LiveFigures, Metrics};
use super::open_files;
use super::reload;
use super::samples::FrameSamples;
use super::shutdown;
use super::signing;
use super::theme;
use super::webhooks;
use crate::api::auth::{Attempts, Keys, Quotas, Rates};
use crate::api::{self, ApiState, Drawing, Going, Sockets, Stage};
use crate::avatar::Fetcher;
use crate::engine::trace::Samples;
use crate::engine::{
    self, Books, Clock, ControlConfig, ControlHandle, ControlThread, Director, Engine, Signalling, Viewers,
};
use crate::live::Rules;
use crate::peer::{self, PeerConfig, Receiver, Sessions};
use crate::webhook::Webhooks;
use anyhow::Context;
use costage_media::codec::openh264;
use costage_media::frame::Size;
use costage_media::kernel::Kernels;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server that runs. End it with [`Running::shut_down`].
pub struct Running {
    address: SocketAddr,
    media_port: u16,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    going: Going,
    patience: Duration,
    sessions: Arc<Sessions>,
    director: Director,
    control: ControlThread,
    asking: ControlHandle,
    webhooks: Arc<Webhooks>,
    avatars: Option<Fetcher>,
    http: Vec<JoinHandle<()>>,
    sockets: Sockets,
    metrics_upkeep: JoinHandle<()>,
    // Dropped last and in this order: no datagram finds its shard gone.
    receiver: Receiver,
    engine: Engine,
}

/// A thread of the server has ended by a defect.
#[derive(Debug, Error)]
#[error("the thread {0} has ended by a defect; please report what the log says before this")]
pub struct Fallen(String);

/// Starts everything that `config` asks for, and returns when it serves.
///
/// # Errors
/// When a port is taken, a key is unfit, or the system gives no thread. Says which setting to change.
pub async fn start(config: &Config, dev: bool, metrics: &Metrics) -> anyhow::Result<Running> {
    open_files::raise_limit();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let kernels = about::kernels(config.simd);
    let keys = Arc::new(signing::keys(config, dev)?);
    // HTTP first: a taken port is the commonest failure and should cost nothing.
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("cannot listen on {}: is it in use? set `listen` to another address", config.listen)
    })?;
    let address = listener.local_addr()?;
    let samples: Arc<dyn Samples> =
        Arc::new(FrameSamples::new(config.trace_path()).context("cannot write `trace_file`")?);
    fonts::bring(&config.fonts, &config.theme.font)?;
    theme::bring(config)?;
    let engine =
        Engine::start(&engine_config(config, kernels)?, &clock, &samples).context("cannot start media threads")?;
    let director = engine.director();
    let (sessions, receiver) =
        peer::start(&peer_config(config, dev), Arc::clone(&clock), Arc::new(director.clone()))
            .context("no media: is the port in use? set `media_udp_port` to another one, or to 0 for a free one")?;
    let seed = signing::seed()?;
    let Keeping { journal, snapshot, clock: server_clock, books, webhooks: kept } =
        keeping::open(config, &clock, seed).map_err(|error| keeping::of_room(config, error))?;
    let webhooks = webhooks::start(config, kept, Arc::clone(&books), &server_clock, &clock)
        .map_err(|error| keeping::of_room(config, error))?;
    let webhooks = Arc::new(webhooks);
    let control_config = ControlConfig { rules: rules(config), seed, snapshot };
    let (control, control_thread) =
        engine::control::spawn(server_clock, control_config, journal, Box::new(director.clone()))
            .context("cannot start the control thread")?;
    director.set_control(&control);
    let avatars = avatars::fetch(config, &director, &clock)?;
    reload::set(&control, config.gift_table());

    let going = Going::default();
    let viewers = engine.viewers();
    let pictures = Arc::new(director.clone());
    let state =
        api_state(config, dev, &control, &sessions, &keys, &clock, &going, kernels, metrics, viewers, pictures, books);
    let sockets = state.sockets.clone();
    let mut http = vec![serve(listener, api::router(state), config.limits.connections, &going)];
    if !config.metrics_listen.is_empty() {
        let listener = TcpListener::bind(&config.metrics_listen).await.with_context(|| {
            format!("cannot listen on {}: set `metrics_listen` to another address, or to \"\"", config.metrics_listen)
        })?;
        http.push(serve(listener, api::metrics_router(metrics.renderer()), SCRAPERS_MAX, &going));
    }
    Ok(Running {
        address,
        media_port: sessions.media_port(),
        keys,
        clock,
        going,
        patience: Duration::from_secs(config.drain_seconds),
        sessions,
        director,
        control: control_thread,
        asking: control,
        webhooks,
        avatars,
        http,
        sockets,
        metrics_upkeep: tokio::spawn(metrics.clone().keep_up()),
        receiver,
        engine,
    })
}

impl Running {
    /// Where HTTP is served, as an address to open.
    #[must_use]
    pub fn url(&self) -> String {
        match self.address.ip() {
            ip if ip.is_unspecified() || ip.is_loopback() => format!("http://localhost:{}", self.address.port()),
            _ => format!("http://{}", self.address),
        }
    }

    /// The UDP port of all sessions.
    #[must_use]
    pub fn media_port(&self) -> u16 {
        self.media_port
    }

    /// Signs tokens.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The way to the control thread.
    #[must_use]
    pub fn control(&self) -> &ControlHandle {
        &self.asking
    }

    /// The senders of webhooks.
    #[must_use]
    pub fn webhooks(&self) -> Arc<Webhooks> {
        Arc::clone(&self.webhooks)
    }

    /// The server's clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Does `work` for as long as all threads run.
    ///
    /// # Errors
    /// A thread has ended without having been told to: without it the server only seems to work, so the process should end
    /// at once, and be started anew.
    pub async fn while_whole<T>(&self, work: impl Future<Output = T>) -> Result<T, Fallen> {
        tokio::select! {
            biased;
            thread = self.fallen() => {
                tracing::error!(thread, "a thread has ended by a defect: ending, to be started anew");
                Err(Fallen(thread))
            }
            done = work => Ok(done),
        }
    }

    /// Resolves with the name of a thread that has ended without having been told to.
    async fn fallen(&self) -> String {
        loop {
            let named = [("control", self.control.has_fallen()), ("udp", self.receiver.has_fallen())];
            let named = named.into_iter().find(|(_, fallen)| *fallen).map(|(name, _)| name.to_owned());
            if let Some(name) = self.engine.fallen().or(named) {
                return name;
            }
            tokio::time::sleep(THREADS_LOOK).await;
        }
    }

    /// Drains and ends: new sessions are refused at once, those that are left are closed after `drain_seconds`.
    pub async fn shut_down(self) {
        self.sessions.drain();
        let sessions = Arc::clone(&self.sessions);
        shutdown::drain(&self.going, self.patience, move || sessions.sessions()).await;
        self.director.close_all();
        drop(self.avatars);
        let (control, receiver, engine) = (self.control, self.receiver, self.engine);
        let (http, sockets, metrics_upkeep, webhooks) = (self.http, self.sockets, self.metrics_upkeep, self.webhooks);
        // Threads are joined: that may take a moment, and must not hold up a runtime that has requests to end.
        let threads = tokio::task::spawn_blocking(move || {
            control.stop();
            drop(receiver);
            drop(engine);
        });
        let ended = async {
            // Close frames of event sockets and open answers get a moment; keep-alive connections end at once.
            drop(tokio::time::timeout(GOODBYE_MAX, sockets.ended()).await);
            for mut task in http {
                if tokio::time::timeout(GOODBYE_MAX, &mut task).await.is_err() {
                    task.abort();
                }
            }
            metrics_upkeep.abort();
            webhooks.stop().await;
        };
        let (threads, ()) = tokio::join!(threads, ended);
        if threads.is_err() {
            tracing::error!("a thread panicked while it ended");
        }
    }
}

fn engine_config(config: &Config, kernels: Kernels) -> anyhow::Result<engine::Config> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let threads = |wish: u32| usize::try_from(wish).ok().filter(|wish| *wish > 0).unwrap_or(cores);
    let mix = engine::MixConfig { kernels, max_fps: config.max_fps, bitrate_bps: config.bitrate_bps };
    let (shards, mixers) = (threads(config.packet_threads), threads(config.mix_threads));
    Ok(engine::Config { shards, mixers, mix, seed: signing::random()? })
}

fn peer_config(config: &Config, dev: bool) -> PeerConfig {
    PeerConfig {
        port: config.media_udp_port,
        bind: None,
        addresses: config.media_addresses.clone(),
        public_addresses: config.public_addresses.clone(),
        loopback: config.media_loopback || dev,
        sessions_max: config.limits.sessions,
        host_bitrate_bps_max: config.host_bitrate_bps,
    }
}

fn rules(config: &Config) -> Rules {
    let side = |pixels: u32| usize::try_from(pixels).expect("u32 fits usize");
    Rules {
        canvas: Size { width: side(config.canvas.width), height: side(config.canvas.height) },
        sei: config.sei,
        host_grace: Duration::from_secs(config.host_grace_seconds),
        restart_grace: Duration::from_secs(config.restart_grace_seconds),
        live_idle: Duration::from_secs(config.live_idle_seconds),
    }
}

#[allow(clippy::too_many_arguments, reason = "called once: the parts of the server meet here")]
fn api_state(
    config: &Config,
    dev: bool,
    control: &ControlHandle,
    sessions: &Arc<Sessions>,
    keys: &Arc<Keys>,
    clock: &Arc<dyn Clock>,
    going: &Going,
    kernels: Kernels,
    metrics: &Metrics,
    viewers: Arc<Viewers>,
    pictures: Arc<Director>,
    books: Arc<Books>,
) -> ApiState {
    let simd = kernels.level().to_string();
    let figures = LiveFigures::new(metrics.clone(), Arc::clone(clock), simd, openh264::assembly().is_present());
    ApiState {
        control: control.clone(),
        signalling: Arc::clone(sessions) as Arc<dyn Signalling>,
        keys: Arc::clone(keys),
        settings: Arc::new(config.http_settings(dev, about::version(kernels.level()))),
        figures: dev.then(|| Arc::new(figures) as _),
        clock: Arc::clone(clock),
        attempts: Arc::new(Attempts::default()),
        quotas: Arc::new(Quotas::new(Rates {
            client: config.limits.token_requests,
            admin: config.limits.admin_token_requests,
        })),
        going: going.clone(),
        sockets: Sockets::new(config.limits.event_sockets),
        viewers,
        pictures,
        drawing: Drawing::default(),
        books,
    }
}

fn serve(listener: TcpListener, router: api::Router, connections_max: usize, going: &Going) -> JoinHandle<()> {
    let going = going.clone();
    tokio::spawn(async move { api::serve(listener, router, connections_max, going.reached(Stage::Closing)).await })
}

/// Between looks at whether all threads run.
const THREADS_LOOK: Duration = Duration::from_millis(500);

/// Connections to `/metrics` at once: a few collectors.
const SCRAPERS_MAX: usize = 64;

/// How long open requests may take once everything is being closed.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
