//! How far a command is: shown on a terminal when it takes longer than two seconds.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less is not worth a bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// A bar that comes late.
pub(super) struct Progress {
    begun: Instant,
    what: &'static str,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For counting `what`.
    pub(super) fn new(what: &'static str) -> Self {
        Self { begun: Instant::now(), what, bar: None }
    }

    /// So many of so many are done.
    pub(super) fn show(&mut self, done: u64, of: u64) {
        if self.begun.elapsed() < PATIENCE || !std::io::stderr().is_terminal() {
            return;
        }
        let what = self.what;
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(of), ProgressDrawTarget::stderr());
            let form = format!("{{wide_bar}} {{human_pos}} of {{human_len}} {what}, {{eta}} left");
            bar.with_style(ProgressStyle::with_template(&form).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(of.max(done));
        bar.set_position(done);
    }

    /// Takes the bar away.
    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
