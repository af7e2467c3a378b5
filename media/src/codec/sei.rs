//! What goes beside a picture: SEI messages of type 5, user data unregistered (ITU-T H.264 §7.3.2.3, §D.1.7).

/// Which data it is: all of ours have this UUID (random, RFC 9562 version 4). 8f2d6c5e-41b7-4a93-9d1c-7be45a3360c2.
pub const UUID: [u8; 16] =
    [0x8f, 0x2d, 0x6c, 0x5e, 0x41, 0xb7, 0x4a, 0x93, 0x9d, 0x1c, 0x7b, 0xe4, 0x5a, 0x33, 0x60, 0xc2];

/// `nal_unit_type` of supplemental enhancement information.
pub const NAL_TYPE: u8 = 6;
/// `payloadType` of user data unregistered.
const USER_DATA_UNREGISTERED: u8 = 5;
/// The stop bit of the RBSP and its zeros.
const TRAILING: u8 = 0x80;

/// A NAL unit, without start code, that carries `data` under [`UUID`].
#[must_use]
pub fn unit(data: &[u8]) -> Vec<u8> {
    let size = UUID.len() + data.len();
    let mut nal = Vec::with_capacity(size + size / 255 + 4);
    nal.push(NAL_TYPE);
    let mut zeros = 0;
    let long = std::iter::repeat_n(0xff, size / 255);
    let last = u8::try_from(size % 255).unwrap_or_default();
    let head = [USER_DATA_UNREGISTERED].into_iter().chain(long).chain([last]);
    for byte in head.chain(UUID).chain(data.iter().copied()).chain([TRAILING]) {
        // §7.4.1: no start code may come up in the unit.
        if zeros == 2 && byte <= 3 {
            nal.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        nal.push(byte);
    }
    nal
}

/// The data of a NAL unit that [`unit()`] made; `None` for any other. Of several messages in one unit the first is read.
#[must_use]
pub fn data(nal: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = nal.split_first()?;
    let mut plain = Vec::with_capacity(rest.len());
    let mut zeros = 0;
    for byte in rest.iter().copied() {
        if zeros == 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain.push(byte);
    }
    let rest = plain.strip_prefix(&[USER_DATA_UNREGISTERED]).filter(|_| head & 0x1f == NAL_TYPE)?;
    let long = rest.iter().take_while(|byte| **byte == 0xff).count();
    let size = long * 255 + usize::from(*rest.get(long)?);
    let message = rest.get(long + 1..)?.get(..size)?;
    message.strip_prefix(&UUID).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_read_back_at_every_length_and_whatever_it_holds() {
        for length in (0..600).chain([4_000, 65_000]) {
            let text: Vec<u8> = (0..length).map(|at| [0, 0, 0, 1, 2, 3, 0, 0xff][at * 7 / 3 % 8]).collect();
            let nal = unit(&text);
            assert!(!nal.windows(3).any(|three| three[..2] == [0, 0] && three[2] < 3), "{length}: a start code");
            assert_eq!(data(&nal), Some(text), "{length}");
        }
    }

    #[test]
    fn a_message_is_laid_out_as_the_standard_has_it() {
        let nal = unit(b"{}");
        assert_eq!(nal[..3], [6, 5, 18]);
        assert_eq!((&nal[3..19], &nal[19..]), (&UUID[..], &b"{}\x80"[..]));
        assert_eq!(unit(&[b'x'; 300])[..4], [6, 5, 255, 61]);
    }

    #[test]
    fn what_is_not_ours_is_passed_over() {
        let mut other = unit(b"{}");
        other[5] ^= 1;
        assert_eq!(data(&other), None);
        assert_eq!(data(&[]), None);
        assert_eq!(data(&[6, 5]), None);
        assert_eq!(data(&[6, 5, 200, 1, 2]), None);
        assert_eq!(data(&[0x65, 5, 18]), None);
    }
}
