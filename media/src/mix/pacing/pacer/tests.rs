//! Simulated hosts before a pacer, on virtual time. Waits are those of frames that are shown: from arrival to the
//! encode that shows them first.

use std::time::Duration;

use super::*;

struct Host {
    fps: f64,
    /// Seconds of the first frame.
    phase: f64,
    /// Arrivals are late by up to this many seconds, evenly spread.
    jitter: f64,
    /// Seconds of the last frame.
    until: f64,
}

impl Host {
    fn new(fps: f64, phase: f64) -> Self {
        Self { fps, phase, jitter: 0.0, until: f64::MAX }
    }
}

#[derive(Debug)]
struct Outcome {
    /// Seconds, sorted.
    waits: Vec<f64>,
    encodes: Vec<f64>,
    shown_share: f64,
}

impl Outcome {
    fn mean_ms(&self) -> f64 {
        self.waits.iter().sum::<f64>() / f64::from(u32::try_from(self.waits.len()).unwrap()) * 1e3
    }

    fn p99_ms(&self) -> f64 {
        self.waits[self.waits.len() * 99 / 100] * 1e3
    }

    fn rate(&self, length: f64) -> f64 {
        f64::from(u32::try_from(self.encodes.len()).unwrap()) / length
    }
}

struct Noise(u64);

impl Noise {
    /// Between 0 and 1 (xorshift64*).
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        f64::from(u32::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

/// Runs `length` seconds; the first two are for learning and do not count.
fn simulate(max_fps: u32, hosts: &[Host], length: f64) -> Outcome {
    let mut noise = Noise(88_172_645_463_325_252);
    let mut arrivals: Vec<(f64, usize)> = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        let times = (0..1_000_000).map(|frame| host.phase + f64::from(frame) / host.fps);
        let times = times.take_while(|at| *at < length.min(host.until));
        arrivals.extend(times.map(|at| (at + host.jitter * noise.next(), index)));
    }
    arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    run(max_fps, &arrivals, hosts.len())
}

fn run(max_fps: u32, arrivals: &[(f64, usize)], hosts: usize) -> Outcome {
    const LEARNING: f64 = 2.0;
    let start = Instant::now();
    let mut pacer = Pacer::new(start, max_fps);
    let mut pending: Vec<Option<f64>> = vec![None; hosts];
    let mut outcome = Outcome { waits: Vec::new(), encodes: Vec::new(), shown_share: 0.0 };
    let mut frames = 0.0;
    let mut encode = |pacer: &mut Pacer<usize>, now: Instant, pending: &mut Vec<Option<f64>>| {
        pacer.encoded(now);
        let at = seconds(start, now);
        if at > LEARNING {
            outcome.encodes.push(at);
        }
        let shown = pending.iter_mut().filter_map(Option::take).filter(|arrived| *arrived > LEARNING);
        outcome.waits.extend(shown.map(|arrived| at - arrived));
    };
    for (arrival, host) in arrivals {
        let now = instant(start, *arrival);
        while let Some(at) = pacer.poll_timeout().filter(|at| *at < now) {
            assert!(pacer.due(at));
            encode(&mut pacer, at, &mut pending);
        }
        frames += if *arrival > LEARNING { 1.0 } else { 0.0 };
        pending[*host] = Some(*arrival);
        pacer.changed(now, Some((*host, now)));
        if pacer.due(now) {
            encode(&mut pacer, now, &mut pending);
        }
    }
    let last = pacer.poll_timeout();
    last.into_iter().for_each(|at| encode(&mut pacer, at, &mut pending));
    outcome.waits.sort_by(f64::total_cmp);
    outcome.shown_share = f64::from(u32::try_from(outcome.waits.len()).unwrap()) / frames;
    outcome
}

fn report(name: &str, outcome: &Outcome, length: f64) {
    println!(
        "{name}: wait mean {:.2} ms, p99 {:.2} ms, max {:.2} ms, {:.2} encodes/s, {:.1} % shown",
        outcome.mean_ms(),
        outcome.p99_ms(),
        outcome.waits.last().unwrap() * 1e3,
        outcome.rate(length - 2.0),
        outcome.shown_share * 1e2
    );
}

#[test]
fn at_60_encodes_two_hosts_of_30_wait_for_nothing() {
    // 0.05 fps apart: 20 s sweep all phases.
    let outcome = simulate(60, &[Host::new(30.0, 0.0), Host::new(29.95, 0.007)], 62.0);
    report("60, 30.00 + 29.95", &outcome, 62.0);
    assert!(
        outcome.mean_ms() <= 1.0 && outcome.p99_ms() <= TOGETHER * 1e3 && outcome.shown_share > 0.999,
        "{outcome:?}"
    );
}

#[test]
fn at_60_encodes_two_that_come_almost_together_share_one() {
    for step in (1..17).filter(|step| *step != 4) {
        let phase = f64::from(step) / 1e3;
        let outcome = simulate(60, &[Host::new(30.0, 0.0), Host::new(30.0, phase)], 12.0);
        let shared = phase < TOGETHER - 1e-9;
        let (rate, longest) = if shared { (30.0, phase) } else { (60.0, 0.0) };
        assert!((outcome.rate(10.0) - rate).abs() < 0.2, "{phase}: {}", outcome.rate(10.0));
        assert!(outcome.waits.last().unwrap() - longest < 1e-5 && outcome.shown_share > 0.999, "{phase}: {outcome:?}");
    }
}

#[test]
fn at_30_encodes_what_arrived_while_another_was_decoded_goes_with_it() {
    let start = Instant::now();
    for behind in [1, 5, 10, 15, 17] {
        let mut pacer = Pacer::new(start, 30);
        let ms = |n: u64, tenths: u64| start + Duration::from_micros(n * 33_333 + tenths * 100);
        let mut alone = 0;
        for n in 0..200 {
            // B arrives so many tenths of a millisecond after A; each is decoded in 1.8 ms, one after the other.
            pacer.changed(ms(n, 18), Some(('a', ms(n, 0))));
            if pacer.due(ms(n, 18)) {
                alone += u32::from(n > 20);
                pacer.encoded(ms(n, 18));
            }
            pacer.changed(ms(n, 36), Some(('b', ms(n, behind))));
            if pacer.due(ms(n, 36)) {
                pacer.encoded(ms(n, 36));
            }
        }
        assert_eq!(alone, 0, "{behind} tenths behind: A went without B");
    }
}

#[test]
fn what_arrived_while_another_was_decoded_goes_with_it_and_what_is_lost_is_not_waited_for() {
    let start = Instant::now();
    let mut pacer = Pacer::new(start, 60);
    let ms = |n: u64, tenths: u64| start + Duration::from_micros(n * 33_333 + tenths * 100);
    for n in 0..100 {
        // A arrives at 0, B half a millisecond later; each is decoded in 1.8 ms, one after the other.
        pacer.changed(ms(n, 18), Some(('a', ms(n, 0))));
        assert_eq!(pacer.due(ms(n, 18)), n < 6, "{n}: learned after six");
        if pacer.due(ms(n, 18)) {
            pacer.encoded(ms(n, 18));
        }
        pacer.changed(ms(n, 36), Some(('b', ms(n, 5))));
        assert!(pacer.due(ms(n, 36)), "{n}: all are there");
        pacer.encoded(ms(n, 36));
    }
    pacer.changed(ms(100, 18), Some(('a', ms(100, 0))));
    assert!(!pacer.due(ms(100, 18)) && pacer.due(ms(100, 30)), "B has not come");
}

#[test]
fn at_30_encodes_two_hosts_of_30_wait_less_than_half_an_interval_while_phases_drift() {
    let outcome = simulate(30, &[Host::new(30.0, 0.0), Host::new(29.95, 0.007)], 62.0);
    report("30, 30.00 + 29.95", &outcome, 62.0);
    assert!(outcome.mean_ms() <= 8.4 && outcome.p99_ms() <= 17.0, "{} {}", outcome.mean_ms(), outcome.p99_ms());
    assert!(outcome.rate(60.0) <= 30.0 + 2.0 / 60.0 && outcome.shown_share > 0.98);
}

#[test]
fn at_30_encodes_the_wait_is_the_shorter_way_round_at_every_phase() {
    for step in 0..34 {
        let phase = f64::from(step) / 1e3;
        let outcome = simulate(30, &[Host::new(30.0, 0.0), Host::new(30.0, phase)], 12.0);
        let shorter = phase.min(1.0 / 30.0 - phase) * 1e3;
        assert!((outcome.mean_ms() - shorter / 2.0).abs() < 0.3, "{phase}: {}", outcome.mean_ms());
        assert!(outcome.mean_ms() <= 8.4 && outcome.p99_ms() <= 17.0, "{phase}: {}", outcome.p99_ms());
        assert!(outcome.rate(10.0) <= 30.2, "{}", outcome.rate(10.0));
    }
}

#[test]
fn network_jitter_adds_little_more_than_itself() {
    let jittery = |fps, phase| Host { jitter: 0.004, ..Host::new(fps, phase) };
    let outcome = simulate(30, &[jittery(30.0, 0.0), jittery(29.95, 0.007)], 62.0);
    report("30, 30.00 + 29.95, jitter 4 ms", &outcome, 62.0);
    assert!(
        outcome.mean_ms() <= 8.4 && outcome.rate(60.0) <= 30.1 && outcome.shown_share > 0.97,
        "{}",
        outcome.mean_ms()
    );
    let outcome = simulate(60, &[jittery(30.0, 0.0), jittery(29.95, 0.007)], 62.0);
    report("60, 30.00 + 29.95, jitter 4 ms", &outcome, 62.0);
    assert!(outcome.mean_ms() <= 1.0 && outcome.rate(60.0) <= 60.1, "{}", outcome.mean_ms());
}

#[test]
fn hosts_a_little_faster_than_allowed_lose_a_frame_now_and_then_and_wait_for_nothing() {
    let outcome = simulate(60, &[Host::new(30.3, 0.0), Host::new(30.2, 0.011)], 62.0);
    report("60, 30.3 + 30.2", &outcome, 62.0);
    assert!(outcome.mean_ms() <= 1.0 && outcome.rate(60.0) <= 60.1 && outcome.shown_share > 0.97);
    let outcome = simulate(30, &[Host::new(30.3, 0.0), Host::new(30.2, 0.011)], 62.0);
    report("30, 30.3 + 30.2", &outcome, 62.0);
    assert!(outcome.mean_ms() <= 8.4 && outcome.p99_ms() <= 20.0 && outcome.rate(60.0) <= 30.1);
    let outcome = simulate(30, &[Host::new(30.3, 0.0)], 62.0);
    report("30, 30.3", &outcome, 62.0);
    assert!(outcome.mean_ms() <= 1.0 && outcome.rate(60.0) <= 30.1 && outcome.shown_share > 0.97);
}

#[test]
fn nine_hosts_wait_half_an_interval_at_most_on_average() {
    let hosts = |scale: f64| {
        (0..9).map(|n| Host::new(30.0 - 0.01 * f64::from(n), f64::from(n * n % 11) * scale)).collect::<Vec<_>>()
    };
    for (max_fps, bound) in [(30, 17.0), (60, 8.4)] {
        let outcome = simulate(max_fps, &hosts(0.003), 62.0);
        report(&format!("{max_fps}, nine of 30"), &outcome, 62.0);
        assert!(outcome.mean_ms() <= bound && outcome.rate(60.0) <= f64::from(max_fps) + 0.1, "{}", outcome.mean_ms());
    }
}

#[test]
fn when_one_host_stops_the_other_is_encoded_at_once() {
    let stopping = Host { until: 5.0, ..Host::new(30.0, 0.0) };
    let outcome = simulate(30, &[stopping, Host::new(29.95, 0.012)], 32.0);
    report("30, one of two stops", &outcome, 32.0);
    let after: Vec<f64> = outcome.encodes.iter().copied().filter(|at| *at > 5.2).collect();
    let phases: Vec<f64> = after.iter().map(|at| ((at - 0.012) * 29.95).fract()).collect();
    assert!(phases.iter().all(|phase| phase.min(1.0 - phase) < 1e-3), "each encode is an arrival");
    assert!(f64::from(u32::try_from(after.len()).unwrap()) / 26.8 > 29.9);
}

#[test]
fn other_cadences_stay_within_the_rate_and_wait_no_more_than_an_interval() {
    let cases: [(&str, &[f64], u32, f64); 7] = [
        ("25 + 25", &[25.0, 25.01], 30, 10.5),
        ("24 + 30", &[24.0, 30.0], 30, 17.0),
        ("15 + 30", &[15.0, 30.0], 30, 12.0),
        ("60 + 60", &[60.0, 59.9], 30, 8.4),
        ("15 + 15", &[15.0, 14.98], 30, 1.0),
        ("15 + 15 + 15", &[15.0, 14.98, 15.01], 30, 12.0),
        ("50", &[50.0], 30, 1.0),
    ];
    for (name, rates, max_fps, bound) in cases {
        let hosts: Vec<Host> = rates.iter().zip(0..).map(|(fps, n)| Host::new(*fps, f64::from(n) * 0.009)).collect();
        let outcome = simulate(max_fps, &hosts, 62.0);
        report(&format!("{max_fps}, {name}"), &outcome, 62.0);
        assert!(outcome.mean_ms() <= bound, "{name}: {}", outcome.mean_ms());
        assert!(outcome.rate(60.0) <= f64::from(max_fps) + 0.1, "{name}: {}", outcome.rate(60.0));
        assert!(*outcome.waits.last().unwrap() <= 1.3 / f64::from(max_fps), "{name}: nobody waits for ever");
    }
}

#[test]
fn arrivals_without_any_cadence_stay_within_the_rate_and_the_wait_is_bounded() {
    let mut noise = Noise(7);
    let mut at = [0.0, 0.0];
    let mut arrivals = Vec::new();
    for _ in 0..2_000 {
        for (host, at) in at.iter_mut().enumerate() {
            *at += noise.next().powi(3) * 0.12;
            arrivals.push((*at, host));
        }
    }
    arrivals.sort_by(|a: &(f64, usize), b| a.0.total_cmp(&b.0));
    let outcome = run(30, &arrivals, 2);
    let length = arrivals.last().unwrap().0;
    report("30, random", &outcome, length);
    assert!(outcome.rate(length - 2.0) <= 30.1 && outcome.mean_ms() <= 17.0, "{}", outcome.mean_ms());
    assert!(*outcome.waits.last().unwrap() <= 1.3 / 30.0);
}

#[test]
fn an_overlay_alone_is_encoded_at_once_and_then_as_tokens_come() {
    let start = Instant::now();
    let mut pacer: Pacer<u32> = Pacer::new(start, 30);
    assert_eq!(pacer.poll_timeout(), None);
    let mut encodes = Vec::new();
    for ms in 0..200 {
        let now = start + Duration::from_millis(ms);
        if ms % 10 == 0 {
            pacer.changed(now, None);
        }
        if pacer.due(now) {
            pacer.encoded(now);
            encodes.push(ms);
        }
    }
    assert_eq!(encodes, [0, 10, 34, 67, 100, 134, 167]);
}

#[test]
fn a_score_change_between_frames_of_hosts_waits_no_longer_than_for_the_next_encode() {
    let start = Instant::now();
    let mut pacer = Pacer::new(start, 30);
    let mut score_waits = Vec::new();
    let mut score: Option<u64> = None;
    for ms in 0..10_000_u64 {
        let now = start + Duration::from_millis(ms);
        if ms % 34 == 0 {
            pacer.changed(now, Some((1, now)));
        }
        if ms % 34 == 10 {
            pacer.changed(now, Some((2, now)));
        }
        if ms % 457 == 400 {
            pacer.changed(now, None);
            score = Some(ms);
        }
        if pacer.due(now) {
            pacer.encoded(now);
            score_waits.extend(score.take().map(|changed| ms - changed));
        }
    }
    assert!(score_waits.len() > 19 && score_waits.iter().all(|wait| *wait <= 34), "{score_waits:?}");
}

#[test]
fn slides_and_keyframes_do_not_make_hosts_of_the_full_rate_late_for_ever() {
    let start = Instant::now();
    for max_fps in [30, 60] {
        let mut pacer = Pacer::new(start, max_fps);
        let (mut shown, mut since) = (Vec::new(), [None; 2]);
        for step in 0..60_000_u64 {
            // Steps of 0.1 ms; each host sends three frames in 1,000 of them, exactly as many as tokens come.
            let now = start + Duration::from_micros(step * 100);
            for (host, offset) in [0, 120].into_iter().enumerate() {
                let frames = |step: u64| (step + 1_000 - offset) * 3 / 1_000;
                if step > 0 && frames(step) > frames(step - 1) {
                    pacer.changed(now, Some((host, now)));
                    since[host] = Some(step);
                }
            }
            let slides = (20_000..25_000).contains(&step) && step % 70 == 0;
            if slides {
                pacer.changed(now, None);
            }
            if step == 26_050 {
                pacer.passed();
                since = [None; 2];
            } else if pacer.due(now) {
                pacer.encoded(now);
                let waits = std::mem::take(&mut since).map(|since| since.map(|since| step - since));
                if step > 27_000 {
                    shown.push(waits);
                }
            }
        }
        let late = |host: usize| shown.iter().filter_map(|waits| waits[host]).filter(|wait| *wait > 10).count();
        let never_late = (0..2).filter(|host| late(*host) == 0).count();
        assert_eq!(never_late, if max_fps == 30 { 1 } else { 2 }, "{max_fps}: {} and {} late", late(0), late(1));
    }
}

#[test]
fn a_source_forgotten_is_not_waited_for_and_sources_have_a_bound() {
    let start = Instant::now();
    let mut pacer = Pacer::new(start, 30);
    for frame in 0..60_u64 {
        for source in 0..40_u64 {
            let now = start + Duration::from_micros(frame * 33_333 + source * 800);
            pacer.changed(now, Some((source, now)));
            if pacer.due(now) {
                pacer.encoded(now);
            }
        }
    }
    assert_eq!(pacer.sources.len(), SOURCES_MAX);
    (0..40).for_each(|source| pacer.forget(source));
    let later = start + Duration::from_millis(2_100);
    pacer.changed(later, Some((50, later)));
    assert!(pacer.due(later));
}
