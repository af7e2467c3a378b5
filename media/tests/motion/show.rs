//! A program that is watched: each frame encoded, packetised, decoded and looked at.

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

pub(crate) const CANVAS: Size = Size { width: 720, height: 1280 };
/// Luma of the hosts' even pictures, in their order.
pub(crate) const LUMA: [u8; 6] = [210, 110, 160, 185, 135, 200];
/// What encoding may do to a shade, beside a moving edge too, and to where the edge is.
pub(crate) const SHADE: u8 = 24;
pub(crate) const EDGE_PX: usize = 6;

/// A program, the time, and what its frames looked like.
pub(crate) struct Show {
    pub(crate) program: Program,
    start: Instant,
    pub(crate) now: Instant,
    decoder: Decoder,
    input: VideoInput,
}

impl Show {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let config = ProgramConfig { kernels: Kernels::pick(None), max_fps: 60, bitrate_bps: 2_500_000 };
        let program = Program::new(now, ProducerId(1), config, CANVAS).unwrap();
        Self { program, start: now, now, decoder: Decoder::new(), input: VideoInput::new() }
    }

    pub(crate) fn hosts(&mut self, hosts: &[usize]) {
        self.hosts_in(Template::HostDynamicGrid, hosts);
    }

    pub(crate) fn hosts_in(&mut self, template: Template, hosts: &[usize]) {
        self.battle_of(template, hosts, Battle::default());
    }

    /// With this battle, and no more names than else.
    pub(crate) fn battle_of(&mut self, template: Template, hosts: &[usize], battle: Battle) {
        self.program.set_scene(self.now, scene(template, hosts, battle));
        // As the engine does it: the decoders' last pictures once more.
        for &host in hosts {
            self.program.repaint(self.now, source(host), even(LUMA[host]).as_ref(), self.now);
        }
    }

    /// Every frame that comes within `ms`, by the program's own wakes alone, with the milliseconds it came after.
    pub(crate) fn watch(&mut self, ms: u64) -> Vec<(u64, I420)> {
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

/// Of hosts without names, whose cameras are on.
pub(crate) fn scene(template: Template, hosts: &[usize], battle: Battle) -> Scene {
    let tile = |&host: &usize| Tile { source: source(host), camera: true, ..Tile::default() };
    let tiles = hosts.iter().map(tile).collect();
    let canvas = template.canvas(CANVAS);
    let (voices, cells) = (Vec::new(), Vec::new());
    Scene { canvas, template, tiles, voices, cells, battle, names: false, sei: None }
}

pub(crate) fn source(host: usize) -> SourceId {
    SourceId(u32::try_from(host).unwrap())
}

pub(crate) fn even(luma: u8) -> I420 {
    let mut picture = I420::black(Size { width: 640, height: 360 });
    picture.planes_mut()[0].fill(luma);
    picture
}

pub(crate) fn owned(picture: PictureRef<'_>) -> I420 {
    let mut copy = I420::black(picture.size());
    for (to, from) in copy.planes_mut().into_iter().zip([picture.y, picture.u, picture.v]) {
        for (to, from) in to.chunks_exact_mut(from.width).zip(from.data.chunks(from.stride)) {
            to.copy_from_slice(&from[..to.len()]);
        }
    }
    copy
}

/// The last frame that had come by then.
pub(crate) fn frame_at(frames: &[(u64, I420)], ms: u64) -> &I420 {
    let come = frames.iter().take_while(|(at, _)| *at <= ms).last();
    &come.expect("a frame at the start").1
}

pub(crate) fn row(frame: &I420, y: usize) -> Vec<u8> {
    let width = frame.size().width;
    frame.as_ref().y.data[y * width..][..width].to_vec()
}

/// All rows.
pub(crate) fn whole_column(frame: &I420, x: usize) -> Vec<u8> {
    (0..frame.size().height).map(|y| row(frame, y)[x]).collect()
}

/// The rows of the tiles of three.
pub(crate) fn column(frame: &I420, x: usize) -> Vec<u8> {
    (276..756).map(|y| frame.as_ref().y.data[y * CANVAS.width + x]).collect()
}

/// Where one shade becomes another.
pub(crate) fn edge(line: Vec<u8>, from: u8, to: u8) -> usize {
    line.iter().position(|luma| luma.abs_diff(to) < luma.abs_diff(from)).unwrap_or(line.len())
}

/// All of these rows show hosts: no background, no black, no green, no avatar.
pub(crate) fn assert_no_hole(ms: u64, frame: &I420, rows: std::ops::Range<usize>) {
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
