//! Tiles above tiles, and what lies over each: from back to front.

use std::time::Instant;

use super::VideoMixer;
use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::tile::Tile;
use crate::scene::Rect;

impl VideoMixer {
    /// Draws tile `i` where it stands, beneath those that lie above it; `afresh` when nothing of what it showed is left. The canvas
    /// is uncovered.
    pub(super) fn lay(&mut self, i: usize, afresh: bool, draw: impl FnOnce(&Kernels, &mut Canvas, &mut Tile)) {
        let (kernels, area) = (&self.kernels, self.tiles[i].rect());
        beneath(&mut self.tiles, i, area, &mut self.canvas, |tile, canvas| {
            tile.inset(kernels, canvas, afresh, |tile, canvas| draw(kernels, canvas, tile));
        });
    }

    /// Lays over each tile what belongs there, and its round corners over what lies below; above all that is over all.
    pub(super) fn cover(&mut self, now: Instant) {
        self.cover_seats();
        for i in 0..self.tiles.len() {
            self.cover_tile(i);
        }
        self.overhead.cover(&self.kernels, &mut self.canvas, now, 0.0);
        self.dissolve.take_if(|dissolve| dissolve.glide.is_over(now));
        self.dissolve.iter_mut().for_each(|before| before.cover(&self.kernels, &mut self.canvas, now));
        self.covered = true;
    }

    fn cover_tile(&mut self, i: usize) {
        let (kernels, tile) = (&self.kernels, &mut self.tiles[i]);
        tile.encircle(&mut self.rings);
        let rect = tile.rect();
        let squares = tile.floating_corners().map(|corners| corners.squares(rect));
        let layers = tile.layers().map(|layer| layer.rect()).reduce(Rect::around);
        for (corner, square) in squares.into_iter().flatten().enumerate() {
            beneath(&mut self.tiles, i, square, &mut self.canvas, |tile, canvas| {
                tile.floating_corners().into_iter().for_each(|all| all.cover(kernels, canvas, corner, square));
            });
        }
        if let Some(area) = layers {
            beneath(&mut self.tiles, i, area, &mut self.canvas, |tile, canvas| {
                tile.layers().for_each(|layer| layer.cover(kernels, canvas));
            });
        }
    }

    /// Takes all that off again.
    pub(super) fn uncover(&mut self) {
        if !std::mem::take(&mut self.covered) {
            return;
        }
        self.dissolve.iter().for_each(|before| before.uncover(&mut self.canvas));
        self.overhead.uncover(&mut self.canvas);
        for tile in self.tiles.iter_mut().rev() {
            tile.layers().rev().for_each(|layer| layer.uncover(&mut self.canvas));
            let rect = tile.rect();
            tile.floating_corners().into_iter().for_each(|corners| corners.uncover(&mut self.canvas, rect));
        }
        self.uncover_seats();
    }
}

/// Has `draw` change `area` for tile `i` and no pixel of the tiles above it, but in their round corners, which are not on the canvas.
fn beneath(tiles: &mut [Tile], i: usize, area: Rect, canvas: &mut Canvas, draw: impl FnOnce(&mut Tile, &mut Canvas)) {
    let (below, above) = tiles.split_at_mut(i + 1);
    let Some(tile) = below.last_mut() else { return };
    for other in above.iter_mut() {
        for (part, aside) in other.body().into_iter().zip(&mut other.aside) {
            part.common(area).into_iter().for_each(|common| canvas.keep(common, aside));
        }
    }
    draw(tile, canvas);
    for other in above {
        for (part, aside) in other.body().into_iter().zip(&other.aside) {
            part.common(area).into_iter().for_each(|common| canvas.put_back(common, aside));
        }
    }
}
