use super::*;
use proptest::prelude::*;

/// Offers as the clients of the tests' machine write them.
pub(crate) const CHROMIUM_HOST: &str = include_str!("../offers/chromium_host.sdp");
const OTHERS: [&str; 7] = [
    include_str!("../offers/chromium_viewer.sdp"),
    include_str!("../offers/chromium_simulcast.sdp"),
    include_str!("../offers/ffmpeg_host.sdp"),
    include_str!("../offers/obs_host.sdp"),
    include_str!("../offers/aiortc_host.sdp"),
    include_str!("../offers/gstreamer_viewer.sdp"),
    include_str!("../offers/firefox_viewer.sdp"),
];

fn refused(offer: &str) -> OfferRefused {
    Offer::parse(offer).expect_err("must be refused")
}

#[test]
fn what_chromium_offers_is_read() {
    let offer = Offer::parse(CHROMIUM_HOST).expect("valid");
    assert_eq!(offer.ufrag, "kEqf");
    assert_eq!(offer.setup, Setup::ActPass);
    assert_eq!(offer.bundle, ["0", "1"]);
    assert_eq!(offer.fingerprints.len(), 1, "the same in both lines counts once");
    let video = &offer.media[1];
    assert_eq!(video.direction, Direction::SendOnly);
    assert_eq!(video.codecs.iter().map(|codec| codec.payload_type).collect::<Vec<_>>(), [103, 107, 109, 115, 39]);
    assert_eq!(video.codecs[0].rtx, Some(104));
    assert_eq!(video.codecs[0].feedback, ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]);
    assert_eq!(video.rtx_of, [(1_111_111_111, 2_222_222_222)]);
    assert_eq!(video.extension("urn:ietf:params:rtp-hdrext:sdes:mid"), Some(4));
}

#[test]
fn every_client_is_understood_with_either_line_end() {
    for offer in OTHERS.into_iter().chain([CHROMIUM_HOST]) {
        let parsed = Offer::parse(offer).unwrap_or_else(|error| panic!("{error}\n{offer}"));
        assert_eq!(Offer::parse(&offer.replace('\n', "\r\n")), Ok(parsed));
    }
}

#[test]
fn fingerprints_of_three_hashes_stand_side_by_side() {
    let offer = Offer::parse(include_str!("../offers/aiortc_host.sdp")).expect("valid");
    assert_eq!(offer.fingerprints.len(), 3);
}

#[test]
fn simulcast_layers_come_in_the_order_of_preference() {
    let offer = include_str!("../offers/obs_host.sdp").replace("send 0;1;2", "send 2;~1,0");
    assert_eq!(Offer::parse(&offer).expect("valid").media[1].rids, ["2", "1", "0"]);
}

#[test]
fn bundle_only_lines_live_and_other_zero_ports_do_not() {
    let offer = include_str!("../offers/gstreamer_viewer.sdp");
    assert!(!Offer::parse(offer).expect("valid").media[1].stopped);
    assert!(Offer::parse(&offer.replace("a=bundle-only\n", "")).expect("valid").media[1].stopped);
}

#[test]
fn what_is_no_offer_is_malformed() {
    let no_media = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n";
    let many = CHROMIUM_HOST.to_owned() + &"m=video 9 UDP/TLS/RTP/SAVPF 96\n".repeat(MEDIA_MAX);
    let twins = CHROMIUM_HOST.replace("a=mid:1", "a=mid:0");
    let injected = CHROMIUM_HOST.replace("a=mid:1", "a=mid:1;x");
    let huge = CHROMIUM_HOST.to_owned() + &"a=x\n".repeat(OFFER_BYTES_MAX / 4);
    let zero = CHROMIUM_HOST.replace("kEqf", "kE\0f");
    let ssrcs: String = (0..100).map(|ssrc| format!("a=ssrc:{ssrc} cname:x\n")).collect();
    let crowded = CHROMIUM_HOST.to_owned() + &ssrcs;
    for offer in ["", "hello", "{}", no_media, &many, &twins, &injected, &huge, &zero, &crowded] {
        assert!(matches!(refused(offer), OfferRefused::Malformed { .. }), "{:.80}", offer);
    }
}

#[test]
fn what_is_no_sdp_is_refused_with_its_line_and_what_to_send() {
    let head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";
    for (offer, wanted) in [
        ("".to_owned(), "the offer is empty"),
        ("\r\n \n".to_owned(), "the offer is empty"),
        ("v=0".to_owned(), "ends after line 1 (`v=0`)"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n".to_owned(), "ends after line 2 (`o=- 1 1 IN IP4 0.0.0.0`)"),
        ("v=1\r\n".to_owned(), "line 1 (`v=1`) does not fit"),
        ("hello\na=b\n".to_owned(), "line 1 (`hello`) is not one letter, `=` and a value"),
        ("{\"sdp\":\"v=0\"}".to_owned(), "line 1 (`{\"sdp\":\"v=0\"}`) is not one letter"),
        ("v=0\r\no=- x\r\n".to_owned(), "line 2 (`o=- x`) does not fit"),
        (format!("{head}m=video\r\n"), "line 5 (`m=video`) does not fit"),
        (format!("{head}a=mid:0\r\nnonsense\r\n"), "line 6 (`nonsense`) is not one letter"),
        (format!("{head}z\u{1b}[31m\r\n"), "line 5 (`z[31m`)"),
        (CHROMIUM_HOST.replace("s=-", "q=-"), "line 3 (`q=-`) does not fit"),
    ] {
        let OfferRefused::Malformed { detail } = refused(&offer) else { panic!("{offer}") };
        assert!(detail.contains(wanted) && detail.ends_with("createOffer() made it"), "{offer:?}: {detail}");
        assert!(!detail.contains(": )") && !detail.contains(char::is_control), "{detail:?}");
    }
}

#[test]
fn without_credentials_or_fingerprint_nothing_can_be_trusted() {
    for key in ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint"] {
        let offer: String =
            CHROMIUM_HOST.lines().filter(|line| !line.starts_with(key)).map(|l| format!("{l}\n")).collect();
        assert!(matches!(refused(&offer), OfferRefused::Unsupported { .. }), "{key}");
    }
    let weak = CHROMIUM_HOST.replace("fingerprint:sha-256", "fingerprint:sha-1");
    assert!(matches!(refused(&weak), OfferRefused::Unsupported { .. }));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[ -~\r\n]{0,400}") {
        let _ = Offer::parse(&text);
    }

    #[test]
    fn no_damaged_offer_makes_it_panic(which in 0..OTHERS.len(), at in 0..3_000usize, length in 0..40usize, put in "[ -~\r\n]{0,12}") {
        let offer = OTHERS[which];
        let at = at.min(offer.len());
        let end = (at + length).min(offer.len());
        let damaged = format!("{}{put}{}", &offer[..at], &offer[end..]);
        if let Ok(offer) = Offer::parse(&damaged) {
            for side in [crate::peer::sdp::Side::Host, crate::peer::sdp::Side::Viewer] {
                let _ = crate::peer::sdp::Plan::new(&offer, side);
            }
        }
    }
}
