//! Looking into a ClientHello before the DTLS endpoint sees it, for one question: which SRTP profiles does the peer list?
//!
//! `rtc::dtls` takes the first profile of the peer's list that we allow, and Chromium lists AES-CM first. To get AES-GCM we
//! must allow nothing else, but only where the peer has it. A ClientHello may span datagrams (Chromium's does: the
//! post-quantum key share does not fit one).

/// Bytes of a ClientHello that we put together.
const HELLO_BYTES_MAX: usize = 8_192;
/// Fragments of a ClientHello that we look at.
const FRAGMENTS_MAX: usize = 16;

const RECORD_HEADER: usize = 13;
const HANDSHAKE_HEADER: usize = 12;
const CONTENT_HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// RFC 5764 §4.1.1
const EXTENSION_USE_SRTP: u16 = 14;
/// RFC 7714 §14.2
const PROFILE_AEAD_AES_128_GCM: u16 = 7;

/// What is known of the peer's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// More fragments are needed.
    Incomplete,
    /// The list has AES-128-GCM.
    Gcm,
    /// It has not, or cannot be read.
    NoGcm,
}

/// A ClientHello being put together from datagrams.
#[derive(Debug, Default)]
pub(crate) struct HelloReader {
    body: Vec<u8>,
    filled: Vec<bool>,
    fragments: usize,
}

impl HelloReader {
    /// Looks at one datagram.
    pub(crate) fn read(&mut self, datagram: &[u8]) -> Listing {
        match self.take(datagram) {
            Some(()) if self.filled.iter().all(|filled| *filled) => match lists_gcm(&self.body) {
                Some(true) => Listing::Gcm,
                Some(false) | None => Listing::NoGcm,
            },
            Some(()) if self.fragments < FRAGMENTS_MAX => Listing::Incomplete,
            Some(()) | None => Listing::NoGcm,
        }
    }

    /// `None`: not a ClientHello as we know it.
    fn take(&mut self, mut datagram: &[u8]) -> Option<()> {
        let mut found = None;
        while !datagram.is_empty() {
            let header = datagram.get(..RECORD_HEADER)?;
            let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
            let record = datagram.get(RECORD_HEADER..RECORD_HEADER + length)?;
            if header[0] == CONTENT_HANDSHAKE {
                self.fragment(record)?;
                found = Some(());
            }
            datagram = &datagram[RECORD_HEADER + length..];
        }
        found
    }

    /// RFC 6347 §4.2.2: type, length, message_seq, fragment_offset, fragment_length.
    fn fragment(&mut self, record: &[u8]) -> Option<()> {
        let header = record.get(..HANDSHAKE_HEADER)?;
        if header[0] != CLIENT_HELLO {
            return None;
        }
        let (total, offset, length) = (number_24(&header[1..4]), number_24(&header[6..9]), number_24(&header[9..12]));
        let data = record.get(HANDSHAKE_HEADER..HANDSHAKE_HEADER + length)?;
        if total > HELLO_BYTES_MAX || offset + length > total {
            return None;
        }
        if self.body.len() != total {
            self.body = vec![0; total];
            self.filled = vec![false; total];
        }
        self.body[offset..offset + length].copy_from_slice(data);
        self.filled[offset..offset + length].fill(true);
        self.fragments += 1;
        Some(())
    }
}

fn number_24(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte))
}

/// Walks the ClientHello (RFC 5246 §7.4.1.2, RFC 6347 §4.2.1) to its `use_srtp` extension.
fn lists_gcm(hello: &[u8]) -> Option<bool> {
    let mut rest = hello.get(2 + 32..)?;
    for length_bytes in [1, 1, 2, 1] {
        // session_id, cookie, cipher_suites, compression_methods
        let length = number_24(rest.get(..length_bytes)?);
        rest = rest.get(length_bytes + length..)?;
    }
    let length = number_24(rest.get(..2)?);
    let mut extensions = rest.get(2..2 + length)?;
    while !extensions.is_empty() {
        let header = extensions.get(..4)?;
        let length = number_24(&header[2..4]);
        let data = extensions.get(4..4 + length)?;
        if u16::from_be_bytes([header[0], header[1]]) == EXTENSION_USE_SRTP {
            let profiles = data.get(2..2 + number_24(data.get(..2)?))?;
            return Some(
                profiles.chunks_exact(2).any(|p| u16::from_be_bytes([p[0], p[1]]) == PROFILE_AEAD_AES_128_GCM),
            );
        }
        extensions = &extensions[4 + length..];
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(profiles: &[u16]) -> Vec<u8> {
        let mut body = vec![0xfe, 0xfd];
        body.extend([7; 32]);
        body.extend([0, 0, 0, 2, 0xc0, 0x2b, 1, 0]);
        let list: Vec<u8> = profiles.iter().flat_map(|profile| profile.to_be_bytes()).collect();
        let list_length = u8::try_from(list.len()).expect("short");
        let extensions = [&[0, 14, 0, list_length + 3, 0, list_length][..], &list, &[0], &[0, 23, 0, 0]].concat();
        body.extend(u16::try_from(extensions.len()).expect("short").to_be_bytes());
        body.extend(extensions);
        body
    }

    fn record(body: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
        let number = |value: usize| u32::try_from(value).expect("short").to_be_bytes()[1..].to_vec();
        let fragment =
            [&[1][..], &number(body.len()), &[0, 0], &number(range.start), &number(range.len()), &body[range]].concat();
        let length = u16::try_from(fragment.len()).expect("short").to_be_bytes();
        [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0][..], &length, &fragment].concat()
    }

    #[test]
    fn gcm_is_found_wherever_it_stands_in_the_list() {
        for (profiles, wanted) in [(&[1, 7][..], Listing::Gcm), (&[7], Listing::Gcm), (&[1, 2], Listing::NoGcm)] {
            let body = hello(profiles);
            assert_eq!(HelloReader::default().read(&record(&body, 0..body.len())), wanted);
        }
    }

    #[test]
    fn a_hello_in_two_datagrams_is_read_in_either_order() {
        let body = hello(&[1, 8, 7]);
        let (head, tail) = (record(&body, 0..40), record(&body, 40..body.len()));
        for (first, second) in [(&head, &tail), (&tail, &head)] {
            let mut reader = HelloReader::default();
            assert_eq!(reader.read(first), Listing::Incomplete);
            assert_eq!(reader.read(second), Listing::Gcm);
        }
    }

    #[test]
    fn what_cannot_be_read_means_no_gcm() {
        let body = hello(&[7]);
        let whole = record(&body, 0..body.len());
        for length in 0..whole.len() {
            assert_eq!(HelloReader::default().read(&whole[..length]), Listing::NoGcm, "cut at {length}");
        }
        let mut endless = HelloReader::default();
        let piece = record(&body, 0..1);
        assert!((0..FRAGMENTS_MAX).any(|_| endless.read(&piece) == Listing::NoGcm));
    }
}
