//! A layout that changes, as viewers see it: each frame of a program encoded, packetised, decoded and looked at.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

use std::time::{Duration, Instant};

use costage_media::codec::VideoDecoder;
use costage_media::codec::openh264::Decoder;
use costage_media::forward::ProducerId;
use costage_media::frame::{I420, PictureRef, Size};
use costage_media::jitter::{VideoEvent, VideoInput};
use costage_media::kernel::Kernels;
use costage_media::mix::{Program, ProgramConfig};
use costage_media::packet::{MediaKind, RtpIn};
use costage_media::scene::{Battle, Scene, SourceId, Template, Tile};
use costage_media::time::MediaTime;

const CANVAS: Size = Size { width: 720, height: 1280 };
/// Luma of the hosts' even pictures, in their order.
const LUMA: [u8; 6] = [210, 110, 160, 185, 135, 200];
/// What encoding may do to a shade, beside a moving edge too, and to where the edge is.
const SHADE: u8 = 24;
const EDGE_PX: usize = 6;

/// A program, the time, and what its frames looked like.
struct Show {
    program: Program,
    start: Instant,
    now: Instant,
    decoder: Decoder,
    input: VideoInput,
}

impl Show {
    fn new() -> Self {
        let now = Instant::now();
        let config = ProgramConfig { kernels: Kernels::pick(None), max_fps: 60, bitrate_bps: 2_500_000 };
        let program = Program::new(now, ProducerId(1), config, CANVAS).unwrap();
        Self { program, start: now, now, decoder: Decoder::new(), input: VideoInput::new() }
    }

    fn hosts(&mut self, hosts: &[usize]) {
        self.hosts_in(Template::HostDynamicGrid, hosts);
    }

    fn hosts_in(&mut self, template: Template, hosts: &[usize]) {
        let tile = |&host: &usize| {
            let (source, name) = (source(host), String::new());
            Tile { source, name, camera: true, ..Tile::default() }
        };
        let tiles = hosts.iter().map(tile).collect();
        let canvas = template.canvas(CANVAS);
        let (voices, cells) = (Vec::new(), Vec::new());
        let (battle, names) = (Battle::default(), false);
        self.program.set_scene(self.now, Scene { canvas, template, tiles, voices, cells, battle, names, sei: None });
        // As the engine does it: the decoders' last pictures once more.
        for &host in hosts {
            self.program.repaint(self.now, source(host), even(LUMA[host]).as_ref(), self.now);
        }
    }

    /// Every frame that comes within `ms`, by the program's own wakes alone, with the milliseconds it came after.
    fn watch(&mut self, ms: u64) -> Vec<(u64, I420)> {
        let (from, mut seen) = (self.now, Vec::new());
        let end = from + Duration::from_millis(ms);
        loop {
            self.program.handle_timeout(self.now);
            let elapsed = self.now.duration_since(self.start);
            let at = MediaTime(i64::try_from(elapsed.as_micros()).unwrap());
            let now = self.now;
            if let Some(produced) = self.program.produce(now, at, &|| now).unwrap() {
                for packet in &produced.frame.packets {
                    let (seq, timestamp, marker) = (packet.seq, packet.timestamp, packet.marker);
                    let (kind, payload) = (MediaKind::Video, packet.payload.clone());
                    self.input.push(now, RtpIn { kind, seq, timestamp, marker, payload, received_at: now });
                }
                let Some(VideoEvent::Unit(unit)) = self.input.poll() else { panic!("a frame is one access unit") };
                let decoded = self.decoder.decode(&unit.data).unwrap().unwrap();
                let passed = now.duration_since(from).as_millis();
                seen.push((u64::try_from(passed).unwrap(), owned(decoded)));
            }
            match self.program.poll_picture_timeout().filter(|next| *next <= end) {
                Some(next) => self.now = next.max(self.now + Duration::from_micros(1)),
                None => break,
            }
        }
        self.now = end;
        seen
    }
}

#[test]
fn a_third_host_makes_the_others_move_over_300_ms_without_a_new_frame_of_anybody() {
    let mut show = Show::new();
    show.hosts(&[0, 1]);
    show.watch(500);
    show.hosts(&[0, 1, 2]);
    let frames = show.watch(1_000);
    assert!(frames.len() >= 12, "{} frames", frames.len());
    // Eased: 27ths of the way that are left after thirds of the time are 8 and 1.
    for (ms, between) in [(0, 360), (100, 444), (200, 476), (300, 480)] {
        let at = edge(row(frame_at(&frames, ms), 400), LUMA[0], LUMA[1]);
        assert!(at.abs_diff(between) <= 2 * EDGE_PX, "after {ms} ms the hosts meet at {at}, not {between}");
    }
    for (ms, between) in [(100, 636), (200, 530), (300, 516)] {
        let at = edge(column(frame_at(&frames, ms), 600), LUMA[1], LUMA[2]) + 276;
        assert!(at.abs_diff(between) <= 2 * EDGE_PX, "after {ms} ms the third shows from {at} on, not {between}");
    }
    // Where the new layout has tiles there are pictures in every frame.
    frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, 276..756));
    let (last, _) = frames.last().unwrap();
    assert!((300..360).contains(last), "the last change is seen after {last} ms");
}

#[test]
fn who_comes_where_nobody_was_grows_and_who_goes_shrinks_while_nobody_moves() {
    let mut show = Show::new();
    show.hosts(&[0, 1, 2, 3, 4]);
    show.watch(500);
    let place = Template::HostDynamicGrid.regions(CANVAS, 6)[5].rect;
    // How much of its place the sixth host has: pixels of its own shade along the middle row.
    let share = |frame: &I420| {
        let middle = &row(frame, place.y + place.h / 2)[place.x..][..place.w];
        let own = middle.iter().filter(|luma| luma.abs_diff(LUMA[5]) <= 6).count();
        own * 100 / place.w
    };
    for (hosts, comes) in [(&[0, 1, 2, 3, 4, 5][..], true), (&[0, 1, 2, 3, 4], false)] {
        show.hosts(hosts);
        let frames = show.watch(900);
        let mut shares: Vec<_> = frames.iter().map(|(_, frame)| share(frame)).collect();
        if !comes {
            shares.reverse();
        }
        assert!(shares[0] <= 40 && *shares.last().unwrap() >= 96, "{shares:?}");
        assert!(shares.iter().filter(|share| (10..90).contains(*share)).count() >= 4, "by steps: {shares:?}");
        assert!(shares.windows(2).all(|pair| pair[1] + 6 >= pair[0]), "one way: {shares:?}");
    }
}

#[test]
fn who_leaves_leaves_no_hole() {
    let mut show = Show::new();
    show.hosts(&[0, 1, 2]);
    show.watch(500);
    show.hosts(&[0, 2]);
    let frames = show.watch(1_000);
    frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, 276..756));
    let (_, last) = frames.last().unwrap();
    assert_no_hole(300, last, 276..920);
    assert!(edge(row(last, 900), LUMA[0], LUMA[2]).abs_diff(360) <= EDGE_PX);
}

#[test]
fn windows_above_the_first_host_come_go_and_move_without_a_hole() {
    let mut show = Show::new();
    show.hosts_in(Template::HostDynamic1v6, &[0, 1, 2]);
    let (_, last) = show.watch(500).pop().unwrap();
    // Upwards at the right: the second host's window, then the third's, the first all around.
    let in_the_windows = whole_column(&last, 632);
    let shades = |rows: &[usize]| rows.iter().map(|row| in_the_windows[*row]).collect::<Vec<_>>();
    for (found, wanted) in shades(&[1100, 1004, 900, 800]).into_iter().zip([LUMA[1], LUMA[0], LUMA[2], LUMA[0]]) {
        assert!(found.abs_diff(wanted) <= SHADE, "{found} {wanted}");
    }
    // The second goes: its window closes while the third moves down, and the first is whole behind both. In the grid there
    // is nothing above and below its tiles.
    let (windows, grid) = (Template::HostDynamic1v6, Template::HostDynamicGrid);
    for (hosts, template, rows) in [
        (&[0, 2][..], windows, 0..1280),
        (&[0, 2, 1][..], windows, 0..1280),
        (&[0, 2, 1][..], grid, 276..756),
        (&[0, 2, 1][..], windows, 276..756),
        (&[0][..], windows, 0..1280),
    ] {
        show.hosts_in(template, hosts);
        // Short enough for who did not move to be none that is silent.
        let frames = show.watch(900);
        frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, rows.clone()));
    }
    let (_, last) = show.watch(500).pop().unwrap_or_else(|| {
        show.hosts(&[0]);
        show.program.request_keyframe(show.now);
        show.watch(500).pop().unwrap()
    });
    assert!(whole_column(&last, 632).iter().all(|luma| luma.abs_diff(LUMA[0]) <= SHADE), "no window is left");
}

#[test]
fn another_canvas_is_a_cut_at_a_keyframe_that_shows_everybody() {
    let mut show = Show::new();
    show.hosts(&[0, 1]);
    show.watch(500);
    for (template, rows) in [(Template::HostVideoLandscapeFixed2Seats, 180..540), (Template::HostDynamicGrid, 276..920)]
    {
        show.hosts_in(template, &[0, 1]);
        let frames = show.watch(1_000);
        let size = template.canvas(CANVAS);
        let (ms, first) = &frames[0];
        assert!(*ms < 40, "after {ms} ms");
        for (ms, frame) in &frames {
            assert_eq!(frame.size(), size, "after {ms} ms");
            let middle = row(frame, (rows.start + rows.end) / 2);
            let at = edge(middle, LUMA[0], LUMA[1]);
            assert!(at.abs_diff(size.width / 2) <= EDGE_PX, "after {ms} ms the hosts meet at {at}");
        }
        assert_no_hole(0, first, rows);
    }
}

#[test]
fn one_host_makes_room_for_a_second() {
    let mut show = Show::new();
    show.hosts(&[0]);
    show.watch(500);
    show.hosts(&[0, 1]);
    let frames = show.watch(1_000);
    frames.iter().for_each(|(ms, frame)| assert_no_hole(*ms, frame, 276..920));
    let mut before = 720;
    for (ms, frame) in &frames {
        let at = edge(row(frame, 600), LUMA[0], LUMA[1]);
        assert!(at <= before + EDGE_PX, "{before}, then {at} after {ms} ms");
        before = at;
    }
    assert!(before.abs_diff(360) <= EDGE_PX);
}

fn source(host: usize) -> SourceId {
    SourceId(u32::try_from(host).unwrap())
}

fn even(luma: u8) -> I420 {
    let mut picture = I420::black(Size { width: 640, height: 360 });
    picture.planes_mut()[0].fill(luma);
    picture
}

fn owned(picture: PictureRef<'_>) -> I420 {
    let mut copy = I420::black(picture.size());
    for (to, from) in copy.planes_mut().into_iter().zip([picture.y, picture.u, picture.v]) {
        for (to, from) in to.chunks_exact_mut(from.width).zip(from.data.chunks(from.stride)) {
            to.copy_from_slice(&from[..to.len()]);
        }
    }
    copy
}

/// The last frame that had come by then.
fn frame_at(frames: &[(u64, I420)], ms: u64) -> &I420 {
    let come = frames.iter().take_while(|(at, _)| *at <= ms).last();
    &come.expect("a frame at the start").1
}

fn row(frame: &I420, y: usize) -> Vec<u8> {
    let width = frame.size().width;
    frame.as_ref().y.data[y * width..][..width].to_vec()
}

/// All rows.
fn whole_column(frame: &I420, x: usize) -> Vec<u8> {
    (0..frame.size().height).map(|y| row(frame, y)[x]).collect()
}

/// The rows of the tiles of three.
fn column(frame: &I420, x: usize) -> Vec<u8> {
    (276..756).map(|y| frame.as_ref().y.data[y * CANVAS.width + x]).collect()
}

/// Where one shade becomes another.
fn edge(line: Vec<u8>, from: u8, to: u8) -> usize {
    line.iter().position(|luma| luma.abs_diff(to) < luma.abs_diff(from)).unwrap_or(line.len())
}

/// All of these rows show hosts: no background, no black, no green, no avatar.
fn assert_no_hole(ms: u64, frame: &I420, rows: std::ops::Range<usize>) {
    let picture = frame.as_ref();
    let (darkest, brightest) = (LUMA[1] - SHADE, LUMA[0] + SHADE);
    for y in rows.start + EDGE_PX..rows.end - EDGE_PX {
        let luma = row(frame, y);
        let bad = luma.iter().position(|luma| !(darkest..=brightest).contains(luma));
        assert_eq!(bad, None, "after {ms} ms row {y} is {:?}", bad.map(|x| luma[x]));
        for chroma in [picture.u, picture.v] {
            let width = chroma.width;
            let chroma = &chroma.data[y / 2 * width..][..width];
            assert!(chroma.iter().all(|value| value.abs_diff(128) <= SHADE), "after {ms} ms row {y} is coloured");
        }
    }
}
