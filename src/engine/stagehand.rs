//! What the control thread asks of the media side.

use costage_media::forward::FeedId;
use costage_media::scene::{Scene, SourceId};

use crate::live::StageId;

/// Carries out what the rules decided. Calls come from the control thread, in their order, and return at once: whoever
/// implements this hands them on to its own threads.
pub trait Stagehand: Send {
    /// Create the program of a stage, or change what it shows.
    fn stage(&mut self, stage: StageId, scene: Scene);
    /// The viewers of this feed get that stage's program from now on, without a gap.
    fn route(&mut self, feed: FeedId, stage: StageId);
    /// No feed is routed to this stage any more. Its program may run on until the gates have switched.
    fn end_stage(&mut self, stage: StageId);
    /// The live is over: send its viewers away.
    fn end_feed(&mut self, feed: FeedId);
    /// The live is over, or the guest has left its seat: close the session that publishes as this.
    fn end_source(&mut self, source: SourceId);
}
