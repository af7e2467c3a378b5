//! The end: the first signal drains, the second ends at once.
//!
//! ```text
//! signal ─▶ /healthz 503, new sessions 503 ─▶ wait (drain_seconds, or until no session is left) ─▶ close all ─▶ exit 0
//! second signal at any time ─▶ exit 130
//! ```

use std::time::Duration;

use crate::api::{Going, Stage};

/// Exit status of a server that was ended by a second signal: as a shell reports SIGINT.
pub const ABRUPT_STATUS: i32 = 130;

/// SIGTERM and Ctrl-C, from when this was made: none is lost before somebody looks, or between two looks.
pub struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    /// Where files are limited in size, one that reaches its limit is a full disk, not the end of the process.
    #[cfg(unix)]
    _file_size: tokio::signal::unix::Signal,
}

/// SIGXFSZ, on every system that has it.
#[cfg(unix)]
const FILE_SIZE: i32 = 25;

impl Signals {
    /// Signals do not end the process any more; they wait to be looked at.
    ///
    /// # Errors
    /// When the system gives no signal handler.
    #[cfg(unix)]
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            _file_size: signal(SignalKind::from_raw(FILE_SIZE))?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// As on Unix.
    ///
    /// # Errors
    /// None here.
    #[cfg(not(unix))]
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            // No handler, so no signal will ever come this way.
            Err(_) => std::future::pending().await,
        }
    }

    /// Resolves at the first signal; the one after it ends the process at once, whatever it is doing then.
    pub async fn first(mut self) -> &'static str {
        let first = self.next().await;
        self.end_at_next();
        first
    }

    /// Ends the process at the next signal: for a goodbye that no signal has begun.
    pub fn end_at_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("second signal: ending at once");
            std::process::exit(ABRUPT_STATUS);
        });
    }
}

/// Moves the server through its end, once `ended` has resolved: `sessions` counts those that are left.
pub async fn drain(going: &Going, patience: Duration, sessions: impl Fn() -> usize) {
    going.to(Stage::Draining);
    tracing::info!(
        sessions = sessions(),
        seconds = patience.as_secs(),
        "draining: no new sessions; again to end at once"
    );
    let empty = async {
        while sessions() > 0 {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(patience, empty).await.is_err() {
        tracing::info!(sessions = sessions(), "closing the sessions that are left");
    }
    going.to(Stage::Closing);
}

/// Between looks at the number of sessions.
const LOOK: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn drain_ends_early_when_no_session_is_left() {
        let going = Going::default();
        drain(&going, Duration::from_secs(86_400), || 0).await;
        assert_eq!(going.stage(), Stage::Closing);
    }

    #[tokio::test]
    async fn drain_ends_after_its_patience_when_sessions_stay() {
        let going = Going::default();
        drain(&going, Duration::ZERO, || 1).await;
        assert_eq!(going.stage(), Stage::Closing);
    }
}
