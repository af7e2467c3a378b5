//! Grids on the portrait canvas.

use super::Cell;

/// Of hostDynamicGrid, by number of places. Five and more are cells of the last.
const HOST_DYNAMIC_GRID: [&[Cell]; 5] = [
    &[[0, 0, 720, 1280]],
    &[[0, 276, 360, 644], [360, 276, 360, 644]],
    &[[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
    &[[0, 276, 360, 360], [360, 276, 360, 360], [0, 636, 360, 360], [360, 636, 360, 360]],
    &NINE,
];

/// Of videoFixedGrid9Seats and hostVoiceConnection, however many there are: three columns and three rows.
const NINE: [Cell; 9] = [
    [0, 276, 240, 240],
    [240, 276, 240, 240],
    [480, 276, 240, 240],
    [0, 516, 240, 240],
    [240, 516, 240, 240],
    [480, 516, 240, 240],
    [0, 756, 240, 240],
    [240, 756, 240, 240],
    [480, 756, 240, 240],
];

pub(super) fn growing(places: usize) -> Vec<Cell> {
    HOST_DYNAMIC_GRID[places.clamp(1, HOST_DYNAMIC_GRID.len()) - 1].to_vec()
}

pub(super) fn nine() -> Vec<Cell> {
    NINE.to_vec()
}
