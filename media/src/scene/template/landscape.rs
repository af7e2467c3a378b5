//! Layouts on the landscape canvas.

use super::Cell;

/// Of videoLandscape4Seats, by number of places.
const VIDEO_LANDSCAPE_4: [&[Cell]; 4] = [
    &[[0, 0, 1280, 720]],
    &HALVES,
    &[[0, 0, 960, 720], [960, 0, 320, 360], [960, 360, 320, 360]],
    &[[0, 0, 640, 360], [640, 0, 640, 360], [0, 360, 640, 360], [640, 360, 640, 360]],
];

/// Two beside each other.
const HALVES: [Cell; 2] = [[0, 180, 640, 360], [640, 180, 640, 360]];

pub(super) fn growing(places: usize) -> Vec<Cell> {
    VIDEO_LANDSCAPE_4[places.clamp(1, VIDEO_LANDSCAPE_4.len()) - 1].to_vec()
}

pub(super) fn halves() -> Vec<Cell> {
    HALVES.to_vec()
}
