//! What control asks of the media threads.

use super::mix_thread::StageId;
use costage_media::forward::FeedId;
use costage_media::scene::{Scene, SourceId};

/// Carries out what control has decided. Calls return at once; the threads follow in order.
pub trait Stagehand: Send {
    /// Creates the program of `stage`, or changes what it shows.
    fn stage(&mut self, stage: StageId, scene: Scene);
    /// The viewers of this live get that stage's program, without a gap.
    fn route(&mut self, feed: FeedId, stage: StageId);
    /// The stage's program is over.
    fn end_stage(&mut self, stage: StageId);
    /// The live is over: its viewers are closed.
    fn end_feed(&mut self, feed: FeedId);
    /// The host is gone from the product's point of view: its session is closed.
    fn end_source(&mut self, source: SourceId);
}
