//! The decoder: one access unit in, its picture out of the same call.

use std::ffi::c_int;
use std::ptr::{null_mut, slice_from_raw_parts};

use openh264_sys2::source::APILoader;
use openh264_sys2::{
    DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, DECODER_OPTION_TRACE_LEVEL, ERROR_CON_DISABLE, ISVCDecoder,
    ISVCDecoderVtbl, SBufferInfo, SDecodingParam, SVideoProperty, VIDEO_BITSTREAM_AVC, WELS_LOG_QUIET,
};

use crate::codec::annexb::{nal_type, nals};
use crate::codec::sps::Sps;
use crate::codec::{DecodeError, SIDE_MAX, SIDE_MIN, VideoDecoder};
use crate::frame::{Colour, PictureRef, PlaneRef, Size};

/// Bytes of an access unit that are decoded. A picture of 1920×1920 coded raw (I_PCM) is 5.6 MB; an encoder that needs
/// more than this is not one for live streams.
const ACCESS_UNIT_BYTES_MAX: usize = 6 << 20;

/// References a stream may keep, `max_num_ref_frames`: the standard's bound.
const REFERENCES_MAX: u64 = 16;

/// Macroblocks of all references together: sixteen pictures of 1920×1088, which every level's bound allows there or
/// less; nine of 1920×1920. At 384 bytes of samples and some 170 of motion each they are 72 MB, and with the two more
/// that the library allocates and its paddings a decoder stays below 100.
const REFERENCE_MACROBLOCKS_MAX: u64 = 16 * 120 * 68;

/// An H.264 decoder.
///
/// No delay: openh264 by itself holds a picture back until the next access unit starts, and pictures of Main and High
/// profile once more for reordering; here each call ends the unit and takes out what is held. Pictures therefore come
/// in decoding order, which is display order for every stream without B pictures, and those alone are negotiated.
///
/// No error concealment: a picture whose reference is missing is an error and not a guess, so that a viewer sees the
/// last good picture until the keyframe that was asked for, never smears.
///
/// After an error the next keyframe that brings its parameter sets goes to a fresh library decoder: damage was seen to
/// leave one in a state in which it decoded each keyframe and refused the picture behind it.
pub struct Decoder {
    raw: Raw,
    last: Option<Planes>,
    /// An access unit without the NAL units that are kept from the library; reused.
    filtered: Vec<u8>,
    /// The library has refused something since it was made.
    damaged: bool,
    /// As the last parameter set says.
    colour: Colour,
}

impl Decoder {
    /// A decoder that waits for an IDR.
    ///
    /// # Panics
    /// When memory is out, as any allocation does: the library has no other reason to refuse.
    #[must_use]
    pub fn new() -> Self {
        Self { raw: Raw::new(), last: None, filtered: Vec::new(), damaged: false, colour: Colour::default() }
    }

    /// Looks at a unit before the library does, and refuses sizes and references out of bounds and units that hold more
    /// than one picture as far as that is seen without their slice headers; [`Raw::begin_unit`] sees the rest.
    fn inspect(access_unit: &[u8]) -> Result<Contents, DecodeError> {
        if access_unit.len() > ACCESS_UNIT_BYTES_MAX {
            return Err(DecodeError::TooLong { bytes: access_unit.len(), max: ACCESS_UNIT_BYTES_MAX });
        }
        let (mut kinds, mut colour) = (0_u32, None);
        for nal in nals(access_unit) {
            let kind = nal_type(nal);
            let behind_slice = kinds & SLICES != 0;
            if behind_slice && (matches!(kind, 7 | 8) || is_slice(kind) && starts_picture(nal)) {
                return Err(DecodeError::Pictures);
            }
            if kind == 7 {
                let sps = Sps::parse(nal)?;
                check_size(&sps)?;
                check_references(&sps)?;
                colour = Some(sps.colour);
            }
            kinds |= 1 << kind;
        }
        let start = 1 << 7 | 1 << 8 | 1 << 5;
        Ok(Contents {
            plain: (0..32).all(|kind| kinds >> kind & 1 == 0 || is_passed(kind)),
            start: kinds & start == start,
            colour,
        })
    }

    fn run(&mut self, access_unit: &[u8]) -> Result<Option<Planes>, DecodeError> {
        let contents = Self::inspect(access_unit)?;
        self.colour = contents.colour.unwrap_or(self.colour);
        if self.damaged && contents.start {
            (self.raw, self.damaged) = (Raw::new(), false);
        }
        let first = if contents.plain {
            self.raw.begin_unit(access_unit)
        } else {
            self.filtered.clear();
            for nal in nals(access_unit).filter(|nal| is_passed(nal_type(nal))) {
                self.filtered.extend_from_slice(&[0, 0, 0, 1]);
                self.filtered.extend_from_slice(nal);
            }
            self.raw.begin_unit(&self.filtered)
        };
        let Some(first) = first else {
            (self.raw, self.damaged) = (Raw::new(), true);
            return Err(DecodeError::Pictures);
        };
        // The second call ends the unit, so that its picture is decoded now and not when the next one starts.
        let (second, ended) = self.raw.end_unit();
        // Whatever came of it: nothing may be held back, for the next unit may free its memory.
        let picture = ended.or_else(|| self.raw.take_held());
        let state = first | second;
        self.damaged |= state != 0;
        if self.raw.held() != 0 {
            (self.raw, self.damaged) = (Raw::new(), true);
            return Err(DecodeError::Pictures);
        }
        if state != 0 {
            return Err(DecodeError::Bitstream(state));
        }
        picture.map(Planes::checked).transpose()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl VideoDecoder for Decoder {
    fn decode(&mut self, access_unit: &[u8]) -> Result<Option<PictureRef<'_>>, DecodeError> {
        // The library may reuse or free the picture's memory from here on.
        self.last = None;
        self.last = self.run(access_unit)?;
        Ok(self.last())
    }

    fn last(&self) -> Option<PictureRef<'_>> {
        self.last.as_ref().map(|planes| PictureRef { colour: self.colour, ..planes.borrow(&self.raw) })
    }
}

/// What an access unit holds.
struct Contents {
    /// Nothing but NAL units that are passed on.
    plain: bool,
    /// Both parameter sets and an IDR slice: all that a fresh decoder needs.
    start: bool,
    /// What its parameter set says, when it has one. A stream has one for all its pictures: no encoder of ours to hear
    /// from mixes several, and a picture in the colours of another would still be a picture.
    colour: Option<Colour>,
}

/// NAL units that reach the library: slices and parameter sets. SEI and delimiters say nothing that it needs, and would
/// end the picture for it where one stands between slices. Data partitions, SVC and MVC units, fillers and what is
/// reserved are in no stream that was negotiated. Code not run has no bugs.
fn is_passed(kind: u8) -> bool {
    matches!(kind, 1 | 5 | 7 | 8)
}

/// The bits of both kinds of slices among the kinds of a unit.
const SLICES: u32 = 1 << 1 | 1 << 5;

fn is_slice(kind: u8) -> bool {
    SLICES >> kind & 1 == 1
}

/// `first_mb_in_slice` is 0 (H.264 §7.3.3: ue(v), so its first bit is 1). In the profiles that are negotiated only a
/// picture's first slice says so.
fn starts_picture(slice: &[u8]) -> bool {
    slice.get(1).is_some_and(|byte| byte & 0x80 != 0)
}

fn check_size(sps: &Sps) -> Result<(), DecodeError> {
    // What is allocated is the coded size; 1920 is a multiple of 16, so both have the same bound.
    let (min, max) = (SIDE_MIN as u64, SIDE_MAX as u64);
    let fits = sps.coded_width <= max && sps.coded_height <= max && sps.width >= min && sps.height >= min;
    if fits { Ok(()) } else { Err(DecodeError::Size { width: sps.width, height: sps.height }) }
}

/// The library allocates that many pictures and two more, each of the coded size.
fn check_references(sps: &Sps) -> Result<(), DecodeError> {
    let macroblocks = (sps.coded_width / 16) * (sps.coded_height / 16);
    let max = REFERENCES_MAX.min(REFERENCE_MACROBLOCKS_MAX / macroblocks.max(1));
    if sps.references <= max { Ok(()) } else { Err(DecodeError::References { frames: sps.references, max }) }
}

/// Where the library left a picture. Valid until the next call on the same [`Raw`].
struct Planes {
    data: [*const u8; 3],
    /// Luma, chroma.
    strides: [usize; 2],
    size: Size,
}

impl Planes {
    fn new(data: [*mut u8; 3], info: &SBufferInfo) -> Option<Self> {
        // SAFETY: the union has this one member, of plain integers.
        #[allow(unsafe_code, reason = "a union of one member in the C interface")]
        let buffer = unsafe { info.UsrData.sSystemBuffer };
        if info.iBufferStatus != 1 || data.iter().any(|plane| plane.is_null()) {
            return None;
        }
        let side = |value: c_int| usize::try_from(value).ok();
        Some(Self {
            data: data.map(<*mut u8>::cast_const),
            strides: [side(buffer.iStride[0])?, side(buffer.iStride[1])?],
            size: Size { width: side(buffer.iWidth)?, height: side(buffer.iHeight)? },
        })
    }

    /// Refuses what is out of bounds. The parameter set was checked before; this is the second door.
    fn checked(self) -> Result<Self, DecodeError> {
        let Size { width, height } = self.size;
        let sides = SIDE_MIN..=SIDE_MAX;
        let strides_fit = self.strides[0] >= width && self.strides[1] >= width.div_ceil(2);
        if sides.contains(&width) && sides.contains(&height) && strides_fit {
            Ok(self)
        } else {
            Err(DecodeError::Size { width: width as u64, height: height as u64 })
        }
    }

    fn borrow<'a>(&self, _owner: &'a Raw) -> PictureRef<'a> {
        let Size { width, height } = self.size;
        let plane = |at: usize, width: usize, height: usize| {
            let stride = self.strides[at.min(1)];
            let data = slice_from_raw_parts(self.data[at], stride * (height - 1) + width);
            // SAFETY: `checked` has seen sizes in bounds and strides that hold them; the library allocated whole
            // padded planes of that stride, of which these are the cropped insides. `_owner` is borrowed, so no call
            // that could change the memory can be made while the slice lives.
            #[allow(unsafe_code, reason = "the decoder's own planes, as slices")]
            let data = unsafe { &*data };
            PlaneRef { data, stride, width, height }
        };
        PictureRef {
            y: plane(0, width, height),
            u: plane(1, width.div_ceil(2), height.div_ceil(2)),
            v: plane(2, width.div_ceil(2), height.div_ceil(2)),
            colour: Colour::default(),
        }
    }
}

/// The library's decoder object.
struct Raw {
    object: *mut ISVCDecoder,
}

// SAFETY: the object has no ties to the thread that made it (no thread-local state, no threads of its own when the
// thread count stays 0), and only `&mut self` methods call into it.
#[allow(unsafe_code, reason = "a raw pointer is not Send by itself")]
unsafe impl Send for Raw {}
// SAFETY: planes point into memory owned by the `Raw` beside them in the same `Decoder`, and move with it.
#[allow(unsafe_code, reason = "raw pointers are not Send by themselves")]
unsafe impl Send for Planes {}

#[allow(unsafe_code, reason = "calls of the C interface")]
impl Raw {
    fn new() -> Self {
        let mut object = null_mut();
        // SAFETY: writes one pointer to a new object.
        let code = unsafe { APILoader::WelsCreateDecoder(&raw mut object) };
        assert!(code == 0 && !object.is_null(), "openh264 makes a decoder unless memory is out");
        let raw = Self { object };
        let mut level: c_int = WELS_LOG_QUIET;
        let set_option = raw.table().SetOption.expect("openh264 fills its table");
        // SAFETY: this option reads one int.
        unsafe { set_option(object, DECODER_OPTION_TRACE_LEVEL, (&raw mut level).cast()) };
        let parameters = SDecodingParam {
            uiTargetDqLayer: u8::MAX,
            eEcActiveIdc: ERROR_CON_DISABLE,
            sVideoProperty: SVideoProperty { eVideoBsType: VIDEO_BITSTREAM_AVC, ..SVideoProperty::default() },
            ..SDecodingParam::default()
        };
        let initialize = raw.table().Initialize.expect("openh264 fills its table");
        // SAFETY: the object is fresh; the parameters are copied.
        let code = unsafe { initialize(object, &raw const parameters) };
        assert!(code == 0, "openh264 accepts these parameters unless memory is out");
        raw
    }

    fn table(&self) -> &ISVCDecoderVtbl {
        // SAFETY: a live object starts with the pointer to its table.
        let table = unsafe { *self.object };
        // SAFETY: the table is a constant of the library.
        unsafe { &*table }
    }

    /// Feeds the NAL units of one picture, which the library decodes when [`Raw::end_unit`] follows; the state.
    ///
    /// `None` when it gave out or held back a picture already: there was another one before the last in the unit, and
    /// decoding that last one may free or reuse the memory of the other. Nothing may be got from this object then.
    fn begin_unit(&mut self, bytes: &[u8]) -> Option<i32> {
        let length = c_int::try_from(bytes.len()).expect("checked against the bound");
        let (state, early) = self.decode_frame(bytes.as_ptr(), length);
        (early.is_none() && self.held() == 0).then_some(state)
    }

    fn end_unit(&mut self) -> (i32, Option<Planes>) {
        self.decode_frame(std::ptr::null(), 0)
    }

    fn decode_frame(&mut self, bytes: *const u8, length: c_int) -> (i32, Option<Planes>) {
        let mut data = [null_mut(); 3];
        let mut info = SBufferInfo::default();
        let decode = self.table().DecodeFrame2.expect("openh264 fills its table");
        // SAFETY: `bytes` is valid for `length` bytes or null with 0; the library copies them before it parses.
        let state = unsafe { decode(self.object, bytes, length, data.as_mut_ptr(), &raw mut info) };
        (state, Planes::new(data, &info))
    }

    /// Pictures that are held back for reordering.
    fn held(&mut self) -> c_int {
        let mut pictures: c_int = 0;
        let get_option = self.table().GetOption.expect("openh264 fills its table");
        let value = (&raw mut pictures).cast();
        // SAFETY: this option writes one int.
        unsafe { get_option(self.object, DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, value) };
        pictures
    }

    /// A picture of Main or High profile that was held back for reordering.
    fn take_held(&mut self) -> Option<Planes> {
        let mut data = [null_mut(); 3];
        let mut info = SBufferInfo::default();
        let flush = self.table().FlushFrame.expect("openh264 fills its table");
        // SAFETY: writes three pointers and the info.
        unsafe { flush(self.object, data.as_mut_ptr(), &raw mut info) };
        Planes::new(data, &info)
    }
}

#[allow(unsafe_code, reason = "calls of the C interface")]
impl Drop for Raw {
    fn drop(&mut self) {
        let uninitialize = self.table().Uninitialize.expect("openh264 fills its table");
        // SAFETY: initialised in `new`, once.
        unsafe { uninitialize(self.object) };
        // SAFETY: made in `new`, not used after.
        unsafe { APILoader::WelsDestroyDecoder(self.object) };
    }
}

#[cfg(test)]
mod tests;
