use super::*;

const MS: Duration = Duration::from_millis(1);

/// A packet of 20 ms: code 0, CELT fullband 20 ms mono (RFC 6716 §3.1), content of no matter here.
fn packet(start: Instant, n: u64, delay: Duration) -> RtpIn {
    RtpIn {
        kind: MediaKind::Audio,
        seq: ExtSeq(1000 + n),
        timestamp: 1_000_000 + n * 960,
        marker: false,
        payload: Bytes::from(vec![0xf8, 1, 2]),
        received_at: start + MS * 20 * u32::try_from(n).unwrap() + delay,
    }
}

fn push(playout: &mut Playout, packet: RtpIn) {
    playout.push(packet.received_at, packet);
}

/// Pulls one block at `at` and says which timestamp its first sample is, counted from the first packet's, or how it was
/// not heard.
fn block(playout: &mut Playout, held: &mut usize, at: Instant) -> Vec<Pull> {
    let step = playout.align(at, *held);
    let mut pieces = Vec::new();
    while *held < step.take {
        let piece = playout.pull();
        *held += match &piece {
            Pull::Packet { samples, skip, .. } => samples - skip,
            Pull::Lost { samples, .. } | Pull::Silent { samples } => *samples,
        };
        pieces.push(piece);
    }
    *held -= step.take;
    pieces
}

fn count(pieces: &[Pull]) -> [usize; 3] {
    let kind = |wanted: fn(&Pull) -> bool| pieces.iter().filter(|&piece| wanted(piece)).count();
    [
        kind(|piece| matches!(piece, Pull::Packet { .. })),
        kind(|piece| matches!(piece, Pull::Lost { .. })),
        kind(|piece| matches!(piece, Pull::Silent { .. })),
    ]
}

/// Plays packets with these delays on a grid of 20 ms; the answer is every piece and the playout after.
fn play(delays: &[Option<Duration>], extra: u32) -> (Vec<Pull>, Playout) {
    let start = Instant::now();
    let mut arrivals: Vec<RtpIn> =
        delays.iter().enumerate().filter_map(|(n, delay)| delay.map(|delay| packet(start, n as u64, delay))).collect();
    arrivals.sort_by_key(|packet| packet.received_at);
    let mut arrivals = arrivals.into_iter().peekable();
    let (mut playout, mut held, mut pieces) = (Playout::new(), 0, Vec::new());
    for n in 0..u32::try_from(delays.len()).unwrap() + extra {
        let at = start + MS * 20 * n + MS * 7;
        while let Some(packet) = arrivals.next_if(|packet| packet.received_at <= at) {
            push(&mut playout, packet);
        }
        pieces.extend(block(&mut playout, &mut held, at));
    }
    (pieces, playout)
}

#[test]
fn a_sample_is_heard_sixty_milliseconds_after_it_came() {
    let start = Instant::now();
    let mut playout = Playout::new();
    for n in 0..10 {
        push(&mut playout, packet(start, n, Duration::ZERO));
    }
    playout.align(start + PLAYOUT_DELAY, 0);
    assert!(matches!(playout.pull(), Pull::Packet { skip: 0, samples: 960, .. }));
    let mut playout = Playout::new();
    push(&mut playout, packet(start, 0, Duration::ZERO));
    playout.align(start + PLAYOUT_DELAY - MS * 5, 0);
    assert_eq!(playout.pull(), Pull::Silent { samples: 240 });
    assert!(matches!(playout.pull(), Pull::Packet { skip: 0, .. }));
}

#[test]
fn every_packet_is_heard_once_through_jitter_of_thirty_milliseconds() {
    let delays: Vec<_> = (0..500_u32).map(|n| Some(MS * (n * 7919 % 31))).collect();
    let (pieces, mut playout) = play(&delays, 4);
    let [packets, _lost, _silent] = count(&pieces);
    assert_eq!((packets, playout.take_stats().late), (500, 0));
    let first_lost = pieces.iter().position(|piece| matches!(piece, Pull::Lost { .. })).unwrap();
    let last_packet = pieces.iter().rposition(|piece| matches!(piece, Pull::Packet { .. })).unwrap();
    assert!(first_lost > last_packet, "only behind the last packet");
}

#[test]
fn a_late_first_packet_does_not_shift_the_line() {
    let start = Instant::now();
    let mut playout = Playout::new();
    push(&mut playout, packet(start, 0, MS * 45));
    push(&mut playout, packet(start, 1, MS * 30));
    playout.align(start + MS * 55, 0);
    push(&mut playout, packet(start, 2, MS * 2));
    push(&mut playout, packet(start, 3, Duration::ZERO));
    playout.align(start + PLAYOUT_DELAY, 0);
    assert!(matches!(playout.pull(), Pull::Packet { skip: 0, .. }), "as if all had come as the fastest did");
}

#[test]
fn a_lost_packet_is_concealed_with_the_one_behind_it_at_hand() {
    let delays: Vec<_> = (0..50).map(|n| (n != 20 && n != 21).then_some(Duration::ZERO)).collect();
    let (pieces, _playout) = play(&delays, 0);
    let lost: Vec<&Pull> = pieces.iter().filter(|piece| matches!(piece, Pull::Lost { .. })).collect();
    assert_eq!(lost.len(), 2);
    assert!(matches!(lost[0], Pull::Lost { samples: 960, next: None }));
    assert!(matches!(lost[1], Pull::Lost { samples: 960, next: Some(_) }));
}

#[test]
fn concealment_ends_in_silence_and_sound_comes_back() {
    let delays: Vec<_> = (0..100).map(|n| (!(20..60).contains(&n)).then_some(Duration::ZERO)).collect();
    let (pieces, mut playout) = play(&delays, 0);
    let [packets, lost, silent] = count(&pieces);
    assert_eq!(lost, CONCEAL_SAMPLES_MAX / BLOCK_SAMPLES);
    assert!(silent >= 40 - lost, "{silent}");
    assert!(packets >= 56, "{packets}");
    assert_eq!(playout.take_stats().restarts, 0, "the same line: the timestamps ran on");
}

#[test]
fn packets_of_other_durations_make_the_same_line() {
    let start = Instant::now();
    // Config 28 to 31: 2.5, 5, 10, 20 ms; code 1 (two frames); code 3 with 6 frames of 20 ms.
    for (payload, samples) in [
        (vec![0xe0, 1], 120),
        (vec![0xe8, 1], 240),
        (vec![0xf0, 1], 480),
        (vec![0xf9, 1, 2], 1920),
        (vec![0xfb, 6, 1, 2, 3, 4, 5, 6], 5760),
    ] {
        let (mut playout, mut held, mut pieces) = (Playout::new(), 0, Vec::new());
        let mut sent = 0;
        for n in 0..100_u32 {
            let at = start + MS * 20 * n;
            while sent * samples <= u64::from(n) * 960 {
                let mut packet = packet(start, 0, Duration::ZERO);
                packet.seq = ExtSeq(sent);
                packet.timestamp = (1 << 40) + sent * samples;
                packet.received_at = start + Duration::from_nanos(sent * samples * 62_500 / 3);
                packet.payload = Bytes::from(payload.clone());
                push(&mut playout, packet);
                sent += 1;
            }
            pieces.extend(block(&mut playout, &mut held, at));
        }
        // The longest come 120 ms apart, so the line cannot be held by 60 ms alone; all shorter ones are heard whole.
        let [packets, lost, _silent] = count(&pieces);
        assert!(packets > 0, "{samples}");
        assert_eq!(lost, 0, "{samples}");
        assert_eq!(playout.take_stats().late, 0, "{samples}");
    }
}

#[test]
fn drift_of_the_hosts_clock_is_followed_without_loss() {
    for drift_ppm in [-200_i64, 200] {
        let start = Instant::now();
        let (mut playout, mut held, mut next) = (Playout::new(), 0, 0_u64);
        let mut pieces = Vec::new();
        // Ten minutes: 120 ms of drift, twice the delay.
        for n in 0..30_000_u64 {
            let at = start + MS * 20 * u32::try_from(n).unwrap();
            loop {
                let nanos = i64::try_from(next).unwrap() * 20_000_000 * (1_000_000 + drift_ppm) / 1_000_000;
                let received_at = start + Duration::from_nanos(u64::try_from(nanos).unwrap());
                if received_at > at {
                    break;
                }
                push(&mut playout, RtpIn { received_at, ..packet(start, next, Duration::ZERO) });
                next += 1;
            }
            pieces.extend(block(&mut playout, &mut held, at));
        }
        let [packets, lost, _silent] = count(&pieces);
        let stats = playout.take_stats();
        assert_eq!((lost, stats.late, stats.jumps), (0, 0, 0), "{drift_ppm} ppm");
        let waiting = usize::try_from(next).unwrap() - packets;
        assert!((2..=5).contains(&waiting), "{drift_ppm} ppm: {waiting} packets wait, as at the start");
    }
}

#[test]
fn a_restarted_stream_is_heard_again_at_once() {
    for jump in [48_000 * 3600_i64, -48_000 * 10] {
        let start = Instant::now();
        let (mut playout, mut held, mut pieces) = (Playout::new(), 0, Vec::new());
        for n in 0..100_u32 {
            let mut packet = packet(start, n.into(), Duration::ZERO);
            if n >= 50 {
                packet.timestamp = (packet.timestamp + 48_000 * 3600).checked_add_signed(jump).unwrap();
            } else {
                packet.timestamp += 48_000 * 3600;
            }
            push(&mut playout, packet);
            let now = block(&mut playout, &mut held, start + MS * 20 * n);
            if n >= 54 {
                assert_eq!(count(&now), [1, 0, 0], "block {n}");
            }
            pieces.extend(now);
        }
        assert_eq!(playout.take_stats().restarts, 1);
    }
}

#[test]
fn a_network_that_becomes_slower_is_followed_after_ten_packets() {
    let delays: Vec<_> = (0..200_u32).map(|n| Some(MS * if n < 50 { 5 } else { 205 })).collect();
    let (pieces, mut playout) = play(&delays, 20);
    assert_eq!(playout.take_stats().late, u64::from(LATE_RUN_MAX));
    let [packets, _lost, _silent] = count(&pieces);
    assert_eq!(packets, 200 - LATE_RUN_MAX as usize + 1);
}

#[test]
fn a_stall_and_its_burst_do_not_move_the_line() {
    // For 1.4 s nothing comes, then all at once.
    let delays: Vec<_> = (0..300_u32)
        .map(|n| Some(if (100..170).contains(&n) { MS * 20 * (170 - n) } else { Duration::ZERO }))
        .collect();
    let (_pieces, mut playout) = play(&delays, 0);
    // As much waits as at the start: three packets.
    assert!((2..=4).contains(&playout.packets.len()), "{}", playout.packets.len());
    assert!(matches!(playout.pull(), Pull::Packet { .. }));
}

#[test]
fn trim_is_reached_in_small_steps() {
    let start = Instant::now();
    let (mut playout, mut held) = (Playout::new(), 0);
    let mut taken = Vec::new();
    for n in 0..2000_u32 {
        push(&mut playout, packet(start, n.into(), Duration::ZERO));
        if n == 100 {
            playout.set_trim(Duration::from_secs(9));
        }
        let at = start + MS * 20 * n;
        let step = playout.align(at, held);
        assert!(step.take.abs_diff(BLOCK_SAMPLES) <= 10 && !step.jumped);
        while held < step.take {
            held += match playout.pull() {
                Pull::Packet { samples, skip, .. } => samples - skip,
                Pull::Lost { samples, .. } | Pull::Silent { samples } => samples,
            };
        }
        held -= step.take;
        taken.push(step.take);
    }
    let delayed: usize = taken.iter().map(|take| BLOCK_SAMPLES - take).sum();
    // 200 ms is the bound; slewing ends within a millisecond of it.
    assert!((9_600 - 48..=9_600).contains(&delayed), "{delayed}");
    assert_eq!(playout.take_stats().late, 0);
    assert_eq!(taken[1999], BLOCK_SAMPLES);
}

#[test]
fn what_waits_is_bounded_and_nonsense_is_left_out() {
    let start = Instant::now();
    let mut playout = Playout::new();
    for n in 0..1000_u64 {
        push(&mut playout, RtpIn { received_at: start, ..packet(start, n, Duration::ZERO) });
    }
    assert!(playout.packets.len() <= PACKETS_MAX);
    assert_eq!(playout.take_stats().overflowed, 1000 - PACKETS_MAX as u64);
    for payload in [&[][..], &[0x1b, 63]] {
        push(&mut playout, RtpIn { payload: Bytes::copy_from_slice(payload), ..packet(start, 1, Duration::ZERO) });
    }
    let stats = playout.take_stats();
    assert_eq!((stats.empty, stats.malformed), (1, 1), "padding is ordinary, and no complaint");
    push(&mut playout, RtpIn { timestamp: u64::MAX, ..packet(start, 2000, Duration::ZERO) });
    push(&mut playout, RtpIn { timestamp: i64::MAX as u64, ..packet(start, 2001, Duration::ZERO) });
    push(&mut playout, RtpIn { timestamp: 0, ..packet(start, 2002, Duration::ZERO) });
    for n in 0..50 {
        playout.align(start + MS * 20 * n, 0);
        playout.pull();
    }
}

#[test]
fn packets_that_overlap_cost_no_more_than_those_in_a_row() {
    let start = Instant::now();
    let (mut playout, mut held, mut decoded) = (Playout::new(), 0, 0);
    for n in 0..100_u32 {
        // A packet of 120 ms for each 2.5 ms of the line.
        for part in 0..8_u64 {
            let mut packet = packet(start, n.into(), Duration::ZERO);
            packet.seq = ExtSeq(u64::from(n) * 8 + part);
            packet.timestamp += part * 120;
            packet.payload = Bytes::from_static(&[0xfb, 6, 1, 2, 3, 4, 5, 6]);
            push(&mut playout, packet);
        }
        for piece in block(&mut playout, &mut held, start + MS * 20 * n) {
            if let Pull::Packet { samples, .. } = piece {
                decoded += samples;
            }
        }
    }
    assert!(decoded <= 2 * 103 * 960 + 5760, "{decoded} samples decoded for 100 blocks");
}
