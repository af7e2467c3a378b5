//! Which handshake records the endpoint gets to see.
//!
//! `rtc::dtls` puts fragments together by recursion, one level for each, and searches all of a message's for the next: tiny
//! ones by the thousand would overflow a thread's stack or hold it up for seconds. So fragments must be sound, and few.

use super::record::{CONTENT_HANDSHAKE, HEADER, Record, records};

/// Handshake fragments of one association; a real handshake has about 15, and every flight may be lost a few times.
pub(super) const FRAGMENTS_MAX: usize = 128;
/// Bytes of an encrypted handshake record. Only Finished is encrypted, and has about 60 (RFC 5246 §7.4.9).
pub(super) const ENCRYPTED_BYTES_MAX: usize = 128;
/// RFC 6347 §4.2.2
const HANDSHAKE_HEADER: usize = 12;

/// Counts the fragments of one association.
#[derive(Debug, Default)]
pub(super) struct Admission {
    fragments: usize,
}

impl Admission {
    /// Whether all of a datagram may be read. One that is cut, or has an unsound fragment, is not: no peer means it.
    pub(super) fn admits(&mut self, datagram: &[u8]) -> bool {
        let mut bytes = 0;
        for record in records(datagram) {
            bytes += record.bytes.len();
            if record.content == CONTENT_HANDSHAKE {
                let Some(fragments) = fragments_in(&record) else { return false };
                self.fragments = self.fragments.saturating_add(fragments);
                if self.fragments > FRAGMENTS_MAX {
                    return false;
                }
            }
        }
        bytes == datagram.len()
    }
}

/// Whether a record may be the encrypted Finished.
pub(super) fn may_be_finished(record: &Record<'_>) -> bool {
    record.content == CONTENT_HANDSHAKE && record.epoch > 0 && record.bytes.len() <= ENCRYPTED_BYTES_MAX
}

/// The fragments of a handshake record, the most that there can be where it is encrypted; `None` if it is unsound.
fn fragments_in(record: &Record<'_>) -> Option<usize> {
    if record.epoch > 0 {
        return may_be_finished(record).then_some(record.bytes.len() / HANDSHAKE_HEADER);
    }
    let (mut rest, mut fragments) = (record.bytes.get(HEADER..)?, 0);
    while !rest.is_empty() {
        rest = after_fragment(rest)?;
        fragments += 1;
    }
    Some(fragments)
}

/// RFC 6347 §4.2.2: type, length, message_seq, fragment_offset, fragment_length. Several whole messages may share a record; a
/// part of one has its record to itself, since the endpoint takes all that follows for its data.
fn after_fragment(fragment: &[u8]) -> Option<&[u8]> {
    let (header, data) = fragment.split_at_checked(HANDSHAKE_HEADER)?;
    let number =
        |at: usize| usize::from(header[at]) << 16 | usize::from(header[at + 1]) << 8 | usize::from(header[at + 2]);
    let (total, offset, length) = (number(1), number(6), number(9));
    let (_, rest) = data.split_at_checked(length)?;
    let sound = offset + length <= total && (length > 0 || total == 0) && (length == total || rest.is_empty());
    sound.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handshake record with these bytes.
    fn record(epoch: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).expect("short").to_be_bytes();
        [&[22, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0][..], &length, content].concat()
    }

    fn fragment(total: u8, offset: u8, length: u8, data: usize) -> Vec<u8> {
        [&[11, 0, 0, total, 0, 0, 0, 0, offset, 0, 0, length][..], &vec![7; data]].concat()
    }

    fn admits(datagram: &[u8]) -> bool {
        Admission::default().admits(datagram)
    }

    #[test]
    fn whole_messages_and_parts_pass() {
        assert!(admits(&record(0, &fragment(20, 0, 20, 20))));
        assert!(admits(&record(0, &fragment(0, 0, 0, 0))), "ServerHelloDone is empty");
        assert!(admits(&record(0, &[fragment(5, 0, 5, 5), fragment(0, 0, 0, 0), fragment(9, 3, 6, 6)].concat())));
        let change_cipher_spec = [20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 1];
        assert!(admits(&[&record(0, &fragment(9, 0, 4, 4))[..], &change_cipher_spec, &record(1, &[3; 48])].concat()));
    }

    #[test]
    fn a_fragment_that_is_empty_or_beyond_its_message_or_has_other_data_is_refused() {
        let wrong = [fragment(9, 0, 0, 0), fragment(9, 8, 2, 2), fragment(9, 0, 4, 5), fragment(9, 0, 4, 3)];
        for wrong in wrong {
            assert!(!admits(&record(0, &wrong)), "{wrong:?}");
        }
        // What made the endpoint call itself without end: of a message of no bytes, a byte at each place.
        assert!(!admits(&record(0, &fragment(0, 0, 1, 1))));
        assert!(!admits(&record(0, &[fragment(9, 0, 4, 4), fragment(9, 4, 5, 5)].concat())), "parts share no record");
        assert!(!admits(&record(0, &fragment(4, 0, 4, 4))[..28]), "cut");
    }

    #[test]
    fn fragments_of_an_association_are_few_and_encrypted_ones_counted_at_their_most() {
        let mut admission = Admission::default();
        let admitted = (0..1_000).filter(|_| admission.admits(&record(0, &fragment(200, 3, 1, 1)))).count();
        assert_eq!(admitted, FRAGMENTS_MAX);
        let mut admission = Admission::default();
        let finished = record(1, &[3; 48]);
        let admitted = (0..1_000).filter(|_| admission.admits(&finished)).count();
        assert_eq!(admitted, FRAGMENTS_MAX / (finished.len() / HANDSHAKE_HEADER));
    }

    #[test]
    fn a_long_encrypted_handshake_record_is_refused() {
        assert!(admits(&record(1, &[3; ENCRYPTED_BYTES_MAX - HEADER])));
        assert!(!admits(&record(1, &[3; ENCRYPTED_BYTES_MAX - HEADER + 1])));
    }
}
