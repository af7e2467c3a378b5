//! The bench's pictures: a numbered bar code, a lamp that flashes once a second, and enough moving shapes around them
//! that codecs have work.

use super::barcode;
use super::brush::{Shape, fill, gradient};
use super::theme::Theme;
use crate::client::video_loop::Scenery;
use costage_media::frame::{I420, PictureRef, Size};
use costage_media::scene::Rect;
use std::f32::consts::TAU;

/// Pictures from one flash to the next; the flash itself lasts [`FLASH_FRAMES`].
pub const FLASH_EVERY: usize = 30;
/// Pictures for which the lamp is lit.
const FLASH_FRAMES: usize = 3;
/// Shapes that move around the bar code.
const SHAPES: u8 = 14;

/// Draws the card of one host.
pub struct TestCard {
    theme: Theme,
    frames: usize,
    backdrop: I420,
}

impl TestCard {
    /// The card of the host at `place`, in a loop of `frames` pictures: at most [`barcode::NUMBERS`], and a multiple of
    /// [`FLASH_EVERY`] so that flashes keep their distance over the seam.
    #[must_use]
    pub fn new(place: usize, size: Size, frames: usize) -> Self {
        debug_assert!(frames <= usize::from(barcode::NUMBERS) && frames.is_multiple_of(FLASH_EVERY));
        let theme = Theme::of(place);
        let mut backdrop = I420::black(size);
        gradient(&mut backdrop, theme.backdrop[0], theme.backdrop[1]);
        Self { theme, frames: frames.max(1), backdrop }
    }

    fn move_shapes(&self, picture: &mut I420, turn: f32) {
        let (width, height) = (self.backdrop.size().width as f32, self.backdrop.size().height as f32);
        for shape in 0..SHAPES {
            let own = f32::from(shape) / f32::from(SHAPES);
            let angle = TAU * (turn * f32::from(1 + shape % 4) + own);
            let x = width * (0.5 + 0.46 * (angle + own * 9.0).cos());
            let y = height * (0.5 + 0.46 * (angle * 2.0 + own * 5.0).sin());
            let radius = height * (0.04 + 0.05 * own);
            fill(picture, Shape::Ellipse { x, y, rx: radius, ry: radius }, self.theme.accent, 0.9);
            fill(picture, Shape::Ring { x, y, radius: radius * 0.6, half: radius * 0.15 }, self.theme.shirt, 1.0);
        }
    }
}

impl Scenery for TestCard {
    fn draw(&mut self, position: usize, picture: &mut I420) {
        picture.clone_from(&self.backdrop);
        let position = position % self.frames;
        self.move_shapes(picture, position as f32 / self.frames as f32);
        barcode::draw(picture, u16::try_from(position).unwrap_or(u16::MAX));
        let (x, y, w, h) = lamp(self.backdrop.size());
        let value = if position % FLASH_EVERY < FLASH_FRAMES { 215 } else { 35 };
        let width = self.backdrop.size().width;
        let [luma, u, v] = picture.planes_mut();
        for row in y..y + h {
            luma[row * width..][x..x + w].fill(value);
        }
        for row in y / 2..(y + h) / 2 {
            u[row * width / 2..][x / 2..(x + w) / 2].fill(128);
            v[row * width / 2..][x / 2..(x + w) / 2].fill(128);
        }
    }

    /// The first picture of each flash.
    fn is_marked(&self, position: usize) -> bool {
        position.is_multiple_of(FLASH_EVERY)
    }
}

/// How bright the lamp of a source of `source` pixels is that was cover-cropped into `tile`: 35 dark, 215 lit.
#[must_use]
pub fn flash_level(picture: PictureRef<'_>, tile: Rect, source: Size) -> Option<u32> {
    barcode::mean_inside(picture, tile, source, lamp(source))
}

/// Above the bar code, inside what every crop keeps: left, top, width, height, even numbers.
fn lamp(size: Size) -> (usize, usize, usize, usize) {
    let unit = size.width.min(size.height) / 2;
    let even = |length: usize| length & !1;
    let (w, h) = (even(unit * 4 / 5), even(unit / 5));
    (even((size.width - w) / 2), even(size.height / 2 - unit * 9 / 10), w, h)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::performance::Rate;
    use costage_media::codec::openh264::{Decoder, Encoder, EncoderConfig};
    use costage_media::codec::{VideoDecoder, VideoEncoder};
    use costage_media::time::MediaTime;

    const SOURCE: Size = Size { width: 1280, height: 720 };

    /// What a tile of the mix makes of a source: cover crop around the centre, nearest pixel.
    fn cropped(picture: &I420, to: Size) -> I420 {
        let from = picture.size();
        let mut out = I420::black(to);
        let scale = (to.width as f32 / from.width as f32).max(to.height as f32 / from.height as f32);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the source")]
        let source = |at: usize, to: usize, from: usize| {
            (((at as f32 + 0.5 - to as f32 / 2.0) / scale + from as f32 / 2.0) as usize).min(from - 1)
        };
        let data = picture.as_ref().y;
        let [y, _, _] = out.planes_mut();
        for row in 0..to.height {
            for column in 0..to.width {
                let (x, line) = (source(column, to.width, from.width), source(row, to.height, from.height));
                y[row * to.width + column] = data.data[line * data.stride + x];
            }
        }
        out
    }

    /// One encoder and decoder after the other.
    struct Wire(Encoder, Decoder);

    impl Wire {
        fn new(size: Size, bitrate_bps: u32) -> Self {
            let encoder = Encoder::new(EncoderConfig { size, bitrate_bps, max_fps: 30 }).expect("even size");
            Self(encoder, Decoder::new())
        }

        fn pass(&mut self, picture: PictureRef<'_>, position: usize) -> I420 {
            let at = MediaTime::from_duration(Rate::new(30.0).time_of(position as u64));
            let encoded = self.0.encode(picture, at, false).expect("encodes").expect("no frame is skipped");
            let unit: Vec<u8> = encoded.nals.iter().flat_map(|nal| [0, 0, 0, 1].iter().chain(*nal).copied()).collect();
            let decoded = self.1.decode(&unit).expect("decodes").expect("one picture a unit");
            let mut copy = I420::black(decoded.size());
            let width = copy.size().width;
            let [y, _, _] = copy.planes_mut();
            for (row, line) in y.chunks_exact_mut(width).enumerate() {
                line.copy_from_slice(&decoded.y.data[row * decoded.y.stride..][..width]);
            }
            copy
        }
    }

    #[test]
    fn numbers_and_flashes_survive_two_encoders_and_the_crop_into_both_kinds_of_tile() {
        for tile in [Size { width: 360, height: 644 }, Size { width: 240, height: 240 }] {
            let mut card = TestCard::new(0, SOURCE, 300);
            let (mut host, mut mix) = (Wire::new(SOURCE, 800_000), Wire::new(tile, 300_000));
            let mut drawn = I420::black(SOURCE);
            for position in 0..36 {
                card.draw(position, &mut drawn);
                let sent = host.pass(drawn.as_ref(), position);
                let shown = mix.pass(cropped(&sent, tile).as_ref(), position);
                let rect = Rect { x: 0, y: 0, w: tile.width, h: tile.height };
                let number = barcode::read(shown.as_ref(), rect, SOURCE);
                assert_eq!(number, u16::try_from(position).ok(), "tile {tile:?}");
                let level = flash_level(shown.as_ref(), rect, SOURCE).expect("lamp is inside");
                assert_eq!(level > 125, position % FLASH_EVERY < FLASH_FRAMES, "{position}: {level}");
            }
        }
    }
}
