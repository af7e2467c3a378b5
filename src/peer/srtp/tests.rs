use super::*;
use rtc::crypto::default_provider;
use rtc::rtp;
use rtc::shared::marshal::Unmarshal;
use rtc::srtp::context::Context;

/// Both ends of a session.
fn keys(profile: ProtectionProfile) -> (SrtpKeys, SrtpKeys) {
    let material: Vec<u8> =
        (0..SrtpKeys::material_bytes(profile)).map(|byte| u8::try_from(byte).expect("few")).collect();
    let end = |we_are_client| {
        SrtpKeys::split(profile, &material, we_are_client, default_provider().expect("one")).expect("right length")
    };
    (end(true), end(false))
}

const PROFILES: [ProtectionProfile; 2] = [ProtectionProfile::AeadAes128Gcm, ProtectionProfile::Aes128CmHmacSha1_80];

fn header(sequence: u16, ssrc: u32) -> RtpHeader {
    RtpHeader { marker: true, payload_type: 96, sequence, timestamp: 7, ssrc }
}

fn seal(sealer: &mut Sealer, number: u64, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut batch = b"before".to_vec();
    let header = header(u16::try_from(number & 0xffff).expect("masked"), ssrc);
    sealer.seal_rtp(&mut batch, header, u32::try_from(number >> 16).expect("few"), b"OS", payload).expect("seals");
    assert!(batch.starts_with(b"before"), "the batch is appended to");
    batch.split_off(6)
}

fn open(inbound: &mut Inbound, packet: &[u8]) -> Result<BytesMut, Error> {
    let header = rtp::Header::unmarshal(&mut &packet[..]).expect("a header");
    inbound.open_rtp(packet, &header)
}

use bytes::BytesMut;

#[test]
fn what_we_seal_the_rtc_crate_opens_over_the_roll_over() {
    for profile in PROFILES {
        let (ours, theirs) = keys(profile);
        let mut sealer = Sealer::new(&ours).expect("good keys");
        let (key, salt) = (&theirs.keys.remote_master_key, &theirs.keys.remote_master_salt);
        let mut oracle = Context::new(key, salt, profile, None, None, theirs.crypto.crypto()).expect("good keys");
        for number in 65_530..65_545 {
            let sealed = seal(&mut sealer, number, 9, b"payload");
            let opened = oracle.decrypt_rtp(&sealed).expect("authentic");
            assert_eq!(&opened[12..], b"OSpayload", "{profile:?} {number}");
        }
    }
}

#[test]
fn a_packet_sealed_again_is_the_same_bytes() {
    for profile in PROFILES {
        let mut sealer = Sealer::new(&keys(profile).0).expect("good keys");
        let first = seal(&mut sealer, 65_535, 9, b"payload");
        seal(&mut sealer, 65_536, 9, b"next");
        assert_eq!(seal(&mut sealer, 65_535, 9, b"payload"), first, "{profile:?}: with its own roll-over counter");
    }
}

#[test]
fn replays_and_forgeries_are_refused() {
    for profile in PROFILES {
        let (ours, theirs) = keys(profile);
        let mut sealer = Sealer::new(&ours).expect("good keys");
        let mut inbound = Inbound::new(theirs).expect("good keys");
        for number in 0..3 {
            let sealed = seal(&mut sealer, number, 9, b"payload");
            let mut forged = sealed.clone();
            *forged.last_mut().expect("some") ^= 1;
            assert!(open(&mut inbound, &forged).is_err(), "{profile:?} {number}");
            assert!(open(&mut inbound, &sealed).is_ok(), "{profile:?} {number}");
            assert!(open(&mut inbound, &sealed).is_err(), "{profile:?} {number}: a replay, also of the very first");
        }
    }
}

#[test]
fn forged_ssrcs_leave_nothing_and_authentic_ones_are_bounded() {
    let (ours, theirs) = keys(ProtectionProfile::AeadAes128Gcm);
    let mut sealer = Sealer::new(&ours).expect("good keys");
    let mut inbound = Inbound::new(theirs).expect("good keys");
    let mut forged = seal(&mut sealer, 1, 0, b"payload");
    *forged.last_mut().expect("some") ^= 1;
    for ssrc in 0..10_000_u32 {
        forged[8..12].copy_from_slice(&ssrc.to_be_bytes());
        assert!(open(&mut inbound, &forged).is_err());
        assert!(inbound.remembered() <= 64, "{}", inbound.remembered());
    }
    let authentic = (0..100).filter(|ssrc| open(&mut inbound, &seal(&mut sealer, 1, *ssrc, b"payload")).is_ok());
    assert_eq!(authentic.count(), SSRCS_MAX);
}

#[test]
fn rtcp_is_sealed_and_opened_and_replays_of_it_refused() {
    for profile in PROFILES {
        let (ours, theirs) = keys(profile);
        let mut sealer = Sealer::new(&ours).expect("good keys");
        let mut inbound = Inbound::new(theirs).expect("good keys");
        let plain = [0x80, 201, 0, 1, 0, 0, 0, 9];
        for _ in 0..3 {
            let sealed = sealer.seal_rtcp(&plain).expect("seals");
            assert_eq!(inbound.open_rtcp(&sealed).expect("authentic")[..], plain);
            assert!(inbound.open_rtcp(&sealed).is_err());
        }
        for length in 0..40 {
            assert!(inbound.open_rtcp(&vec![0x80; length]).is_err());
        }
    }
}

#[test]
fn keying_material_of_a_wrong_length_is_refused() {
    let crypto = default_provider().expect("one");
    assert!(SrtpKeys::split(ProtectionProfile::AeadAes128Gcm, &[0; 55], true, crypto).is_err());
}
