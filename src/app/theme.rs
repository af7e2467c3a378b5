//! How pictures look where nobody's media is: read once, when the server starts.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use costage_media::codec::photo::{self, PhotoKind};
use costage_media::frame::{I420, Size};
use costage_media::kernel::{Kernels, Level};
use costage_media::mix::{Theme, TooLate, bring_theme, covering};
use costage_media::scene::Template;

use super::config::Config;

/// Largest background file, bytes: one of as many pixels as are taken fits.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Hands over the theme. The second server of a process has that of the first.
///
/// # Errors
/// When the background is missing or no picture that is taken; names it and the setting.
pub(super) fn bring(config: &Config) -> anyhow::Result<()> {
    let theme = &config.theme;
    let side = |pixels: u32| usize::try_from(pixels).expect("u32 fits usize");
    let canvas = Size { width: side(config.canvas.width), height: side(config.canvas.height) };
    let backgrounds = match theme.background_path() {
        Some(file) => {
            backgrounds(file, canvas).with_context(|| format!("`theme.background_image` ({})", file.display()))?
        }
        None => Vec::new(),
    };
    let theme = Theme { colours: theme.colours(), corner_radius: theme.corner_radius, backgrounds };
    if bring_theme(theme) == Err(TooLate) {
        tracing::debug!("the theme is that of this process's first server");
    }
    Ok(())
}

/// The picture in `file` for each size that a layout gives the canvas.
fn backgrounds(file: &Path, configured: Size) -> anyhow::Result<Vec<I420>> {
    let bytes = fs::metadata(file).context("cannot be read")?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("has {} MB; at most {} MB are taken", bytes >> 20, FILE_BYTES_MAX >> 20);
    }
    let content = fs::read(file).context("cannot be read")?;
    let kind = PhotoKind::of(&content).context("is none of PNG, JPEG and WebP")?;
    let mut pictures: Vec<I420> = Vec::new();
    for size in Template::ALL.map(|template| template.canvas(configured)) {
        if pictures.iter().all(|picture| picture.size() != size) {
            let picture = photo::cover(kind, &content, size)?;
            // What was smaller is scaled up by the means of the mix.
            pictures.push(covering(Kernels::new(Level::Scalar), picture, size));
        }
    }
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is gone with the test.
    struct File(std::path::PathBuf);

    impl File {
        fn new(name: &str, content: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("costage-theme-{}-{name}", std::process::id()));
            fs::write(&path, content).unwrap();
            Self(path)
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            drop(fs::remove_file(&self.0));
        }
    }

    /// Red above, blue below.
    fn two_halves(width: u32, height: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let row = |y: u32| if y < height / 2 { [255, 0, 0] } else { [0, 0, 255] }.repeat(width as usize);
        let pixels: Vec<u8> = (0..height).flat_map(row).collect();
        encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).unwrap();
        file
    }

    #[test]
    fn a_background_covers_the_canvas_upright_and_on_its_side() {
        let canvas = Size { width: 72, height: 128 };
        for (width, height) in [(20, 20), (300, 100), (90, 400), (72, 128)] {
            let file = File::new(&format!("{width}x{height}"), &two_halves(width, height));
            let pictures = backgrounds(&file.0, canvas).unwrap();
            let sizes: Vec<_> = pictures.iter().map(I420::size).collect();
            assert_eq!(sizes, [canvas, Size { width: 128, height: 72 }]);
            for picture in &pictures {
                let (Size { width, height }, picture) = (picture.size(), picture.as_ref());
                let luma = |x: usize, y: usize| picture.y.data[y * picture.y.stride + x];
                let corners = [luma(0, 0), luma(width - 1, 0), luma(0, height - 1), luma(width - 1, height - 1)];
                assert!(
                    corners.iter().zip([81_u8, 81, 41, 41]).all(|(is, wanted)| is.abs_diff(wanted) < 3),
                    "{corners:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_by_its_key_with_its_name() {
        let refused = |path: &Path| {
            let mut config = Config::default();
            config.theme.background_image = path.to_owned();
            format!("{:#}", bring(&config).unwrap_err())
        };
        let missing = refused(Path::new("/nowhere/back.png"));
        assert!(missing.starts_with("`theme.background_image` (/nowhere/back.png): cannot be read"), "{missing}");
        let svg = File::new("back.svg", b"<svg/>");
        assert!(refused(&svg.0).ends_with("is none of PNG, JPEG and WebP"));
        let cut = File::new("cut.png", &two_halves(20, 20)[..40]);
        assert!(refused(&cut.0).contains("cut off or damaged"), "{}", refused(&cut.0));
        let large = File::new("large.png", &two_halves(4_100, 2));
        assert!(refused(&large.0).contains("at most 4096 pixels a side"), "{}", refused(&large.0));
    }
}
