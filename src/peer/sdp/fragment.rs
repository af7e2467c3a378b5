//! Trickle fragments (RFC 8840), as real clients write them: credentials at either level, no group needed, lines that we do
//! not know passed over.

/// Bytes of a fragment.
const FRAGMENT_BYTES_MAX: usize = 16_384;
/// Lines of a fragment: a client with every interface and transport sends about 60.
const FRAGMENT_LINES_MAX: usize = 512;

/// What a fragment says. Candidates are only counted: an ICE-lite agent answers checks and sends none, so whom it could
/// send them to does not matter, resolvable or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Fragment {
    /// The client's ICE name; a new one means a restart.
    pub(crate) ufrag: Option<String>,
    /// Its password.
    pub(crate) password: Option<String>,
    /// Candidate lines.
    pub(crate) candidates: usize,
}

impl Fragment {
    /// Parses a fragment.
    ///
    /// # Errors
    /// When it is too large or has nothing in it that belongs to ICE.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > FRAGMENT_BYTES_MAX {
            return Err(format!("at most {FRAGMENT_BYTES_MAX} bytes, found {}", text.len()));
        }
        let mut fragment = Self::default();
        let mut ended = false;
        for (count, line) in text.lines().map(str::trim).enumerate() {
            if count >= FRAGMENT_LINES_MAX {
                return Err(format!("at most {FRAGMENT_LINES_MAX} lines"));
            }
            if let Some(ufrag) = line.strip_prefix("a=ice-ufrag:") {
                fragment.ufrag.get_or_insert(credential(ufrag, 4)?);
            } else if let Some(password) = line.strip_prefix("a=ice-pwd:") {
                fragment.password.get_or_insert(credential(password, 22)?);
            } else if line.starts_with("a=candidate:") || line.starts_with("candidate:") {
                fragment.candidates += 1;
            } else if line == "a=end-of-candidates" {
                ended = true;
            }
        }
        if fragment.ufrag.is_none() && fragment.candidates == 0 && !ended {
            return Err("neither a=ice-ufrag nor a candidate".to_owned());
        }
        Ok(fragment)
    }
}

fn credential(text: &str, length_min: usize) -> Result<String, String> {
    let text = text.trim();
    if text.len() < length_min
        || text.len() > super::offer::ICE_TEXT_MAX
        || !text.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(format!("ICE credentials have {length_min} to {} letters", super::offer::ICE_TEXT_MAX));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "0123456789012345678901";

    #[test]
    fn credentials_are_found_at_either_level() {
        let session =
            format!("a=ice-ufrag:abcd\r\na=ice-pwd:{PASSWORD}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n");
        let media = format!(
            "a=group:BUNDLE 0 1\nm=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:0\na=ice-ufrag:abcd\na=ice-pwd:{PASSWORD}\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\n"
        );
        for (text, candidates) in [(session, 0), (media, 1)] {
            let wanted = Fragment { ufrag: Some("abcd".into()), password: Some(PASSWORD.into()), candidates };
            assert_eq!(Fragment::parse(&text), Ok(wanted));
        }
    }

    #[test]
    fn unknown_lines_and_odd_candidates_do_no_harm() {
        let text = "x\r\n\r\na=foo:bar\r\na=candidate:1 1 tcp 1 host.local 9 typ host\r\na=end-of-candidates";
        assert_eq!(Fragment::parse(text), Ok(Fragment { candidates: 1, ..Fragment::default() }));
    }

    #[test]
    fn fragments_without_ice_are_refused() {
        for text in ["", "hello", "a=ice-ufrag:x", "a=ice-pwd:short", &"a=x\n".repeat(20_000)] {
            assert!(Fragment::parse(text).is_err(), "{:?}", &text[..text.len().min(40)]);
        }
    }
}
