//! What a picture should be: templates, tiles and overlays, as plain data.

/// One publishing host (live, seat) as control numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);
