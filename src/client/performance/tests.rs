use super::super::video_loop::LoopFrame;
use super::*;
use bytes::Bytes;
use costage_media::codec::SoundError;
use costage_media::time::Ntp;
use std::sync::{Arc, Mutex};

struct Marks(Arc<Mutex<Vec<u64>>>);

impl Voice for Marks {
    fn speak(&mut self, _: u64, _: &mut AudioBlock) {}
    fn mark(&mut self, at: u64) {
        self.0.lock().expect("one thread").push(at);
    }
}

struct Raw;

impl AudioEncoder for Raw {
    fn encode(&mut self, _: &AudioBlock) -> Result<Bytes, SoundError> {
        Ok(Bytes::from_static(&[1]))
    }
}

fn ten_frames() -> VideoLoop {
    let frame = |position: usize| LoopFrame {
        fragments: Arc::from([(Bytes::from_static(&[0x65]), true)]),
        keyframe: position.is_multiple_of(5),
        mark: position == 3,
    };
    VideoLoop::new((0..10).map(frame).collect()).expect("starts with a keyframe")
}

fn performance(marks: &Arc<Mutex<Vec<u64>>>, fps: f64) -> (Instant, Performance) {
    let start = Start { instant: Instant::now(), ntp: Ntp(7 << 32), offset: u32::MAX };
    let voice = Box::new(Marks(Arc::clone(marks)));
    (start.instant, Performance::new(start, Rate::new(fps), ten_frames(), voice, Box::new(Raw)))
}

/// Everything until `until`, waking only when asked to.
fn run(performance: &mut Performance, until: Instant) -> Vec<Outgoing> {
    let mut sent = Vec::new();
    while performance.poll_timeout() <= until {
        performance.handle_timeout(performance.poll_timeout());
        while let Some(outgoing) = performance.poll_outgoing() {
            sent.push(outgoing);
        }
    }
    sent
}

fn pictures(sent: &[Outgoing]) -> Vec<&SentPicture> {
    sent.iter()
        .filter_map(|outgoing| match outgoing {
            Outgoing::Picture(picture) => Some(picture),
            Outgoing::Sound { .. } | Outgoing::Report { .. } => None,
        })
        .collect()
}

#[test]
fn a_second_holds_thirty_pictures_fifty_blocks_and_two_reports_of_each_kind() {
    let (start, mut performance) = performance(&Arc::default(), 30.0);
    let sent = run(&mut performance, start + Duration::from_millis(1_025));
    let count = |wanted: fn(&Outgoing) -> bool| sent.iter().filter(|outgoing| wanted(outgoing)).count();
    assert_eq!(pictures(&sent).len(), 31);
    assert_eq!(count(|outgoing| matches!(outgoing, Outgoing::Sound { .. })), 51);
    assert_eq!(count(|outgoing| matches!(outgoing, Outgoing::Report { .. })), 4);
}

#[test]
fn capture_times_and_timestamps_follow_the_plan_without_drift() {
    let (start, mut performance) = performance(&Arc::default(), 29.95);
    let sent = run(&mut performance, start + Duration::from_secs(20));
    let last = *pictures(&sent).last().expect("pictures were sent");
    assert_eq!(last.index, 599);
    assert_eq!(last.captured - start, Duration::from_nanos(20_000_000_000));
    assert_eq!(last.timestamp, u32::MAX.wrapping_add(1_800_000));
}

#[test]
fn a_wanted_keyframe_is_the_next_picture() {
    let (start, mut performance) = performance(&Arc::default(), 30.0);
    run(&mut performance, start + Duration::from_millis(40));
    performance.want_keyframe();
    let sent = run(&mut performance, start + Duration::from_millis(110));
    let positions: Vec<_> = pictures(&sent).iter().map(|picture| picture.position).collect();
    assert_eq!(positions, [5, 6]);
}

#[test]
fn the_voice_hears_of_a_marked_picture_at_its_sample() {
    let marks = Arc::default();
    let (start, mut performance) = performance(&marks, 30.0);
    run(&mut performance, start + Duration::from_millis(450));
    assert_eq!(*marks.lock().expect("one thread"), [4_800, 4_800 + 16_000]);
}

#[test]
fn after_a_stall_it_goes_on_with_a_keyframe_and_sends_nothing_late() {
    let (start, mut performance) = performance(&Arc::default(), 30.0);
    run(&mut performance, start + Duration::from_millis(50));
    let late = start + Duration::from_secs(3);
    performance.handle_timeout(late);
    let sent = run(&mut performance, late + Duration::from_millis(40));
    let first = pictures(&sent)[0].clone();
    assert_eq!(first.position, 5);
    assert!(first.captured > late);
}
