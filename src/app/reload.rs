//! The gift table and the receivers of webhooks, read again without a restart: at SIGHUP, and when the configuration file
//! has changed.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::settings::Settings;
use crate::engine::ControlHandle;
use crate::live::{Command, GiftTable};
use crate::webhook::Endpoint;

/// Hands `table` to the rules. Nothing that was decided changes.
pub fn set(control: &ControlHandle, table: GiftTable) {
    let done = |outcome| {
        if let Err(refusal) = outcome {
            tracing::warn!(%refusal, "the gift table was not taken; send SIGHUP to try again");
        }
    };
    control.ask(Command::SetGifts(table), Box::new(move |answer| done(answer.map(drop))));
}

/// Reads the configuration again at each SIGHUP and each change of its file, for as long as it is polled; `webhooks` takes
/// who is told from then on. A file that
/// does not fit is named in the log, and everything stays as it is. All other keys wait for a restart.
pub async fn run(settings: Settings, dev: bool, control: ControlHandle, webhooks: impl Fn(Vec<Endpoint>)) {
    let mut hangup = Hangup::listen();
    let mut seen = settings.config.as_deref().and_then(changed);
    loop {
        let asked = tokio::select! {
            () = hangup.next() => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        let now = settings.config.as_deref().and_then(changed);
        if !asked && now == seen {
            continue;
        }
        seen = now;
        let read = settings.load(dev).and_then(|config| Ok((config.gift_table(), config.endpoints()?)));
        match read {
            Ok((table, endpoints)) => {
                let (tiers, fixed, endpoints_now) = (table.tiers.len(), table.fixed.len(), endpoints.len());
                tracing::info!(tiers, fixed, webhooks = endpoints_now, "gift table and webhooks read again");
                set(&control, table);
                webhooks(endpoints);
            }
            Err(error) => tracing::warn!(%error, "gift table and webhooks stay as they are"),
        }
    }
}

/// When the file was last written; an unreadable one has not changed.
fn changed(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|data| data.modified()).ok()
}

/// SIGHUP, where there is such a thing.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = signal(SignalKind::hangup());
        if let Err(error) = &signal {
            tracing::warn!(%error, "SIGHUP is not heard; a change of the configuration file is seen all the same");
        }
        Self { signal: signal.ok() }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

/// Between looks at the file.
const LOOK: Duration = Duration::from_secs(1);
