//! RTP payloads in order → one access unit in Annex B form (RFC 6184 §5.6 to §5.8, H.264 Annex B).

use super::NalKind;

/// Bytes of one access unit. 2 MiB a frame is 500 Mbit/s at 30 fps; more is an attack on memory.
pub const ACCESS_UNIT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// NAL units of one access unit. In packetization-mode 0 each packet is a slice: 1,024 × 1.2 kB is a keyframe of 1.2 MB.
pub const NALS_MAX: usize = 1_024;

/// Bytes of remembered parameter sets; real ones together have less than 100.
const PARAMETERS_BYTES_MAX: usize = 4 * 1024;

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Why a payload cannot be part of an access unit. The unit is damaged from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DepacketiseError {
    /// No byte at all.
    #[error("empty payload")]
    Empty,
    /// The forbidden bit says that the NAL unit is damaged (RFC 6184 §1.3).
    #[error("forbidden bit set in NAL header {0:#04x}")]
    Forbidden(u8),
    /// A type of packet or NAL unit outside of what was negotiated.
    #[error("NAL unit type {0} is not of packetization-mode 0 or 1, or not of Baseline")]
    Unsupported(u8),
    /// A NAL unit in an aggregate is empty or longer than what is there.
    #[error("aggregate wants a NAL unit of {wanted} bytes, {found} are left")]
    Truncated {
        /// The length field, or 2 for the length field itself.
        wanted: usize,
        /// Bytes left.
        found: usize,
    },
    /// A fragment without header or without content.
    #[error("fragment of {0} bytes")]
    ShortFragment(usize),
    /// The middle or end of a NAL unit whose start was not seen.
    #[error("fragment without its start")]
    NoStart,
    /// Something else came before the end of a fragmented NAL unit.
    #[error("fragmented NAL unit without its end")]
    NoEnd,
    /// The fragments are of different NAL units.
    #[error("fragment of type {found} inside a NAL unit of type {wanted}")]
    Mixed {
        /// Type of the NAL unit begun.
        wanted: u8,
        /// Type of this fragment.
        found: u8,
    },
    /// An IDR picture, but the stream never showed a sequence parameter set: its head was lost.
    #[error("keyframe without parameter sets")]
    NoParameters,
    /// [`ACCESS_UNIT_BYTES_MAX`] or [`NALS_MAX`] reached.
    #[error("access unit of more than {ACCESS_UNIT_BYTES_MAX} bytes or {NALS_MAX} NAL units")]
    TooLarge,
}

/// One access unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Annex B, four-byte start codes. Slices and parameter sets only.
    pub data: Vec<u8>,
    /// Holds an IDR slice; then parameter sets stand before it.
    pub keyframe: bool,
    /// It brought its parameter sets itself.
    pub own_parameters: bool,
}

/// Joins payloads, given in order and without loss, into access units.
///
/// Delimiters, SEI, filler and scalable extensions are left out: a Baseline decoder needs none of them, and an
/// SEI of a stranger is only risk. Parameter sets are remembered and put before a keyframe that comes without.
#[derive(Debug, Default)]
pub struct Depacketiser {
    data: Vec<u8>,
    nals: usize,
    fragment: Option<Fragment>,
    slices: bool,
    keyframe: bool,
    /// An SPS stands in `data`.
    has_sequence: bool,
    /// Parameter sets of this unit, Annex B.
    fresh: Vec<u8>,
    /// Parameter sets that hold, Annex B.
    parameters: Vec<u8>,
    /// Size of the last unit, to allocate the next in one piece.
    usual: usize,
}

#[derive(Debug, Clone, Copy)]
struct Fragment {
    nal_type: u8,
    /// Whether its bytes are collected or left out.
    kept: bool,
}

impl Depacketiser {
    /// A depacketiser before the first packet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the unit begun holds an IDR slice or parameter sets.
    #[must_use]
    pub fn in_keyframe(&self) -> bool {
        self.keyframe || self.has_sequence
    }

    /// Adds one payload to the unit begun.
    ///
    /// # Errors
    /// See [`DepacketiseError`]; after an error call [`Depacketiser::reset`], the unit cannot be completed.
    pub fn push(&mut self, payload: &[u8]) -> Result<(), DepacketiseError> {
        let &header = payload.first().ok_or(DepacketiseError::Empty)?;
        if header & 0x80 != 0 {
            return Err(DepacketiseError::Forbidden(header));
        }
        let kind = NalKind::of(header);
        if self.fragment.is_some() && kind != NalKind::Fragment {
            return Err(DepacketiseError::NoEnd);
        }
        match kind {
            NalKind::Fragment => self.push_fragment(payload),
            NalKind::Aggregate => self.push_aggregate(&payload[1..]),
            NalKind::Slice
            | NalKind::Idr
            | NalKind::SequenceParameters
            | NalKind::PictureParameters
            | NalKind::Delimiter
            | NalKind::Droppable => self.push_nal(payload),
            NalKind::Unsupported => Err(DepacketiseError::Unsupported(header & 0x1f)),
        }
    }

    /// Completes the unit. `Ok(None)` when it holds no slice: parameter sets alone are remembered for the next.
    ///
    /// # Errors
    /// [`DepacketiseError::NoEnd`] when a fragmented NAL unit is open, [`DepacketiseError::NoParameters`].
    pub fn finish(&mut self) -> Result<Option<Unit>, DepacketiseError> {
        if self.fragment.is_some() {
            self.reset();
            return Err(DepacketiseError::NoEnd);
        }
        self.remember_parameters();
        if !self.slices {
            self.reset();
            return Ok(None);
        }
        let (keyframe, own_parameters) = (self.keyframe, self.has_sequence);
        if keyframe && !own_parameters && self.parameters.is_empty() {
            self.reset();
            return Err(DepacketiseError::NoParameters);
        }
        let mut data = std::mem::take(&mut self.data);
        if keyframe && !own_parameters {
            data.splice(0..0, self.parameters.iter().copied());
        }
        self.usual = data.len();
        self.reset();
        Ok(Some(Unit { data, keyframe, own_parameters }))
    }

    /// Forgets the unit begun, but not the parameter sets.
    pub fn reset(&mut self) {
        self.data.clear();
        self.fresh.clear();
        self.nals = 0;
        self.fragment = None;
        self.slices = false;
        self.keyframe = false;
        self.has_sequence = false;
    }

    /// RFC 6184 §5.7.1: each NAL unit behind its 16-bit length.
    fn push_aggregate(&mut self, mut rest: &[u8]) -> Result<(), DepacketiseError> {
        if rest.is_empty() {
            return Err(DepacketiseError::Truncated { wanted: 2, found: 0 });
        }
        while !rest.is_empty() {
            let (length, after) =
                rest.split_first_chunk().ok_or(DepacketiseError::Truncated { wanted: 2, found: rest.len() })?;
            let wanted = usize::from(u16::from_be_bytes(*length));
            let truncated = DepacketiseError::Truncated { wanted, found: after.len() };
            let (nal, after) = after.split_at_checked(wanted).ok_or(truncated)?;
            let &header = nal.first().ok_or(truncated)?;
            if header & 0x80 != 0 {
                return Err(DepacketiseError::Forbidden(header));
            }
            match NalKind::of(header) {
                NalKind::Slice
                | NalKind::Idr
                | NalKind::SequenceParameters
                | NalKind::PictureParameters
                | NalKind::Delimiter
                | NalKind::Droppable => self.push_nal(nal)?,
                NalKind::Aggregate | NalKind::Fragment | NalKind::Unsupported => {
                    return Err(DepacketiseError::Unsupported(header & 0x1f));
                }
            }
            rest = after;
        }
        Ok(())
    }

    /// A whole NAL unit of a kind that may stand alone.
    fn push_nal(&mut self, nal: &[u8]) -> Result<(), DepacketiseError> {
        if self.begin_nal(nal[0])? {
            self.append(&nal[1..])?;
        }
        self.note_parameters(nal);
        Ok(())
    }

    /// RFC 6184 §5.8: indicator, header with start and end bit, a piece of the body.
    fn push_fragment(&mut self, payload: &[u8]) -> Result<(), DepacketiseError> {
        let &[indicator, header, ref piece @ ..] = payload else {
            return Err(DepacketiseError::ShortFragment(payload.len()));
        };
        if piece.is_empty() {
            return Err(DepacketiseError::ShortFragment(payload.len()));
        }
        let nal_type = header & 0x1f;
        let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
        let fragment = match self.fragment {
            Some(_) if start => return Err(DepacketiseError::NoEnd),
            Some(open) if open.nal_type != nal_type => {
                return Err(DepacketiseError::Mixed { wanted: open.nal_type, found: nal_type });
            }
            Some(open) => open,
            None if !start => return Err(DepacketiseError::NoStart),
            None => match NalKind::of(nal_type) {
                NalKind::Aggregate | NalKind::Fragment | NalKind::Unsupported => {
                    return Err(DepacketiseError::Unsupported(nal_type));
                }
                NalKind::Slice
                | NalKind::Idr
                | NalKind::SequenceParameters
                | NalKind::PictureParameters
                | NalKind::Delimiter
                | NalKind::Droppable => Fragment { nal_type, kept: self.begin_nal((indicator & 0xe0) | nal_type)? },
            },
        };
        if fragment.kept {
            self.append(piece)?;
        }
        // RFC 6184 forbids both bits in one fragment; such a NAL unit is whole all the same, and some send it.
        self.fragment = (!end).then_some(fragment);
        Ok(())
    }

    /// Start code and header, when NAL units of this kind are kept.
    fn begin_nal(&mut self, header: u8) -> Result<bool, DepacketiseError> {
        self.nals += 1;
        if self.nals > NALS_MAX {
            return Err(DepacketiseError::TooLarge);
        }
        match NalKind::of(header) {
            NalKind::Slice => self.slices = true,
            NalKind::Idr => (self.slices, self.keyframe) = (true, true),
            NalKind::SequenceParameters => self.has_sequence = true,
            NalKind::PictureParameters => {}
            NalKind::Delimiter | NalKind::Droppable | NalKind::Aggregate | NalKind::Fragment | NalKind::Unsupported => {
                return Ok(false);
            }
        }
        if self.data.capacity() == 0 {
            self.data.reserve(self.usual + self.usual / 4 + 1_500);
        }
        self.append(&START_CODE)?;
        self.append(&[header])?;
        Ok(true)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), DepacketiseError> {
        if self.data.len() + bytes.len() > ACCESS_UNIT_BYTES_MAX {
            return Err(DepacketiseError::TooLarge);
        }
        self.data.extend_from_slice(bytes);
        Ok(())
    }

    fn note_parameters(&mut self, nal: &[u8]) {
        match NalKind::of(nal[0]) {
            NalKind::SequenceParameters | NalKind::PictureParameters => {
                if self.fresh.len() + nal.len() + START_CODE.len() <= PARAMETERS_BYTES_MAX {
                    self.fresh.extend_from_slice(&START_CODE);
                    self.fresh.extend_from_slice(nal);
                }
            }
            NalKind::Slice
            | NalKind::Idr
            | NalKind::Delimiter
            | NalKind::Droppable
            | NalKind::Aggregate
            | NalKind::Fragment
            | NalKind::Unsupported => {}
        }
    }

    /// A new SPS replaces all that was known; picture parameters alone are added.
    fn remember_parameters(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        if self.has_sequence {
            std::mem::swap(&mut self.parameters, &mut self.fresh);
        } else if !self.parameters.is_empty()
            && self.parameters.len() + self.fresh.len() <= PARAMETERS_BYTES_MAX
            && !self.parameters.ends_with(&self.fresh)
        {
            self.parameters.append(&mut self.fresh);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(payloads: &[&[u8]]) -> Result<Option<Unit>, DepacketiseError> {
        let mut depacketiser = Depacketiser::new();
        payloads.iter().try_for_each(|payload| depacketiser.push(payload))?;
        depacketiser.finish()
    }

    fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&START_CODE[..], nal].concat()).collect()
    }

    #[test]
    fn single_aggregate_and_fragmented_nal_units_are_joined() {
        let unit = unit(&[
            &[0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce],
            &[0x65, 0x88, 1],
            &[0x7c, 0x85, 0x70],
            &[0x7c, 0x05, 2, 3],
            &[0x7c, 0x45, 4],
        ]);
        let data = annex_b(&[&[0x67, 0x42], &[0x68, 0xce], &[0x65, 0x88, 1], &[0x65, 0x70, 2, 3, 4]]);
        assert_eq!(unit, Ok(Some(Unit { data, keyframe: true, own_parameters: true })));
    }

    #[test]
    fn what_a_baseline_decoder_does_not_need_is_left_out() {
        let unit =
            unit(&[&[0x09, 0xf0], &[0x06, 5, 1], &[0x41, 0x9a], &[0x0c, 0xff], &[0x5c, 0x86, 1], &[0x5c, 0x46, 1]]);
        assert_eq!(unit, Ok(Some(Unit { data: annex_b(&[&[0x41, 0x9a]]), keyframe: false, own_parameters: false })));
    }

    #[test]
    fn truncated_payloads_are_errors() {
        use DepacketiseError::{Empty, Forbidden, ShortFragment, Truncated, Unsupported};
        let cases: [(&[u8], DepacketiseError); 13] = [
            (&[], Empty),
            (&[0x78, 0, 1, 0x65, 0], Truncated { wanted: 2, found: 1 }),
            (&[0x78], Truncated { wanted: 2, found: 0 }),
            (&[0x78, 0], Truncated { wanted: 2, found: 1 }),
            (&[0x78, 0, 0], Truncated { wanted: 0, found: 0 }),
            (&[0x78, 0, 5, 0x65, 1], Truncated { wanted: 5, found: 2 }),
            (&[0x78, 0, 1, 0x78], Unsupported(24)),
            (&[0x78, 0, 1, 0xe5], Forbidden(0xe5)),
            (&[0x7c], ShortFragment(1)),
            (&[0x7c, 0x85], ShortFragment(2)),
            (&[0x7c, 0x9c, 1], Unsupported(28)),
            (&[0xe5, 1], Forbidden(0xe5)),
            (&[0x79, 0, 1, 0x65], Unsupported(25)),
        ];
        for (payload, error) in cases {
            assert_eq!(unit(&[payload]), Err(error), "{payload:02x?}");
        }
    }

    #[test]
    fn fragments_that_do_not_belong_together_are_errors() {
        use DepacketiseError::{Mixed, NoEnd, NoStart};
        assert_eq!(unit(&[&[0x7c, 0x05, 1]]), Err(NoStart), "the start bit is looked at");
        assert_eq!(unit(&[&[0x7c, 0x45, 1]]), Err(NoStart));
        assert_eq!(unit(&[&[0x7c, 0x85, 1]]), Err(NoEnd), "unit ends inside");
        assert_eq!(unit(&[&[0x7c, 0x85, 1], &[0x7c, 0x85, 1]]), Err(NoEnd));
        assert_eq!(unit(&[&[0x7c, 0x85, 1], &[0x65, 1]]), Err(NoEnd));
        assert_eq!(unit(&[&[0x7c, 0x85, 1], &[0x7c, 0x41, 1]]), Err(Mixed { wanted: 5, found: 1 }));
        assert_eq!(unit(&[&[0x7c, 0x85, 1], &[0x7c, 0x45, 2], &[0x7c, 0x45, 3]]), Err(NoStart));
    }

    #[test]
    fn a_nal_unit_whole_in_one_fragment_is_taken() {
        let whole = unit(&[&[0x5c, 0xc1, 0x88]]).unwrap().unwrap();
        assert_eq!(whole.data, annex_b(&[&[0x41, 0x88]]));
    }

    #[test]
    fn a_unit_has_a_bound_in_bytes_and_in_nal_units() {
        let mut depacketiser = Depacketiser::new();
        let piece = vec![0x41; 60_000];
        let error = std::iter::repeat_with(|| depacketiser.push(&piece)).find_map(Result::err);
        assert_eq!(error, Some(DepacketiseError::TooLarge));
        assert!(depacketiser.data.len() <= ACCESS_UNIT_BYTES_MAX);
        depacketiser.reset();
        let taken = std::iter::repeat_with(|| depacketiser.push(&[0x06])).take_while(Result::is_ok).count();
        assert_eq!(taken, NALS_MAX);
    }

    #[test]
    fn a_keyframe_of_a_stream_without_parameter_sets_is_refused() {
        assert_eq!(unit(&[&[0x65, 0x88]]), Err(DepacketiseError::NoParameters));
        assert_eq!(unit(&[&[0x68, 0xce], &[0x65, 0x88]]), Err(DepacketiseError::NoParameters), "half of them");
    }

    #[test]
    fn a_keyframe_without_parameter_sets_gets_the_last_ones_seen() {
        let mut depacketiser = Depacketiser::new();
        depacketiser.push(&[0x67, 1]).unwrap();
        depacketiser.push(&[0x68, 2]).unwrap();
        assert_eq!(depacketiser.finish(), Ok(None), "parameter sets alone are no picture");
        depacketiser.push(&[0x65, 0x88]).unwrap();
        let first = depacketiser.finish().unwrap().unwrap();
        assert_eq!(first.data, annex_b(&[&[0x67, 1], &[0x68, 2], &[0x65, 0x88]]));
        depacketiser.push(&[0x41, 0x9a]).unwrap();
        assert_eq!(depacketiser.finish().unwrap().unwrap().data, annex_b(&[&[0x41, 0x9a]]));
        depacketiser.push(&[0x67, 3]).unwrap();
        depacketiser.push(&[0x65, 0x88]).unwrap();
        assert_eq!(depacketiser.finish().unwrap().unwrap().data, annex_b(&[&[0x67, 3], &[0x65, 0x88]]));
    }
}
