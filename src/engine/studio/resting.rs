//! Programs that nobody sees rest: their voices stay in step and their scene is kept, but nothing is drawn, painted or
//! encoded. Who comes first finds the picture drawn anew, from each host's last frame.

use super::{Studio, is_watched};
use crate::live::StageId;
use std::time::{Duration, Instant};

/// How long a program that was seen goes on without viewers: those of a new feed are pointed there a moment after it was
/// made, and who reloads a page is back in less.
pub(super) const REST_AFTER: Duration = Duration::from_secs(1);

impl Studio {
    /// Looks who is seen: what is watched works, what was not for a while rests.
    pub(super) fn rest_and_wake(&mut self, now: Instant) {
        let mut awoken = Vec::new();
        for (stage, running) in &mut self.programs {
            if is_watched(&self.surroundings.shards, *stage) {
                running.unseen_since = None;
                if running.resting {
                    awoken.push(*stage);
                }
            } else if !running.resting
                && now.saturating_duration_since(*running.unseen_since.get_or_insert(now)) >= REST_AFTER
            {
                running.resting = true;
                running.shows.clear();
            }
        }
        awoken.into_iter().for_each(|stage| self.wake(now, stage));
    }

    /// Draws the picture of a program that rested, as all of it is now.
    pub(super) fn wake(&mut self, now: Instant, stage: StageId) {
        let Some(running) = self.programs.get_mut(&stage).filter(|running| running.resting) else { return };
        (running.resting, running.unseen_since) = (false, None);
        running.program.begin_anew(now, running.scene.canvas);
        let scene = running.scene.clone();
        let dressed = self.dressed(&scene);
        self.draw(now, stage, &dressed);
    }
}
