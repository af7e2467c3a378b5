//! openh264 and opus behind small traits, and the pictures that people upload; the only foreign code.
//!
//! A codec works on the caller's thread, at once: an access unit goes in and its picture comes out of the same call,
//! borrowed from the decoder, so that painting reads the decoder's own planes.
//!
//! **Invariant:** no picture leaves a decoder that is larger than [`SIDE_MAX`] on a side, and none is allocated; nor are
//! more pictures allocated than the decoder's bound on references says.
//! **Invariant:** whatever bytes arrive, the answer is a picture, a sound or an error; a later keyframe decodes.

pub mod annexb;
pub mod fuzz;
pub mod openh264;
pub mod opus;
pub mod photo;
pub mod sei;
pub mod sps;
#[cfg(test)]
pub(crate) mod testing;

use bytes::Bytes;

use crate::frame::{AudioBlock, PictureRef};
use crate::time::MediaTime;

/// Pixels a decoded picture may have on a side. A host's camera needs no more, and a hostile stream gets no more memory.
pub const SIDE_MAX: usize = 1920;
/// Pixels a decoded picture must have on a side: one macroblock.
pub const SIDE_MIN: usize = 16;

/// Access units in, pictures out, without delay.
pub trait VideoDecoder: Send {
    /// Decodes one access unit in Annex B form (with start codes). The picture stays valid until the next call.
    ///
    /// `None`: the unit held no picture, for example parameter sets alone.
    ///
    /// # Errors
    /// When the unit is damaged, needs a picture that is missing, or its size is out of bounds. The decoder stays
    /// usable: it decodes again from the next IDR.
    fn decode(&mut self, access_unit: &[u8]) -> Result<Option<PictureRef<'_>>, DecodeError>;

    /// The picture of the latest [`decode`](Self::decode); `None` when that call brought none.
    fn last(&self) -> Option<PictureRef<'_>>;
}

/// Pictures in, NAL units out, without delay.
pub trait VideoEncoder: Send {
    /// Encodes `picture`, captured at `at`, as the next one of the stream; as an IDR when `idr` is set.
    ///
    /// # Errors
    /// When the size is not the one the encoder was made for, or the codec fails.
    fn encode(
        &mut self,
        picture: PictureRef<'_>,
        at: MediaTime,
        idr: bool,
    ) -> Result<Option<EncodedVideo<'_>>, EncodeError>;
}

/// One encoded picture.
#[derive(Debug, Clone)]
pub struct EncodedVideo<'a> {
    /// NAL units without start codes; SPS and PPS stand before each IDR.
    pub nals: Vec<&'a [u8]>,
    /// An IDR: decoding can start here.
    pub keyframe: bool,
}

/// Opus packets in, 20 ms blocks out.
pub trait AudioDecoder: Send {
    /// Decodes one packet of exactly 20 ms into `out`.
    ///
    /// # Errors
    /// When the packet is malformed or lasts other than 20 ms; `out` is untouched then.
    fn decode(&mut self, packet: &[u8], out: &mut AudioBlock) -> Result<(), SoundError>;

    /// Fills `out` with what the decoder guesses for a block that never came (packet loss concealment).
    fn conceal(&mut self, out: &mut AudioBlock);
}

/// 20 ms blocks in, Opus packets out.
pub trait AudioEncoder: Send {
    /// Encodes one block as one packet.
    ///
    /// # Errors
    /// When the codec fails.
    fn encode(&mut self, block: &AudioBlock) -> Result<Bytes, SoundError>;
}

/// Why an access unit gave no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The sequence parameter set does not parse.
    #[error("sequence parameter set: {0}")]
    Sps(#[from] sps::SpsError),
    /// The sequence parameter set asks for a size out of bounds.
    #[error("picture of {width}×{height}; from {SIDE_MIN} to {SIDE_MAX} pixels a side are decoded")]
    Size {
        /// Width that was asked for, pixels.
        width: u64,
        /// Height that was asked for, pixels.
        height: u64,
    },
    /// The sequence parameter set asks for more references than are kept.
    #[error("{frames} references; at most {max} of this size are kept")]
    References {
        /// References that were asked for.
        frames: u64,
        /// The bound at the size of its pictures.
        max: u64,
    },
    /// The unit holds more than one picture: it is none.
    #[error("more than one picture in an access unit")]
    Pictures,
    /// The unit is larger than any decoder need take.
    #[error("access unit of {bytes} bytes; at most {max} are decoded")]
    TooLong {
        /// Length that came.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// The decoder refused it: damaged, or a reference is missing.
    #[error("openh264 decoding state {0:#x}")]
    Bitstream(i32),
}

/// Why a picture was not encoded, or an encoder not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The picture's size is not the encoder's, or the encoder's is odd or out of bounds.
    #[error("picture of {width}×{height}; {wanted}")]
    Size {
        /// Width that came, pixels.
        width: usize,
        /// Height that came, pixels.
        height: usize,
        /// What would do.
        wanted: &'static str,
    },
    /// A plane is shorter than its size and stride say.
    #[error("a plane of the picture is shorter than its size says")]
    Plane,
    /// The encoder of the sound beside it.
    #[error(transparent)]
    Sound(#[from] SoundError),
    /// The codec failed.
    #[error("openh264 {call} returned {code}")]
    Codec {
        /// Which call.
        call: &'static str,
        /// What it returned.
        code: i32,
    },
}

/// Why a packet of sound was not decoded, or a block not encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// Not an Opus packet (RFC 6716 §3.4).
    #[error("malformed Opus packet of {bytes} bytes")]
    Malformed {
        /// Its length.
        bytes: usize,
    },
    /// The packet's duration does not fit where it goes.
    #[error("Opus packet of {samples} samples; {wanted} fit")]
    Duration {
        /// Samples per channel at 48 kHz.
        samples: usize,
        /// Samples per channel that fit.
        wanted: usize,
    },
    /// The codec failed.
    #[error("opus: {0}")]
    Codec(&'static str),
}
