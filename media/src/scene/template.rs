//! Layout templates: pixel geometry for a canvas of 720×1280 (portrait) or 1280×720 (landscape), scaled to any other.

use super::{Proportion, Region};
use crate::frame::Size;

/// A way to lay out tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// One to nine hosts in a grid that grows with their number.
    HostDynamicGrid,
    /// One host on the whole canvas, and up to six in windows above.
    HostDynamic1v6,
    /// One to nine hosts of voice rooms, each in a cell of the same size.
    HostVoiceConnection,
    /// Two teams of six seats each, in cells without pictures.
    HostStaticVoice6v6,
    /// Two hosts side by side in landscape.
    HostVideoLandscapeFixed2Seats,
    /// Each tile where its own region says; chosen by those, never by name.
    Custom,
}

/// The canvas that most layouts are written for.
const PORTRAIT: Size = Size { width: 720, height: 1280 };
/// The canvas of landscape layouts.
const LANDSCAPE: Size = Size { width: 1280, height: 720 };

/// Of hostDynamicGrid, by number of places: `x y w h` on the portrait canvas. Five and more are cells of the last.
const HOST_DYNAMIC_GRID: [&[[usize; 4]]; 5] = [
    &[[0, 0, 720, 1280]],
    &[[0, 276, 360, 644], [360, 276, 360, 644]],
    &[[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
    &[[0, 276, 360, 360], [360, 276, 360, 360], [0, 636, 360, 360], [360, 636, 360, 360]],
    &[
        [0, 276, 240, 240],
        [240, 276, 240, 240],
        [480, 276, 240, 240],
        [0, 516, 240, 240],
        [240, 516, 240, 240],
        [480, 516, 240, 240],
        [0, 756, 240, 240],
        [240, 756, 240, 240],
        [480, 756, 240, 240],
    ],
];

/// Of hostDynamic1v6: the first lies below all others, which are windows at the right, from the bottom up.
const HOST_DYNAMIC_1V6: [[usize; 4]; 7] = [
    [0, 0, 720, 1280],
    [560, 1008, 144, 176],
    [560, 824, 144, 176],
    [560, 640, 144, 176],
    [560, 456, 144, 176],
    [560, 272, 144, 176],
    [560, 88, 144, 176],
];

/// Of HostVideoLandscapeFixed2Seats, on the landscape canvas.
const HOST_VIDEO_LANDSCAPE_FIXED_2: [[usize; 4]; 2] = [[0, 180, 640, 360], [640, 180, 640, 360]];

/// Of hostStaticVoice6v6: the seats of the first live, then those of the second; seat i of a team in its column i mod 2.
const HOST_STATIC_VOICE_6V6: [[usize; 4]; 12] = [
    [0, 276, 180, 200],
    [180, 276, 180, 200],
    [0, 476, 180, 200],
    [180, 476, 180, 200],
    [0, 676, 180, 200],
    [180, 676, 180, 200],
    [360, 276, 180, 200],
    [540, 276, 180, 200],
    [360, 476, 180, 200],
    [540, 476, 180, 200],
    [360, 676, 180, 200],
    [540, 676, 180, 200],
];

impl Template {
    /// Every template that may be chosen by name.
    pub const ALL: [Self; 5] = [
        Self::HostDynamicGrid,
        Self::HostDynamic1v6,
        Self::HostVoiceConnection,
        Self::HostStaticVoice6v6,
        Self::HostVideoLandscapeFixed2Seats,
    ];

    /// Seats of each live that hostStaticVoice6v6 has cells for (KSGConnectMaxSeatCount).
    pub const TEAM_SEATS: u32 = 6;

    /// The number that clients know it by.
    #[must_use]
    pub fn id(self) -> u32 {
        match self {
            Self::HostDynamicGrid => 600,
            Self::HostDynamic1v6 => 601,
            Self::HostVoiceConnection => 2,
            Self::HostStaticVoice6v6 => 1,
            Self::HostVideoLandscapeFixed2Seats => 400,
            Self::Custom => 1000,
        }
    }

    /// The name that clients know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostDynamicGrid => "hostDynamicGrid",
            Self::HostDynamic1v6 => "hostDynamic1v6",
            Self::HostVoiceConnection => "hostVoiceConnection",
            Self::HostStaticVoice6v6 => "hostStaticVoice6v6",
            Self::HostVideoLandscapeFixed2Seats => "HostVideoLandscapeFixed2Seats",
            Self::Custom => "custom",
        }
    }

    /// The most lives that it has room for.
    #[must_use]
    pub fn capacity(self) -> usize {
        match self {
            Self::HostDynamicGrid | Self::HostVoiceConnection | Self::Custom => 9,
            Self::HostDynamic1v6 => 7,
            Self::HostStaticVoice6v6 | Self::HostVideoLandscapeFixed2Seats => 2,
        }
    }

    /// The canvas that it is written for.
    fn design(self) -> Size {
        match self {
            Self::HostDynamicGrid
            | Self::HostDynamic1v6
            | Self::HostVoiceConnection
            | Self::HostStaticVoice6v6
            | Self::Custom => PORTRAIT,
            Self::HostVideoLandscapeFixed2Seats => LANDSCAPE,
        }
    }

    /// The canvas that it is drawn on where `configured` is what the operator chose: the same, but a landscape template
    /// lays a portrait canvas on its side, with the same number of pixels. A portrait template on a landscape canvas
    /// stands in its middle: that is what was asked for.
    #[must_use]
    pub fn canvas(self, configured: Size) -> Size {
        let Size { width, height } = configured;
        if self.design() == LANDSCAPE && width < height { Size { width: height, height: width } } else { configured }
    }

    /// How the canvas that it is written for becomes `canvas`.
    #[must_use]
    pub fn proportion(self, canvas: Size) -> Proportion {
        Proportion::of(self.design(), canvas)
    }

    /// Where each of `places` occupied places is on `canvas`; at most as many as the template has. Of hostStaticVoice6v6 each
    /// seat is a place, the first live's six before the second's.
    #[must_use]
    pub fn regions(self, canvas: Size, places: usize) -> Vec<Region> {
        let proportion = self.proportion(canvas);
        let cells = self.cells(places).iter().take(places).enumerate();
        cells.map(|(i, &cell)| Region::plain(proportion.rect(cell), self.z(i))).collect()
    }

    /// `x y w h` of each place on the canvas that it is written for, when so many are occupied.
    fn cells(self, places: usize) -> &'static [[usize; 4]] {
        match self {
            Self::HostDynamicGrid => HOST_DYNAMIC_GRID[places.clamp(1, HOST_DYNAMIC_GRID.len()) - 1],
            Self::HostDynamic1v6 => &HOST_DYNAMIC_1V6,
            Self::HostVoiceConnection => HOST_DYNAMIC_GRID[HOST_DYNAMIC_GRID.len() - 1],
            Self::HostStaticVoice6v6 => &HOST_STATIC_VOICE_6V6,
            Self::HostVideoLandscapeFixed2Seats => &HOST_VIDEO_LANDSCAPE_FIXED_2,
            Self::Custom => &[],
        }
    }

    fn z(self, place: usize) -> u32 {
        u32::from(self == Self::HostDynamic1v6 && place > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_dynamic_grid_is_as_written_for_every_number_of_hosts() {
        let third = |n: usize| (0..n).map(|i| [i % 3 * 240, 276 + i / 3 * 240, 240, 240]).collect::<Vec<_>>();
        let written: [Vec<[usize; 4]>; 10] = [
            vec![],
            vec![[0, 0, 720, 1280]],
            vec![[0, 276, 360, 644], [360, 276, 360, 644]],
            vec![[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
            vec![[0, 276, 360, 360], [360, 276, 360, 360], [0, 636, 360, 360], [360, 636, 360, 360]],
            third(5),
            third(6),
            third(7),
            third(8),
            third(9),
        ];
        for (n, cells) in written.iter().enumerate() {
            assert_eq!(regions(PORTRAIT, n), *cells, "{n} hosts");
        }
        assert_eq!(regions(PORTRAIT, 12), written[9]);
    }

    #[test]
    fn host_voice_connection_has_the_cells_of_nine_for_every_number_of_hosts() {
        let nine = regions(PORTRAIT, 9);
        for n in 0..=12 {
            let found = Template::HostVoiceConnection.regions(PORTRAIT, n);
            let found: Vec<_> = found.iter().map(|it| [it.rect.x, it.rect.y, it.rect.w, it.rect.h]).collect();
            assert_eq!(found, nine[..n.min(9)], "{n} hosts");
        }
        let [id, places] = [Template::HostVoiceConnection.id() as usize, Template::HostVoiceConnection.capacity()];
        assert_eq!((id, places, Template::HostVoiceConnection.name()), (2, 9, "hostVoiceConnection"));
    }

    #[test]
    fn half_a_canvas_has_half_the_geometry() {
        let canvas = Size { width: 360, height: 640 };
        assert_eq!(regions(canvas, 1), [[0, 0, 360, 640]]);
        assert_eq!(regions(canvas, 2), [[0, 138, 180, 322], [180, 138, 180, 322]]);
        assert_eq!(regions(canvas, 3), [[0, 138, 240, 240], [240, 138, 120, 120], [240, 258, 120, 120]]);
    }

    #[test]
    fn a_landscape_canvas_has_the_portrait_layout_in_its_middle() {
        // 720 / 1280 = 0.5625; 720 · 0.5625 = 405 columns, from 437.5 on; edges down to even.
        assert_eq!(regions(LANDSCAPE, 1), [[436, 0, 406, 720]]);
        assert_eq!(regions(LANDSCAPE, 2), [[436, 154, 204, 362], [640, 154, 202, 362]]);
    }

    #[test]
    fn host_dynamic_1v6_has_the_first_below_and_windows_from_the_bottom_up() {
        let first = [0, 0, 720, 1280];
        let windows = [1008, 824, 640, 456, 272, 88].map(|y| [560, y, 144, 176]);
        for n in 0..=9 {
            let found = Template::HostDynamic1v6.regions(PORTRAIT, n);
            let written: Vec<_> = [first].into_iter().chain(windows).take(n).collect();
            assert_eq!(numbers(&found), written, "{n} hosts");
            assert!(found.iter().enumerate().all(|(i, region)| region.z == u32::from(i > 0)));
        }
        let it = Template::HostDynamic1v6;
        assert_eq!((it.id(), it.capacity(), it.name()), (601, 7, "hostDynamic1v6"));
    }

    #[test]
    fn host_video_landscape_fixed_2_seats_is_two_halves_of_a_canvas_on_its_side() {
        let it = Template::HostVideoLandscapeFixed2Seats;
        assert_eq!((it.id(), it.capacity(), it.name()), (400, 2, "HostVideoLandscapeFixed2Seats"));
        assert_eq!([it.canvas(PORTRAIT), it.canvas(LANDSCAPE)], [LANDSCAPE; 2]);
        assert_eq!(it.canvas(Size { width: 360, height: 640 }), Size { width: 640, height: 360 });
        let both = [[0, 180, 640, 360], [640, 180, 640, 360]];
        for n in 0..=3 {
            assert_eq!(numbers(&it.regions(LANDSCAPE, n)), both[..n.min(2)], "{n} hosts");
        }
        let half = it.regions(Size { width: 640, height: 360 }, 2);
        assert_eq!(numbers(&half), [[0, 90, 320, 180], [320, 90, 320, 180]]);
        for template in Template::ALL.into_iter().filter(|other| *other != it) {
            assert_eq!([template.canvas(PORTRAIT), template.canvas(LANDSCAPE)], [PORTRAIT, LANDSCAPE]);
        }
    }

    #[test]
    fn host_static_voice_6v6_has_two_teams_of_six_in_two_columns_each() {
        let found = numbers(&Template::HostStaticVoice6v6.regions(PORTRAIT, 12));
        let team = |left: usize| (0..6).map(move |i| [left + i % 2 * 180, 276 + i / 2 * 200, 180, 200]);
        assert_eq!(found, team(0).chain(team(360)).collect::<Vec<_>>());
        let it = Template::HostStaticVoice6v6;
        assert_eq!((it.id(), it.capacity(), it.name()), (1, 2, "hostStaticVoice6v6"));
    }

    #[test]
    fn regions_of_every_template_have_even_edges_lie_inside_and_overlap_only_with_distinct_z() {
        for (width, height) in [(720, 1280), (1280, 720), (540, 960), (1080, 1920), (222, 398), (64, 64), (1000, 300)] {
            for (template, n) in Template::ALL.into_iter().flat_map(|template| (1..=12).map(move |n| (template, n))) {
                let canvas = template.canvas(Size { width, height });
                let regions = template.regions(canvas, n);
                for (i, Region { rect, z, .. }) in regions.iter().enumerate() {
                    assert!([rect.x, rect.y, rect.w, rect.h].iter().all(|edge| edge % 2 == 0), "{rect:?}");
                    assert!(rect.w > 0 && rect.h > 0, "{rect:?} of {template:?} in {width}×{height}");
                    assert!(rect.right() <= canvas.width && rect.bottom() <= canvas.height, "{rect:?} in {canvas:?}");
                    for other in &regions[..i] {
                        assert!(rect.common(other.rect).is_none() || other.z != *z, "{rect:?} {other:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn neighbours_touch_at_every_scale() {
        for width in (100..1500).step_by(7) {
            let regions = regions(Size { width, height: width * 2 }, 9);
            for row in regions.chunks(3) {
                assert_eq!(row[0][0] + row[0][2], row[1][0]);
                assert_eq!(row[1][0] + row[1][2], row[2][0]);
            }
        }
    }

    fn regions(canvas: Size, n: usize) -> Vec<[usize; 4]> {
        numbers(&Template::HostDynamicGrid.regions(canvas, n))
    }

    fn numbers(regions: &[Region]) -> Vec<[usize; 4]> {
        regions.iter().map(|Region { rect, .. }| [rect.x, rect.y, rect.w, rect.h]).collect()
    }
}
