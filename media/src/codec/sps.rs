//! The sequence parameter set of H.264, as far as it says what a stream demands and means: profile, level, picture size
//! (ITU-T H.264 §7.3.2.1.1, §7.4.2.1.1), colours (§E.1.1, §E.2.1).

use crate::frame::{Colour, Matrix};

/// What a sequence parameter set says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sps {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile: u8,
    /// The byte after it: constraint_set0_flag is the top bit.
    pub constraints: u8,
    /// `level_idc`: ten times the level.
    pub level: u8,
    /// `max_num_ref_frames`: pictures that a decoder keeps.
    pub references: u64,
    /// Width as coded, in whole macroblocks, pixels: what a decoder allocates.
    pub coded_width: u64,
    /// Height as coded, pixels.
    pub coded_height: u64,
    /// Width after cropping, pixels.
    pub width: u64,
    /// Height after cropping, pixels.
    pub height: u64,
    /// What the samples mean; the default where it does not say, or says what we do not know.
    pub colour: Colour,
}

/// Why a sequence parameter set was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpsError {
    /// It ends in the middle of a field.
    #[error("ends too early")]
    Short,
    /// A field holds a value that the standard does not allow.
    #[error("{0} out of range")]
    Range(&'static str),
}

/// Bytes of a parameter set that are looked at: everything up to the colours of a conforming one fits
/// (12 scaling lists of 64 and 255 offsets at most).
const SPS_BYTES_MAX: usize = 4096;

impl Sps {
    /// Parses a NAL unit of type 7, or 15 (subset SPS), header byte included, emulation prevention still in it.
    ///
    /// # Errors
    /// When it is cut off or a field is out of range.
    pub fn parse(nal: &[u8]) -> Result<Self, SpsError> {
        let mut bits = Bits::new(nal.get(1..).unwrap_or_default());
        let profile = bits.byte()?;
        let constraints = bits.byte()?;
        let level = bits.byte()?;
        if bits.ue()? > 31 {
            return Err(SpsError::Range("seq_parameter_set_id"));
        }
        let chroma_format = if HIGH_PROFILES.contains(&profile) { high_fields(&mut bits)? } else { 1 };
        bits.ue()?; // log2_max_frame_num_minus4
        picture_order_fields(&mut bits)?;
        let references = bits.ue()?;
        bits.bit()?; // gaps_in_frame_num_value_allowed_flag
        let width_mbs = bits.ue()? + 1;
        let height_units = bits.ue()? + 1;
        let frames_only = bits.bit()?;
        if !frames_only {
            bits.bit()?; // mb_adaptive_frame_field_flag
        }
        bits.bit()?; // direct_8x8_inference_flag
        // Equations 7-19 to 7-22: the crop unit depends on chroma sampling and field coding.
        let field_factor = if frames_only { 1 } else { 2 };
        let crop_x = if matches!(chroma_format, 1 | 2) { 2 } else { 1 };
        let crop_y = field_factor * if chroma_format == 1 { 2 } else { 1 };
        let (mut cropped_x, mut cropped_y) = (0, 0);
        if bits.bit()? {
            cropped_x = crop_x * (bits.ue()? + bits.ue()?);
            cropped_y = crop_y * (bits.ue()? + bits.ue()?);
        }
        let (coded_width, coded_height) = (width_mbs * 16, height_units * 16 * field_factor);
        let width = coded_width.checked_sub(cropped_x).filter(|&width| width > 0);
        let height = coded_height.checked_sub(cropped_y).filter(|&height| height > 0);
        let (Some(width), Some(height)) = (width, height) else { return Err(SpsError::Range("cropping")) };
        // The rest decides nothing about decoding: one that ends here, as some do, is no reason to refuse a stream.
        let colour = colour(&mut bits).unwrap_or_default();
        Ok(Self { profile, constraints, level, references, coded_width, coded_height, width, height, colour })
    }
}

/// `vui_parameters_present_flag` and what follows, up to the colours (§E.1.1).
fn colour(bits: &mut Bits<'_>) -> Result<Colour, SpsError> {
    let mut colour = Colour::default();
    if !bits.bit()? {
        return Ok(colour);
    }
    if bits.bit()? && bits.byte()? == EXTENDED_SAR {
        for _ in 0..4 {
            bits.byte()?; // sar_width, sar_height
        }
    }
    if bits.bit()? {
        bits.bit()?; // overscan_appropriate_flag
    }
    if bits.bit()? {
        for _ in 0..3 {
            bits.bit()?; // video_format
        }
        colour.full_range = bits.bit()?;
        if bits.bit()? {
            bits.byte()?; // colour_primaries: those of BT.601, 709 and sRGB are so near that nobody sees which
            bits.byte()?; // transfer_characteristics: the same curve, but for high dynamic range
            colour.matrix = match bits.byte()? {
                1 => Matrix::Bt709,
                9 => Matrix::Bt2020,
                // 4 to 6 are BT.601; of the others (RGB, YCgCo, unspecified) none is sent in real time.
                _other => Matrix::Bt601,
            };
        }
    }
    Ok(colour)
}

/// Of `aspect_ratio_idc`: width and height of a sample follow (table E-1).
const EXTENDED_SAR: u8 = 255;

/// Profiles whose parameter set has the chroma and scaling fields (§7.3.2.1.1).
const HIGH_PROFILES: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Reads the fields of the high profiles; the answer is `chroma_format_idc`.
fn high_fields(bits: &mut Bits<'_>) -> Result<u64, SpsError> {
    let chroma_format = bits.ue()?;
    if chroma_format > 3 {
        return Err(SpsError::Range("chroma_format_idc"));
    }
    if chroma_format == 3 {
        bits.bit()?; // separate_colour_plane_flag
    }
    bits.ue()?; // bit_depth_luma_minus8
    bits.ue()?; // bit_depth_chroma_minus8
    bits.bit()?; // qpprime_y_zero_transform_bypass_flag
    if bits.bit()? {
        for list in 0..if chroma_format == 3 { 12 } else { 8 } {
            if bits.bit()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Ok(chroma_format)
}

/// §7.3.2.1.1.1: a list stops being coded when the next scale becomes 0.
fn skip_scaling_list(bits: &mut Bits<'_>, entries: usize) -> Result<(), SpsError> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..entries {
        if next != 0 {
            next = (last + bits.se()?).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

/// The fields of picture order count.
fn picture_order_fields(bits: &mut Bits<'_>) -> Result<(), SpsError> {
    match bits.ue()? {
        0 => {
            bits.ue()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.bit()?; // delta_pic_order_always_zero_flag
            bits.se()?; // offset_for_non_ref_pic
            bits.se()?; // offset_for_top_to_bottom_field
            let offsets = bits.ue()?;
            if offsets > 255 {
                return Err(SpsError::Range("num_ref_frames_in_pic_order_cnt_cycle"));
            }
            for _ in 0..offsets {
                bits.se()?;
            }
        }
        2 => {}
        _more => return Err(SpsError::Range("pic_order_cnt_type")),
    }
    Ok(())
}

/// Reads bits of an RBSP, leaving out emulation prevention bytes (§7.4.1.1).
struct Bits<'a> {
    bytes: &'a [u8],
    /// Next byte to load.
    at: usize,
    /// Zero bytes loaded in a row.
    zeros: u32,
    current: u8,
    left: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: &bytes[..bytes.len().min(SPS_BYTES_MAX)], at: 0, zeros: 0, current: 0, left: 0 }
    }

    fn bit(&mut self) -> Result<bool, SpsError> {
        if self.left == 0 {
            let mut byte = *self.bytes.get(self.at).ok_or(SpsError::Short)?;
            self.at += 1;
            if self.zeros >= 2 && byte == 3 {
                byte = *self.bytes.get(self.at).ok_or(SpsError::Short)?;
                // Forbidden (§7.4.1), and read otherwise by openh264, which leaves out the zeros as well: what is
                // checked here must be what it decodes.
                if byte > 3 {
                    return Err(SpsError::Range("emulation prevention"));
                }
                self.at += 1;
                self.zeros = 0;
            }
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
            self.current = byte;
            self.left = 8;
        }
        self.left -= 1;
        Ok(self.current >> self.left & 1 == 1)
    }

    fn byte(&mut self) -> Result<u8, SpsError> {
        (0..8).try_fold(0, |value, _| Ok(value << 1 | u8::from(self.bit()?)))
    }

    /// Unsigned Exp-Golomb (§9.1); at most 32 leading zeros, so it fits easily.
    fn ue(&mut self) -> Result<u64, SpsError> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 32 {
                return Err(SpsError::Range("an Exp-Golomb code"));
            }
        }
        let suffix = (0..zeros).try_fold(0_u64, |value, _| Ok::<_, SpsError>(value << 1 | u64::from(self.bit()?)))?;
        Ok((1_u64 << zeros) - 1 + suffix)
    }

    /// Signed Exp-Golomb (§9.1.1).
    fn se(&mut self) -> Result<i64, SpsError> {
        let code = self.ue()?.cast_signed();
        Ok(if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes bits, then escapes them as a NAL unit.
    #[derive(Default)]
    struct Writer(Vec<bool>);

    impl Writer {
        fn bits(mut self, count: u32, value: u64) -> Self {
            self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
            self
        }
        fn ue(self, value: u64) -> Self {
            let length = 64 - (value + 1).leading_zeros();
            self.bits(length - 1, 0).bits(length, value + 1)
        }
        fn nal(mut self) -> Vec<u8> {
            self.0.push(true);
            let mut nal = vec![0x67];
            let mut zeros = 0;
            for chunk in self.0.chunks(8) {
                let byte = chunk.iter().enumerate().fold(0, |byte, (at, &bit)| byte | u8::from(bit) << (7 - at));
                if zeros >= 2 && byte <= 3 {
                    nal.push(3);
                    zeros = 0;
                }
                zeros = if byte == 0 { zeros + 1 } else { 0 };
                nal.push(byte);
            }
            nal
        }
    }

    fn baseline(width_mbs: u64, height_mbs: u64, crop: Option<[u64; 4]>) -> Vec<u8> {
        sized(width_mbs, height_mbs, crop).bits(1, 0).nal()
    }

    /// All but the VUI.
    fn sized(width_mbs: u64, height_mbs: u64, crop: Option<[u64; 4]>) -> Writer {
        let mut writer = Writer::default().bits(8, 66).bits(8, 0xe0).bits(8, 31).ue(0).ue(0).ue(2).ue(1).bits(1, 0);
        writer = writer.ue(width_mbs - 1).ue(height_mbs - 1).bits(1, 1).bits(1, 1);
        match crop {
            Some(crop) => crop.iter().fold(writer.bits(1, 1), |writer, &side| writer.ue(side)),
            None => writer.bits(1, 0),
        }
    }

    #[test]
    fn size_is_what_is_left_after_cropping() {
        let sps = Sps::parse(&baseline(45, 80, None)).unwrap();
        assert_eq!((sps.width, sps.height, sps.profile, sps.constraints, sps.level), (720, 1280, 66, 0xe0, 31));
        let sps = Sps::parse(&baseline(21, 12, Some([0, 7, 1, 4]))).unwrap();
        assert_eq!((sps.coded_width, sps.coded_height, sps.width, sps.height), (336, 192, 322, 182));
    }

    #[test]
    fn fields_and_high_profiles_are_read() {
        // High, 4:2:0, one scaling list of deltas 0, field coding: 1920×1080 as 120×34 units, crop 2 units of 4 rows.
        let mut writer = Writer::default().bits(8, 100).bits(8, 0).bits(8, 40).ue(0).ue(1).ue(0).ue(0).bits(1, 0);
        writer = writer.bits(1, 1).bits(1, 1);
        for _ in 0..16 {
            writer = writer.ue(0);
        }
        writer = writer.bits(7, 0).ue(0).ue(0).ue(2).ue(4).bits(1, 0).ue(119).ue(33).bits(1, 0).bits(1, 1).bits(1, 1);
        writer = writer.bits(1, 1).ue(0).ue(0).ue(0).ue(2).bits(1, 0);
        let sps = Sps::parse(&writer.nal()).unwrap();
        assert_eq!((sps.width, sps.height), (1920, 1080));
    }

    #[test]
    fn colours_are_as_the_stream_says_and_the_default_where_it_is_silent() {
        let colour = |writer: Writer| Sps::parse(&writer.nal()).unwrap().colour;
        let vui = |aspect: bool| {
            let writer = sized(45, 80, None).bits(1, 1);
            // Samples of 4:3, and overscan, before it.
            if aspect { writer.bits(1, 1).bits(8, 255).bits(32, 0x0004_0003).bits(2, 3) } else { writer.bits(2, 0) }
        };
        let said = |full: u64, matrix: u64| {
            [false, true].map(|aspect| {
                let signal = vui(aspect).bits(1, 1).bits(3, 5).bits(1, full).bits(1, 1);
                colour(signal.bits(8, 1).bits(8, 13).bits(8, matrix).bits(4, 0))
            })
        };
        let [bt601, bt709, bt2020] = [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020]
            .map(|matrix| [false, true].map(|full_range| [Colour { matrix, full_range }; 2]));
        assert_eq!([said(0, 1), said(1, 1)], bt709);
        assert_eq!([said(0, 9), said(1, 9)], bt2020);
        for matrix in [0, 2, 4, 5, 6, 8, 200] {
            assert_eq!([said(0, matrix), said(1, matrix)], bt601);
        }
        let range_alone = vui(false).bits(1, 1).bits(3, 5).bits(2, 0b10).bits(4, 0);
        assert_eq!(colour(range_alone), Colour { full_range: true, ..Colour::default() });
        assert_eq!(colour(vui(false).bits(4, 0)), Colour::default());
        // One that breaks off in the middle of it is still a parameter set.
        assert_eq!(colour(vui(false).bits(1, 1).bits(2, 0)), Colour::default());
    }

    #[test]
    fn emulation_prevention_is_left_out() {
        // A width whose code is a run of zero bits, so that the escaped form differs from the raw one.
        let nal = baseline(1 << 28, 2, None);
        assert!(nal.windows(3).any(|window| window == [0, 0, 3]), "{nal:?}");
        assert_eq!(Sps::parse(&nal).unwrap().width, 16 << 28);
        // What was not escaped by need is read as something else by openh264.
        let at = nal.windows(3).position(|window| window == [0, 0, 3]).unwrap() + 3;
        let mut bad = nal.clone();
        bad[at] = 4;
        assert_eq!(Sps::parse(&bad), Err(SpsError::Range("emulation prevention")));
        bad[at] = 3;
        assert_ne!(Sps::parse(&bad), Err(SpsError::Range("emulation prevention")));
    }

    #[test]
    fn nonsense_is_refused_without_panic() {
        assert_eq!(Sps::parse(&[]), Err(SpsError::Short));
        assert_eq!(Sps::parse(&baseline(2, 2, Some([0, 16, 0, 0]))), Err(SpsError::Range("cropping")));
        let good = baseline(45, 80, Some([1, 2, 3, 4]));
        for end in 0..good.len() - 1 {
            assert!(Sps::parse(&good[..end]).is_err(), "{end} of {}", good.len());
        }
        // Every single byte flipped every way: an answer, whichever.
        for at in 0..good.len() {
            for value in 0..=255 {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = Sps::parse(&bad);
            }
        }
    }

    #[test]
    fn what_stands_beyond_the_bound_is_not_read() {
        // All twelve scaling lists of 4:4:4, each delta a multiple of 256 as a code of `zeros` zeros.
        let lists = |zeros: u32| {
            let mut writer = Writer::default().bits(8, 100).bits(8, 0).bits(8, 31).ue(0).ue(3).bits(1, 0).ue(0).ue(0);
            writer = writer.bits(1, 0).bits(1, 1);
            for entries in [[16; 6], [64; 6]].concat() {
                writer =
                    (0..entries).fold(writer.bits(1, 1), |writer, _| writer.bits(zeros, 0).bits(1 + zeros, 1 << zeros));
            }
            writer.ue(0).ue(2).ue(1).bits(1, 0).ue(44).ue(79).bits(1, 1).bits(1, 1).bits(1, 0).bits(1, 0).nal()
        };
        assert!(lists(16).len() < SPS_BYTES_MAX && lists(32).len() > SPS_BYTES_MAX);
        assert_eq!(Sps::parse(&lists(16)).map(|sps| (sps.width, sps.height)), Ok((720, 1280)));
        assert_eq!(Sps::parse(&lists(32)), Err(SpsError::Short));
    }
}
