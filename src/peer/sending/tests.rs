use super::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use bytes::Bytes;
use costage_media::packet::ExtSeq;
use rtc::crypto::default_provider;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::nack_pairs_from_sequence_numbers;
use rtc::rtp;
use rtc::shared::marshal::Unmarshal;
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;

use crate::peer::sdp::{Offer, Side};
use crate::peer::srtp::SrtpKeys;

const WITH_RTX: &str = include_str!("../sdp/offers/chromium_viewer.sdp");

/// Keeps every call: its datagrams.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Vec<u8>>>>);

impl Wire for Memory {
    fn send(&self, _: SocketAddr, _: Option<IpAddr>, contents: &[u8], segment_bytes: Option<usize>) {
        let datagrams = contents.chunks(segment_bytes.unwrap_or(contents.len())).map(<[u8]>::to_vec).collect();
        self.0.lock().expect("one thread").push(datagrams);
    }

    fn segments_max(&self) -> usize {
        64
    }
}

struct Viewer {
    sending: Sending,
    sealer: Sealer,
    opener: Context,
    wire: Memory,
    /// Every sealed packet by what makes its nonce.
    sealed: BTreeMap<(u32, u64), Vec<u8>>,
    /// To extend wire numbers as a receiver does.
    highest: BTreeMap<u32, u64>,
}

fn viewer(offer: &str, profile: ProtectionProfile) -> Viewer {
    let plan = Plan::new(&Offer::parse(offer).expect("valid"), Side::Viewer).expect("good");
    let material = vec![5; SrtpKeys::material_bytes(profile)];
    let keys = |us| SrtpKeys::split(profile, &material, us, default_provider().expect("one")).expect("right length");
    let (ours, theirs) = (keys(false), keys(true));
    let (key, salt) = (&theirs.keys.remote_master_key, &theirs.keys.remote_master_salt);
    Viewer {
        sending: Sending::new(&plan),
        sealer: Sealer::new(&ours).expect("good keys"),
        opener: Context::new(key, salt, profile, None, None, theirs.crypto.crypto()).expect("good keys"),
        wire: Memory::default(),
        sealed: BTreeMap::new(),
        highest: BTreeMap::new(),
    }
}

fn without_rtx() -> String {
    WITH_RTX.replace("rtx/90000", "other/90000")
}

fn packet(seq: u64, bytes: usize) -> RtpOut {
    let payload = Bytes::from(vec![u8::try_from(seq & 0xff).expect("masked"); bytes]);
    RtpOut { kind: MediaKind::Video, seq: ExtSeq(seq), timestamp: 9, marker: false, payload }
}

impl Viewer {
    fn way(&mut self) -> (&mut Sending, Way<'_>) {
        let path = Path { remote: SocketAddr::from(([192, 0, 2, 1], 9)), local: None };
        (&mut self.sending, Way { wire: &self.wire, path, sealer: &mut self.sealer })
    }

    fn send(&mut self, packets: &[RtpOut]) -> Vec<Vec<Vec<u8>>> {
        let (sending, way) = self.way();
        sending.send(way, packets);
        self.calls()
    }

    fn resend(&mut self, packet: &RtpOut) -> Vec<Vec<u8>> {
        let (sending, way) = self.way();
        sending.resend(way, packet);
        self.calls().concat()
    }

    /// What left, checked against the nonce rule.
    fn calls(&mut self) -> Vec<Vec<Vec<u8>>> {
        let calls = std::mem::take(&mut *self.wire.0.lock().expect("one thread"));
        for datagram in calls.iter().flatten() {
            let header = rtp::Header::unmarshal(&mut &datagram[..]).expect("a header");
            let highest = self.highest.entry(header.ssrc).or_insert_with(|| u64::from(header.sequence_number));
            let number = crate::peer::extend::extend_16(*highest, header.sequence_number).expect("not below zero");
            *highest = number.max(*highest);
            let before = self.sealed.insert((header.ssrc, number), datagram.clone());
            assert!(before.is_none_or(|before| before == *datagram), "one nonce, two packets: {number}");
        }
        calls
    }
}

#[test]
fn a_frames_packets_leave_in_one_call() {
    let mut viewer = viewer(WITH_RTX, ProtectionProfile::AeadAes128Gcm);
    let frame: Vec<RtpOut> = (0..7).map(|seq| packet(seq, if seq == 6 { 300 } else { 1_180 })).collect();
    let calls = viewer.send(&frame);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].iter().map(Vec::len).collect::<Vec<_>>(), [1_208, 1_208, 1_208, 1_208, 1_208, 1_208, 328]);
}

#[test]
fn sizes_that_one_call_cannot_carry_are_split_and_nothing_is_lost() {
    let mut viewer = viewer(WITH_RTX, ProtectionProfile::AeadAes128Gcm);
    let sizes = [100, 1_000, 1_000, 50, 1_000, 1_000, 20, 20];
    let packets: Vec<RtpOut> = sizes.iter().zip(0..).map(|(bytes, seq)| packet(seq, *bytes)).collect();
    let calls = viewer.send(&packets);
    let sent: Vec<usize> = calls.iter().flatten().map(|datagram| datagram.len() - 28).collect();
    assert_eq!(sent, sizes);
    let keyframe: Vec<RtpOut> = (8..308).map(|seq| packet(seq, 1_180)).collect();
    let calls = viewer.send(&keyframe);
    assert_eq!(calls.iter().flatten().count(), 300);
    assert!(calls.iter().all(|call| call.len() <= 64 && call.concat().len() <= BATCH_BYTES_MAX));
}

#[test]
fn the_receiver_opens_everything_in_order_over_the_roll_over() {
    for profile in [ProtectionProfile::AeadAes128Gcm, ProtectionProfile::Aes128CmHmacSha1_80] {
        let mut viewer = viewer(WITH_RTX, profile);
        // The consumer's numbers may start beyond 16 bits; the receiver's roll-over counter starts at 0 all the same.
        for seq in (5 << 16) + 65_530..(6 << 16) + 10 {
            let datagram = viewer.send(&[packet(seq, 40)]).concat().concat();
            let plain = viewer.opener.decrypt_rtp(&datagram).expect("authentic");
            assert_eq!(plain[12..], packet(seq, 40).payload[..], "{profile:?} {seq}");
        }
    }
}

#[test]
fn a_retransmission_is_rtx_with_its_own_number_and_the_original_inside() {
    let mut viewer = viewer(WITH_RTX, ProtectionProfile::AeadAes128Gcm);
    viewer.send(&[packet(65_535, 40), packet(65_536, 40)]);
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let datagram = viewer.resend(&packet(65_535, 40)).concat();
        let plain = viewer.opener.decrypt_rtp(&datagram).expect("authentic");
        let header = rtp::Header::unmarshal(&mut &plain[..]).expect("a header");
        assert_eq!(header.payload_type, 114);
        assert_eq!(plain[12..14], 65_535_u16.to_be_bytes());
        assert_eq!(plain[14..], packet(65_535, 40).payload[..]);
        numbers.push(header.sequence_number);
    }
    assert_eq!((numbers[1], numbers[2]), (numbers[0] + 1, numbers[0] + 2));
}

#[test]
fn one_ssrc_roll_over_and_sequence_never_seals_two_packets() {
    for (offer, profile) in [
        (WITH_RTX.to_owned(), ProtectionProfile::AeadAes128Gcm),
        (without_rtx(), ProtectionProfile::AeadAes128Gcm),
        (without_rtx(), ProtectionProfile::Aes128CmHmacSha1_80),
    ] {
        let mut viewer = viewer(&offer, profile);
        let other = |seq| RtpOut { timestamp: 10, ..packet(seq, 40) };
        for seq in 65_500..65_600 {
            viewer.send(&[packet(seq, 40)]);
        }
        // `calls` refuses what breaks the rule: sends of the past, other packets under a used number, unknown resends.
        for seq in [65_500, 65_535, 65_536, 65_599] {
            assert!(viewer.send(&[other(seq), packet(seq, 40)]).is_empty(), "used numbers are not sent again");
            viewer.resend(&other(seq));
            viewer.resend(&packet(seq, 40));
        }
        assert!(viewer.resend(&packet(70_000, 40)).is_empty(), "never sent");
        assert!(viewer.send(&[packet(10, 40)]).is_empty(), "before the first");
    }
}

#[test]
fn without_rtx_the_very_packet_goes_again_and_no_other() {
    let mut viewer = viewer(&without_rtx(), ProtectionProfile::AeadAes128Gcm);
    let first = viewer.send(&[packet(65_535, 40)]).concat();
    viewer.send(&[packet(65_536, 40)]);
    assert_eq!(viewer.resend(&packet(65_535, 40)), first, "byte for byte");
    assert!(viewer.resend(&RtpOut { marker: true, ..packet(65_535, 40) }).is_empty());
}

#[test]
fn kinds_that_were_not_negotiated_are_not_sent() {
    let audio_only = include_str!("../sdp/offers/firefox_viewer.sdp");
    let mut viewer = viewer(audio_only, ProtectionProfile::AeadAes128Gcm);
    assert!(viewer.send(&[packet(1, 40)]).is_empty());
    assert_eq!(viewer.send(&[RtpOut { kind: MediaKind::Audio, ..packet(1, 40) }]).len(), 1);
}

#[test]
fn sender_reports_count_what_was_sent() {
    let mut viewer = viewer(WITH_RTX, ProtectionProfile::AeadAes128Gcm);
    assert!(viewer.sending.report(MediaKind::Video, Ntp(1), 2).is_none(), "nothing to report yet");
    viewer.send(&[packet(1, 100), packet(2, 50)]);
    viewer.resend(&packet(1, 100));
    let report = viewer.sending.report(MediaKind::Video, Ntp(7 << 32), 90).expect("there is something now");
    let report = report[0].as_any().downcast_ref::<SenderReport>().expect("it comes first");
    assert_eq!((report.ntp_time, report.rtp_time, report.packet_count, report.octet_count), (7 << 32, 90, 2, 150));
}

#[test]
fn feedback_is_merged_bounded_and_about_our_ssrcs_only() {
    let viewer = viewer(WITH_RTX, ProtectionProfile::AeadAes128Gcm);
    let ours = viewer.sending.tracks.iter().find(|track| track.kind == MediaKind::Video).expect("negotiated").ssrc;
    let nack = |media_ssrc, sequences: &[u16]| -> Box<dyn rtcp::Packet> {
        Box::new(TransportLayerNack { sender_ssrc: 1, media_ssrc, nacks: nack_pairs_from_sequence_numbers(sequences) })
    };
    let pli = |media_ssrc| -> Box<dyn rtcp::Packet> { Box::new(PictureLossIndication { sender_ssrc: 1, media_ssrc }) };
    assert!(viewer.sending.feedback(&[nack(ours ^ 1, &[5]), pli(ours ^ 1)]).is_empty());
    let events = viewer.sending.feedback(&[pli(ours), nack(ours, &[5, 7]), pli(ours), nack(ours, &[900])]);
    assert!(matches!(
        &events[..],
        [PeerEvent::KeyframeWanted, PeerEvent::Nack { kind: MediaKind::Video, seqs }] if *seqs == [5, 7, 900]
    ));
    let all: Vec<u16> = (0..10_000).collect();
    let events = viewer.sending.feedback(&[nack(ours, &all), nack(ours, &all)]);
    assert!(matches!(&events[..], [PeerEvent::Nack { seqs, .. }] if seqs.len() == NACK_SEQS_MAX));
}

#[test]
fn a_viewers_sending_half_is_small() {
    let tracks = 2 * size_of::<Track>();
    let digests = 512 * size_of::<u64>();
    assert!(tracks + digests < 6_000, "{tracks} + {digests} bytes");
}
