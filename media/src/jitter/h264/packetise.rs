//! NAL units → RTP payloads, packetization-mode 1 (RFC 6184 §6.3).

use bytes::{Bytes, BytesMut};

use super::NalKind;

/// Payload bytes of one packet: 1,200 bytes of UDP payload less RTP header (12), an abs-send-time or transport-wide
/// extension block (8) fit any path of 1,280 bytes; the SRTP tag (16) still leaves it below 1,220.
pub const PAYLOAD_BYTES_MAX: usize = 1_180;

/// `nal_unit_type` of a single-time aggregation packet (RFC 6184 §5.7.1).
const STAP_A: u8 = 24;
/// `nal_unit_type` of a fragmentation unit (RFC 6184 §5.8).
const FU_A: u8 = 28;
const START: u8 = 0x80;
const END: u8 = 0x40;
/// `nal_ref_idc` and the forbidden bit.
const REF_BITS: u8 = 0xe0;

/// Cuts one access unit (NAL units without start codes, in order) into payloads of at most `payload_max` bytes,
/// each with the marker bit: true on the last. Neighbouring parameter sets share a STAP-A; what does not fit goes
/// in FU-A, every fragment but the last full, as UDP GSO wants segments of one size.
///
/// All payloads are slices of one allocation. Empty NAL units are left out. `payload_max` is taken as at least 16.
#[must_use]
pub fn packetise(nals: &[&[u8]], payload_max: usize) -> Vec<(Bytes, bool)> {
    let payload_max = payload_max.max(16);
    let total: usize = nals.iter().map(|nal| nal.len() + 3 + 2 * (nal.len() / (payload_max - 2) + 1)).sum();
    let mut writer = Writer { buffer: BytesMut::with_capacity(total), payloads: Vec::new() };
    writer.payloads.reserve(total / payload_max + nals.len());
    let mut rest = nals;
    while let Some((&nal, after)) = rest.split_first() {
        let together = parameter_sets_that_fit(rest, payload_max);
        if together >= 2 {
            writer.aggregate(&rest[..together]);
            rest = &rest[together..];
            continue;
        }
        rest = after;
        if nal.len() > payload_max {
            writer.fragment(nal, payload_max);
        } else if !nal.is_empty() {
            writer.single(nal);
        }
    }
    if let Some(last) = writer.payloads.last_mut() {
        last.1 = true;
    }
    writer.payloads
}

/// How many NAL units at the front are parameter sets and fit into one STAP-A.
fn parameter_sets_that_fit(nals: &[&[u8]], payload_max: usize) -> usize {
    let mut size = 1;
    nals.iter()
        .take_while(|nal| {
            size += 2 + nal.len();
            let parameters = nal.first().is_some_and(|&header| {
                matches!(NalKind::of(header), NalKind::SequenceParameters | NalKind::PictureParameters)
            });
            parameters && size <= payload_max && u16::try_from(nal.len()).is_ok()
        })
        .count()
}

struct Writer {
    buffer: BytesMut,
    payloads: Vec<(Bytes, bool)>,
}

impl Writer {
    fn finish_payload(&mut self) {
        self.payloads.push((self.buffer.split().freeze(), false));
    }

    fn single(&mut self, nal: &[u8]) {
        self.buffer.extend_from_slice(nal);
        self.finish_payload();
    }

    fn aggregate(&mut self, nals: &[&[u8]]) {
        // RFC 6184 §5.3: the NRI of an aggregate is the highest of those inside.
        let reference = nals.iter().filter_map(|nal| nal.first()).map(|header| header & REF_BITS).max().unwrap_or(0);
        self.buffer.extend_from_slice(&[reference | STAP_A]);
        for nal in nals {
            let length = u16::try_from(nal.len()).expect("checked by parameter_sets_that_fit");
            self.buffer.extend_from_slice(&length.to_be_bytes());
            self.buffer.extend_from_slice(nal);
        }
        self.finish_payload();
    }

    fn fragment(&mut self, nal: &[u8], payload_max: usize) {
        let (header, body) = (nal[0], &nal[1..]);
        let count = body.len().div_ceil(payload_max - 2);
        for (index, piece) in body.chunks(payload_max - 2).enumerate() {
            let start = if index == 0 { START } else { 0 };
            let end = if index + 1 == count { END } else { 0 };
            self.buffer.extend_from_slice(&[header & REF_BITS | FU_A, start | end | header & 0x1f]);
            self.buffer.extend_from_slice(piece);
            self.finish_payload();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_sets_share_a_packet_and_slices_stand_alone() {
        let payloads = packetise(&[&[0x67, 1, 2], &[0x68, 3], &[0x65, 4], &[0x25, 5]], PAYLOAD_BYTES_MAX);
        let expected: [(&[u8], bool); 3] =
            [(&[0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 3], false), (&[0x65, 4], false), (&[0x25, 5], true)];
        assert_eq!(payloads.iter().map(|(data, marker)| (&data[..], *marker)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_large_nal_is_cut_into_full_fragments_with_start_and_end_bits() {
        let mut nal = vec![0x65; 1];
        nal.extend((0..30_u8).cycle().take(30));
        let payloads = packetise(&[&nal], 16);
        let heads: Vec<[u8; 2]> = payloads.iter().map(|(data, _)| [data[0], data[1]]).collect();
        assert_eq!(heads, [[0x7c, 0x85], [0x7c, 0x05], [0x7c, 0x45]]);
        assert_eq!(payloads.iter().map(|(data, _)| data.len()).collect::<Vec<_>>(), [16, 16, 4]);
        assert_eq!(payloads.iter().map(|(_, marker)| *marker).collect::<Vec<_>>(), [false, false, true]);
        let joined: Vec<u8> = payloads.iter().flat_map(|(data, _)| data[2..].to_vec()).collect();
        assert_eq!(joined, nal[1..]);
    }

    #[test]
    fn a_nal_of_exactly_the_limit_is_not_cut() {
        let nal = vec![0x41; PAYLOAD_BYTES_MAX];
        assert_eq!(packetise(&[&nal], PAYLOAD_BYTES_MAX), [(Bytes::from(nal), true)]);
    }

    #[test]
    fn no_nal_units_give_no_packets() {
        assert!(packetise(&[], PAYLOAD_BYTES_MAX).is_empty());
        assert!(packetise(&[&[]], PAYLOAD_BYTES_MAX).is_empty());
    }
}
