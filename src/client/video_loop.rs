//! Pictures encoded and packetised once, before they are needed, and played round and round: the cost of a synthetic
//! host is then its packets, not its encoder.

use bytes::Bytes;
use costage_media::codec::openh264::{Encoder, EncoderConfig};
use costage_media::codec::{EncodeError, VideoEncoder};
use costage_media::frame::{I420, Size};
use costage_media::jitter::h264::packetise;
use costage_media::time::MediaTime;
use std::sync::Arc;
use thiserror::Error;

use super::performance::Rate;

/// The RTP payloads of one picture in order, each with its marker bit.
pub type Fragments = Arc<[(Bytes, bool)]>;

/// Payload bytes in one packet: 1,200 on the wire with RTP header, extension and SRTP tag.
const PAYLOAD_BYTES_MAX: usize = 1_160;

/// One picture of a loop.
#[derive(Debug, Clone)]
pub struct LoopFrame {
    /// What is sent.
    pub fragments: Fragments,
    /// Decoding can start here.
    pub keyframe: bool,
    /// The voice is told when it is captured (see [`super::performance::Voice::mark`]).
    pub mark: bool,
}

/// Draws the pictures of a loop. The last one should lead over to the first.
pub trait Scenery: Send {
    /// Draws picture `position` over whatever `picture` holds.
    fn draw(&mut self, position: usize, picture: &mut I420);

    /// Whether the voice marks this picture with a beep.
    fn is_marked(&self, position: usize) -> bool {
        let _ = position;
        false
    }
}

/// How a loop is encoded.
#[derive(Debug, Clone, Copy)]
pub struct LoopConfig {
    /// Size of the pictures, pixels.
    pub size: Size,
    /// The rate at which it will be played.
    pub rate: Rate,
    /// Pictures in the loop.
    pub frames: usize,
    /// Pictures from one keyframe to the next: the longest wait after a request is the same number.
    pub keyframe_every: usize,
    /// Target bitrate, bits per second.
    pub bitrate_bps: u32,
}

/// Why there is no loop.
#[derive(Debug, Error)]
pub enum LoopError {
    /// The encoder refused a picture, or its own configuration.
    #[error("encoding a loop: {0}")]
    Encode(#[from] EncodeError),
    /// No pictures, or the first one is no keyframe.
    #[error("a loop starts with a keyframe")]
    NoKeyframe,
}

/// A loop, ready to be sent. Cheap to clone.
#[derive(Debug, Clone)]
pub struct VideoLoop {
    frames: Arc<[LoopFrame]>,
}

impl VideoLoop {
    /// A loop of pictures that are encoded already.
    ///
    /// # Errors
    /// When the first picture is not a keyframe.
    pub fn new(frames: Vec<LoopFrame>) -> Result<Self, LoopError> {
        if frames.first().is_some_and(|frame| frame.keyframe) {
            Ok(Self { frames: frames.into() })
        } else {
            Err(LoopError::NoKeyframe)
        }
    }

    /// Draws and encodes a loop; `progress` is called after each picture. About 10 ms a picture at 1280×720.
    ///
    /// # Errors
    /// When the encoder refuses the size or a picture.
    pub fn encode(
        config: &LoopConfig,
        scenery: &mut dyn Scenery,
        progress: &mut dyn FnMut(),
    ) -> Result<Self, LoopError> {
        let max_fps = config.rate.frames_per_second_max();
        let mut encoder = Encoder::new(EncoderConfig { size: config.size, bitrate_bps: config.bitrate_bps, max_fps })?;
        let mut picture = I420::black(config.size);
        let mut frames = Vec::with_capacity(config.frames);
        for position in 0..config.frames {
            scenery.draw(position, &mut picture);
            let at = MediaTime::from_duration(config.rate.time_of(position as u64));
            let idr = position % config.keyframe_every.max(1) == 0;
            if let Some(encoded) = encoder.encode(picture.as_ref(), at, idr)? {
                let fragments = packetise(&encoded.nals, PAYLOAD_BYTES_MAX).into();
                let mark = scenery.is_marked(position);
                frames.push(LoopFrame { fragments, keyframe: encoded.keyframe, mark });
            }
            progress();
        }
        Self::new(frames)
    }

    /// Pictures in the loop; at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "never empty: it starts with a keyframe")]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// The picture at `position`, counted round and round.
    #[must_use]
    pub fn frame(&self, position: usize) -> &LoopFrame {
        &self.frames[position % self.frames.len()]
    }

    /// The first keyframe at or after `position`, round the end if need be.
    #[must_use]
    pub fn keyframe_from(&self, position: usize) -> usize {
        let length = self.frames.len();
        (position..position + length).map(|at| at % length).find(|at| self.frames[*at].keyframe).unwrap_or(0)
    }
}
