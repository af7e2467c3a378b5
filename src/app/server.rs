//! One running server: media threads, control thread, sessions and HTTP wired together.
//!
//! ```text
//! HTTP ─▶ api ─commands─▶ control ─stages─▶ engine (shards, mix threads) ◀─sessions─ peer ◀─ UDP
//! ```

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context;
use costage_media::codec::openh264;
use costage_media::frame::Size;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::clock::SystemClock;
use super::config::{Config, IceServer, ViewerTokenRule};
use super::metrics::{LiveFigures, Metrics};
use super::samples::FrameSamples;
use super::{about, dev, metrics, shutdown, token};
use crate::api::{self, ApiState, Going, Stage, ViewerTokens};
use crate::engine::trace::Samples;
use crate::engine::{self, Clock, ControlConfig, ControlThread, Director, Engine, MixConfig, Signalling, control};
use crate::live::Rules;
use crate::peer::{self, PeerConfig, Receiver};
use crate::store::Memory;

/// A running server. End it with [`Server::stop`]; dropping it ends its threads without a goodbye.
pub struct Server {
    address: SocketAddr,
    state: ApiState,
    drain: Duration,
    http: JoinHandle<std::io::Result<()>>,
    background: Vec<JoinHandle<()>>,
    director: Director,
    control: ControlThread,
    receiver: Receiver,
    engine: Engine,
}

impl Server {
    /// Starts everything. In dev mode a missing key is made, and the pages may fetch tokens.
    ///
    /// # Errors
    /// When a port is taken, a key does not fit, or the system gives no thread; the text says which.
    pub async fn start(config: &Config, dev: bool) -> anyhow::Result<Self> {
        let mut config = config.clone();
        if dev && config.keys.is_empty() {
            config.keys.push(dev::new_key()?);
        }
        let kernels = about::kernels(config.simd);
        let recorder = recorder()?;
        say_what_it_is(&about::version(kernels.level()));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let samples = FrameSamples::new(config.trace_path())
            .with_context(|| format!("trace_file: cannot write {}", config.trace_file.display()))?;
        let samples: Arc<dyn Samples> = Arc::new(samples);
        let mix = MixConfig { kernels, max_fps: config.max_fps, bitrate_bps: config.bitrate_bps };
        let (shards, mixers) = (threads(config.packet_threads), threads(config.mix_threads));
        let threads = engine::Config { shards, mixers, mix, seed: dev::random()? };
        let engine = Engine::start(&threads, &clock, &samples).context("cannot start the media threads")?;
        let director = engine.director();
        let (control, control_thread) = control::spawn(
            Arc::clone(&clock),
            ControlConfig { rules: rules(&config), seed: dev::random()?, snapshot: None },
            Box::new(Memory::new()),
            Box::new(director.clone()),
        )
        .context("cannot start the control thread")?;
        director.set_control(&control);
        let (sessions, receiver) = peer::start(&peer_config(&config), Arc::clone(&clock), Arc::new(director.clone()))?;
        let signalling: Arc<dyn Signalling> = sessions;

        let simd = kernels.level().to_string();
        let figures = LiveFigures::new(recorder.clone(), Arc::clone(&clock), simd, openh264::has_assembly());
        let state = ApiState {
            control,
            signalling,
            keys: Arc::new(token::keys(&config)?),
            settings: Arc::new(http_settings(&config, dev, about::version(kernels.level()))),
            figures: dev.then(|| Arc::new(figures) as Arc<dyn api::figures::Figures>),
            clock,
            attempts: Arc::default(),
            going: Going::default(),
            sockets: Arc::new(Semaphore::new(config.limits.event_sockets)),
        };
        let (address, http) = serve_http(&config, &state).await?;
        let mut background = vec![tokio::spawn(recorder.clone().keep_up())];
        background.extend(serve_metrics(&config, dev, &recorder).await?);
        let drain = Duration::from_secs(config.drain_seconds);
        Ok(Self { address, state, drain, http, background, director, control: control_thread, receiver, engine })
    }

    /// Where HTTP is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// As a browser on this machine writes it.
    pub fn url(&self) -> String {
        let port = self.address.port();
        match self.address.ip() {
            ip if ip.is_loopback() || ip.is_unspecified() => format!("http://localhost:{port}"),
            ip => format!("http://{}", SocketAddr::new(ip, port)),
        }
    }

    /// A token of this server's key.
    ///
    /// # Errors
    /// When no HS256 key is configured.
    pub fn token(&self, role: api::auth::Role, user: &str, live: &str) -> anyhow::Result<String> {
        let exp = self.state.clock.wall_ms() / 1000 + api::DEV_TOKEN_SECONDS;
        let (sub, live) = (user.to_owned(), live.to_owned());
        let claims = api::auth::Claims { sub, name: None, role, live, exp, nbf: None, aud: None };
        Ok(self.state.keys.mint(&claims)?)
    }

    /// Ends it with care: no new sessions, wait for the old ones, close what is left.
    ///
    /// # Errors
    /// When HTTP had failed before.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { state, director, .. } = &self;
        state.signalling.drain();
        shutdown::drain(&state.going, self.drain, || state.signalling.sessions()).await;
        director.close_all();
        let gone = async {
            while director.sessions() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(GOODBYE_MAX, gone).await.is_err() {
            tracing::warn!(sessions = director.sessions(), "sessions did not end in time");
        }
        let served = tokio::time::timeout(GOODBYE_MAX, self.http).await;
        self.background.iter().for_each(JoinHandle::abort);
        // Joining threads blocks; nothing else runs on this task any more.
        self.control.stop();
        drop(self.receiver);
        drop(self.engine);
        match served {
            Ok(Ok(served)) => served.context("HTTP"),
            Ok(Err(panic)) => Err(panic).context("HTTP"),
            Err(_) => {
                tracing::info!("HTTP connections that were still open were cut");
                Ok(())
            }
        }
    }
}

fn say_what_it_is(version: &str) {
    tracing::info!("costage {version}");
    if let Some(advice) = about::slow_build() {
        tracing::warn!("{advice}");
    }
}

/// The process has one recorder, however many servers it starts.
fn recorder() -> anyhow::Result<Metrics> {
    static INSTALLED: OnceLock<Metrics> = OnceLock::new();
    if let Some(installed) = INSTALLED.get() {
        return Ok(installed.clone());
    }
    let installed = metrics::install()?;
    Ok(INSTALLED.get_or_init(|| installed).clone())
}

fn threads(wanted: u32) -> usize {
    match wanted {
        0 => available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX)),
        wanted => usize::try_from(wanted).unwrap_or(THREADS_MAX),
    }
}

fn rules(config: &Config) -> Rules {
    let side = |pixels: u32| usize::try_from(pixels).expect("validated: at most 1920");
    Rules {
        canvas: Size { width: side(config.canvas.width), height: side(config.canvas.height) },
        host_grace: Duration::from_secs(config.host_grace_seconds),
        live_idle: Duration::from_secs(config.live_idle_seconds),
    }
}

fn peer_config(config: &Config) -> PeerConfig {
    PeerConfig {
        port: config.media_udp_port,
        bind: None,
        addresses: config.media_addresses.clone(),
        public_addresses: config.public_addresses.clone(),
        loopback: config.media_loopback,
        sessions_max: config.limits.sessions,
        host_bitrate_bps_max: config.host_bitrate_bps,
    }
}

fn http_settings(config: &Config, dev: bool, version: String) -> api::Settings {
    api::Settings {
        viewer_tokens: match config.viewer_tokens {
            ViewerTokenRule::Optional => ViewerTokens::Optional,
            ViewerTokenRule::Required => ViewerTokens::Required,
        },
        allowed_origins: config.allowed_origins.clone(),
        ice_server_links: config.ice_servers.iter().map(link).collect(),
        dev,
        version,
    }
}

/// RFC 9725 §4.6. Validation keeps quotes and commas out of all three.
fn link(server: &IceServer) -> String {
    let mut link = format!("<{}>; rel=\"ice-server\"", server.url);
    if !server.username.is_empty() {
        let credential = server.credential.reveal();
        link += &format!("; username=\"{}\"; credential=\"{credential}\"; credential-type=\"password\"", server.username);
    }
    link
}

async fn serve_http(
    config: &Config,
    state: &ApiState,
) -> anyhow::Result<(SocketAddr, JoinHandle<std::io::Result<()>>)> {
    let listener = bind("listen", config.listen).await?;
    let address = listener.local_addr().context("listen")?;
    let going = state.going.clone();
    let until = async move { going.reached(Stage::Closing).await };
    Ok((address, tokio::spawn(api::serve(listener, api::router(state.clone()), until))))
}

/// In dev mode a taken port costs the metrics, not the start: several servers may run side by side.
async fn serve_metrics(config: &Config, dev: bool, recorder: &Metrics) -> anyhow::Result<Option<JoinHandle<()>>> {
    let Some(address) = config.metrics_address()? else { return Ok(None) };
    let listener = match bind("metrics_listen", address).await {
        Err(error) if dev => {
            tracing::warn!("no /metrics: {error:#}");
            return Ok(None);
        }
        listener => listener?,
    };
    let router = api::metrics_router(recorder.renderer());
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = api::serve(listener, router, std::future::pending()).await {
            tracing::error!(%error, "/metrics ended");
        }
    })))
}

async fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{key}: cannot listen on {address}; is another server running? Choose another with {key} (0 takes a free port)")
    })
}

/// How long goodbyes and open requests may take once everything is being closed.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// More threads than this gain nothing yet.
const THREADS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Secret;

    #[test]
    fn ice_server_becomes_one_link_header() {
        let stun = IceServer { url: "stun:s:1".into(), username: String::new(), credential: Secret::default() };
        assert_eq!(link(&stun), "<stun:s:1>; rel=\"ice-server\"");
        let turn = IceServer { url: "turn:t".into(), username: "u".into(), credential: Secret::new("p") };
        assert_eq!(
            link(&turn),
            "<turn:t>; rel=\"ice-server\"; username=\"u\"; credential=\"p\"; credential-type=\"password\""
        );
    }
}
