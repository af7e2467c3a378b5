//! Pictures that people send of themselves: PNG, JPEG and WebP become a small square, or a refusal that says what to
//! change. And pictures that we send: PNG.
//!
//! Whoever sends is not trusted. The size is read before anything is decoded, and each kind may have as many pixels as
//! its decoder turns into at most [`ALLOC_BYTES_MAX`] of memory; that bounds the time too, but for WebP, which has a bound
//! of its own ([`WEBP_PIXELS_MAX`]). Nothing that moves is taken.

mod encode;
mod markers;
mod middle;
mod riff;

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder, ImageError, Limits};
use thiserror::Error;

use crate::frame::{I420, Size};

pub use encode::png;
use markers::Markers;

/// Longest side of a picture that is taken, pixels.
pub const PHOTO_SIDE_MAX: u32 = 4096;

/// Scans of a JPEG that is taken. Encoders write about ten; each may cost a pass over all pixels for a few bytes, and a
/// hundred of them took a quarter of a second.
pub const SCANS_MAX: usize = 32;

/// Pixels of a WebP that anybody sends, 1024x1024: four times what is ever drawn of it. Noise takes its decoder up to 100 ns a
/// pixel, ten times what PNG and JPEG take; of the 200 ms that a picture may take, half stay in reserve.
pub const WEBP_PIXELS_MAX: u64 = 1 << 20;

/// Memory that decoding may take, bytes.
pub const ALLOC_BYTES_MAX: u64 = 64 << 20;

/// What a WebP that anybody sends may have without loss, bytes: a picture, or the alpha of one. Its decoder makes up to 65,536
/// groups of five codes of it (RFC 9649 §3.7.2), each a table of 4 kB or more, whatever the picture's size and whether any pixel
/// uses them: of 3.8 MB, 16x16 pixels, it made 1.3 GB. A code takes ten bytes of the file or more, so these take at most what a
/// picture may ([`ALLOC_BYTES_MAX`]).
pub const LOSSLESS_BYTES_MAX: usize = 128 << 10;

/// A kind of picture that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoKind {
    /// PNG, without animation.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP, without animation.
    WebP,
}

impl PhotoKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::WebP];

    /// Its name in `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// What these bytes begin like.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }
}

/// Why a picture is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PhotoRefused {
    /// It is another kind than it was said to be, or none.
    #[error("the body is not {}: {}", said.media_type(), found.map_or("it begins like none of PNG, JPEG and WebP", |it| it.media_type()))]
    OtherKind {
        /// What it was said to be.
        said: PhotoKind,
        /// What it begins like.
        found: Option<PhotoKind>,
    },
    /// It has too many pixels.
    #[error(
        "the picture is {width}x{height}; at most {PHOTO_SIDE_MAX} pixels a side and {pixels_max} pixels altogether are \
         taken of this kind: send it smaller"
    )]
    TooLarge {
        /// Its width, pixels.
        width: u32,
        /// Its height, pixels.
        height: u32,
        /// The most pixels that one of its kind may have.
        pixels_max: u64,
    },
    /// It is a JPEG that would be decoded too often.
    #[error("the JPEG has {scans} scans; at most {SCANS_MAX} are taken: save it again, not progressive")]
    TooManyScans {
        /// How many it has.
        scans: usize,
    },
    /// It is a WebP with too much that is coded without loss.
    #[error(
        "the WebP has {bytes} bytes without loss; at most {LOSSLESS_BYTES_MAX} are taken: save it with loss, or as PNG"
    )]
    TooMuchLossless {
        /// How much it has.
        bytes: usize,
    },
    /// It moves.
    #[error("the picture is animated: send a single frame")]
    Animated,
    /// It cannot be decoded.
    #[error("the picture is cut off or damaged: send the whole file")]
    Damaged,
}

/// Decodes `bytes`, which anybody sent and which were said to be of this kind, and makes a square of them: cropped around
/// the centre, turned as its camera says, at most `side` pixels wide; what is transparent becomes white.
///
/// # Errors
/// See [`PhotoRefused`].
pub fn square(kind: PhotoKind, bytes: &[u8], side: usize) -> Result<I420, PhotoRefused> {
    decoded(kind, bytes, Size { width: side, height: side }, ANYBODYS)
}

/// The same for a rectangle (even): the largest part of the picture's middle that has these proportions, at most as large. It
/// is of the operator's own files, for which a WebP may take its time: it is bounded by its memory alone.
///
/// # Errors
/// See [`PhotoRefused`].
pub fn cover(kind: PhotoKind, bytes: &[u8], size: Size) -> Result<I420, PhotoRefused> {
    decoded(kind, bytes, size, OWN)
}

/// How large a WebP may be.
#[derive(Debug, Clone, Copy)]
struct WebPMax {
    pixels: u64,
    lossless_bytes: usize,
}

const ANYBODYS: WebPMax = WebPMax { pixels: WEBP_PIXELS_MAX, lossless_bytes: LOSSLESS_BYTES_MAX };
const OWN: WebPMax = WebPMax { pixels: ALLOC_BYTES_MAX / WEBP_PIXEL_BYTES, lossless_bytes: usize::MAX };

fn decoded(kind: PhotoKind, bytes: &[u8], size: Size, webp: WebPMax) -> Result<I420, PhotoRefused> {
    let found = PhotoKind::of(bytes);
    if found != Some(kind) {
        return Err(PhotoRefused::OtherKind { said: kind, found });
    }
    let input = Cursor::new(bytes);
    let damaged = |_: ImageError| PhotoRefused::Damaged;
    match kind {
        PhotoKind::Png => {
            let decoder = PngDecoder::with_limits(input, limits()).map_err(png_fault(bytes))?;
            if decoder.is_apng().map_err(damaged)? {
                return Err(PhotoRefused::Animated);
            }
            let pixel = u64::from(decoder.color_type().bytes_per_pixel());
            taken(decoder, ALLOC_BYTES_MAX / pixel.max(1), size)
        }
        PhotoKind::Jpeg => {
            let decoder = JpegDecoder::new(input).map_err(damaged)?;
            let markers = Markers::of(bytes);
            if markers.scans > SCANS_MAX {
                return Err(PhotoRefused::TooManyScans { scans: markers.scans });
            }
            let pixel = if markers.progressive { PROGRESSIVE_PIXEL_BYTES } else { BASELINE_PIXEL_BYTES };
            let picture = taken(decoder, ALLOC_BYTES_MAX / pixel, size)?;
            // The decoder makes up what is missing at the end.
            if markers.end { Ok(picture) } else { Err(PhotoRefused::Damaged) }
        }
        PhotoKind::WebP => {
            let decoder = WebPDecoder::new(input).map_err(damaged)?;
            if decoder.has_animation() {
                return Err(PhotoRefused::Animated);
            }
            // Whatever the canvas is said to be.
            riff::lossy_frames(bytes).try_for_each(|(width, height)| at_most(width, height, webp.pixels))?;
            let (width, height) = decoder.dimensions();
            at_most(width, height, webp.pixels)?;
            if let Some(bytes) = riff::lossless_parts(bytes).find(|bytes| *bytes > webp.lossless_bytes) {
                return Err(PhotoRefused::TooMuchLossless { bytes });
            }
            taken(decoder, webp.pixels, size)
        }
    }
}

/// Of a JPEG that is decoded row by row: what comes out.
const BASELINE_PIXEL_BYTES: u64 = 3;

/// Of one that is decoded scan by scan: all coefficients, two bytes each, wait beside what comes out.
const PROGRESSIVE_PIXEL_BYTES: u64 = 3 + 3 * 2;

/// Of a WebP: its lossless form is decoded with alpha, and copied.
const WEBP_PIXEL_BYTES: u64 = 4 + 4;

/// Decodes what is small enough.
fn taken(mut decoder: impl ImageDecoder, pixels_max: u64, size: Size) -> Result<I420, PhotoRefused> {
    let (width, height) = decoder.dimensions();
    at_most(width, height, pixels_max)?;
    let damaged = |_: ImageError| PhotoRefused::Damaged;
    decoder.set_limits(limits()).map_err(damaged)?;
    let turned = decoder.orientation().map_err(damaged)?;
    let whole = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok(middle::of(&whole, turned, size))
}

fn at_most(width: u32, height: u32, pixels_max: u64) -> Result<(), PhotoRefused> {
    let pixels_max = pixels_max.min(u64::from(PHOTO_SIDE_MAX) * u64::from(PHOTO_SIDE_MAX));
    if width.max(height) > PHOTO_SIDE_MAX || u64::from(width) * u64::from(height) > pixels_max {
        return Err(PhotoRefused::TooLarge { width, height, pixels_max });
    }
    Ok(())
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(PHOTO_SIDE_MAX);
    limits.max_image_height = Some(PHOTO_SIDE_MAX);
    limits.max_alloc = Some(ALLOC_BYTES_MAX);
    limits
}

/// A PNG that is too large is found before its decoder can be asked how large it is.
fn png_fault(bytes: &[u8]) -> impl Fn(ImageError) -> PhotoRefused + '_ {
    // IHDR is the first chunk: signature, length, type, then both sides (PNG third edition §5.6, §11.2.1).
    let number = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    move |_| match (number(16), number(20)) {
        (Some(width), Some(height)) if width.max(height) > PHOTO_SIDE_MAX => {
            let pixels_max = u64::from(PHOTO_SIDE_MAX) * u64::from(PHOTO_SIDE_MAX);
            PhotoRefused::TooLarge { width, height, pixels_max }
        }
        _ => PhotoRefused::Damaged,
    }
}

#[cfg(test)]
mod tests;
