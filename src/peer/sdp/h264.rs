//! H.264 payload formats in SDP (RFC 6184 §8.1), compared by what they mean.

/// The parts of an `a=fmtp` line that decide whether two ends understand each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct H264Format {
    /// 66 Baseline, 77 Main, 100 High.
    pub(crate) profile_idc: u8,
    /// The `constraint_set` flags, set0 in the highest bit.
    pub(crate) constraints: u8,
    /// 0: single NAL units only; 1: STAP-A and FU-A too. 2 (interleaved) is not parsed.
    pub(crate) packetization_mode: u8,
}

const BASELINE: u8 = 66;
const MAIN: u8 = 77;
const HIGH: u8 = 100;

impl H264Format {
    /// Reads the value of an `a=fmtp` line without its payload type. `None`: a profile or mode that we do not speak.
    ///
    /// Absent parameters have the RFC's defaults: Baseline without constraints, mode 0.
    pub(crate) fn parse(fmtp: &str) -> Option<Self> {
        let mut format = Self { profile_idc: BASELINE, constraints: 0, packetization_mode: 0 };
        for parameter in fmtp.split(';') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "profile-level-id" => (format.profile_idc, format.constraints) = profile(value)?,
                "packetization-mode" => format.packetization_mode = value.parse().ok().filter(|mode| *mode <= 1)?,
                _ => {}
            }
        }
        matches!(format.profile_idc, BASELINE | MAIN | HIGH).then_some(format)
    }

    /// How gladly we take it from a host; less is better. Baseline decodes twice as fast as CABAC profiles; mode 1 lets
    /// large frames be cut at any byte.
    pub(crate) fn rank_to_receive(self) -> u8 {
        let profile = match self.profile_idc {
            BASELINE => 0,
            MAIN => 2,
            _ => 4,
        };
        profile + u8::from(self.packetization_mode == 0)
    }

    /// How well our Constrained Baseline stream fits a viewer; `None` where it does not: mode 0 forbids the FU-A that every
    /// keyframe needs. A Main or High decoder must decode Constrained Baseline (H.264 §A.2).
    pub(crate) fn rank_to_send(self) -> Option<u8> {
        /// Constrained Baseline sets `constraint_set1` on top of Baseline (H.264 §A.2.1.1).
        const SET1: u8 = 0x40;
        (self.packetization_mode == 1).then_some(match (self.profile_idc, self.constraints & SET1 != 0) {
            (BASELINE, true) => 0,
            (BASELINE, false) => 1,
            (MAIN, _) => 2,
            _ => 3,
        })
    }

    /// How well a stream of this `profile_idc` fits a viewer; `None` where it does not: hosts send FU-A too, which mode 0
    /// forbids. Decoders of a higher profile decode the lower ones (H.264 §A.2); of those that do not reach it, the highest.
    pub(crate) fn rank_to_forward(self, profile_idc: u8) -> Option<u8> {
        let step = |profile| match profile {
            BASELINE => 0,
            MAIN => 1,
            _ => 2,
        };
        let (sent, taken): (u8, u8) = (step(profile_idc), step(self.profile_idc));
        let rank = if taken >= sent { taken - sent } else { 3 + sent - taken };
        (self.packetization_mode == 1).then_some(rank)
    }
}

/// RFC 6184 §8.1: three bytes in hexadecimal: profile_idc, constraint flags, level_idc.
fn profile(value: &str) -> Option<(u8, u8)> {
    if value.len() != 6 || !value.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&value[at..at + 2], 16).ok();
    Some((byte(0)?, byte(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baseline_is_recognised_in_every_spelling_clients_use() {
        for id in ["42001f", "42e01f", "42001e", "42401f", "42c028", "42E01F"] {
            let format =
                H264Format::parse(&format!("level-asymmetry-allowed=1; profile-level-id={id};packetization-mode=1"));
            let format = format.unwrap_or_else(|| panic!("{id} is baseline"));
            assert_eq!((format.profile_idc, format.packetization_mode), (66, 1), "{id}");
        }
    }

    #[test]
    fn absent_parameters_mean_baseline_mode_0() {
        assert_eq!(H264Format::parse(""), Some(H264Format { profile_idc: 66, constraints: 0, packetization_mode: 0 }));
    }

    #[test]
    fn what_we_cannot_speak_is_refused() {
        for fmtp in [
            "packetization-mode=2",
            "packetization-mode=x",
            "profile-level-id=58001f",
            "profile-level-id=f4001f",
            "profile-level-id=42",
            "profile-level-id=é1é1",
            "profile-level-id=+2+01f",
        ] {
            assert_eq!(H264Format::parse(fmtp), None, "{fmtp}");
        }
    }

    #[test]
    fn hosts_are_asked_for_baseline_in_mode_1_first() {
        let rank = |fmtp| H264Format::parse(fmtp).expect("valid").rank_to_receive();
        let best = rank("profile-level-id=42001f;packetization-mode=1");
        assert!(best < rank("profile-level-id=42001f"));
        assert!(rank("profile-level-id=42001f") < rank("profile-level-id=4d001f;packetization-mode=1"));
        assert!(rank("profile-level-id=4d001f") < rank("profile-level-id=64001f;packetization-mode=1"));
    }

    #[test]
    fn a_host_is_forwarded_in_its_own_profile_or_in_one_that_decodes_it_or_in_the_nearest() {
        let best = |sent: u8, offered: &[&str]| {
            let format = |id: &&str| H264Format::parse(&format!("profile-level-id={id};packetization-mode=1"));
            let formats = offered.iter().filter_map(format);
            formats.min_by_key(|format| format.rank_to_forward(sent)).map(|format| format.profile_idc)
        };
        let all = ["42e01f", "4d001f", "64001f"];
        assert_eq!([66, 77, 100].map(|sent| best(sent, &all)), [Some(66), Some(77), Some(100)]);
        assert_eq!(best(77, &["42e01f", "64001f"]), Some(100), "its decoders decode Main");
        assert_eq!(best(100, &["42e01f", "4d001f"]), Some(77), "the nearest");
        assert_eq!(best(100, &["42e01f"]), Some(66), "nobody is refused for it");
        let mode_0 = H264Format::parse("profile-level-id=42e01f;packetization-mode=0").expect("valid");
        assert_eq!(mode_0.rank_to_forward(66), None);
    }

    #[test]
    fn viewers_need_mode_1_and_best_take_constrained_baseline() {
        let rank = |fmtp| H264Format::parse(fmtp).expect("valid").rank_to_send();
        assert_eq!(rank("profile-level-id=42e01f;packetization-mode=0"), None);
        assert_eq!(rank("profile-level-id=42e01f;packetization-mode=1"), Some(0));
        assert!(
            rank("profile-level-id=64001f;packetization-mode=1") > rank("profile-level-id=42001f;packetization-mode=1")
        );
    }
}
