use super::*;
use crate::codec::AudioDecoder;
use crate::codec::opus::Decoder;
use crate::mix::testing::{Host, largest_step, level_db};

const A: SourceId = SourceId(1);
const B: SourceId = SourceId(2);

fn mixer(start: Instant) -> AudioMixer {
    AudioMixer::new(Kernels::pick(None), start).unwrap()
}

/// A viewer: decodes what a mixer made.
struct Ear {
    decoder: Decoder,
    heard: Vec<f32>,
    at: Vec<Instant>,
}

impl Ear {
    fn new() -> Self {
        Self { decoder: Decoder::new(), heard: Vec::new(), at: Vec::new() }
    }

    fn listen(&mut self, mixed: &MixedAudio) {
        let mut block = AudioBlock::silent();
        self.decoder.decode(&mixed.packet, &mut block).unwrap();
        self.heard.extend_from_slice(&block.0[..]);
        self.at.push(mixed.at);
    }

    /// The last `blocks` blocks.
    fn last(&self, blocks: usize) -> &[f32] {
        &self.heard[self.heard.len() - 2 * 960 * blocks..]
    }
}

/// Runs `blocks` blocks from `start`: hosts send to `mixer`, except where `deliver` says no.
fn run(
    mixer: &mut AudioMixer,
    ear: &mut Ear,
    hosts: &mut [(SourceId, Host)],
    start: Instant,
    blocks: u32,
    mut deliver: impl FnMut(SourceId, u32) -> bool,
) {
    for n in 0..blocks {
        let now = start + BLOCK * n;
        for (source, host) in &mut *hosts {
            while host.next_at() <= now {
                let packet = host.packet();
                if deliver(*source, n) {
                    mixer.push(now, *source, packet);
                }
            }
        }
        while let Some(Ok(mixed)) = mixer.mix(now) {
            ear.listen(&mixed);
        }
    }
}

#[test]
fn a_lone_tone_keeps_its_level_through_the_whole_way() {
    let start = Instant::now();
    let (mut mixer, mut ear) = (mixer(start), Ear::new());
    mixer.add(start, A);
    let mut hosts = [(A, Host::new(start, 440.0, 0.251_19))];
    run(&mut mixer, &mut ear, &mut hosts, start, 150, |_, _| true);
    let level = level_db(440.0, ear.last(100));
    assert!((level + 12.0).abs() < 0.5, "{level:.2} dBFS");
    assert_eq!(ear.at.len(), 150);
    assert!(ear.at.windows(2).all(|pair| pair[1] - pair[0] == BLOCK));
    assert_eq!(start - ear.at[0], Duration::from_millis(1), "what the limiter holds back");
}

#[test]
fn two_tones_are_heard_each_at_its_level() {
    let start = Instant::now();
    let (mut mixer, mut ear) = (mixer(start), Ear::new());
    mixer.add(start, A);
    mixer.add(start, B);
    let late = start + Duration::from_millis(7);
    let mut hosts = [(A, Host::new(start, 440.0, 0.25)), (B, Host::new(late, 1000.0, 0.125))];
    run(&mut mixer, &mut ear, &mut hosts, start, 200, |_, _| true);
    let (a, b) = (level_db(440.0, ear.last(100)), level_db(1000.0, ear.last(100)));
    assert!((a + 12.04).abs() < 1.0, "{a:.2}");
    assert!((b + 18.06).abs() < 1.0, "{b:.2}");
}

#[test]
fn a_dead_host_and_a_lossy_one_never_stop_the_others() {
    let start = Instant::now();
    let (mut mixer, mut ear) = (mixer(start), Ear::new());
    for source in [A, B, SourceId(3)] {
        mixer.add(start, source);
    }
    let mut hosts = [(A, Host::new(start, 440.0, 0.25)), (B, Host::new(start, 1000.0, 0.25))];
    // The third never sends; B stops after a second; A loses every tenth packet.
    run(&mut mixer, &mut ear, &mut hosts, start, 200, |source, n| if source == B { n < 50 } else { n % 10 != 5 });
    assert!((level_db(440.0, ear.last(100)) + 12.04).abs() < 2.0, "{:.2}", level_db(440.0, ear.last(100)));
    assert!(level_db(1000.0, ear.last(100)) < -60.0);
    assert!(mixer.take_stats().playout.concealed_samples > 0);
}

#[test]
fn loud_voices_are_limited_and_not_clipped() {
    let start = Instant::now();
    let (mut mixer, mut ear) = (mixer(start), Ear::new());
    let mut hosts: Vec<_> =
        (0..6_u32).map(|n| (SourceId(n), Host::new(start, 300.0 + 170.0 * f64::from(n), 0.9))).collect();
    for (source, _host) in &hosts {
        mixer.add(start, *source);
    }
    run(&mut mixer, &mut ear, &mut hosts, start, 150, |_, _| true);
    let peak = ear.last(100).iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!((0.7..1.05).contains(&peak), "the ceiling and what the codec adds: {peak}");
    // Clipping would show as harmonics of the sum: 150 Hz above each tone nothing sounds.
    assert!(level_db(385.0, ear.last(100)) < -35.0, "{:.1}", level_db(385.0, ear.last(100)));
}

#[test]
fn joining_and_leaving_does_not_click() {
    let start = Instant::now();
    let (mut mixer, mut ear) = (mixer(start), Ear::new());
    mixer.add(start, A);
    let mut hosts = [(A, Host::new(start, 440.0, 0.25))];
    run(&mut mixer, &mut ear, &mut hosts, start, 60, |_, _| true);
    mixer.remove(A);
    run(&mut mixer, &mut ear, &mut hosts, start + BLOCK * 60, 20, |_, _| true);
    assert!(level_db(440.0, ear.last(10)) < -60.0, "gone");
    assert!(largest_step(&ear.heard) < 0.03, "{}", largest_step(&ear.heard));
    assert!(mixer.take(A).is_none());
}

#[test]
fn a_silenced_voice_is_not_heard_until_it_is_let_again_and_does_not_click() {
    let start = Instant::now();
    let (mut mixer, mut ear) = (mixer(start), Ear::new());
    mixer.add(start, A);
    mixer.add(start, B);
    let mut hosts = [(A, Host::new(start, 440.0, 0.25)), (B, Host::new(start, 620.0, 0.25))];
    run(&mut mixer, &mut ear, &mut hosts, start, 60, |_, _| true);
    mixer.silence([A]);
    run(&mut mixer, &mut ear, &mut hosts, start + BLOCK * 60, 60, |_, _| true);
    assert!(level_db(440.0, ear.last(30)) < -45.0, "{:.1}", level_db(440.0, ear.last(30)));
    assert!((level_db(620.0, ear.last(30)) + 12.04).abs() < 1.0, "the other goes on");
    mixer.silence([]);
    run(&mut mixer, &mut ear, &mut hosts, start + BLOCK * 120, 60, |_, _| true);
    assert!((level_db(440.0, ear.last(30)) + 12.04).abs() < 1.0, "{:.1}", level_db(440.0, ear.last(30)));
    assert!(largest_step(&ear.heard) < 0.06, "{}", largest_step(&ear.heard));
    mixer.silence([A, B]);
    run(&mut mixer, &mut ear, &mut hosts, start + BLOCK * 180, 20, |_, _| true);
    mixer.remove(A);
    run(&mut mixer, &mut ear, &mut hosts, start + BLOCK * 200, 20, |_, _| true);
    assert!(level_db(440.0, ear.last(20)) < -60.0, "who leaves silenced is not heard once more");
}

#[test]
fn a_voice_moves_between_mixers_and_plays_on() {
    let start = Instant::now();
    // The other's grid is made when it is needed, so it stands anyhow.
    let moved = start + BLOCK * 60;
    let (mut first, mut second) = (mixer(start), mixer(moved + Duration::from_millis(13)));
    let (mut ear, mut other_ear) = (Ear::new(), Ear::new());
    first.add(start, A);
    let mut hosts = [(A, Host::new(start, 440.0, 0.25))];
    run(&mut first, &mut ear, &mut hosts, start, 60, |_, _| true);
    let voice = first.take(A).unwrap();
    assert!(first.take(A).is_none());
    second.put(moved, A, voice);
    run(&mut second, &mut other_ear, &mut hosts, moved, 100, |_, _| true);
    let stats = second.take_stats().playout;
    assert_eq!((stats.concealed_samples, stats.late, stats.restarts), (0, 0, 0), "not a sample was missing");
    // Heard from the first block on, which fades in; the other grid is reached within a second.
    assert!((level_db(444.0, &other_ear.heard[2 * 960 * 2..2 * 960 * 12]) + 12.04).abs() < 2.0);
    assert!((level_db(440.0, &other_ear.heard[2 * 960 * 50..]) + 12.04).abs() < 0.5);
    // And the first mixer went quiet without a click.
    run(&mut first, &mut ear, &mut [], moved, 20, |_, _| true);
    assert!(level_db(440.0, ear.last(10)) < -60.0);
    assert!(largest_step(&ear.heard) < 0.03, "{}", largest_step(&ear.heard));
}

#[test]
fn at_most_three_blocks_are_caught_up() {
    let start = Instant::now();
    let mut mixer = mixer(start);
    mixer.add(start, A);
    let mut hosts = [(A, Host::new(start, 440.0, 0.25))];
    let mut ear = Ear::new();
    run(&mut mixer, &mut ear, &mut hosts, start, 50, |_, _| true);
    assert!(mixer.mix(start + BLOCK * 50 - Duration::from_millis(1)).is_none(), "not due");
    assert_eq!(mixer.poll_timeout(), start + BLOCK * 50);
    // A second later: 51 blocks are due.
    let late = start + BLOCK * 100;
    while hosts[0].1.next_at() <= late {
        let packet = hosts[0].1.packet();
        mixer.push(late, A, packet);
    }
    let mut made = Vec::new();
    while let Some(Ok(mixed)) = mixer.mix(late) {
        made.push(mixed.at);
    }
    assert_eq!(made.len(), 3);
    assert_eq!(mixer.take_stats().skipped_blocks, 48);
    assert_eq!(mixer.take_stats(), SoundStats::default(), "told once");
    assert_eq!(mixer.poll_timeout(), late + BLOCK);
    run(&mut mixer, &mut ear, &mut hosts, late + BLOCK, 60, |_, _| true);
    assert!((level_db(440.0, ear.last(50)) + 12.04).abs() < 0.5);
    assert!(mixer.mix(late + Duration::from_secs(1 << 33)).is_some(), "no pause is too long");
}

#[test]
fn every_level_makes_the_same_packets() {
    let start = Instant::now();
    let packets = |level| {
        let mut mixer = AudioMixer::new(Kernels::new(level), start).unwrap();
        let mut hosts = [(A, Host::new(start, 440.0, 0.9)), (B, Host::new(start, 620.0, 0.8))];
        mixer.add(start, A);
        mixer.add(start, B);
        let mut made = Vec::new();
        for n in 0..40 {
            let now = start + BLOCK * n;
            for (source, host) in &mut hosts {
                let packet = host.packet();
                mixer.push(now, *source, packet);
            }
            made.push(mixer.mix(now).unwrap().unwrap().packet);
        }
        made
    };
    let [scalar, others @ ..] = crate::kernel::Level::ALL.map(packets);
    assert!(others.iter().all(|packets| *packets == scalar));
}

#[test]
fn unknown_sources_and_too_many_voices_are_left_out() {
    let start = Instant::now();
    let mut mixer = mixer(start);
    let packet = Host::new(start, 440.0, 0.5).packet();
    mixer.push(start, A, packet);
    mixer.set_trim(A, Duration::from_millis(50));
    mixer.remove(A);
    assert!(mixer.take(A).is_none());
    let more = u32::try_from(VOICES_MAX).unwrap() + 50;
    for n in 0..more {
        mixer.add(start, SourceId(n));
    }
    assert_eq!(mixer.voices.len(), VOICES_MAX);
    assert!(mixer.mix(start).is_some());
}

#[test]
fn a_voice_that_panics_is_left_out_and_named_and_the_others_go_on() {
    let start = Instant::now();
    let (mut mixer, mut ear) = (mixer(start), Ear::new());
    [A, B].into_iter().for_each(|source| mixer.add(start, source));
    let mut hosts = [(A, Host::new(start, 440.0, 0.25)), (B, Host::new(start, 1_000.0, 0.25))];
    mixer.voices.get_mut(&A).unwrap().source.spoil();
    run(&mut mixer, &mut ear, &mut hosts, start, 150, |_, _| true);
    assert_eq!((mixer.take_broken(), mixer.take_broken()), (vec![A], vec![]));
    assert!(level_db(1_000.0, ear.last(100)) > -20.0 && level_db(440.0, ear.last(100)) < -40.0);
    mixer.add(start, A);
    assert!(mixer.voices.contains_key(&A), "it may come back");
}

#[test]
fn each_host_who_listens_hears_everybody_but_itself_and_those_who_watch_hear_all() {
    const LOUD: SourceId = SourceId(3);
    let start = Instant::now();
    let mut mixer = mixer(start);
    let mut hosts = [
        (A, Host::new(start, 440.0, 0.25)),
        (B, Host::new(start, 1000.0, 0.25)),
        (LOUD, Host::new(start, 3000.0, 0.9)),
    ];
    hosts.iter().for_each(|(source, _)| mixer.add(start, *source));
    mixer.listen([A, LOUD]).unwrap();
    let mut ears: BTreeMap<Option<SourceId>, Ear> = BTreeMap::new();
    for n in 0..150 {
        let now = start + BLOCK * n;
        for (source, host) in &mut hosts {
            mixer.push(now, *source, host.packet());
        }
        let mixed = mixer.mix(now).unwrap().unwrap();
        for (source, packet) in &mixed.without {
            let own = MixedAudio { packet: packet.clone(), without: Vec::new(), at: mixed.at };
            ears.entry(Some(*source)).or_insert_with(Ear::new).listen(&own);
        }
        ears.entry(None).or_insert_with(Ear::new).listen(&mixed);
    }
    let levels = |listener| [440.0, 1000.0, 3000.0].map(|hz| level_db(hz, ears[&listener].last(80)));
    assert!(levels(None).iter().all(|level| *level > -16.0), "{:?}", levels(None));
    let [own, other, loud] = levels(Some(A));
    assert!(own < -60.0 && other > -16.0 && loud > -4.0, "{own} {other} {loud}");
    // The loud one presses everybody down for the others. Who is without it hears the others at their own level.
    let [first, second, own] = levels(Some(LOUD));
    assert!((first + 12.04).abs() < 0.5 && (second + 12.04).abs() < 0.5 && own < -60.0, "{first} {second} {own}");
    assert_eq!(ears.len(), 3, "who does not listen costs nothing");
}

#[test]
fn who_stops_listening_is_left_out_and_a_voice_that_leaves_fades_for_the_others_alone() {
    let start = Instant::now();
    let mut mixer = mixer(start);
    let mut hosts = [(A, Host::new(start, 440.0, 0.25)), (B, Host::new(start, 1000.0, 0.25))];
    hosts.iter().for_each(|(source, _)| mixer.add(start, *source));
    mixer.listen([A, B]).unwrap();
    let mut ears = BTreeMap::from([(A, Ear::new()), (B, Ear::new())]);
    for n in 0..100 {
        let now = start + BLOCK * n;
        match n {
            50 => mixer.remove(A),
            60 => drop(mixer.take(B)),
            80 => mixer.listen([B]).unwrap(),
            _ => {}
        }
        for (source, host) in &mut hosts {
            mixer.push(now, *source, host.packet());
        }
        let mixed = mixer.mix(now).unwrap().unwrap();
        assert_eq!(mixed.without.len(), if n < 80 { 2 } else { 1 });
        for (source, packet) in mixed.without {
            ears.get_mut(&source).unwrap().listen(&MixedAudio { packet, without: Vec::new(), at: mixed.at });
        }
    }
    let peak = |ear: &Ear| ear.heard.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(ears.values().all(|ear| peak(ear) < 0.4), "no click is louder than a voice");
    assert!(level_db(440.0, &ears[&A].heard) < -60.0, "not even its own end");
    assert!(level_db(1000.0, &ears[&B].heard) < -60.0);
    let left = ears[&B].last(15).iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(left < 0.001, "nobody is left: {left}");
}
