//! What a JPEG's markers say that its decoder does not.

/// Found by one pass over the markers, nothing decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Markers {
    /// Its frame is decoded scan by scan (T.81 §B.1.1.3: SOF2, SOF6, SOF10, SOF14).
    pub(super) progressive: bool,
    /// How many passes its decoder makes over the picture (SOS).
    pub(super) scans: usize,
    /// It has an end: nothing was cut off.
    pub(super) end: bool,
}

impl Markers {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        let mut rest = bytes.get(2..).unwrap_or_default();
        // Each turn takes at least two bytes away.
        while let Some((marker, after)) = next(rest) {
            match marker {
                END => {
                    found.end = true;
                    break;
                }
                0xDA => found.scans += 1,
                0xC2 | 0xC6 | 0xCA | 0xCE => found.progressive = true,
                _ => {}
            }
            let length = after.first_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
            rest = after.get(length.max(2)..).unwrap_or_default();
        }
        found
    }
}

/// EOI.
const END: u8 = 0xD9;

/// The next marker and what follows it. Data of a scan lies between a segment and the next marker: in it 0xFF stands
/// before a zero or a restart marker only, and any number of 0xFF may stand before a marker (T.81 §B.1.1.2, §B.1.1.5).
fn next(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF);
    let at = bytes.windows(2).position(is_marker)?;
    Some((bytes[at + 1], &bytes[at + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_inside_segments_and_data_are_none() {
        // A thumbnail with an end of its own in APP1, then SOF0, SOS with stuffed and restarted data.
        let app1 = [0xFF, 0xE1, 0, 6, 0xFF, 0xD9, 0xFF, 0xC2];
        let frame = [0xFF, 0xC0, 0, 3, 8];
        let scan = [0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 2, 0xFF, 0xD3, 9, 0xFF];
        let start = [0xFF, 0xD8];
        let whole = [&start[..], &app1, &frame, &scan, &[0xFF, 0xD9, 7, 7]].concat();
        assert_eq!(Markers::of(&whole), Markers { progressive: false, scans: 1, end: true });
        for cut in 2..whole.len() - 3 {
            assert!(!Markers::of(&whole[..cut]).end, "{cut}");
        }
        let progressive = [&start[..], &[0xFF, 0xC2, 0, 3, 8], &scan].concat();
        assert_eq!(Markers::of(&progressive), Markers { progressive: true, scans: 1, end: false });
        assert_eq!(Markers::of(b""), Markers::default());
    }
}
