//! The encoder: Constrained Baseline at low complexity, its rate steered by the real times of the pictures.

use std::ffi::c_int;
use std::ptr::{null_mut, slice_from_raw_parts};

use openh264_sys2::source::APILoader;
use openh264_sys2::{
    CAMERA_VIDEO_REAL_TIME, CM_SMPTE170M, CONSTANT_ID, CP_SMPTE170M, ENCODER_OPTION, ENCODER_OPTION_BITRATE,
    ENCODER_OPTION_FRAME_RATE, ENCODER_OPTION_TRACE_LEVEL, ISVCEncoder, ISVCEncoderVtbl, LOW_COMPLEXITY, PRO_BASELINE,
    RC_TIMESTAMP_MODE, SBitrateInfo, SEncParamExt, SFrameBSInfo, SM_SINGLE_SLICE, SPATIAL_LAYER_ALL, SSourcePicture,
    TRC_SMPTE170M, VF_UNDEF, WELS_LOG_QUIET, videoFormatI420, videoFrameTypeIDR, videoFrameTypeInvalid,
    videoFrameTypeSkip,
};

use super::level::Level;
use super::rate::RateControl;
use crate::codec::annexb::nal_type;
use crate::codec::{EncodeError, EncodedVideo, SIDE_MAX, SIDE_MIN, VideoEncoder};
use crate::frame::{PictureRef, PlaneRef, Size};
use crate::time::MediaTime;

/// The least target, bits per second: below it even the smallest picture at a few frames a second is only headers.
const BITRATE_BPS_MIN: u32 = 30_000;

/// What an encoder is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderConfig {
    /// Size of every picture; even, from 16 to 1920 pixels a side.
    pub size: Size,
    /// Target, bits per second; clamped to what the level allows.
    pub bitrate_bps: u32,
    /// The most pictures a second that will come, 1 to 60; with the size it decides the level in the SPS.
    pub max_fps: u32,
}

/// An H.264 encoder.
///
/// One thread, one slice, one reference, CAVLC; IDR only on demand; no frame is skipped. The parameter sets say the
/// true level and BT.601 limited range.
pub struct Encoder {
    raw: Raw,
    config: EncoderConfig,
    level: Level,
    rate: RateControl,
    /// Time of the first picture: the library counts milliseconds from 1, since 0 means "none" to it.
    epoch: Option<MediaTime>,
    output: Box<SFrameBSInfo>,
    /// The parameter set of the latest IDR with all its constraint bits.
    sps: Vec<u8>,
}

impl Encoder {
    /// An encoder; its first picture is an IDR.
    ///
    /// # Errors
    /// When the size is odd or out of bounds, or the library refuses.
    pub fn new(config: EncoderConfig) -> Result<Self, EncodeError> {
        let Size { width, height } = config.size;
        let fits = |side: usize| (SIDE_MIN..=SIDE_MAX).contains(&side) && side.is_multiple_of(2);
        if !fits(width) || !fits(height) {
            return Err(EncodeError::Size { width, height, wanted: "even sides from 16 to 1920 pixels are encoded" });
        }
        let max_fps = config.max_fps.clamp(1, 60);
        let level = Level::for_stream(config.size, max_fps, config.bitrate_bps);
        let bitrate_bps = config.bitrate_bps.clamp(BITRATE_BPS_MIN, level.bitrate_bps_max.max(BITRATE_BPS_MIN));
        let config = EncoderConfig { bitrate_bps, max_fps, ..config };
        let mut raw = Raw::new()?;
        let mut parameters = raw.defaults()?;
        fill(&mut parameters, config, level);
        raw.initialize(&parameters)?;
        let rate = RateControl::new(bitrate_bps, max_fps);
        Ok(Self { raw, config, level, rate, epoch: None, output: Box::default(), sps: Vec::new() })
    }

    /// An encoder of Main profile without B pictures, as hosts send that keep no promise of Baseline.
    #[cfg(test)]
    pub(super) fn main_profile(config: EncoderConfig) -> Self {
        let mut encoder = Self::new(config).expect("a test asks for what works");
        encoder.raw = Raw::new().expect("a test asks for what works");
        let mut parameters = encoder.raw.defaults().expect("a test asks for what works");
        fill(&mut parameters, config, encoder.level);
        parameters.iEntropyCodingModeFlag = 1;
        parameters.sSpatialLayers[0].uiProfileIdc = openh264_sys2::PRO_MAIN;
        encoder.raw.initialize(&parameters).expect("a test asks for what works");
        encoder
    }

    fn check(&self, picture: PictureRef<'_>) -> Result<(), EncodeError> {
        let size = picture.size();
        if size != self.config.size {
            let wanted = "the encoder was made for another size";
            return Err(EncodeError::Size { width: size.width, height: size.height, wanted });
        }
        let holds = |plane: &PlaneRef<'_>, width: usize, height: usize| {
            plane.stride >= width && plane.data.len() >= plane.stride * (height - 1) + width
        };
        let (half_width, half_height) = (size.width / 2, size.height / 2);
        let whole = holds(&picture.y, size.width, size.height)
            && holds(&picture.u, half_width, half_height)
            && holds(&picture.v, half_width, half_height);
        if whole { Ok(()) } else { Err(EncodeError::Plane) }
    }
}

impl VideoEncoder for Encoder {
    fn encode(
        &mut self,
        picture: PictureRef<'_>,
        at: MediaTime,
        idr: bool,
    ) -> Result<Option<EncodedVideo<'_>>, EncodeError> {
        self.check(picture)?;
        let epoch = *self.epoch.get_or_insert(at);
        let settings = self.rate.before(at);
        self.raw.set_frame_rate(settings.fps)?;
        self.raw.set_bitrate(settings.bitrate_bps.min(self.level.bitrate_bps_max))?;
        if idr {
            self.raw.force_idr()?;
        }
        let milliseconds = 1 + at.0.saturating_sub(epoch.0).max(0) / 1000;
        self.raw.encode(picture, milliseconds, &mut self.output)?;
        let bytes = usize::try_from(self.output.iFrameSizeInBytes).unwrap_or(0);
        self.rate.after(bytes);
        let kind = self.output.eFrameType;
        if kind == videoFrameTypeInvalid || kind == videoFrameTypeSkip {
            return Ok(None);
        }
        let keyframe = kind == videoFrameTypeIDR;
        let mut nals = nals_of(&self.output, &self.raw);
        if let Some(sps) = nals.first_mut().filter(|nal| nal_type(nal) == 7) {
            self.sps.clear();
            self.sps.extend_from_slice(sps);
            claim_extended(&mut self.sps);
            *sps = &self.sps;
        }
        Ok(Some(EncodedVideo { nals, keyframe }))
    }
}

/// Sets constraint_set2_flag where it is true: the library leaves it out, but a Constrained Baseline stream with
/// direct_8x8_inference_flag, which the library sets from level 3 on, obeys the Extended profile as well (H.264 §A.2.3).
/// So the stream says 42e0xx, as the session description does.
fn claim_extended(sps: &mut [u8]) {
    const BASELINE_AND_MAIN: u8 = 0xc0;
    if let [_header, 66, constraints, level, ..] = sps
        && *constraints & BASELINE_AND_MAIN == BASELINE_AND_MAIN
        && *level >= 30
    {
        *constraints |= 0x20;
    }
}

/// The NAL units of a picture, in the library's own buffer, without start codes.
fn nals_of<'a>(output: &SFrameBSInfo, _owner: &'a Raw) -> Vec<&'a [u8]> {
    let layers = usize::try_from(output.iLayerNum).unwrap_or(0).min(output.sLayerInfo.len());
    let mut nals = Vec::with_capacity(4);
    for layer in &output.sLayerInfo[..layers] {
        let mut offset = 0;
        for at in 0..usize::try_from(layer.iNalCount).unwrap_or(0) {
            // SAFETY: the array has `iNalCount` lengths, of which this is the one at `at`.
            #[allow(unsafe_code, reason = "reads the encoder's output")]
            let length = unsafe { *layer.pNalLengthInByte.wrapping_add(at) };
            let length = usize::try_from(length).expect("openh264 writes lengths, which are not negative");
            let nal = slice_from_raw_parts(layer.pBsBuf.wrapping_add(offset), length);
            // SAFETY: the layer's NAL units stand one after the other in its buffer, which the encoder owns and next
            // writes at the next call, for which `_owner` must be free again.
            #[allow(unsafe_code, reason = "reads the encoder's output")]
            let nal: &'a [u8] = unsafe { &*nal };
            offset += length;
            // Each starts with 00 00 00 01 or 00 00 01.
            let start = nal.iter().position(|&byte| byte == 1).map_or(0, |one| one + 1);
            nals.push(&nal[start..]);
        }
    }
    nals
}

/// The library's encoder object.
struct Raw {
    object: *mut ISVCEncoder,
}

// SAFETY: the object has no ties to the thread that made it and, made for one thread, starts none; only `&mut self`
// methods call into it.
#[allow(unsafe_code, reason = "a raw pointer is not Send by itself")]
unsafe impl Send for Raw {}
// SAFETY: its output's pointers lead into memory of the `Raw` beside it, and move with it.
#[allow(unsafe_code, reason = "the output holds raw pointers")]
unsafe impl Send for Encoder {}

#[allow(unsafe_code, reason = "calls of the C interface")]
impl Raw {
    fn new() -> Result<Self, EncodeError> {
        let mut object = null_mut();
        // SAFETY: writes one pointer to a new object.
        let code = unsafe { APILoader::WelsCreateSVCEncoder(&raw mut object) };
        succeeded("WelsCreateSVCEncoder", code)?;
        let mut raw = Self { object };
        let mut quiet: c_int = WELS_LOG_QUIET;
        raw.set_option(ENCODER_OPTION_TRACE_LEVEL, &mut quiet)?;
        Ok(raw)
    }

    fn defaults(&mut self) -> Result<SEncParamExt, EncodeError> {
        let mut parameters = SEncParamExt::default();
        let defaults = self.table().GetDefaultParams.expect("openh264 fills its table");
        // SAFETY: fills the struct.
        let code = unsafe { defaults(self.object, &raw mut parameters) };
        succeeded("GetDefaultParams", code)?;
        Ok(parameters)
    }

    fn initialize(&mut self, parameters: &SEncParamExt) -> Result<(), EncodeError> {
        let initialize = self.table().InitializeExt.expect("openh264 fills its table");
        // SAFETY: the object lives; the parameters are copied.
        let code = unsafe { initialize(self.object, std::ptr::from_ref(parameters)) };
        succeeded("InitializeExt", code)
    }

    fn table(&self) -> &ISVCEncoderVtbl {
        // SAFETY: a live object starts with the pointer to its table.
        let table = unsafe { *self.object };
        // SAFETY: the table is a constant of the library.
        unsafe { &*table }
    }

    /// `value` must be of the type that `option` takes; the callers below pair them.
    fn set_option<T>(&mut self, option: ENCODER_OPTION, value: &mut T) -> Result<(), EncodeError> {
        let set_option = self.table().SetOption.expect("openh264 fills its table");
        // SAFETY: reads one value of the option's type.
        let code = unsafe { set_option(self.object, option, std::ptr::from_mut(value).cast()) };
        succeeded("SetOption", code)
    }

    fn set_frame_rate(&mut self, mut fps: f32) -> Result<(), EncodeError> {
        self.set_option(ENCODER_OPTION_FRAME_RATE, &mut fps)
    }

    fn set_bitrate(&mut self, bps: u32) -> Result<(), EncodeError> {
        let bitrate = c_int::try_from(bps).unwrap_or(c_int::MAX);
        self.set_option(ENCODER_OPTION_BITRATE, &mut SBitrateInfo { iLayer: SPATIAL_LAYER_ALL, iBitrate: bitrate })
    }

    fn force_idr(&mut self) -> Result<(), EncodeError> {
        let force = self.table().ForceIntraFrame.expect("openh264 fills its table");
        // SAFETY: sets a flag of the live object.
        let code = unsafe { force(self.object, true) };
        succeeded("ForceIntraFrame", code)
    }

    fn encode(
        &mut self,
        picture: PictureRef<'_>,
        milliseconds: i64,
        output: &mut SFrameBSInfo,
    ) -> Result<(), EncodeError> {
        let int = |value: usize| c_int::try_from(value).expect("sizes were checked against 1920, strides by memory");
        let plane = |plane: PlaneRef<'_>| plane.data.as_ptr().cast_mut();
        let source = SSourcePicture {
            iColorFormat: videoFormatI420,
            iStride: [int(picture.y.stride), int(picture.u.stride), int(picture.v.stride), 0],
            pData: [plane(picture.y), plane(picture.u), plane(picture.v), null_mut()],
            iPicWidth: int(picture.y.width),
            iPicHeight: int(picture.y.height),
            uiTimeStamp: milliseconds,
            bPsnrY: false,
            bPsnrU: false,
            bPsnrV: false,
        };
        let encode = self.table().EncodeFrame.expect("openh264 fills its table");
        // SAFETY: `check` has seen planes that hold the size; the library copies them before it returns, and never
        // writes them.
        let code = unsafe { encode(self.object, &raw const source, &raw mut *output) };
        succeeded("EncodeFrame", code)
    }
}

/// The library's parameters for ours.
///
/// What was measured and left as it is (720×1280, 2.5 Mbit/s, a panning and a still scene with sensor noise): background
/// detection saves 25 % of a still scene but lets it go stale, −2.9 dB; the loop filter costs 10 to 20 % and blocks show
/// without it; two slices switch off the steering within a picture, which gains 0.5 dB but makes the largest pictures half
/// as large again, and a burst is latency; adaptive quantisation, two references and medium complexity cost 5 to 12 % for at most +0.3 dB; scene
/// change detection makes IDRs nobody asked for.
fn fill(parameters: &mut SEncParamExt, config: EncoderConfig, level: Level) {
    let int = |value: usize| c_int::try_from(value).expect("checked against 1920");
    let bitrate = c_int::try_from(config.bitrate_bps).expect("levels end at 240 Mbit/s");
    #[allow(clippy::cast_precision_loss, reason = "at most 60")]
    let fps = config.max_fps as f32;
    parameters.iUsageType = CAMERA_VIDEO_REAL_TIME;
    parameters.iPicWidth = int(config.size.width);
    parameters.iPicHeight = int(config.size.height);
    parameters.iTargetBitrate = bitrate;
    parameters.iRCMode = RC_TIMESTAMP_MODE;
    parameters.fMaxFrameRate = fps;
    parameters.iTemporalLayerNum = 1;
    parameters.iSpatialLayerNum = 1;
    parameters.iComplexityMode = LOW_COMPLEXITY;
    parameters.uiIntraPeriod = 0;
    parameters.iNumRefFrame = 1;
    parameters.eSpsPpsIdStrategy = CONSTANT_ID;
    parameters.iEntropyCodingModeFlag = 0;
    parameters.bEnableFrameSkip = false;
    parameters.iMultipleThreadIdc = 1;
    parameters.bEnableDenoise = false;
    parameters.bEnableBackgroundDetection = false;
    parameters.bEnableAdaptiveQuant = false;
    parameters.bEnableSceneChangeDetect = false;
    let layer = &mut parameters.sSpatialLayers[0];
    layer.iVideoWidth = int(config.size.width);
    layer.iVideoHeight = int(config.size.height);
    layer.fFrameRate = fps;
    layer.iSpatialBitrate = bitrate;
    layer.uiProfileIdc = PRO_BASELINE;
    layer.uiLevelIdc = c_int::from(level.idc);
    layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
    layer.bVideoSignalTypePresent = true;
    layer.uiVideoFormat = code(VF_UNDEF);
    layer.bFullRange = false;
    layer.bColorDescriptionPresent = true;
    layer.uiColorPrimaries = code(CP_SMPTE170M);
    layer.uiTransferCharacteristics = code(TRC_SMPTE170M);
    layer.uiColorMatrix = code(CM_SMPTE170M);
}

fn code<T: TryInto<u8>>(value: T) -> u8 {
    value.try_into().ok().expect("codes of the VUI are below 256")
}

fn succeeded(call: &'static str, code: c_int) -> Result<(), EncodeError> {
    if code == 0 { Ok(()) } else { Err(EncodeError::Codec { call, code }) }
}

#[allow(unsafe_code, reason = "calls of the C interface")]
impl Drop for Raw {
    fn drop(&mut self) {
        let uninitialize = self.table().Uninitialize.expect("openh264 fills its table");
        // SAFETY: harmless on an object that was not initialised.
        unsafe { uninitialize(self.object) };
        // SAFETY: made in `new`, not used after.
        unsafe { APILoader::WelsDestroySVCEncoder(self.object) };
    }
}

#[cfg(test)]
mod tests;
