//! What one packet says of its stream, looked at without taking it apart: for streams that are forwarded as they are.

use super::NalKind;

/// Whether a decoder may start at this payload: a sequence parameter set, or where there is none before it in its access
/// unit an IDR slice, or the first piece of either.
#[must_use]
pub fn begins_keyframe(payload: &[u8]) -> bool {
    nals(payload).any(|nal| nal.first().is_some_and(|header| starts(*header)))
        || matches!(payload, [header, fragment, ..]
            if NalKind::of(*header) == NalKind::Fragment && fragment & 0x80 != 0 && starts(*fragment))
}

fn starts(header: u8) -> bool {
    matches!(NalKind::of(header), NalKind::Idr | NalKind::SequenceParameters)
}

/// `profile_idc` of the sequence parameter set that the payload holds whole (H.264 §7.3.2.1.1): 66 Baseline, 77 Main,
/// 100 High.
#[must_use]
pub fn profile(payload: &[u8]) -> Option<u8> {
    let mut sets = nals(payload).filter(|nal| NalKind::of(nal[0]) == NalKind::SequenceParameters);
    sets.find_map(|set| set.get(1).copied())
}

/// The NAL units that a payload holds whole, none of them empty: one, or those of an aggregate (RFC 6184 §5.7.1), as far as
/// its sizes hold.
fn nals(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let kind = payload.first().map(|header| NalKind::of(*header));
    let single = match kind {
        Some(NalKind::Aggregate | NalKind::Fragment | NalKind::Unsupported) | None => None,
        Some(_) => Some(payload),
    };
    let mut rest = if kind == Some(NalKind::Aggregate) { &payload[1..] } else { &[] };
    let aggregated = std::iter::from_fn(move || {
        let (size, behind) = rest.split_first_chunk::<2>()?;
        let (nal, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        rest = behind;
        (!nal.is_empty()).then_some(nal)
    });
    single.into_iter().chain(aggregated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyframe_begins_with_its_parameters_or_its_first_slice_however_they_are_packed() {
        let starts: [&[u8]; 5] =
            [&[0x67, 66, 0], &[0x65, 0x88], &[0x78, 0, 1, 0x09, 0, 2, 0x67, 66], &[0x7c, 0x85, 1], &[0x7c, 0x87, 1]];
        assert!(starts.iter().all(|payload| begins_keyframe(payload)));
        let others: [&[u8]; 8] = [
            &[],
            &[0x41, 0x9a],
            &[0x68, 1],
            &[0x09, 0xf0],
            &[0x7c, 0x05, 1],
            &[0x7c, 0x81],
            &[0x78],
            &[0x78, 0, 9, 0x67],
        ];
        assert!(others.iter().all(|payload| !begins_keyframe(payload)));
    }

    #[test]
    fn the_profile_is_the_one_of_the_parameter_set() {
        assert_eq!(profile(&[0x67, 100, 0, 31]), Some(100));
        assert_eq!(profile(&[0x78, 0, 2, 0x09, 0xf0, 0, 3, 0x67, 77, 0]), Some(77));
        for none in [&[][..], &[0x67], &[0x65, 66], &[0x78, 0, 0, 0, 2], &[0x78, 0, 200, 0x67, 66], &[0x7c, 0x87, 66]] {
            assert_eq!(profile(none), None, "{none:?}");
        }
    }
}
