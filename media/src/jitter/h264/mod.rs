//! H.264 over RTP (RFC 6184): packetization-mode 0 and 1 in, mode 1 out. Ours, because every parser looked at
//! could be made to panic or to join fragments that do not belong together.

mod depacketise;
mod look;
mod packetise;

pub use depacketise::{ACCESS_UNIT_BYTES_MAX, DepacketiseError, Depacketiser, NALS_MAX, Unit};
pub use look::{begins_keyframe, profile};
pub use packetise::{PAYLOAD_BYTES_MAX, packetise};

/// What a NAL unit holds, by `nal_unit_type` (H.264 table 7-1; 24 to 29 RFC 6184 table 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NalKind {
    /// 1: a slice of a picture that may refer to others.
    Slice,
    /// 5: a slice of an IDR picture, where a decoder may start.
    Idr,
    /// 7.
    SequenceParameters,
    /// 8.
    PictureParameters,
    /// 9: says that an access unit begins.
    Delimiter,
    /// 6, 10 to 23 but the above: nothing that a Baseline decoder needs.
    Droppable,
    /// 24: several NAL units in one packet.
    Aggregate,
    /// 28: a piece of a NAL unit.
    Fragment,
    /// 0, 2 to 4 (data partitions), 25 to 27, 29 to 31 (interleaved modes): never agreed on.
    Unsupported,
}

impl NalKind {
    /// From the first byte of a NAL unit or payload; its forbidden bit is not looked at.
    pub(crate) fn of(header: u8) -> Self {
        match header & 0x1f {
            1 => Self::Slice,
            5 => Self::Idr,
            7 => Self::SequenceParameters,
            8 => Self::PictureParameters,
            9 => Self::Delimiter,
            6 | 10..=23 => Self::Droppable,
            24 => Self::Aggregate,
            28 => Self::Fragment,
            0 | 2..=4 | 25..=27 | 29..=31 => Self::Unsupported,
            32..=u8::MAX => unreachable!("five bits"),
        }
    }
}

/// The kind and first body byte of the first NAL unit that a payload holds or begins; `None` for the middle or
/// end of a fragment and for anything malformed.
fn first_nal(payload: &[u8]) -> Option<(NalKind, Option<u8>)> {
    let header = *payload.first()?;
    match NalKind::of(header) {
        NalKind::Aggregate => {
            let nal = payload.get(3..)?;
            Some((NalKind::of(*nal.first()?), nal.get(1).copied()))
        }
        NalKind::Fragment => {
            let fragment = *payload.get(1)?;
            (fragment & 0x80 != 0).then(|| (NalKind::of(fragment), payload.get(2).copied()))
        }
        kind @ (NalKind::Slice
        | NalKind::Idr
        | NalKind::SequenceParameters
        | NalKind::PictureParameters
        | NalKind::Delimiter
        | NalKind::Droppable) => Some((kind, payload.get(1).copied())),
        NalKind::Unsupported => None,
    }
}

/// Whether nothing that a decoder needs can come before this payload in its access unit, so that an access unit
/// may be trusted although packets before it were lost: a delimiter, a sequence parameter set, or a slice whose
/// `first_mb_in_slice` is 0 (H.264 §7.3.3: ue(v), so its first bit is 1). Not the slice when the stream
/// `repeats_parameters` before each keyframe: then those may be what was lost.
#[must_use]
pub fn begins_unit(payload: &[u8], repeats_parameters: bool) -> bool {
    match first_nal(payload) {
        Some((NalKind::Delimiter | NalKind::SequenceParameters, _)) => true,
        Some((NalKind::Slice | NalKind::Idr, body)) => !repeats_parameters && body.is_some_and(|byte| byte & 0x80 != 0),
        Some((
            NalKind::PictureParameters
            | NalKind::Droppable
            | NalKind::Aggregate
            | NalKind::Fragment
            | NalKind::Unsupported,
            _,
        ))
        | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_begins_where_its_first_macroblock_is() {
        let begins = |payload: &[u8]| begins_unit(payload, false);
        assert!(begins(&[0x65, 0x88]) && begins(&[0x41, 0x9a]) && begins(&[0x09, 0xf0]) && begins(&[0x67, 0x42]));
        assert!(begins(&[0x7c, 0x85, 0xb8]));
        assert!(!begins(&[0x65, 0x48]), "first_mb_in_slice 1");
        assert!(!begins(&[0x68, 0xce]) && !begins(&[0x65]) && !begins(&[0x7c, 0x45, 0xff]));
        assert!(!begins_unit(&[0x65, 0x88], true) && begins_unit(&[0x67, 0x42], true));
    }
}
