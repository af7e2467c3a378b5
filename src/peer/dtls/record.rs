//! The records of a DTLS datagram, without a look inside.

/// RFC 5246 §6.2.1
pub(super) const CONTENT_ALERT: u8 = 21;
/// RFC 5246 §6.2.1
pub(super) const CONTENT_HANDSHAKE: u8 = 22;
/// Bytes before a record's content (RFC 6347 §4.1).
pub(super) const HEADER: usize = 13;

/// A record with its header (RFC 6347 §4.1).
pub(super) struct Record<'a> {
    pub(super) content: u8,
    pub(super) epoch: u16,
    pub(super) bytes: &'a [u8],
}

/// The records of a datagram, up to the first that is cut.
pub(super) fn records(mut datagram: &[u8]) -> impl Iterator<Item = Record<'_>> {
    std::iter::from_fn(move || {
        let header = datagram.get(..HEADER)?;
        let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
        let (bytes, rest) = datagram.split_at_checked(HEADER + length)?;
        datagram = rest;
        Some(Record { content: bytes[0], epoch: u16::from_be_bytes([bytes[3], bytes[4]]), bytes })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_apart_up_to_the_first_that_is_cut() {
        let datagram = [&[21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 7, 8][..], &[22; 13], &[23, 0xfe]].concat();
        for length in 0..datagram.len() {
            let found: Vec<_> = records(&datagram[..length]).map(|it| (it.content, it.epoch, it.bytes.len())).collect();
            assert_eq!(found, [(21, 1, 15)][..usize::from(length >= 15)]);
        }
    }
}
