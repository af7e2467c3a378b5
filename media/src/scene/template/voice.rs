//! Seats of voices, without pictures, on the portrait canvas.

use super::Cell;

/// Of hostStaticVoice6v6: the seats of the first live, then those of the second; seat i of a team in its column i mod 2.
const TEAMS: [Cell; 12] = [
    [0, 276, 180, 200],
    [180, 276, 180, 200],
    [0, 476, 180, 200],
    [180, 476, 180, 200],
    [0, 676, 180, 200],
    [180, 676, 180, 200],
    [360, 276, 180, 200],
    [540, 276, 180, 200],
    [360, 476, 180, 200],
    [540, 476, 180, 200],
    [360, 676, 180, 200],
    [540, 676, 180, 200],
];

/// Of audioSalon and karaoke: seats of one live at most, as many as any live has.
pub(super) const SALON_SEATS: usize = 50;
const SALON_COLUMNS: usize = 5;
const SALON_COLUMN: usize = 144;
const SALON_TOP: usize = 276;
/// What the rows share, down to the canvas's lower edge, and the most that one gets of it.
const SALON_HEIGHT: usize = 1004;
const SALON_ROW_MAX: usize = 168;

pub(super) fn teams() -> Vec<Cell> {
    TEAMS.to_vec()
}

/// Five columns, and rows that are lower the more there are: even(min(168, 1004 / rows)) each.
pub(super) fn salon(seats: usize) -> Vec<Cell> {
    let seats = seats.clamp(1, SALON_SEATS);
    let row = SALON_ROW_MAX.min(SALON_HEIGHT / seats.div_ceil(SALON_COLUMNS)) & !1;
    let cell = |i: usize| [i % SALON_COLUMNS * SALON_COLUMN, SALON_TOP + i / SALON_COLUMNS * row, SALON_COLUMN, row];
    (0..seats).map(cell).collect()
}
