//! Sound by libopus (RFC 6716), 48 kHz stereo.

use ::opus::{Application, Bitrate, Channels, ErrorCode};
use bytes::Bytes;

use super::{AudioDecoder, AudioEncoder, SoundError};
use crate::frame::{AudioBlock, BLOCK_SAMPLES};
use crate::time::AUDIO_CLOCK_HZ;

/// Samples per channel of the longest packet: 120 ms (RFC 6716 §3.2.5).
pub const PACKET_SAMPLES_MAX: usize = 5760;
/// The step of durations: 2.5 ms.
const STEP_SAMPLES: usize = 120;
/// The largest packet of 20 ms that the encoder may make (RFC 6716 §3.4: 1275 bytes a frame).
const PACKET_BYTES_MAX: usize = 1275;
/// What a viewer's network is expected to lose, percent: enough that the encoder spends on redundancy where speech
/// allows, little enough that it costs no quality on good lines.
const EXPECTED_LOSS_PERCENT: i32 = 5;
/// Encoder effort, 0 to 10: what browsers use on phones. Libopus' default, 9, costs a third more time at 96 kbit/s.
const COMPLEXITY: i32 = 5;

/// Samples per channel at 48 kHz that a packet holds, from its table of contents alone (RFC 6716 §3.1).
///
/// # Errors
/// When the packet is empty, or claims more than 120 ms.
pub fn packet_samples(packet: &[u8]) -> Result<usize, SoundError> {
    let malformed = SoundError::Malformed { bytes: packet.len() };
    if packet.is_empty() {
        return Err(malformed);
    }
    match ::opus::packet::get_nb_samples(packet, AUDIO_CLOCK_HZ) {
        Ok(samples) if (1..=PACKET_SAMPLES_MAX).contains(&samples) => Ok(samples),
        Ok(_) | Err(_) => Err(malformed),
    }
}

/// An Opus decoder: mono and stereo packets of 2.5 to 120 ms, always to 48 kHz stereo.
pub struct Decoder(::opus::Decoder);

impl Decoder {
    /// A decoder at rest.
    ///
    /// # Panics
    /// When memory is out.
    #[must_use]
    pub fn new() -> Self {
        Self(::opus::Decoder::new(AUDIO_CLOCK_HZ, Channels::Stereo).expect("48 kHz stereo is a mode of libopus"))
    }

    /// Decodes a packet of any duration to the front of `out` (interleaved, at least [`packet_samples`] long); the
    /// answer is samples per channel.
    ///
    /// # Errors
    /// When the packet is malformed or `out` is too short.
    pub fn decode_any(&mut self, packet: &[u8], out: &mut [f32]) -> Result<usize, SoundError> {
        let samples = packet_samples(packet)?;
        let wanted = out.len() / 2;
        let room = out.get_mut(..samples * 2).ok_or(SoundError::Duration { samples, wanted })?;
        self.0.decode_float(packet, room, false).map_err(|error| decode_error(&error, packet))
    }

    /// Decodes the copy of the *previous* packet that `packet` may carry (in-band FEC, RFC 6716 §2.1.7), or conceals when
    /// it carries none. `out` is as long as what was lost: a multiple of 2.5 ms.
    ///
    /// # Errors
    /// When the packet is malformed or the duration is not one of Opus.
    pub fn decode_lost(&mut self, packet: &[u8], out: &mut [f32]) -> Result<(), SoundError> {
        packet_samples(packet)?;
        let samples = out.len() / 2;
        if samples == 0 || !samples.is_multiple_of(STEP_SAMPLES) || samples > PACKET_SAMPLES_MAX {
            return Err(SoundError::Duration { samples, wanted: PACKET_SAMPLES_MAX });
        }
        self.0.decode_float(packet, out, true).map(|_samples| ()).map_err(|error| decode_error(&error, packet))
    }

    /// Fills `out` (interleaved) with a guess that fades out if it goes on. Whole steps of 2.5 ms are guessed, a rest is
    /// silent.
    pub fn conceal_any(&mut self, out: &mut [f32]) {
        let whole = out.len() / (2 * STEP_SAMPLES) * (2 * STEP_SAMPLES);
        let (guessed, rest) = out.split_at_mut(whole);
        rest.fill(0.0);
        for part in guessed.chunks_mut(2 * PACKET_SAMPLES_MAX) {
            // An empty packet asks libopus to conceal.
            if self.0.decode_float(&[], part, false).is_err() {
                part.fill(0.0);
            }
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl AudioDecoder for Decoder {
    fn decode(&mut self, packet: &[u8], out: &mut AudioBlock) -> Result<(), SoundError> {
        let samples = packet_samples(packet)?;
        if samples != BLOCK_SAMPLES {
            return Err(SoundError::Duration { samples, wanted: BLOCK_SAMPLES });
        }
        self.decode_any(packet, &mut out.0[..]).map(|_samples| ())
    }

    fn conceal(&mut self, out: &mut AudioBlock) {
        self.conceal_any(&mut out.0[..]);
    }
}

/// An Opus encoder: 48 kHz stereo, packets of 20 ms, in-band FEC.
pub struct Encoder {
    codec: ::opus::Encoder,
    scratch: Box<[u8; PACKET_BYTES_MAX]>,
}

impl Encoder {
    /// An encoder at `bitrate_bps` (clamped to 6 000 to 510 000, RFC 7587 §6.1).
    ///
    /// # Errors
    /// When libopus refuses a setting.
    pub fn new(bitrate_bps: u32) -> Result<Self, SoundError> {
        let codec = ::opus::Encoder::new(AUDIO_CLOCK_HZ, Channels::Stereo, Application::Audio);
        let mut codec = codec.map_err(|error| SoundError::Codec(error.function()))?;
        let bitrate = i32::try_from(bitrate_bps.clamp(6_000, 510_000)).expect("clamped");
        codec
            .set_bitrate(Bitrate::Bits(bitrate))
            .and_then(|()| codec.set_complexity(COMPLEXITY))
            .and_then(|()| codec.set_inband_fec(true))
            .and_then(|()| codec.set_packet_loss_perc(EXPECTED_LOSS_PERCENT))
            .map_err(|error| SoundError::Codec(error.function()))?;
        Ok(Self { codec, scratch: Box::new([0; PACKET_BYTES_MAX]) })
    }
}

impl AudioEncoder for Encoder {
    fn encode(&mut self, block: &AudioBlock) -> Result<Bytes, SoundError> {
        let written = self.codec.encode_float(&block.0[..], &mut self.scratch[..]);
        let length = written.map_err(|error| SoundError::Codec(error.function()))?;
        Ok(Bytes::copy_from_slice(&self.scratch[..length]))
    }
}

fn decode_error(error: &::opus::Error, packet: &[u8]) -> SoundError {
    if error.code() == ErrorCode::InvalidPacket {
        SoundError::Malformed { bytes: packet.len() }
    } else {
        SoundError::Codec(error.function())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Root mean square of `hz` in the left channel: the tone's level whatever else sounds.
    fn level_of(hz: f64, samples: &[f32]) -> f64 {
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (n, frame) in samples.chunks_exact(2).enumerate() {
            let angle = std::f64::consts::TAU * hz * n as f64 / 48_000.0;
            sine += f64::from(frame[0]) * angle.sin();
            cosine += f64::from(frame[0]) * angle.cos();
        }
        2.0 * sine.hypot(cosine) / (samples.len() as f64 / 2.0)
    }

    fn tone(hz: f64, amplitude: f64, blocks: usize) -> Vec<AudioBlock> {
        let mut out = vec![AudioBlock::silent(); blocks];
        for (n, frame) in out.iter_mut().flat_map(|block| block.0.chunks_exact_mut(2)).enumerate() {
            let value = amplitude * (std::f64::consts::TAU * hz * n as f64 / 48_000.0).sin();
            #[allow(clippy::cast_possible_truncation, reason = "a sample is a float of 32 bits")]
            frame.fill(value as f32);
        }
        out
    }

    #[test]
    fn a_tone_comes_back_at_its_level() {
        for bitrate in [64_000, 96_000] {
            let (mut encoder, mut decoder) = (Encoder::new(bitrate).unwrap(), Decoder::new());
            let mut heard = Vec::new();
            let mut bytes = 0;
            for block in tone(440.0, 0.25, 100) {
                let packet = encoder.encode(&block).unwrap();
                bytes += packet.len();
                let mut out = AudioBlock::silent();
                decoder.decode(&packet, &mut out).unwrap();
                heard.extend_from_slice(&out.0[..]);
            }
            let level = level_of(440.0, &heard[48_000..]);
            assert!((20.0 * (level / 0.25).log10()).abs() < 0.5, "{level}");
            assert!(bytes * 8 / 2 < bitrate as usize * 12 / 10, "{bytes} bytes in 2 s");
        }
    }

    #[test]
    fn packets_of_every_duration_and_channel_count_decode() {
        for (channels, count) in [(Channels::Mono, 1), (Channels::Stereo, 2)] {
            for samples in [120, 240, 480, 960, 1920, 2880, 5760] {
                let mut codec = ::opus::Encoder::new(48_000, channels, Application::Audio).unwrap();
                let packet = codec.encode_vec_float(&vec![0.1; samples * count], 4000).unwrap();
                assert_eq!(packet_samples(&packet), Ok(samples));
                let mut out = vec![0.0; PACKET_SAMPLES_MAX * 2];
                assert_eq!(Decoder::new().decode_any(&packet, &mut out), Ok(samples));
                let short = Decoder::new().decode_any(&packet, &mut out[..samples * 2 - 1]);
                assert_eq!(short, Err(SoundError::Duration { samples, wanted: samples - 1 }));
                let block = Decoder::new().decode(&packet, &mut AudioBlock::silent());
                assert_eq!(block.is_ok(), samples == BLOCK_SAMPLES);
            }
        }
    }

    #[test]
    fn malformed_packets_are_errors() {
        let mut decoder = Decoder::new();
        let mut out = vec![0.0; PACKET_SAMPLES_MAX * 2];
        // Empty; code 3 without a count; 63 frames of 60 ms; code 2 whose first length is longer than the packet;
        // code 1 of odd length (RFC 6716 §3.4, R1 to R7).
        for packet in [&[][..], &[0x03], &[0x1b, 63], &[0x7a, 200, 1], &[0x79, 1]] {
            assert!(decoder.decode_any(packet, &mut out).is_err(), "{packet:?}");
            assert!(decoder.decode_lost(packet, &mut out[..1920]).is_err(), "{packet:?}");
        }
        let mut encoder = Encoder::new(64_000).unwrap();
        let packet = encoder.encode(&tone(440.0, 0.25, 1)[0]).unwrap();
        assert_eq!(decoder.decode_any(&packet, &mut out), Ok(960), "the decoder goes on after them");
    }

    #[test]
    fn what_is_lost_is_concealed_and_fades() {
        let (mut encoder, mut decoder) = (Encoder::new(96_000).unwrap(), Decoder::new());
        let mut out = AudioBlock::silent();
        for block in tone(440.0, 0.25, 50) {
            decoder.decode(&encoder.encode(&block).unwrap(), &mut out).unwrap();
        }
        decoder.conceal(&mut out);
        let first = out.0.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(first > 0.1, "the tone goes on, at {first}");
        for _ in 0..50 {
            decoder.conceal(&mut out);
        }
        let last = out.0.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(last < first / 3.0, "a second later it has faded to {last}");
    }

    #[test]
    fn a_lost_packet_of_a_voice_is_restored_from_the_copy_in_the_next() {
        // As a browser sends a microphone: 24 kbit/s, speech, in-band FEC.
        let mut codec = ::opus::Encoder::new(48_000, Channels::Stereo, Application::Voip).unwrap();
        codec.set_bitrate(Bitrate::Bits(24_000)).unwrap();
        codec.set_inband_fec(true).unwrap();
        codec.set_packet_loss_perc(20).unwrap();
        // A gliding voice, so that a guess from the past goes wrong.
        let mut phase = 0.0_f32;
        let packets: Vec<Bytes> = (0..60_u16)
            .map(|n| {
                let mut block = AudioBlock::silent();
                for (at, frame) in block.0.chunks_exact_mut(2).enumerate() {
                    let time = f32::from(n) + f32::from(u16::try_from(at).unwrap()) / 960.0;
                    phase += (180.0 + 80.0 * (time * 0.7).sin()) / 48_000.0;
                    let voice = (1..8_u8).map(|k| (std::f32::consts::TAU * phase * f32::from(k)).sin() / f32::from(k));
                    frame.fill(0.2 * voice.sum::<f32>() * (0.6 + 0.4 * (time * 1.3).sin()));
                }
                Bytes::from(codec.encode_vec_float(&block.0[..], 1000).unwrap())
            })
            .collect();
        let whole: Vec<AudioBlock> = {
            let mut decoder = Decoder::new();
            let decode = |packet: &Bytes| {
                let mut out = AudioBlock::silent();
                decoder.decode(packet, &mut out).map(|()| out).unwrap()
            };
            packets.iter().map(decode).collect()
        };
        let error_of = |restore: &dyn Fn(&mut Decoder, usize, &mut AudioBlock)| {
            let (mut decoder, mut error) = (Decoder::new(), 0.0);
            for n in 0..59 {
                let mut out = AudioBlock::silent();
                if n % 6 == 5 {
                    restore(&mut decoder, n, &mut out);
                    error += out.0.iter().zip(whole[n].0.iter()).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
                } else {
                    decoder.decode(&packets[n], &mut out).unwrap();
                }
            }
            error
        };
        let guessed = error_of(&|decoder, _n, out| decoder.conceal(out));
        let restored = error_of(&|decoder, n, out| decoder.decode_lost(&packets[n + 1], &mut out.0[..]).unwrap());
        assert!(restored < guessed / 2.0, "{restored} against {guessed}");
    }
}
