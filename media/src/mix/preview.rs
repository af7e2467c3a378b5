//! A scene as it would be drawn, without anybody's media: a calm colour with the avatar stands for each host.

use std::time::Instant;

use super::canvas::Canvas;
use super::overlay::Rgb;
use super::scaler::{Scaler, placed, readable};
use super::video::{VideoMixer, lay_avatar};
use crate::frame::{I420, Size};
use crate::kernel::Kernels;
use crate::scene::{AVATAR_SIDE, Fit, Item, Rect, Scene};

/// The top and the bottom of what stands for a host's picture, by place; darker than the discs that lie on them.
const CALM: [(Rgb, Rgb); 9] = [
    (Rgb(0x3A4D6B), Rgb(0x24314A)),
    (Rgb(0x5E4256), Rgb(0x3C2A3A)),
    (Rgb(0x375B55), Rgb(0x213B38)),
    (Rgb(0x5A4B3A), Rgb(0x3A3024)),
    (Rgb(0x4A4570), Rgb(0x2E2B4A)),
    (Rgb(0x45593C), Rgb(0x2B3926)),
    (Rgb(0x356072), Rgb(0x213E4B)),
    (Rgb(0x6A4747), Rgb(0x452D2D)),
    (Rgb(0x4F5560), Rgb(0x31353D)),
];

/// Draws `scene` at once: nothing moves or slides. A host whose camera is closed is the avatar, as in a program.
#[must_use]
pub fn preview(kernels: Kernels, now: Instant, scene: Scene) -> I420 {
    let mut mixer = VideoMixer::new(kernels, scene.canvas);
    let items = scene.draw_list().items;
    mixer.set_scene(now, scene);
    let tiles = items.into_iter().filter_map(|item| {
        if let Item::Tile { source, region, name, avatar, .. } = item {
            Some((source, region.rect, name, avatar))
        } else {
            None
        }
    });
    for ((source, rect, name, avatar), calm) in tiles.zip(CALM.into_iter().cycle()) {
        let mut stand_in = calm_canvas(rect.size(), calm);
        lay_avatar(&kernels, &mut stand_in, Rect { x: 0, y: 0, ..rect }, &name, avatar.as_ref());
        mixer.paint(now, source, stand_in.picture());
    }
    let _ = mixer.compose(now);
    mixer.into_picture()
}

/// One colour that turns into another from top to bottom.
fn calm_canvas(size: Size, (top, bottom): (Rgb, Rgb)) -> Canvas {
    let (top, bottom) = (top.yuv(), bottom.yuv());
    let mut canvas = Canvas::new(size, bottom);
    let rows = size.height / 2;
    for row in 0..rows {
        let between = |plane: usize| {
            let (from, to) = (usize::from(top.0[plane]), usize::from(bottom.0[plane]));
            u8::try_from((from * (rows - row) + to * row) / rows).unwrap_or(u8::MAX)
        };
        let colour = super::overlay::Yuv([between(0), between(1), between(2)]);
        canvas.fill(Rect { x: 0, y: 2 * row, w: size.width, h: 2 }, colour);
    }
    canvas
}

/// A square at the size at which all avatars are kept.
#[must_use]
pub fn avatar_picture(kernels: Kernels, square: I420) -> I420 {
    covering(kernels, square, Size { width: AVATAR_SIDE, height: AVATAR_SIDE })
}

/// A picture at this size (even), which it covers.
#[must_use]
pub fn covering(kernels: Kernels, picture: I420, wanted: Size) -> I420 {
    let source = picture.as_ref();
    let Some(src) = readable(&source).filter(|src| *src != wanted) else { return picture };
    let mut scaled = I420::black(wanted);
    let whole = Rect { x: 0, y: 0, w: wanted.width, h: wanted.height };
    let (crop, part) = placed(Fit::Cover, src, whole);
    Scaler::new(src, part.size(), crop).run(&kernels, source, scaled.planes_mut(), wanted.width, part);
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Level;
    use crate::scene::{Battle, SourceId, Template, Tile};

    fn scene(n: u32) -> Scene {
        let tile = |i| Tile { source: SourceId(i), name: format!("Host {i}"), camera: true, ..Tile::default() };
        Scene {
            canvas: Size { width: 360, height: 640 },
            template: Template::HostDynamicGrid,
            tiles: (0..n).map(tile).collect(),
            voices: Vec::new(),
            cells: Vec::new(),
            battle: Battle::default(),
            names: false,
            sei: None,
        }
    }

    #[test]
    fn each_host_has_a_colour_of_its_own() {
        let picture = preview(Kernels::new(Level::Scalar), Instant::now(), scene(4));
        let list = scene(4).draw_list();
        let corner = |item: &Item| {
            let rect = item.place().unwrap().1.rect;
            let (picture, x, y) = (picture.as_ref(), rect.x / 2 + 2, rect.y / 2 + 2);
            (picture.u.data[y * picture.u.stride + x], picture.v.data[y * picture.v.stride + x])
        };
        let mut corners: Vec<_> = list.items.iter().map(corner).collect();
        corners.sort_unstable();
        corners.dedup();
        assert_eq!(corners.len(), 4, "{corners:?}");
    }

    #[test]
    fn the_same_scene_gives_the_same_preview() {
        let draw = || preview(Kernels::new(Level::Scalar), Instant::now(), scene(3));
        assert_eq!(draw(), draw());
    }

    #[test]
    fn a_square_of_any_size_gets_the_one_size() {
        for side in [2, 30, AVATAR_SIDE, 400] {
            let square = I420::black(Size { width: side, height: side });
            let scaled = avatar_picture(Kernels::new(Level::Scalar), square);
            assert_eq!(scaled.size(), Size { width: AVATAR_SIDE, height: AVATAR_SIDE });
        }
    }
}
