//! RFC 7714, written once more from its text, as the judge of what seals and opens here. The judge itself is held to the
//! RFC's own bytes (§16.1, §17.1, §17.3); what is derived from master keys is then compared with it.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use rtc::crypto::default_provider;
use rtc::rtp;
use rtc::shared::marshal::Unmarshal;
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;

use super::{Inbound, RtpHeader, Sealer, SrtpKeys};

/// The keys of one direction and one protocol.
struct Session {
    key: LessSafeKey,
    salt: [u8; 12],
}

fn gcm(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).expect("16 bytes"))
}

/// The RFC's own session keys (§16, §17): they are not derived.
fn of_the_rfc() -> Session {
    Session { key: gcm(&bytes("000102030405060708090a0b0c0d0e0f")), salt: array(&bytes("517569642070726f2071756f")) }
}

impl Session {
    /// RFC 3711 §4.3.1 with a key derivation rate of 0, RFC 7714 §11.
    fn derived(master_key: &[u8], master_salt: &[u8], key_label: u8, salt_label: u8) -> Self {
        let stream = |label: u8| {
            let mut iv = [0; 16];
            iv[..12].copy_from_slice(master_salt);
            iv[7] ^= label;
            let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, master_key).expect("16 bytes")).expect("AES");
            let mut stream = [0; 16];
            key.less_safe_encrypt(&mut stream, EncryptionContext::Iv128(FixedLength::from(iv))).expect("a key stream");
            stream
        };
        Self { key: gcm(&stream(key_label)), salt: array(&stream(salt_label)[..12]) }
    }

    /// The salt XORed with what stands at its bytes from the second on: §8.1 for RTP, §9.1 for RTCP.
    fn nonce(&self, fields: [&[u8]; 3]) -> Nonce {
        let mut nonce = self.salt;
        for (byte, field) in nonce[2..].iter_mut().zip(fields.concat()) {
            *byte ^= field;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    fn rtp_nonce(&self, packet: &[u8], roll_over: u32) -> Nonce {
        self.nonce([&packet[8..12], &roll_over.to_be_bytes(), &packet[2..4]])
    }

    fn rtcp_nonce(&self, packet: &[u8], index: u32) -> Nonce {
        self.nonce([&packet[4..8], &[0, 0], &index.to_be_bytes()])
    }

    /// §8.2, for packets with a header of twelve bytes.
    fn seal_rtp(&self, packet: &[u8], roll_over: u32) -> Vec<u8> {
        let mut body = packet[12..].to_vec();
        let nonce = self.rtp_nonce(packet, roll_over);
        self.key.seal_in_place_append_tag(nonce, Aad::from(&packet[..12]), &mut body).expect("seals");
        [&packet[..12], &body].concat()
    }

    /// §9.2: the associated data are the first eight bytes and the word of the encryption flag and the index.
    fn seal_rtcp(&self, packet: &[u8], index: u32) -> Vec<u8> {
        let word = (index | 1 << 31).to_be_bytes();
        let mut body = packet[8..].to_vec();
        let associated = [&packet[..8], &word].concat();
        self.key
            .seal_in_place_append_tag(self.rtcp_nonce(packet, index), Aad::from(associated), &mut body)
            .expect("seals");
        [&packet[..8], &body, &word].concat()
    }

    /// §9.3: everything is associated data, nothing is encrypted.
    fn tag_rtcp(&self, packet: &[u8], index: u32) -> Vec<u8> {
        let word = index.to_be_bytes();
        let associated = [packet, &word].concat();
        let nonce = self.rtcp_nonce(packet, index);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(associated), &mut []).expect("seals");
        [packet, tag.as_ref(), &word].concat()
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    digits.chunks(2).map(byte).collect()
}

fn array(bytes: &[u8]) -> [u8; 12] {
    bytes.try_into().expect("12 bytes")
}

const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
                    deadbeef deadbeef deadbeef deadbeef deadbeef";
const RTCP_INDEX: u32 = 0x0000_05d4;

#[test]
fn the_judge_seals_the_rfcs_rtp_packet_and_opens_it() {
    let plain = bytes(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573",
    );
    let sealed = bytes(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
         899d7f27 beb16a91 52cf765e e4390cce",
    );
    let session = of_the_rfc();
    assert_eq!(session.seal_rtp(&plain, 0), sealed, "§16.1.1");
    let mut body = sealed[12..].to_vec();
    let opened = session.key.open_in_place(session.rtp_nonce(&sealed, 0), Aad::from(&sealed[..12]), &mut body);
    assert_eq!(opened.expect("§16.1.2"), &plain[12..]);
}

#[test]
fn the_judge_seals_and_tags_the_rfcs_rtcp_packet() {
    let sealed = bytes(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded
         0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
    assert_eq!(of_the_rfc().seal_rtcp(&bytes(RTCP), RTCP_INDEX), sealed, "§17.1");
    let tagged = [bytes(RTCP), bytes("841dd968 3dd78ec9 2ae58790 125f62b3 000005d4")].concat();
    assert_eq!(of_the_rfc().tag_rtcp(&bytes(RTCP), RTCP_INDEX), tagged, "§17.3");
}

const PROFILE: ProtectionProfile = ProtectionProfile::AeadAes128Gcm;
const SSRC: u32 = 0x4d61_7273;

/// The keys of our end, and the judge for what we send with them.
fn ours() -> (SrtpKeys, Session, Session) {
    let material: Vec<u8> = (0..56).map(|byte| byte * 3 + 1).collect();
    let keys = SrtpKeys::split(PROFILE, &material, true, default_provider().expect("one")).expect("56 bytes");
    // RFC 5764 §4.2: the client's key, the server's key, the client's salt, the server's salt.
    let (key, salt) = (&material[..16], &material[32..44]);
    let (rtp, rtcp) = (Session::derived(key, salt, 0, 2), Session::derived(key, salt, 3, 5));
    (keys, rtp, rtcp)
}

/// The other end's.
fn theirs() -> SrtpKeys {
    let material: Vec<u8> = (0..56).map(|byte| byte * 3 + 1).collect();
    SrtpKeys::split(PROFILE, &material, false, default_provider().expect("one")).expect("56 bytes")
}

fn header(number: u64) -> RtpHeader {
    let sequence = u16::try_from(number & 0xffff).expect("masked");
    RtpHeader { marker: number % 3 == 0, payload_type: 96, sequence, timestamp: 77, ssrc: SSRC }
}

fn plain(number: u64) -> Vec<u8> {
    let RtpHeader { marker, payload_type, sequence, timestamp, ssrc } = header(number);
    let head = [0x80, u8::from(marker) << 7 | payload_type];
    [&head[..], &sequence.to_be_bytes(), &timestamp.to_be_bytes(), &ssrc.to_be_bytes(), &number.to_be_bytes()].concat()
}

fn roll_over(number: u64) -> u32 {
    u32::try_from(number >> 16).expect("few")
}

/// Both sides of two roll-overs, with losses.
fn numbers() -> impl Iterator<Item = u64> {
    (65_500..65_600).chain((90_000..131_000).step_by(9_000)).chain(131_040..131_100)
}

#[test]
fn our_seals_are_the_judges_byte_for_byte_over_two_roll_overs() {
    let (keys, judge, _) = ours();
    let mut sealer = Sealer::new(&keys).expect("good keys");
    for number in numbers() {
        let mut batch = Vec::new();
        sealer.seal_rtp(&mut batch, header(number), roll_over(number), &[], &number.to_be_bytes()).expect("seals");
        assert_eq!(batch, judge.seal_rtp(&plain(number), roll_over(number)), "{number}");
    }
}

#[test]
fn what_the_judge_and_the_rtc_crate_seal_we_open_over_two_roll_overs() {
    let (keys, judge, _) = ours();
    let (key, salt) = (&keys.keys.local_master_key, &keys.keys.local_master_salt);
    let mut crate_sealer = Context::new(key, salt, PROFILE, None, None, keys.crypto.crypto()).expect("good keys");
    let mut inbound = Inbound::new(theirs()).expect("good keys");
    for number in numbers() {
        let sealed = judge.seal_rtp(&plain(number), roll_over(number));
        assert_eq!(crate_sealer.encrypt_rtp(&plain(number)).expect("seals")[..], sealed, "{number}");
        let header = rtp::Header::unmarshal(&mut &sealed[..]).expect("a header");
        assert_eq!(inbound.open_rtp(&sealed, &header).expect("authentic")[..], plain(number), "{number}");
        assert!(inbound.open_rtp(&sealed, &header).is_err(), "{number}: a replay");
    }
}

#[test]
fn packets_that_cross_the_roll_over_out_of_order_are_opened_and_forged_ones_move_nothing() {
    let (_, judge, _) = ours();
    let mut inbound = Inbound::new(theirs()).expect("good keys");
    let order = [65_530, 65_533, 65_537, 65_531, 65_536, 65_535, 65_540, 65_532, 65_539, 65_534, 65_538];
    for number in order {
        let sealed = judge.seal_rtp(&plain(number), roll_over(number));
        let header = rtp::Header::unmarshal(&mut &sealed[..]).expect("a header");
        for far in [3_000_u16, 20_000, 33_000, 50_000] {
            let mut forged = sealed.clone();
            forged[2..4].copy_from_slice(&far.to_be_bytes());
            let header = rtp::Header::unmarshal(&mut &forged[..]).expect("a header");
            assert!(inbound.open_rtp(&forged, &header).is_err());
        }
        assert_eq!(inbound.open_rtp(&sealed, &header).expect("authentic")[..], plain(number), "{number}");
    }
}

#[test]
fn our_rtcp_is_the_judges_byte_for_byte_and_the_judges_is_opened() {
    let (keys, _, judge) = ours();
    let mut sealer = Sealer::new(&keys).expect("good keys");
    let mut inbound = Inbound::new(theirs()).expect("good keys");
    for _ in 0..100 {
        let sealed = sealer.seal_rtcp(&bytes(RTCP)).expect("seals");
        let word = u32::from_be_bytes(sealed[sealed.len() - 4..].try_into().expect("four bytes"));
        assert_eq!(word >> 31, 1, "encrypted");
        assert_eq!(sealed[..], judge.seal_rtcp(&bytes(RTCP), word & 0x7fff_ffff));
    }
    for index in [1, 2, 5, 4, 0x5d4, 0x3fff_ffff] {
        let sealed = judge.seal_rtcp(&bytes(RTCP), index);
        assert_eq!(inbound.open_rtcp(&sealed).expect("authentic")[..], bytes(RTCP), "{index}");
    }
}
