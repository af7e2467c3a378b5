//! Regions of one's own: checked, and remembered by the live (while it is alone) or the connection that has them.
//!
//! They are in pixels of the configured canvas. Edges are rounded down to even, as those of every template are, so that
//! neighbours still touch; a corner radius is too. A region whose seat is empty stays empty and waits; those of a live that
//! leaves go with it, and where none is left everybody is in hostDynamicGrid; who has no region is heard and not seen.
//! Choosing a template replaces them all.

use std::sync::Arc;

use costage_media::frame::Size;
use costage_media::scene::{self, Rect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::LiveId;
use super::lives::Lives;
use super::refusal::Refusal;

/// Regions that a layout may have.
pub(super) const REGIONS_MAX: usize = 25;
/// The shortest side of a region, pixels: what is smaller shows nobody.
pub(super) const REGION_SIDE_MIN: u64 = 16;
/// The highest `z`.
pub(super) const REGION_Z_MAX: u64 = 1_000;
/// The highest number of a seat of any live.
const SEAT_INDEX_MAX: u64 = 49;

/// How a picture fills a region of another shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fit {
    /// The region is filled; what of the picture sticks out is cut off, as much on either side.
    #[default]
    Cover,
    /// All of the picture is seen, with an even colour beside it.
    Contain,
    /// All of the picture fills the region, distorted.
    Fill,
}

impl Fit {
    /// Whether it is what every template does.
    pub(super) fn is_cover(&self) -> bool {
        *self == Self::Cover
    }
}

impl From<scene::Fit> for Fit {
    fn from(fit: scene::Fit) -> Self {
        match fit {
            scene::Fit::Cover => Self::Cover,
            scene::Fit::Contain => Self::Contain,
            scene::Fit::Fill => Self::Fill,
        }
    }
}

impl From<Fit> for scene::Fit {
    fn from(fit: Fit) -> Self {
        match fit {
            Fit::Cover => Self::Cover,
            Fit::Contain => Self::Contain,
            Fit::Fill => Self::Fill,
        }
    }
}

/// A region as it is asked for; nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionWish {
    /// Left edge, canvas pixels.
    pub x: u64,
    /// Upper edge, canvas pixels.
    pub y: u64,
    /// Width, canvas pixels.
    pub w: u64,
    /// Height, canvas pixels.
    pub h: u64,
    /// Higher is nearer; overlapping regions have different ones.
    pub z: u64,
    /// How the picture fills it.
    pub fit: Fit,
    /// How round its corners are, canvas pixels; at most half of the shorter side.
    pub corner_radius: u64,
    /// Whose seat it shows.
    pub live: LiveId,
    /// Which seat; the host's is 0.
    pub seat: u64,
}

/// A region that was checked, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomRegion {
    /// Whose seat.
    pub live: LiveId,
    /// Which.
    pub seat: u32,
    /// Where, and how it looks there.
    #[serde(with = "super::kept::foreign::region")]
    pub region: scene::Region,
}

/// All of a layout, in the order in which they were asked for.
pub(super) type Custom = Arc<[CustomRegion]>;

/// What to say of one field of a region.
fn refused<T>(index: usize, field: &'static str, detail: String) -> Result<T, Refusal> {
    Err(Refusal::InvalidRegion { index, field, detail })
}

impl Lives {
    /// What is asked for as it would be drawn; `live` is whom it is for, and without one nothing is said of who is there.
    ///
    /// # Errors
    /// The first fault: the list's length; then, region by region, `w`, `h`, `x`, `y`, `z`, `cornerRadius`, the source,
    /// and last an overlap with a region before it.
    pub(super) fn check_regions(&self, live: Option<&LiveId>, wishes: &[RegionWish]) -> Result<Custom, Refusal> {
        if wishes.is_empty() || wishes.len() > REGIONS_MAX {
            let detail = format!("1 to {REGIONS_MAX} regions, found {}", wishes.len());
            return Err(Refusal::Invalid { field: "regions", detail });
        }
        let members = live.map(|live| self.members_of(live));
        let mut checked: Vec<CustomRegion> = Vec::with_capacity(wishes.len());
        for (index, wish) in wishes.iter().enumerate() {
            let region = place(index, wish, self.rules.canvas)?;
            let seat = self.seat_named(index, wish, members.as_deref())?;
            if let Some(before) = checked.iter().position(|it| it.live == wish.live && it.seat == seat) {
                let detail = format!("seat {seat} of live {} is shown by regions[{before}] already", wish.live);
                return refused(index, "source", detail);
            }
            let over = |it: &CustomRegion| it.region.z == region.z && it.region.rect.common(region.rect).is_some();
            if let Some(before) = checked.iter().position(over) {
                let z = region.z;
                let detail = format!("overlaps regions[{before}], whose z is {z} too; give one of them another");
                return refused(index, "z", detail);
            }
            checked.push(CustomRegion { live: wish.live.clone(), seat, region });
        }
        Ok(checked.into())
    }

    /// The seat that is named, which must be there when it is known who is connected.
    fn seat_named(&self, index: usize, wish: &RegionWish, members: Option<&[LiveId]>) -> Result<u32, Refusal> {
        let Some(members) = members else {
            return u32::try_from(number(index, "source.seatIndex", wish.seat, 0, SEAT_INDEX_MAX)?).or(Ok(0));
        };
        if !members.contains(&wish.live) {
            let known: Vec<_> = members.iter().map(LiveId::as_str).collect();
            let detail = format!("live {} is not in this picture; name one of {}", wish.live, known.join(", "));
            return refused(index, "source.liveId", detail);
        }
        let last = self.seat_count(&wish.live).saturating_sub(1);
        u32::try_from(number(index, "source.seatIndex", wish.seat, 0, last.into())?).or(Ok(0))
    }
}

/// Where it is, and what it is like there.
fn place(index: usize, wish: &RegionWish, canvas: Size) -> Result<scene::Region, Refusal> {
    let [width, height] = [canvas.width, canvas.height].map(|side| u64::try_from(side).unwrap_or(u64::MAX));
    let on = |field, found, least, most| {
        // The template that is shown now may have another canvas.
        let bounds = || format!("must be {least} to {most} on the canvas of {width}x{height}, found {found}");
        if (least..=most).contains(&found) { Ok(found) } else { refused(index, field, bounds()) }
    };
    let w = on("w", wish.w, REGION_SIDE_MIN, width)?;
    let h = on("h", wish.h, REGION_SIDE_MIN, height)?;
    let x = on("x", wish.x, 0, width.saturating_sub(w))?;
    let y = on("y", wish.y, 0, height.saturating_sub(h))?;
    let z = number(index, "z", wish.z, 0, REGION_Z_MAX)?;
    let even = |edge: u64| usize::try_from(edge).unwrap_or(usize::MAX) & !1;
    let (left, top, right, bottom) = (even(x), even(y), even(x + w), even(y + h));
    let rect = Rect { x: left, y: top, w: right - left, h: bottom - top };
    let half = u64::try_from(rect.w.min(rect.h) / 2).unwrap_or(u64::MAX);
    let radius = number(index, "cornerRadius", wish.corner_radius, 0, half)?;
    let z = u32::try_from(z).unwrap_or(u32::MAX);
    Ok(scene::Region { rect, z, fit: wish.fit.into(), corner_radius: even(radius) })
}

/// A number inside its bounds.
fn number(index: usize, field: &'static str, found: u64, least: u64, most: u64) -> Result<u64, Refusal> {
    if (least..=most).contains(&found) {
        return Ok(found);
    }
    refused(index, field, format!("must be {least} to {most}, found {found}"))
}
