//! What players are told of a picture, beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SourceId;

/// The parts of the message that goes with the picture of a scene, each a JSON text. Each is told when it changes, and all
/// of them with each keyframe: `{"events":…,"layout":…,"battles":…,"speakers":[…]}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sei {
    /// The number of the last event that the picture shows, by live.
    pub events: Arc<str>,
    /// Where everybody is.
    pub layout: Arc<str>,
    /// The battles that go on.
    pub battles: Arc<str>,
    /// Who may be heard: the names of users by source.
    pub users: BTreeMap<SourceId, Arc<str>>,
}
