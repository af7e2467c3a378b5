//! Who is heard: a ring around each round avatar that follows the voice.
//!
//! A ring is painted when its step changes, by itself where nothing lies over it: the other overlays stay on the canvas.

use super::VideoMixer;
use super::seats::Seat;
use crate::mix::loudness::Loudness;
use crate::mix::overlay::{self, Layer, Rings};
use crate::mix::tile::{Look, Tile, Worn};
use crate::scene::{Rect, SourceId};

impl VideoMixer {
    /// How loud each voice is by now. Who has no picture, or a seat without, wears a ring of that loudness; a tile on its way
    /// gets its ring when it has arrived.
    pub fn hear(&mut self, loudness: impl Fn(SourceId) -> Loudness) {
        for i in 0..self.tiles.len() {
            let tile = &mut self.tiles[i];
            let is = loudness(tile.source);
            if std::mem::replace(&mut tile.loudness, is) != is && (tile.ring.is_some() || tile.wants_ring()) {
                self.ring_tile(i);
            }
        }
        for i in 0..self.seats.len() {
            let seat = &mut self.seats[i];
            let is = seat.cell.sitter.as_ref().map_or(Loudness::SILENT, |sitter| loudness(sitter.source));
            if std::mem::replace(&mut seat.loudness, is) != is {
                self.ring_seat(i);
            }
        }
    }

    fn ring_tile(&mut self, i: usize) {
        let tile = &self.tiles[i];
        let square = overlay::ring_square(overlay::avatar_place(tile.rect()), tile.rect());
        if !square.is_some_and(|square| self.stands_free(square, Some(i))) {
            return self.ring_with_the_rest();
        }
        let (kernels, rings, tile) = (&self.kernels, &mut self.rings, &mut self.tiles[i]);
        tile.ring_layer().into_iter().for_each(|layer| layer.uncover(&mut self.canvas));
        tile.encircle(rings);
        tile.ring_layer().into_iter().for_each(|layer| layer.cover(kernels, &mut self.canvas));
        self.ringed = true;
    }

    fn ring_seat(&mut self, i: usize) {
        let rect = self.seats[i].cell.rect;
        let square = overlay::ring_square(self.seats[i].style.disc(rect), rect);
        if !square.is_some_and(|square| self.stands_free(square, None)) {
            return self.ring_with_the_rest();
        }
        let (kernels, rings, seat) = (&self.kernels, &mut self.rings, &mut self.seats[i]);
        seat.ring_layer().into_iter().for_each(|layer| layer.uncover(&mut self.canvas));
        seat.encircle(rings);
        seat.ring_layer().into_iter().for_each(|layer| layer.cover(kernels, &mut self.canvas));
        self.ringed = true;
    }

    /// The next picture draws it, with all that lies over it.
    fn ring_with_the_rest(&mut self) {
        self.uncover();
        self.dirty = true;
    }

    /// Whether overlays are on the canvas, and none of them, and no tile, was laid on `square` after the ring of tile
    /// `owner`, or of a seat.
    fn stands_free(&mut self, square: Rect, owner: Option<usize>) -> bool {
        let meets = |rect: Rect| rect.common(square).is_some();
        if !self.covered || self.dissolve.is_some() || self.overhead.rects().any(meets) {
            return false;
        }
        let later = self.tiles.iter_mut().enumerate().skip(owner.unwrap_or(0));
        !later.into_iter().any(|(i, tile)| {
            let is_owner = owner == Some(i);
            !is_owner && meets(tile.rect())
                || tile.layers_over_ring().any(|layer| meets(layer.rect()))
                || !is_owner && tile.ring_layer().is_some_and(|layer| meets(layer.rect()))
        })
    }

    /// Lays the rings of seats on the canvas, beneath all else.
    pub(super) fn cover_seats(&mut self) {
        for seat in &mut self.seats {
            seat.encircle(&mut self.rings);
            seat.ring_layer().into_iter().for_each(|layer| layer.cover(&self.kernels, &mut self.canvas));
        }
    }

    /// Takes them off again.
    pub(super) fn uncover_seats(&mut self) {
        for seat in &mut self.seats {
            seat.ring_layer().into_iter().for_each(|layer| layer.uncover(&mut self.canvas));
        }
    }
}

impl Seat {
    /// Puts on the ring that its voice asks for; only while the old one is off the canvas.
    fn encircle(&mut self, rings: &mut Rings) {
        let rect = self.cell.rect;
        if self.loudness == Loudness::SILENT {
            self.ring = None;
        } else {
            let disc = self.style.disc(rect);
            Worn::put_on(&mut self.ring, self.loudness, disc, |loudness| rings.ring(disc, rect, *loudness));
        }
    }

    fn ring_layer(&mut self) -> Option<&mut Layer> {
        self.ring.as_mut().and_then(|worn| worn.layer.as_mut())
    }
}

impl Tile {
    /// Whether it is the avatar of somebody who is heard, and stands.
    fn wants_ring(&self) -> bool {
        let shown = match self.look {
            Look::Avatar { .. } => !self.moves(),
            Look::Live { .. } | Look::Dimmed { .. } => false,
        };
        shown && self.loudness != Loudness::SILENT
    }

    /// Puts on the ring that its voice asks for; only while the old one is off the canvas.
    pub(super) fn encircle(&mut self, rings: &mut Rings) {
        if self.wants_ring() {
            let (disc, tile) = (overlay::avatar_place(self.rect()), self.rect());
            Worn::put_on(&mut self.ring, self.loudness, disc, |loudness| rings.ring(disc, tile, *loudness));
        } else {
            self.ring = None;
        }
    }
}
