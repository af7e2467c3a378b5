//! One who fills the portrait canvas, and windows of the others above.

use super::Cell;

/// The first lies below all others, which are windows at the right, from the bottom up.
const SEVEN: [Cell; 7] = [
    [0, 0, 720, 1280],
    [560, 1008, 144, 176],
    [560, 824, 144, 176],
    [560, 640, 144, 176],
    [560, 456, 144, 176],
    [560, 272, 144, 176],
    [560, 88, 144, 176],
];

pub(super) fn seven() -> Vec<Cell> {
    SEVEN.to_vec()
}

/// How far a place lies above the canvas.
pub(super) fn z(place: usize) -> u32 {
    u32::from(place > 0)
}
