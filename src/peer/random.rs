//! Secrets and identifiers that nobody may guess.

/// RFC 8839 §5.4: the alphabet of ICE credentials. 64 letters, so a letter is six random bits.
const ICE_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// RFC 4648 §5: letters that need no escaping in a URL.
const URL_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `length` random letters for a ufrag or a password.
pub(crate) fn ice_text(length: usize) -> String {
    text(length, ICE_LETTERS)
}

/// `length` random letters that may stand in a URL.
pub(crate) fn url_text(length: usize) -> String {
    text(length, URL_LETTERS)
}

/// A random number.
pub(crate) fn number() -> u32 {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    u32::from_be_bytes(bytes)
}

fn text(length: usize, letters: &[u8; 64]) -> String {
    let mut bytes = vec![0; length];
    fill(&mut bytes);
    bytes.iter().map(|byte| char::from(letters[usize::from(byte & 63)])).collect()
}

fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the system's random source works, or no session is safe");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_length_and_alphabet_and_differ() {
        let (a, b) = (ice_text(24), ice_text(24));
        assert_eq!(a.len(), 24);
        assert_ne!(a, b);
        assert!(a.bytes().all(|letter| ICE_LETTERS.contains(&letter)));
        assert!(url_text(32).bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter)));
    }
}
