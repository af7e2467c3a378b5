//! What the fuzzers call, and the test that replays their findings. Each body takes any bytes, drives one parser
//! with them and asserts what must hold whatever they are.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::h264::{self, ACCESS_UNIT_BYTES_MAX, DepacketiseError, Depacketiser, packetise};
use super::{KEYFRAME_NEEDED_INTERVAL, VideoEvent, VideoInput};
use crate::codec::sps::Sps;
use crate::packet::{ExtSeq, MediaKind, RtpIn};

/// Bytes of parameter sets that may be put before a full unit.
const REMEMBERED_MAX: usize = 4 * 1024;

/// Takes pieces off the front of the fuzzer's bytes.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    /// At most `length` bytes.
    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (front, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        front
    }
}

/// Payloads of 0 to 127 bytes, each behind its length; the top bit of the length ends the unit.
pub fn depacketise(data: &[u8]) {
    let mut script = Script(data);
    let mut depacketiser = Depacketiser::new();
    while let Some(head) = script.byte() {
        let payload = script.bytes(usize::from(head & 0x7f));
        let _ = h264::begins_unit(payload, false);
        if depacketiser.push(payload).is_err() {
            depacketiser.reset();
        }
        if head & 0x80 != 0
            && let Ok(Some(unit)) = depacketiser.finish()
        {
            check_data(&unit.data);
        }
    }
}

fn check_data(data: &[u8]) {
    assert!(data.len() <= ACCESS_UNIT_BYTES_MAX + REMEMBERED_MAX, "unit of {} bytes", data.len());
    assert!(data.starts_with(&[0, 0, 0, 1]), "no start code");
    let header = data.get(4).expect("a header behind the first start code");
    assert!(matches!(header & 0x9f, 1 | 5 | 7 | 8), "unit begins with {header:#04x}");
}

/// A stream of packets: each behind a byte of flags, with steps of sequence number, timestamp and time.
pub fn video_input(start: Instant, data: &[u8]) {
    let mut script = Script(data);
    let mut input = VideoInput::new();
    let mut now = start;
    let (mut seq, mut timestamp) = (1_u64 << 32, 1_u64 << 40);
    let (mut started, mut last_need) = (false, None);
    while let Some(packet) = next_packet(&mut script, &mut now, &mut seq, &mut timestamp) {
        match packet {
            Some(packet) => input.push(now, packet),
            None => input.handle_timeout(now),
        }
        while let Some(event) = input.poll() {
            match event {
                VideoEvent::Unit(unit) => {
                    assert!(started || unit.keyframe, "the first unit is a keyframe");
                    started = true;
                    check_data(&unit.data);
                }
                VideoEvent::KeyframeNeeded => {
                    let since = last_need.replace(now).map(|last| now.saturating_duration_since(last));
                    assert!(since.is_none_or(|since| since >= KEYFRAME_NEEDED_INTERVAL), "asked again after {since:?}");
                }
            }
        }
    }
}

/// `Some(None)`: only time passes.
fn next_packet(
    script: &mut Script<'_>,
    now: &mut Instant,
    seq: &mut u64,
    timestamp: &mut u64,
) -> Option<Option<RtpIn>> {
    let flags = script.byte()?;
    *seq = match flags & 3 {
        0 => seq.wrapping_add(1),
        1 => seq.wrapping_add_signed(i64::from(script.byte()?.cast_signed())),
        2 => seq.wrapping_add_signed(i64::from(script.word()?.cast_signed()) * 8),
        _ => u64::from(script.word()?) << 48,
    };
    if flags & 4 != 0 {
        *timestamp = timestamp.wrapping_add_signed(i64::from(script.word()?.cast_signed()));
    }
    if flags & 8 != 0 {
        *now += Duration::from_millis(u64::from(script.byte()?));
    }
    if flags & 16 != 0 {
        return Some(None);
    }
    let length = usize::from(script.byte()?);
    // One small piece many times over reaches the bounds of a unit within few bytes of input.
    let repeats = if flags & 32 != 0 { 256 } else { 1 };
    Some(Some(RtpIn {
        kind: MediaKind::Video,
        seq: ExtSeq(*seq),
        timestamp: *timestamp,
        marker: flags & 128 != 0,
        payload: Bytes::from(script.bytes(length).repeat(repeats)),
        received_at: *now,
    }))
}

/// NAL units behind their lengths: what the packetiser cuts, the depacketiser joins again.
pub fn round_trip(data: &[u8]) {
    let mut script = Script(data);
    let Some(size) = script.byte() else { return };
    let payload_max = 16 + usize::from(size) * 5;
    let mut nals: Vec<Vec<u8>> = Vec::new();
    while let (Some(kind), Some(length)) = (script.byte(), script.word()) {
        let header = [0x41, 0x65, 0x67, 0x68][usize::from(kind & 3)] & !(kind & 0x60);
        nals.push([&[header][..], script.bytes(usize::from(length % 8_192))].concat());
    }
    nals.truncate(64);
    let slices: Vec<&[u8]> = nals.iter().map(Vec::as_slice).collect();
    let payloads = packetise(&slices, payload_max);
    let mut depacketiser = Depacketiser::new();
    for (index, (payload, marker)) in payloads.iter().enumerate() {
        assert!(payload.len() <= payload_max, "payload of {}", payload.len());
        assert_eq!(*marker, index + 1 == payloads.len());
        depacketiser.push(payload).expect("our own packets are well-formed");
    }
    let joined: Vec<u8> = nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect();
    match depacketiser.finish() {
        Ok(Some(unit)) => assert!(unit.data.ends_with(&joined), "what was cut is joined again"),
        Ok(None) | Err(DepacketiseError::NoParameters) => {}
        Err(error) => panic!("our own packets are complete: {error}"),
    }
}

/// A sequence parameter set, header byte included. What is accepted is a size that cropping can give, and is read alike
/// whatever follows its end and however long it is.
pub fn sps(data: &[u8]) {
    let Ok(sps) = Sps::parse(data) else { return };
    for (coded, cropped) in [(sps.coded_width, sps.width), (sps.coded_height, sps.height)] {
        assert!(coded >= 16 && coded.is_multiple_of(16) && cropped > 0 && cropped <= coded, "{sps:?}");
    }
    let followed = Sps::parse(&[data, &[0x80, 1, 2, 3]].concat());
    // The colours may go on in what follows; everything before them was there.
    let followed = followed.map(|followed| Sps { colour: sps.colour, ..followed });
    assert_eq!(followed, Ok(sps));
}
