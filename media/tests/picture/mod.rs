//! Pictures beside those in `snapshots/`, of this test binary or another.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use costage_media::frame::{I420, PictureRef, Size};
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::VideoMixer;

pub(crate) const CANVAS: Size = Size { width: 720, height: 1280 };

/// The picture that `play` leads to, at every level and against the stored one. `play` returns when it is composed.
pub(crate) fn snapshot(name: &str, play: impl Fn(&mut VideoMixer, Instant) -> Instant) {
    let start = Instant::now();
    let run = |level| {
        let mut mixer = VideoMixer::new(Kernels::new(level), CANVAS);
        let now = play(&mut mixer, start);
        let composed = owned(mixer.compose(now));
        assert!(!mixer.is_dirty(), "{name}: clean after composing");
        composed
    };
    let scalar = run(Level::Scalar);
    for level in Level::ALL {
        assert!(run(level) == scalar, "{name}: {level} differs from the scalar");
    }
    compare(name, &Image::of(scalar.as_ref()));
}

pub(crate) fn compare(name: &str, actual: &Image) {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.png"));
    let missing = !stored.exists();
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1");
    if missing || update {
        actual.write(&stored);
    }
    // Written for a look at it, but a picture that nobody has approved of is not a passed test.
    assert!(!missing || update, "{} was missing and is written; look at it and run again", stored.display());
    if let Some(seen) = std::env::var_os("SNAPSHOTS_SEEN") {
        fs::write(Path::new(&seen).join(name), "").unwrap();
    }
    let expected = Image::read(&stored);
    if expected != *actual {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("snapshots");
        fs::create_dir_all(&kept).unwrap();
        expected.write(&kept.join(format!("{name}-expected.png")));
        actual.write(&kept.join(format!("{name}-actual.png")));
        expected.difference(actual).write(&kept.join(format!("{name}-diff.png")));
        panic!("{name} is not what {} shows; see {}", stored.display(), kept.display());
    }
}

pub(crate) fn owned(picture: PictureRef<'_>) -> I420 {
    let mut copy = I420::black(picture.size());
    for (to, from) in copy.planes_mut().into_iter().zip([picture.y, picture.u, picture.v]) {
        to.copy_from_slice(from.data);
    }
    copy
}

/// Eight bits of red, green, blue.
#[derive(PartialEq, Eq)]
pub(crate) struct Image {
    size: Size,
    rgb: Vec<u8>,
}

impl Image {
    /// BT.601 limited range, chroma repeated.
    pub(crate) fn of(picture: PictureRef<'_>) -> Self {
        let size = picture.size();
        let mut rgb = Vec::with_capacity(size.width * size.height * 3);
        for row in 0..size.height {
            for column in 0..size.width {
                let at = |plane: costage_media::frame::PlaneRef<'_>, by: usize| {
                    i32::from(plane.data[row / by * plane.stride + column / by])
                };
                let (y, u, v) = (298 * (at(picture.y, 1) - 16), at(picture.u, 2) - 128, at(picture.v, 2) - 128);
                for value in [y + 409 * v, y - 100 * u - 208 * v, y + 516 * u] {
                    rgb.push(u8::try_from(((value + 128) >> 8).clamp(0, 255)).unwrap());
                }
            }
        }
        Self { size, rgb }
    }

    fn read(path: &Path) -> Self {
        let decoder = png::Decoder::new(BufReader::new(File::open(path).unwrap()));
        let mut reader = decoder.read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        let (width, height) = (usize::try_from(info.width).unwrap(), usize::try_from(info.height).unwrap());
        Self { size: Size { width, height }, rgb }
    }

    fn write(&self, path: &Path) {
        let side = |pixels: usize| u32::try_from(pixels).unwrap();
        let file = File::create(path).unwrap();
        let mut encoder = png::Encoder::new(file, side(self.size.width), side(self.size.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        encoder.write_header().unwrap().write_image_data(&self.rgb).unwrap();
    }

    /// How far apart they are, eight times as bright.
    fn difference(&self, other: &Self) -> Self {
        let size = if self.size == other.size { self.size } else { Size { width: 1, height: 1 } };
        let apart = self.rgb.iter().zip(&other.rgb).map(|(a, b)| a.abs_diff(*b).saturating_mul(8));
        let mut rgb: Vec<u8> = apart.collect();
        rgb.resize(size.width * size.height * 3, 255);
        Self { size, rgb }
    }
}
