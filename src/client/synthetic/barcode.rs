//! A frame number as a bar code: 4 × 5 black and white cells, large enough to survive crop, scaling and two encoders.
//!
//! It stands in the middle of the picture, in the part that every cover crop of the product's layouts keeps: with
//! `unit` = half of the picture's shorter side, `unit` wide and 1.2 `unit` high. Twelve bits of number, eight of CRC.

use costage_media::frame::{I420, PictureRef, Size};
use costage_media::scene::Rect;

/// The first number that does not fit.
pub const NUMBERS: u16 = 1 << 12;
const COLUMNS: usize = 4;
const ROWS: usize = 5;
/// Luma of a set and of a cleared cell: inside the limited range, so that ringing does not clip.
const WHITE: u8 = 215;
const BLACK: u8 = 35;
/// A cell is set above this.
const MIDDLE: u32 = 125;
/// A cell nearer to the middle than this is not believed.
const DOUBT: u32 = 20;

/// Draws `number` (below [`NUMBERS`]) into the middle of `picture`.
pub fn draw(picture: &mut I420, number: u16) {
    let size = picture.size();
    let bits = encode(number);
    let [y, u, v] = picture.planes_mut();
    for cell in 0..COLUMNS * ROWS {
        let value = if bits >> cell & 1 == 1 { WHITE } else { BLACK };
        let (x, y0, w, h) = cell_of(size, cell);
        paint(y, size.width, (x, y0, w, h), value);
        paint(u, size.width / 2, (x / 2, y0 / 2, w / 2, h / 2), 128);
        paint(v, size.width / 2, (x / 2, y0 / 2, w / 2, h / 2), 128);
    }
}

/// Reads the number of a source of `source` pixels that was cover-cropped into `tile` of `picture`. `None` when the
/// checksum says no, a cell is neither black nor white, or the tile leaves the picture.
#[must_use]
pub fn read(picture: PictureRef<'_>, tile: Rect, source: Size) -> Option<u16> {
    let mut bits = 0_u32;
    for cell in 0..COLUMNS * ROWS {
        let (x, y, w, h) = cell_of(source, cell);
        let mean = mean_inside(picture, tile, source, (x, y, w, h))?;
        if mean.abs_diff(MIDDLE) < DOUBT {
            return None;
        }
        bits |= u32::from(mean > MIDDLE) << cell;
    }
    decode(bits)
}

/// Mean luma of the inner half of a rectangle of the source, as it appears in `tile`.
pub(super) fn mean_inside(
    picture: PictureRef<'_>,
    tile: Rect,
    source: Size,
    (x, y, w, h): (usize, usize, usize, usize),
) -> Option<u32> {
    let scale = (tile.w as f32 / source.width as f32).max(tile.h as f32 / source.height as f32);
    let place = |along: f32, source: usize, start: usize, length: usize| {
        let at = start as f32 + length as f32 / 2.0 + (along - source as f32 / 2.0) * scale;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be inside the tile")]
        (at >= start as f32 && at < (start + length) as f32).then_some(at as usize)
    };
    let left = place(x as f32 + w as f32 * 0.25, source.width, tile.x, tile.w)?;
    let right = place(x as f32 + w as f32 * 0.75, source.width, tile.x, tile.w)?;
    let top = place(y as f32 + h as f32 * 0.25, source.height, tile.y, tile.h)?;
    let bottom = place(y as f32 + h as f32 * 0.75, source.height, tile.y, tile.h)?;
    let luma = picture.y;
    if right >= luma.width || bottom >= luma.height {
        return None;
    }
    let mut sum = 0_u32;
    for row in top..=bottom {
        sum += luma.data[row * luma.stride..][left..=right].iter().map(|sample| u32::from(*sample)).sum::<u32>();
    }
    let count = u32::try_from((right - left + 1) * (bottom - top + 1)).ok()?;
    Some(sum / count)
}

/// Left, top, width and height of a cell, even numbers.
fn cell_of(size: Size, cell: usize) -> (usize, usize, usize, usize) {
    let unit = size.width.min(size.height) / 2;
    let even = |length: usize| length & !1;
    let (w, h) = (even(unit / COLUMNS), even(unit * 6 / 5 / ROWS));
    let left = even(size.width / 2) - w * COLUMNS / 2;
    let top = even(size.height / 2) - even(h * ROWS / 2);
    (even(left) + cell % COLUMNS * w, top + cell / COLUMNS * h, w, h)
}

fn paint(plane: &mut [u8], stride: usize, (x, y, w, h): (usize, usize, usize, usize), value: u8) {
    for row in y..y + h {
        plane[row * stride..][x..x + w].fill(value);
    }
}

/// Number, checksum. The checksum also decides against all black and all white.
fn encode(number: u16) -> u32 {
    let number = u32::from(number % NUMBERS);
    number | u32::from(checksum(number)) << 12
}

fn decode(bits: u32) -> Option<u16> {
    let number = bits & u32::from(NUMBERS - 1);
    let good = u32::from(checksum(number)) == bits >> 12;
    good.then(|| u16::try_from(number).expect("twelve bits"))
}

/// CRC-8, polynomial 0x07, starting from 0x5a so that zero has a checksum too.
fn checksum(number: u32) -> u8 {
    let mut crc = 0x5a_u8;
    for bit in (0..12).rev() {
        let feedback = crc >> 7 ^ u8::from(number >> bit & 1 == 1);
        crc = crc << 1 ^ (feedback * 0x07);
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Size = Size { width: 1280, height: 720 };

    fn whole(size: Size) -> Rect {
        Rect { x: 0, y: 0, w: size.width, h: size.height }
    }

    #[test]
    fn every_number_is_read_back() {
        let mut picture = I420::black(Size { width: 320, height: 180 });
        for number in 0..NUMBERS {
            draw(&mut picture, number);
            let read = read(picture.as_ref(), whole(picture.size()), picture.size());
            assert_eq!(read, Some(number));
        }
    }

    #[test]
    fn a_single_wrong_cell_is_refused() {
        for number in [0, 1, 299, 4_095] {
            for cell in 0..20 {
                assert_eq!(decode(encode(number) ^ 1 << cell), None, "number {number}, cell {cell}");
            }
        }
    }

    #[test]
    fn a_picture_without_a_code_reads_as_nothing() {
        let mut grey = I420::black(SOURCE);
        assert_eq!(read(grey.as_ref(), whole(SOURCE), SOURCE), None);
        grey.planes_mut()[0].fill(126);
        assert_eq!(read(grey.as_ref(), whole(SOURCE), SOURCE), None);
    }

    #[test]
    fn a_tile_that_leaves_the_picture_reads_as_nothing() {
        let mut picture = I420::black(SOURCE);
        draw(&mut picture, 5);
        assert_eq!(read(picture.as_ref(), Rect { x: 1_000, y: 0, w: 1280, h: 720 }, SOURCE), None);
    }
}
