//! The voices without one: what a host hears of the others.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;

use super::super::limiter::Limiter;
use crate::codec::opus::Encoder;
use crate::codec::{AudioEncoder, EncodeError, SoundError};
use crate::frame::AudioBlock;
use crate::kernel::sound::{Ramp, Sounds};
use crate::scene::SourceId;

/// Hosts of one program that hear the others at once: more than a connection has. An encoder costs a mix thread about 1 %.
pub const LISTENERS_MAX: usize = 16;

/// One listener's sum, and its way out. It is summed apart: what a limiter has pressed down cannot be taken out again.
struct Minus {
    sum: AudioBlock,
    limiter: Limiter,
    encoder: Encoder,
}

/// All listeners of a program, by their own source.
#[derive(Default)]
pub(super) struct Listeners(BTreeMap<SourceId, Minus>);

impl Listeners {
    /// From now on exactly these, the first [`LISTENERS_MAX`] of them. Who stays goes on undisturbed.
    pub(super) fn set(
        &mut self,
        kernels: Sounds,
        bitrate_bps: u32,
        sources: impl IntoIterator<Item = SourceId, IntoIter: Clone>,
    ) -> Result<(), EncodeError> {
        let sources = sources.into_iter().take(LISTENERS_MAX);
        self.0.retain(|known, _| sources.clone().any(|source| source == *known));
        for source in sources {
            if let Entry::Vacant(place) = self.0.entry(source) {
                let (limiter, encoder) = (Limiter::new(kernels), Encoder::new(bitrate_bps)?);
                place.insert(Minus { sum: AudioBlock::silent(), limiter, encoder });
            }
        }
        Ok(())
    }

    /// A block begins.
    pub(super) fn clear(&mut self) {
        self.0.values_mut().for_each(|minus| minus.sum.0.fill(0.0));
    }

    /// `samples` of `voice` are heard by all but its own host.
    pub(super) fn add(&mut self, kernels: Sounds, voice: SourceId, samples: &[f32], gain: Ramp) {
        for (_, minus) in self.0.iter_mut().filter(|(own, _)| **own != voice) {
            (kernels.add)(&mut minus.sum.0[..samples.len()], samples, gain);
        }
    }

    /// The block is complete: one Opus packet for each listener.
    pub(super) fn encode(&mut self) -> Result<Vec<(SourceId, Bytes)>, SoundError> {
        let encode = |(source, minus): (&SourceId, &mut Minus)| {
            minus.limiter.process(&mut minus.sum);
            Ok((*source, minus.encoder.encode(&minus.sum)?))
        };
        self.0.iter_mut().map(encode).collect()
    }
}
