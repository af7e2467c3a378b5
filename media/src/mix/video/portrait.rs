//! What stands in the middle of a tile without picture: who it is, round.

use crate::kernel::Kernels;
use crate::mix::canvas::Canvas;
use crate::mix::overlay;
use crate::mix::theme::{colours, no_picture};
use crate::mix::tile::Tile;
use crate::scene::{Avatar, Rect, Vacancy};

/// A tile without a picture at `rect`: the avatar of its host, or an empty seat.
pub(super) fn draw_avatar(kernels: &Kernels, canvas: &mut Canvas, rect: Rect, tile: &Tile) {
    draw_ground(canvas, rect, tile.vacancy);
    match tile.vacancy {
        None => lay_avatar(kernels, canvas, rect, &tile.name, tile.avatar.as_ref()),
        Some(vacancy) => {
            let disc = overlay::vacancy(rect, vacancy);
            disc.iter().for_each(|disc| canvas.blend(kernels, disc));
        }
    }
}

/// What such a tile is beside the disc in its middle.
pub(super) fn draw_ground(canvas: &mut Canvas, rect: Rect, vacancy: Option<Vacancy>) {
    canvas.fill(rect, no_picture());
    if vacancy.is_some() {
        let colour = colours().empty_seat.yuv();
        edges(rect).into_iter().for_each(|edge| canvas.fill(edge, colour));
    }
}

/// Around an empty seat, so that those beside each other are seen to be several: pixels, the least that chroma can show.
const EDGE_WIDTH: usize = 2;

fn edges(rect: Rect) -> [Rect; 4] {
    let (w, h) = (EDGE_WIDTH.min(rect.w), EDGE_WIDTH.min(rect.h));
    let (right, bottom) = (Rect { x: rect.right() - w, w, ..rect }, Rect { y: rect.bottom() - h, h, ..rect });
    [Rect { w, ..rect }, right, Rect { h, ..rect }, bottom]
}

/// The round avatar in the middle of `rect`: the uploaded picture, or else initials.
pub(in crate::mix) fn lay_avatar(
    kernels: &Kernels,
    canvas: &mut Canvas,
    rect: Rect,
    name: &str,
    avatar: Option<&Avatar>,
) {
    let disc = match avatar {
        Some(avatar) => overlay::portrait(kernels, overlay::avatar_place(rect), avatar),
        None => overlay::avatar(rect, name),
    };
    if let Some(disc) = disc {
        canvas.blend(kernels, &disc);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::frame::{I420, PictureRef, Size};
    use crate::kernel::Level;
    use crate::mix::{MOTION, VideoMixer};
    use crate::scene::{AVATAR_SIDE, Battle, Cell, CellSitter, Scene, SourceId, Template, Tile};

    const CANVAS: Size = Size { width: 360, height: 640 };

    /// A square of one luma and no colour.
    fn upload(luma: u8) -> Avatar {
        let mut picture = I420::black(Size { width: AVATAR_SIDE, height: AVATAR_SIDE });
        picture.planes_mut()[0].fill(luma);
        Avatar::new(picture)
    }

    fn scene(avatar: Option<Avatar>, camera: bool) -> Scene {
        let tile = Tile { source: SourceId(1), name: "Ada".into(), camera, avatar, ..Tile::default() };
        Scene {
            canvas: CANVAS,
            template: Template::HostDynamicGrid,
            tiles: vec![tile],
            voices: Vec::new(),
            cells: Vec::new(),
            battle: Battle::default(),
            names: false,
            sei: None,
        }
    }

    fn luma(picture: PictureRef<'_>, x: usize, y: usize) -> u8 {
        picture.y.data[y * picture.y.stride + x]
    }

    #[test]
    fn an_uploaded_avatar_is_round_and_two_fifths_of_the_shorter_side_wide() {
        let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
        mixer.set_scene(Instant::now(), scene(Some(upload(200)), false));
        let picture = mixer.compose(Instant::now());
        let place = overlay::avatar_place(Rect { x: 0, y: 0, w: 360, h: 640 });
        assert_eq!(place, Rect { x: 108, y: 248, w: 144, h: 144 });
        let middle = (place.x + 72, place.y + 72);
        for (x, y) in [middle, (place.x + 2, middle.1), (place.right() - 3, middle.1), (middle.0, place.y + 2)] {
            assert_eq!(luma(picture, x, y), 200, "{x} {y}");
        }
        for (x, y) in [(place.x, place.y), (place.right() - 1, place.bottom() - 1), (place.x - 1, middle.1), (20, 20)] {
            assert_eq!(luma(picture, x, y), no_picture().0[0], "{x} {y}");
        }
    }

    #[test]
    fn a_new_upload_and_the_first_one_are_drawn_at_once() {
        let now = Instant::now();
        let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
        mixer.set_scene(now, scene(None, true));
        let initials = luma(mixer.compose(now), 180 - 60, 320);
        assert_ne!(initials, 200);
        for value in [200, 90] {
            mixer.set_scene(now, scene(Some(upload(value)), true));
            assert!(mixer.is_dirty());
            assert_eq!(luma(mixer.compose(now), 180 - 60, 320), value);
        }
        mixer.set_scene(now, scene(None, true));
        assert_eq!(luma(mixer.compose(now), 180 - 60, 320), initials, "and one that is gone gives way to initials");
    }

    #[test]
    fn who_sits_among_voices_has_the_uploaded_picture_in_place_of_initials() {
        let now = Instant::now();
        let template = Template::AudioSalon;
        let rect = template.regions(CANVAS, 5)[1].rect;
        let voices = |avatar| {
            let sitter = CellSitter { source: SourceId(1), name: "Ada".into(), avatar, ..CellSitter::default() };
            let cells = vec![Cell { seat: 1, locked: false, rect, sitter: Some(sitter) }];
            Scene { template, tiles: Vec::new(), cells, ..scene(None, true) }
        };
        let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
        mixer.set_scene(now, voices(None));
        let middle = (rect.x + rect.w / 2, rect.y + 8 + 28);
        assert_ne!(luma(mixer.compose(now), middle.0 - 20, middle.1), 200);
        mixer.set_scene(now, voices(Some(upload(200))));
        let now = now + MOTION;
        mixer.handle_timeout(now);
        for x in [middle.0, middle.0 - 26, middle.0 + 25] {
            assert_eq!(luma(mixer.compose(now), x, middle.1), 200, "{x}");
        }
        assert_eq!(luma(mixer.compose(now), rect.x + 1, rect.y + 1), no_picture().0[0], "round");
    }

    #[test]
    fn an_upload_leaves_a_host_who_sends_pictures_as_it_is() {
        let now = Instant::now();
        let mut mixer = VideoMixer::new(Kernels::new(Level::Scalar), CANVAS);
        mixer.set_scene(now, scene(None, true));
        let mut frame = I420::black(CANVAS);
        frame.planes_mut()[0].fill(77);
        mixer.paint(now, SourceId(1), frame.as_ref());
        mixer.set_scene(now, scene(Some(upload(200)), true));
        assert_eq!(luma(mixer.compose(now), 180, 320), 77);
        mixer.set_scene(now, scene(Some(upload(200)), false));
        assert_eq!(luma(mixer.compose(now), 180, 320), 200, "until the camera is closed");
    }
}
