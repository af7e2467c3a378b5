//! What our peer connections are made of: codecs as we offer them, and the interceptors of one direction.

use rtc::interceptor::{Interceptor, NackGeneratorBuilder, NackResponderBuilder, ReceiverReportBuilder, Slot};
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX};
use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use webrtc::peer_connection::{MediaEngine, Registry, configure_twcc_sender_only};

/// Payload type of H.264 in our offers (RFC 6184, packetization-mode 1).
pub const VIDEO_PAYLOAD_TYPE: u8 = 102;
/// Payload type of its retransmissions (RFC 4588).
const RTX_PAYLOAD_TYPE: u8 = 103;
/// Payload type of Opus in our offers (RFC 7587).
pub const AUDIO_PAYLOAD_TYPE: u8 = 111;

/// Which way media flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// WHIP: we send.
    Out,
    /// WHEP: we receive.
    In,
}

/// Codecs and interceptors for one direction; `tap` hears what passes nearest to the application.
///
/// # Errors
/// When the crate refuses a codec.
pub fn chain<T: Interceptor + 'static>(way: Way, tap: T) -> Result<(MediaEngine, Registry), webrtc::error::Error> {
    let mut media = MediaEngine::default();
    let parameters = |rtp_codec, payload_type| RTCRtpCodecParameters { rtp_codec, payload_type };
    media.register_codec(parameters(opus(), AUDIO_PAYLOAD_TYPE), RtpCodecKind::Audio)?;
    media.register_codec(parameters(h264(), VIDEO_PAYLOAD_TYPE), RtpCodecKind::Video)?;
    // Application-most, behind every interceptor of the crate.
    let registry = Registry::new().with(Slot::from(14_000), tap);
    let registry = match way {
        Way::Out => {
            media.register_codec(parameters(rtx(), RTX_PAYLOAD_TYPE), RtpCodecKind::Video)?;
            let registry = registry.with(Slot::NackResponder, NackResponderBuilder::new().build());
            configure_twcc_sender_only(registry, &mut media)?
        }
        Way::In => registry
            .with(Slot::NackGenerator, NackGeneratorBuilder::new().build())
            .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build()),
    };
    Ok((media, registry))
}

fn rtx() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_RTX.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: format!("apt={VIDEO_PAYLOAD_TYPE}"),
        rtcp_feedback: vec![],
    }
}

/// Opus as we offer it.
pub fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1".to_owned(),
        rtcp_feedback: vec![],
    }
}

/// H.264 as we offer it: Constrained Baseline, level 3.1, packetization-mode 1 (RFC 6184 §8.1).
pub fn h264() -> RTCRtpCodec {
    let feedback = |typ: &str, parameter: &str| RTCPFeedback { typ: typ.to_owned(), parameter: parameter.to_owned() };
    RTCRtpCodec {
        mime_type: MIME_TYPE_H264.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f".to_owned(),
        rtcp_feedback: vec![feedback("nack", ""), feedback("nack", "pli"), feedback("ccm", "fir")],
    }
}
