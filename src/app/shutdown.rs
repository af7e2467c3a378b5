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

/// Resolves at SIGTERM or Ctrl-C.
///
/// # Errors
/// When the system gives no signal handler.
pub async fn signal() -> std::io::Result<&'static str> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        })
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await?;
        Ok("Ctrl-C")
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

/// Ends the process at the next signal, whatever it is doing.
pub fn end_at_next_signal() {
    tokio::spawn(async {
        if signal().await.is_ok() {
            tracing::warn!("second signal: ending at once");
            std::process::exit(ABRUPT_STATUS);
        }
    });
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
