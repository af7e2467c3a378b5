//! The byte stream format of H.264 (ITU-T H.264 Annex B): NAL units between start codes.

/// NAL unit type, the low five bits of a NAL unit's first byte (H.264 table 7-1).
#[must_use]
pub fn nal_type(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |byte| byte & 0x1f)
}

/// The NAL units of a byte stream, without start codes and trailing zeros. What precedes the first start code is not a
/// NAL unit.
pub fn nals(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = match find_start_code(stream) {
        Some(at) => stream.get(at + 3..).unwrap_or_default(),
        None => &[],
    };
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (nal, after) = match find_start_code(rest) {
                Some(at) => (&rest[..at], &rest[at + 3..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = after;
            // Annex B: trailing_zero_8bits and the zero_byte of a four-byte start code belong to no NAL unit.
            let end = nal.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            if end > 0 {
                return Some(&nal[..end]);
            }
        }
        None
    })
}

/// Where the next `00 00 01` starts.
fn find_start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at + 3 <= bytes.len() {
        // The third byte decides how far the next candidate can be: most of the time three bytes on.
        match bytes[at + 2] {
            0 => at += 1,
            1 if bytes[at] == 0 && bytes[at + 1] == 0 => return Some(at),
            _other => at += 3,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_cut_at_start_codes_of_both_lengths() {
        let stream = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 0, 0, 2, 9];
        let found: Vec<&[u8]> = nals(&stream).collect();
        assert_eq!(found, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 0, 0, 2, 9]]);
    }

    #[test]
    fn every_placement_of_a_start_code_is_found_as_a_plain_search_finds_it() {
        // All strings over {0, 1, 2} of 9 bytes against the obvious search.
        for number in 0..3_usize.pow(9) {
            let bytes: Vec<u8> = (0..9).map(|digit| [0, 1, 2][number / 3_usize.pow(digit) % 3]).collect();
            let plain = bytes.windows(3).position(|window| window == [0, 0, 1]);
            assert_eq!(find_start_code(&bytes), plain, "{bytes:?}");
        }
    }

    #[test]
    fn bytes_without_a_start_code_are_no_units() {
        assert_eq!(nals(&[]).count(), 0);
        assert_eq!(nals(&[0, 0]).count(), 0);
        assert_eq!(nals(&[0, 0, 1]).count(), 0);
        assert_eq!(nals(&[0x65, 1, 2, 3]).count(), 0);
    }
}
