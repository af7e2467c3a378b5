use super::*;
use crate::engine::OfferRefused;
use crate::peer::sdp::fingerprint::Hash;
use crate::peer::sdp::{Offer, Plan};

const CHROMIUM_HOST: &str = include_str!("../offers/chromium_host.sdp");
const CHROMIUM_VIEWER: &str = include_str!("../offers/chromium_viewer.sdp");
const CHROMIUM_SIMULCAST: &str = include_str!("../offers/chromium_simulcast.sdp");
const FFMPEG: &str = include_str!("../offers/ffmpeg_host.sdp");
const OBS: &str = include_str!("../offers/obs_host.sdp");
const AIORTC: &str = include_str!("../offers/aiortc_host.sdp");
const GSTREAMER: &str = include_str!("../offers/gstreamer_viewer.sdp");
const FIREFOX: &str = include_str!("../offers/firefox_viewer.sdp");

fn plan(offer: &str, side: Side) -> Result<Plan, OfferRefused> {
    Plan::new(&Offer::parse(offer).expect("valid"), side)
}

fn answer(offer: &str, side: Side) -> String {
    let candidates: Vec<SocketAddr> =
        ["203.0.113.9:8081", "10.0.0.1:8081"].map(|address| address.parse().expect("an address")).to_vec();
    answer_with(offer, side, &candidates)
}

fn answer_with(offer: &str, side: Side, candidates: &[SocketAddr]) -> String {
    let fingerprint = Fingerprint::of(Hash::Sha256, b"ours");
    let local = Local { ufrag: "ourufrag", password: "ourpassword-ourpassword", fingerprint: &fingerprint, candidates };
    plan(offer, side).expect("good").answer(1, &local)
}

fn lines<'a>(answer: &'a str, start: &'a str) -> Vec<&'a str> {
    answer.lines().filter(|line| line.starts_with(start)).collect()
}

#[test]
fn a_host_is_answered_with_its_own_mids_and_payload_types() {
    let answer = answer(CHROMIUM_HOST, Side::Host);
    assert_eq!(lines(&answer, "m="), ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=video 9 UDP/TLS/RTP/SAVPF 103 104"]);
    assert_eq!(lines(&answer, "a=mid"), ["a=mid:0", "a=mid:1"]);
    assert_eq!(lines(&answer, "a=group"), ["a=group:BUNDLE 0 1"]);
    assert_eq!(lines(&answer, "a=recvonly").len(), 2);
    assert_eq!(lines(&answer, "a=setup"), ["a=setup:passive", "a=setup:passive"]);
    assert_eq!(
        lines(&answer, "a=rtcp-fb:103"),
        ["a=rtcp-fb:103 nack", "a=rtcp-fb:103 nack pli", "a=rtcp-fb:103 transport-cc"]
    );
    assert_eq!(lines(&answer, "a=fmtp:104"), ["a=fmtp:104 apt=103"]);
    assert_eq!(lines(&answer, "a=ice-lite").len(), 1);
    assert!(answer.starts_with("v=0\r\n") && answer.len() <= ANSWER_BYTES_MAX);
    assert!(answer.lines().all(|line| !line.is_empty()) && answer.ends_with("\r\n"));
    assert!(lines(&answer, "a=ssrc").is_empty(), "we send nothing");
}

#[test]
fn the_best_candidate_comes_first_and_all_come_once() {
    let answer = answer(CHROMIUM_HOST, Side::Host);
    let candidates = lines(&answer, "a=candidate");
    assert_eq!(candidates[0], "a=candidate:1 1 udp 2130706431 203.0.113.9 8081 typ host");
    assert_eq!(candidates.len(), 2);
    assert_eq!(lines(&answer, "a=end-of-candidates").len(), 1);
}

#[test]
fn a_viewer_is_answered_with_our_ssrcs_and_a_repair_group() {
    let answer = answer(CHROMIUM_VIEWER, Side::Viewer);
    assert_eq!(lines(&answer, "m=")[1], "m=video 9 UDP/TLS/RTP/SAVPF 109 114", "constrained baseline in mode 1");
    assert_eq!(lines(&answer, "a=sendonly").len(), 2);
    assert_eq!(lines(&answer, "a=ssrc-group:FID").len(), 1);
    assert_eq!(
        lines(&answer, "a=msid:"),
        ["a=msid:costage audio", "a=msid:costage video"],
        "one stream, as players expect"
    );
    assert_eq!(lines(&answer, "a=rtcp-fb:109"), ["a=rtcp-fb:109 nack", "a=rtcp-fb:109 nack pli"]);
    assert!(lines(&answer, "a=extmap").is_empty(), "we write no header extensions");
}

#[test]
fn ffmpeg_gets_an_active_answer_without_feedback_it_did_not_offer() {
    let answer = answer(FFMPEG, Side::Host);
    assert_eq!(lines(&answer, "a=setup"), ["a=setup:active", "a=setup:active"]);
    assert!(lines(&answer, "a=rtcp-fb").is_empty());
    assert_eq!(lines(&answer, "m=")[1], "m=video 9 UDP/TLS/RTP/SAVPF 106");
}

#[test]
fn every_simulcast_layer_is_taken() {
    for (offer, wanted) in [(OBS, "a=simulcast:recv 0;1;2"), (CHROMIUM_SIMULCAST, "a=simulcast:recv h;m;l")] {
        let answer = answer(offer, Side::Host);
        assert_eq!(lines(&answer, "a=simulcast"), [wanted]);
        assert_eq!(lines(&answer, "a=rid").len(), 3);
        assert_eq!(lines(&answer, "a=extmap").iter().filter(|line| line.ends_with(":rtp-stream-id")).count(), 1);
    }
}

#[test]
fn aiortc_gets_its_profile_back_as_text_and_remb() {
    let answer = answer(AIORTC, Side::Host);
    assert_eq!(
        lines(&answer, "a=fmtp:99"),
        ["a=fmtp:99 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"]
    );
    assert_eq!(
        lines(&answer, "a=rtcp-fb:99"),
        ["a=rtcp-fb:99 nack", "a=rtcp-fb:99 nack pli", "a=rtcp-fb:99 goog-remb"]
    );
}

#[test]
fn gstreamers_mids_are_kept() {
    let answer = answer(GSTREAMER, Side::Viewer);
    assert_eq!(lines(&answer, "a=mid"), ["a=mid:video0", "a=mid:audio1"]);
    assert_eq!(
        lines(&answer, "a=fmtp:102"),
        ["a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42E01F"]
    );
    assert!(lines(&answer, "a=ssrc-group").is_empty(), "RTX was not offered");
}

#[test]
fn a_viewer_without_h264_still_hears() {
    let answer = answer(FIREFOX, Side::Viewer);
    assert_eq!(lines(&answer, "m="), ["m=audio 9 UDP/TLS/RTP/SAVPF 109", "m=video 0 UDP/TLS/RTP/SAVPF 120"]);
    assert_eq!(lines(&answer, "a=group"), ["a=group:BUNDLE 0"], "a rejected line leaves the bundle");
}

#[test]
fn a_host_without_a_common_codec_is_refused_whole() {
    let offer = FIREFOX.replace("recvonly", "sendonly");
    assert!(matches!(plan(&offer, Side::Host), Err(OfferRefused::NoCommonCodec { .. })));
    let silent = FIREFOX.replace("opus/48000/2", "opus/8000/1");
    assert!(matches!(plan(&silent, Side::Viewer), Err(OfferRefused::NoCommonCodec { .. })));
}

#[test]
fn packetization_mode_0_is_received_but_not_sent() {
    let only_0 = |offer: &str| offer.replace("packetization-mode=1", "packetization-mode=0");
    let host = plan(&only_0(OBS), Side::Host).expect("fine for a host");
    assert!(host.streams().any(|stream| stream.h264 == Some((Some("42e01f".to_owned()), 0))));
    let viewer = plan(&only_0(GSTREAMER), Side::Viewer).expect("audio is left");
    assert_eq!(viewer.streams().count(), 1);
}

#[test]
fn one_kind_alone_is_fine_both_ways() {
    let split = CHROMIUM_HOST.find("m=video").expect("it has video");
    let head = CHROMIUM_HOST.find("m=audio").expect("it has audio");
    let audio = CHROMIUM_HOST[..split].replace("BUNDLE 0 1", "BUNDLE 0");
    let video = (CHROMIUM_HOST[..head].to_owned() + &CHROMIUM_HOST[split..]).replace("a=group:BUNDLE 0 1\n", "");
    for offer in [audio, video] {
        assert_eq!(plan(&offer, Side::Host).expect("good").streams().count(), 1);
        let viewer = offer.replace("sendonly", "recvonly");
        assert_eq!(plan(&viewer, Side::Viewer).expect("good").streams().count(), 1);
    }
}

#[test]
fn directions_that_make_no_sense_are_refused() {
    for direction in ["recvonly", "inactive"] {
        let offer = CHROMIUM_HOST.replace("a=sendonly", &format!("a={direction}"));
        assert!(matches!(plan(&offer, Side::Host), Err(OfferRefused::WrongDirection { .. })), "{direction}");
    }
    assert!(matches!(plan(CHROMIUM_HOST, Side::Viewer), Err(OfferRefused::WrongDirection { .. })));
    let both = CHROMIUM_HOST.replace("a=sendonly", "a=sendrecv");
    assert!(plan(&both, Side::Host).is_ok() && plan(&both, Side::Viewer).is_ok());
}

#[test]
fn transports_we_lack_are_unsupported() {
    let no_mux = CHROMIUM_HOST.replace("a=rtcp-mux\n", "");
    let no_bundle = CHROMIUM_HOST.replace("a=group:BUNDLE 0 1\n", "");
    let plain = CHROMIUM_HOST.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP");
    let twice = CHROMIUM_HOST.replace("BUNDLE 0 1", "BUNDLE 0 1 2")
        + &CHROMIUM_HOST[CHROMIUM_HOST.find("m=video").expect("it has video")..].replace("a=mid:1", "a=mid:2");
    for offer in [no_mux, no_bundle, plain, twice.clone()] {
        assert!(matches!(plan(&offer, Side::Host), Err(OfferRefused::Unsupported { .. })), "{offer:.90}");
    }
    let viewer = plan(&twice.replace("sendonly", "recvonly"), Side::Viewer).expect("the second line is rejected alone");
    assert_eq!(viewer.streams().count(), 2);
}

#[test]
fn an_answer_never_grows_beyond_what_ffmpeg_takes() {
    let candidates: Vec<SocketAddr> =
        (0..200_u16).map(|port| SocketAddr::from(([0x2001, 0xdb8, 1, 2, 3, 4, 5, port], 40_000))).collect();
    assert!(answer_with(CHROMIUM_SIMULCAST, Side::Host, &candidates).len() <= ANSWER_BYTES_MAX);
}

#[test]
fn a_restart_fragment_names_the_first_line_and_the_new_credentials() {
    let fingerprint = Fingerprint::of(Hash::Sha256, b"ours");
    let candidates = ["203.0.113.9:8081".parse().expect("an address")];
    let local =
        Local { ufrag: "newufrag", password: "newpassword", fingerprint: &fingerprint, candidates: &candidates };
    let fragment = plan(CHROMIUM_HOST, Side::Host).expect("good").restart_head().fragment(&local);
    let wanted = [
        "a=group:BUNDLE 0 1",
        "a=ice-lite",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=ice-ufrag:newufrag",
        "a=ice-pwd:newpassword",
        "a=candidate:1 1 udp 2130706431 203.0.113.9 8081 typ host",
        "a=end-of-candidates",
    ];
    assert_eq!(fragment.lines().collect::<Vec<_>>(), wanted);
}
