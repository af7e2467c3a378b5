//! What a viewer's page shows, pixel by pixel.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::chromium::Page;

/// Degrees that colour conversion and encoding may turn a hue.
const HUE_TOLERANCE: f64 = 18.0;
/// Below this a colour is a grey (an avatar, a dimmed tile), whatever its hue.
const CHROMA_MIN: f64 = 50.0;

/// A colour, 0 to 255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// A rectangle of the mixed picture, in its pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Rgb {
    fn channels(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(f64::from)
    }

    /// Euclidean distance in RGB.
    pub(crate) fn distance(self, other: Self) -> f64 {
        let square = |(a, b): (f64, f64)| (a - b) * (a - b);
        self.channels().into_iter().zip(other.channels()).map(square).sum::<f64>().sqrt()
    }

    /// Hue in degrees, 0 for greys (HSL).
    pub(crate) fn hue(self) -> f64 {
        let [r, g, b] = self.channels();
        let (most, chroma) = (r.max(g).max(b), self.chroma());
        if chroma == 0.0 {
            0.0
        } else if most == r {
            60.0 * ((g - b) / chroma).rem_euclid(6.0)
        } else if most == g {
            60.0 * ((b - r) / chroma + 2.0)
        } else {
            60.0 * ((r - g) / chroma + 4.0)
        }
    }

    fn chroma(self) -> f64 {
        let [r, g, b] = self.channels();
        r.max(g).max(b) - r.min(g).min(b)
    }

    /// Is it a clear colour of about this hue?
    pub(crate) fn is_hue(self, wanted: f64) -> bool {
        let turn = (self.hue() - wanted).rem_euclid(360.0);
        self.chroma() >= CHROMA_MIN && turn.min(360.0 - turn) <= HUE_TOLERANCE
    }
}

/// The mean colour of some pixels.
pub(crate) fn mean(pixels: &[Rgb]) -> Rgb {
    let count = pixels.len().max(1);
    let channel = |of: fn(&Rgb) -> u8| {
        let sum: usize = pixels.iter().map(|pixel| usize::from(of(pixel))).sum();
        u8::try_from(sum / count).expect("a mean of bytes is a byte")
    };
    Rgb(channel(|p| p.0), channel(|p| p.1), channel(|p| p.2))
}

/// Reads pixels of the `<video>` of a page.
pub(crate) struct Viewer<'a> {
    page: &'a Page<'a>,
    reads: Cell<u32>,
}

impl<'a> Viewer<'a> {
    pub(crate) fn new(page: &'a Page<'a>) -> Self {
        Self { page, reads: Cell::new(0) }
    }

    /// The pixels of one spot in the next frame that arrives, row by row; after a second without one, in the last.
    pub(crate) fn read(&self, spot: Spot) -> Vec<Rgb> {
        self.reads.set(self.reads.get() + 1);
        let Spot { x, y, width, height } = spot;
        let values = self.page.evaluate(&format!(
            "(async () => {{
                const video = document.querySelector('#video');
                await Promise.race([
                    new Promise((next) => video.requestVideoFrameCallback(next)),
                    new Promise((late) => setTimeout(late, 1000)),
                ]);
                const canvas = new OffscreenCanvas({width}, {height});
                const pen = canvas.getContext('2d', {{ willReadFrequently: true }});
                pen.drawImage(video, {x}, {y}, {width}, {height}, 0, 0, {width}, {height});
                return Array.from(pen.getImageData(0, 0, {width}, {height}).data);
            }})()"
        ));
        let channel =
            |value: &Value| u8::try_from(value.as_u64().expect("a channel is a number")).expect("of one byte");
        let values = values.as_array().expect("pixels come as an array");
        values.chunks(4).map(|rgba| Rgb(channel(&rgba[0]), channel(&rgba[1]), channel(&rgba[2]))).collect()
    }

    /// Looks at frame after frame until `look` is satisfied; its last complaint is in the panic.
    pub(crate) fn wait_until(&self, what: &str, patience: Duration, look: impl Fn() -> Result<(), String>) {
        let end = Instant::now() + patience;
        let mut seen = 0_u32;
        loop {
            let Err(complaint) = look() else { return };
            seen += 1;
            assert!(Instant::now() < end, "{what}: not in {seen} looks of {patience:?}; last: {complaint}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_of_known_colours() {
        for (colour, hue) in
            [(Rgb(255, 0, 0), 0.0), (Rgb(0, 255, 0), 120.0), (Rgb(0, 0, 255), 240.0), (Rgb(255, 0, 255), 300.0)]
        {
            assert!((colour.hue() - hue).abs() < 0.01, "{colour:?}");
            assert!(colour.is_hue(hue + 10.0) && !colour.is_hue(hue + 40.0));
        }
        assert!(!Rgb(31, 32, 36).is_hue(Rgb(31, 32, 36).hue()), "an avatar's grey is no hue");
    }
}
