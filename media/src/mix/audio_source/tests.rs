use super::*;
use crate::mix::testing::{Host, largest_step, level_db};

const BLOCK: Duration = Duration::from_millis(20);

/// Renders `blocks` blocks of one host; `deliver` may drop a packet (`None`) or change it.
fn hear(
    host: &mut Host,
    source: &mut AudioSource,
    start: Instant,
    blocks: u32,
    mut deliver: impl FnMut(u32, RtpIn) -> Option<RtpIn>,
) -> Vec<f32> {
    let mut heard = Vec::new();
    for n in 0..blocks {
        let at = start + BLOCK * n;
        while host.next_at() <= at {
            let packet = host.packet();
            if let Some(packet) = deliver(n, packet) {
                source.push(at, packet);
            }
        }
        let mut out = AudioBlock::silent();
        source.render(at, &mut out);
        heard.extend_from_slice(&out.0[..]);
    }
    heard
}

#[test]
fn a_tone_is_heard_at_its_level_and_without_a_step() {
    let start = Instant::now();
    let (mut host, mut source) = (Host::new(start, 440.0, 0.25), AudioSource::new());
    let heard = hear(&mut host, &mut source, start, 150, |_, packet| Some(packet));
    assert!(heard[..2 * 2400].iter().all(|sample| *sample == 0.0), "nothing before its time");
    assert!((level_db(440.0, &heard[48_000..]) + 12.04).abs() < 0.5);
    // 440 Hz at 0.25 moves by 0.0144 a sample.
    assert!(largest_step(&heard) < 0.02, "{}", largest_step(&heard));
}

#[test]
fn lost_packets_are_concealed() {
    let start = Instant::now();
    let (mut host, mut source) = (Host::new(start, 440.0, 0.25), AudioSource::new());
    let heard = hear(&mut host, &mut source, start, 200, |n, packet| (n < 50 || n % 10 != 0).then_some(packet));
    let mut least = f64::MAX;
    for window in heard[96_000..].chunks_exact(1920) {
        least = least.min(level_db(440.0, window));
    }
    assert!(least > -12.04 - 6.0, "the tone never breaks, at least {least:.1} dBFS");
    let stats = source.take_stats();
    assert!(stats.concealed_samples >= 14 * 960, "{stats:?}");
}

#[test]
fn a_host_that_stops_fades_to_silence_and_may_come_back() {
    let start = Instant::now();
    let (mut host, mut source) = (Host::new(start, 440.0, 0.25), AudioSource::new());
    let heard = hear(&mut host, &mut source, start, 200, |n, packet| (!(50..120).contains(&n)).then_some(packet));
    assert!(heard[2 * 960 * 60..2 * 960 * 118].iter().all(|sample| *sample == 0.0));
    assert!((level_db(440.0, &heard[2 * 960 * 130..]) + 12.04).abs() < 0.5);
    assert!(largest_step(&heard) < 0.03, "no click at either end: {}", largest_step(&heard));
}

#[test]
fn a_trim_delays_to_the_sample_and_does_not_click() {
    let start = Instant::now();
    let (mut host, mut source) = (Host::new(start, 440.0, 0.25), AudioSource::new());
    let heard = hear(&mut host, &mut source, start, 50, |_, packet| Some(packet));
    assert!(largest_step(&heard) < 0.02);
    source.set_trim(Duration::from_millis(40));
    let slewed = hear(&mut host, &mut source, start + BLOCK * 50, 250, |_, packet| Some(packet));
    assert!(largest_step(&slewed) < 0.02, "{}", largest_step(&slewed));
    assert!((level_db(440.0, &slewed[2 * 960 * 220..]) + 12.04).abs() < 0.5, "the pitch is back as well");
    let stats = source.take_stats();
    assert_eq!((stats.late, stats.jumps, stats.concealed_samples), (0, 0, 0));
}

#[test]
fn undecodable_packets_are_concealed_like_lost_ones() {
    let start = Instant::now();
    let (mut host, mut source) = (Host::new(start, 440.0, 0.25), AudioSource::new());
    let heard = hear(&mut host, &mut source, start, 100, |n, mut packet| {
        if n % 7 == 3 {
            // Code 3, two frames of 10 ms in VBR whose first length is more than there is: only decoding can tell.
            packet.payload = bytes::Bytes::from_static(&[0xf3, 0x82, 200, 1]);
        }
        Some(packet)
    });
    assert!(heard.iter().all(|sample| sample.is_finite() && sample.abs() < 1.0));
    assert!(level_db(440.0, &heard[96_000..]) > -16.0);
}

#[test]
fn interpolation_is_exact_on_a_line_and_quiet_on_a_tone() {
    let line: Vec<f32> = (1..=2 * 970).map(|n| (n / 2 * 2) as f32).collect();
    for take in 950..=968 {
        let mut out = AudioBlock::silent();
        resample([0.0, 0.0], &line, take, &mut out);
        // Frame 0 is the first of the input; the one before it is `before`.
        assert!((out.0[0] - line[0]).abs() < 1e-3);
        let ramp = out.0.chunks_exact(2).skip(2).zip(out.0.chunks_exact(2).skip(3));
        let steps = ramp.map(|(a, b)| b[1] - a[1]);
        let wanted = 2.0 * take as f32 / 960.0;
        assert!(steps.into_iter().all(|step| (step - wanted).abs() < 0.01), "{take}");
    }
}
