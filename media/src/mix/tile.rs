//! One tile of a mix: where it is, what it shows now, and what it shows when no frame comes.

use std::time::{Duration, Instant};

use super::canvas::Canvas;
use super::corners::Corners;
use super::count::Count;
use super::loudness::Loudness;
use super::overlay::Layer;
use super::scaler::Scaler;
use super::still::Still;
use super::way::Way;
use crate::kernel::Kernels;
use crate::scene::{Avatar, Mark, Rect, Region, SourceId, Vacancy, Verdict};

/// From here on a tile without frames is dimmed and says that its host is reconnecting.
pub(super) const DIM_AFTER: Duration = Duration::from_secs(2);

/// From here on it is the avatar.
pub(super) const AVATAR_AFTER: Duration = Duration::from_secs(5);

/// What a tile shows.
///
/// ```text
/// frame ──► Live ── 2 s ──► Dimmed ── 5 s ──► Avatar ◄── camera closed, never a frame
///            ▲────────────────┴──── frame ──────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The last frame, which came at `since`.
    Live { since: Instant },
    /// The same, dimmed, with a notice over it.
    Dimmed { since: Instant },
    /// The avatar; `drawn` once it is on the canvas. Drawn when the next picture is made, since a frame may come first.
    Avatar { drawn: bool },
}

/// What was drawn last to lie over a tile.
#[derive(Debug)]
pub(super) struct Worn<T> {
    pub(super) what: T,
    /// What bounded it.
    pub(super) room: Rect,
    /// Nothing where there is no room.
    pub(super) layer: Option<Layer>,
}

/// A place on the canvas and its source.
#[derive(Debug)]
pub(super) struct Tile {
    pub(super) source: SourceId,
    /// Where it is, or is on its way to, and what it is like there.
    pub(super) region: Region,
    /// The part of that in whose middle a result is seen.
    pub(super) open: Rect,
    /// Where it comes from; the same when it stands.
    pub(super) from: Rect,
    /// The width of the narrowest place that it has left since it last stood.
    pub(super) left_width: usize,
    pub(super) name: String,
    pub(super) avatar: Option<Avatar>,
    /// Nobody's: an empty seat.
    pub(super) vacancy: Option<Vacancy>,
    pub(super) camera: bool,
    pub(super) look: Look,
    /// Set by a scene that gave it its place, until something is shown: it may have its last frame once more.
    pub(super) moved: bool,
    pub(super) scaler: Option<Scaler>,
    /// Its picture while tiles move.
    pub(super) still: Option<Still>,
    /// The text, and whether the microphone is off.
    pub(super) nickname: Option<Worn<(String, bool)>>,
    /// How loud its voice is.
    pub(super) loudness: Loudness,
    pub(super) ring: Option<Worn<Loudness>>,
    pub(super) notice: Option<Layer>,
    pub(super) badge: Option<Worn<Mark>>,
    /// What it is marked with by and by, and until when each, if that is known: the first is worn.
    pub(super) marks: Vec<(Mark, Option<Instant>)>,
    /// The points on it, which count.
    pub(super) points: Option<Count>,
    pub(super) verdict: Option<Worn<Verdict>>,
    /// Where that is.
    pub(super) verdict_way: Way,
    /// Whether it lies above another, which its round corners show.
    pub(super) floats: bool,
    corners: Option<Corners>,
    /// Of what lies in each part of its body while a tile below is drawn.
    pub(super) aside: [Vec<u8>; 3],
}

impl Tile {
    /// A tile that no frame has reached yet.
    pub(super) fn new(source: SourceId, region: Region) -> Self {
        Self {
            source,
            region,
            from: region.rect,
            open: region.rect,
            left_width: region.rect.w,
            name: String::new(),
            avatar: None,
            vacancy: None,
            camera: true,
            look: Look::Avatar { drawn: false },
            moved: true,
            scaler: None,
            still: None,
            nickname: None,
            loudness: Loudness::SILENT,
            ring: None,
            notice: None,
            badge: None,
            marks: Vec::new(),
            points: None,
            verdict: None,
            verdict_way: Way::none(region.rect),
            floats: false,
            corners: None,
            aside: Default::default(),
        }
    }

    /// Where it is, or is on its way to.
    pub(super) fn rect(&self) -> Rect {
        self.region.rect
    }

    /// The same host in the same place of another picture that shows the same there.
    pub(super) fn again(&self) -> Self {
        let Self { source, region, vacancy, camera, look, moved, floats, .. } = *self;
        let (name, avatar, corners) = (self.name.clone(), self.avatar.clone(), self.corners.clone());
        Self { name, avatar, vacancy, camera, look, moved, floats, corners, ..Self::new(source, region) }
    }

    /// Gives it another place. Its last frame may be painted there once more, unless it was the avatar already.
    pub(super) fn go_to(&mut self, region: Region) {
        self.moved |= self.shows_frame();
        (self.region, self.open) = (region, region.rect);
        if let Look::Avatar { drawn } = &mut self.look {
            *drawn = false;
        }
    }

    /// Whether it shows its host's last frame.
    pub(super) fn shows_frame(&self) -> bool {
        match self.look {
            Look::Live { .. } | Look::Dimmed { .. } => true,
            Look::Avatar { .. } => false,
        }
    }

    /// Whether it is on its way.
    pub(super) fn moves(&self) -> bool {
        self.from != self.rect()
    }

    /// Where it is with this part of its way left, 1 to 0.
    pub(super) fn rect_at(&self, left: f64) -> Rect {
        Way { from: self.from, to: self.rect() }.at(left)
    }

    /// When it next looks different if no frame comes.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.look {
            Look::Live { since } => Some(since + DIM_AFTER),
            Look::Dimmed { since } => Some(since + AVATAR_AFTER),
            Look::Avatar { .. } => None,
        }
    }

    /// What it should show at `now`.
    pub(super) fn look_at(&self, now: Instant) -> Look {
        match self.look {
            Look::Live { since } | Look::Dimmed { since } => {
                let silence = now.saturating_duration_since(since);
                if silence >= AVATAR_AFTER {
                    Look::Avatar { drawn: false }
                } else if silence >= DIM_AFTER {
                    Look::Dimmed { since }
                } else {
                    self.look
                }
            }
            Look::Avatar { .. } => self.look,
        }
    }

    /// Draws it at `rect` for good, leaving in its round corners what lies there now.
    pub(super) fn round(
        &mut self,
        kernels: &Kernels,
        canvas: &mut Canvas,
        rect: Rect,
        draw: impl FnOnce(&mut Self, &mut Canvas),
    ) {
        let mut corners = self.corners_at(rect);
        corners.iter_mut().for_each(|corners| corners.keep(canvas, rect));
        draw(self, canvas);
        corners.iter().for_each(|corners| corners.cut(kernels, canvas, rect));
        self.corners = corners;
    }

    /// Draws it where it stands. What its round corners show of the background is there for good; where it floats, they are kept
    /// beside the canvas. `afresh` when nothing of what it showed is left.
    pub(super) fn inset(
        &mut self,
        kernels: &Kernels,
        canvas: &mut Canvas,
        afresh: bool,
        draw: impl FnOnce(&mut Self, &mut Canvas),
    ) {
        let rect = self.rect();
        if !self.floats {
            let corners = self.corners_at(rect);
            let squares = corners.as_ref().map(|corners| corners.squares(rect)).filter(|_| afresh);
            squares.into_iter().flatten().for_each(|square| canvas.lay_bare(square));
            self.corners = corners;
            return self.round(kernels, canvas, rect, draw);
        }
        let Some(mut corners) = self.corners_at(rect) else { return draw(self, canvas) };
        corners.spare(canvas, rect, |canvas| draw(self, canvas));
        self.corners = Some(corners);
    }

    /// Its round corners that are to be laid over what lies below.
    pub(super) fn floating_corners(&mut self) -> Option<&mut Corners> {
        self.corners.as_mut().filter(|_| self.floats)
    }

    /// Its round corners, taken from it where they fit; nothing where it has none.
    fn corners_at(&mut self, rect: Rect) -> Option<Corners> {
        let radius = self.region.at(rect).corner_radius;
        let fitting = self.corners.take().filter(|corners| corners.fit(radius));
        (radius > 0).then(|| fitting.unwrap_or_else(|| Corners::new(radius)))
    }

    /// Where it stands without round corners that float: above, in the middle, below; empty ones among them.
    pub(super) fn body(&self) -> [Rect; 3] {
        let rect = self.rect();
        let r = if self.floats { self.region.at(rect).corner_radius } else { 0 };
        let above = Rect { x: rect.x + r, w: rect.w - 2 * r, h: r, ..rect };
        let middle = Rect { y: rect.y + r, h: rect.h - 2 * r, ..rect };
        [above, middle, Rect { y: middle.bottom(), ..above }]
    }

    /// What lies over it, in the order of drawing.
    pub(super) fn layers(&mut self) -> impl DoubleEndedIterator<Item = &mut Layer> {
        let ring = self.ring.as_mut().and_then(|worn| worn.layer.as_mut());
        let nickname = self.nickname.as_mut().and_then(|worn| worn.layer.as_mut());
        let badge = self.badge.as_mut().and_then(|worn| worn.layer.as_mut());
        let verdict = self.verdict.as_mut().and_then(|worn| worn.layer.as_mut());
        ring.into_iter().chain(self.notice.iter_mut()).chain(nickname).chain(badge).chain(verdict)
    }

    /// The first of [`Tile::layers`], when it wears a ring.
    pub(super) fn ring_layer(&mut self) -> Option<&mut Layer> {
        self.ring.as_mut().and_then(|worn| worn.layer.as_mut())
    }

    /// All that lies over it but the ring.
    pub(super) fn layers_over_ring(&mut self) -> impl Iterator<Item = &mut Layer> {
        let ringed = self.ring_layer().is_some();
        self.layers().skip(usize::from(ringed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_even_and_shared_all_the_way() {
        // From two hosts to three: the first and the second always touch.
        let way = |from, to| Tile { from, ..Tile::new(SourceId(1), Region::plain(to, 0)) };
        let rect = |x, y, w, h| Rect { x, y, w, h };
        let first = way(rect(0, 276, 360, 644), rect(0, 276, 480, 480));
        let second = way(rect(360, 276, 360, 644), rect(480, 276, 240, 240));
        assert_eq!([first.rect_at(1.0), first.rect_at(0.0)], [first.from, first.rect()]);
        for step in 0..=100 {
            let [a, b] = [&first, &second].map(|tile| tile.rect_at(f64::from(step) / 100.0));
            assert_eq!((a.right(), b.right()), (b.x, 720));
            assert!([a.x, a.y, a.w, a.h, b.w, b.h].iter().all(|edge| edge % 2 == 0), "{a:?} {b:?}");
        }
    }
}
