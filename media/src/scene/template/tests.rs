//! Every template region by region: the numbers that are written down, and what must hold on any canvas.

use super::*;
use crate::scene::Rect;

/// The cells of a grid row by row, from y 276.
fn rows(columns: usize, w: usize, h: usize, n: usize) -> Vec<Cell> {
    (0..n).map(|i| [i % columns * w, 276 + i / columns * h, w, h]).collect()
}

/// What is written down for so many places, on the canvas of the template.
fn written(template: Template, n: usize) -> Vec<Cell> {
    let mut cells = match (template, n) {
        (Template::HostDynamicGrid, 1) => vec![[0, 0, 720, 1280]],
        (Template::HostDynamicGrid, 2) => vec![[0, 276, 360, 644], [360, 276, 360, 644]],
        (Template::HostDynamicGrid, 3) => vec![[0, 276, 480, 480], [480, 276, 240, 240], [480, 516, 240, 240]],
        (Template::HostDynamicGrid, 4) => {
            vec![[0, 276, 360, 360], [360, 276, 360, 360], [0, 636, 360, 360], [360, 636, 360, 360]]
        }
        (Template::HostDynamicGrid | Template::HostVoiceConnection | Template::VideoFixedGrid9Seats, _) => {
            rows(3, 240, 240, 9)
        }
        (Template::HostDynamic1v6 | Template::VideoFixedFloat7Seats, _) => {
            let windows = [1008, 824, 640, 456, 272, 88].map(|y| [560, y, 144, 176]);
            [[0, 0, 720, 1280]].into_iter().chain(windows).collect()
        }
        (Template::VideoLandscape4Seats, 1) => vec![[0, 0, 1280, 720]],
        (Template::VideoLandscape4Seats, 2) | (Template::HostVideoLandscapeFixed2Seats, _) => {
            vec![[0, 180, 640, 360], [640, 180, 640, 360]]
        }
        (Template::VideoLandscape4Seats, 3) => vec![[0, 0, 960, 720], [960, 0, 320, 360], [960, 360, 320, 360]],
        (Template::VideoLandscape4Seats, _) => {
            vec![[0, 0, 640, 360], [640, 0, 640, 360], [0, 360, 640, 360], [640, 360, 640, 360]]
        }
        (Template::HostStaticVoice6v6, _) => {
            let team = |left: usize| rows(2, 180, 200, 6).into_iter().map(move |[x, y, w, h]| [left + x, y, w, h]);
            team(0).chain(team(360)).collect()
        }
        (Template::AudioSalon | Template::Karaoke, _) => {
            // even(min(168, 1004 / rows)), for one row to ten.
            let height = [168, 168, 168, 168, 168, 166, 142, 124, 110, 100][n.clamp(1, 50).div_ceil(5) - 1];
            rows(5, 144, height, 50)
        }
        (Template::Custom, _) => vec![],
    };
    cells.truncate(n);
    cells
}

fn numbers(regions: &[Region]) -> Vec<Cell> {
    regions.iter().map(|Region { rect, .. }| [rect.x, rect.y, rect.w, rect.h]).collect()
}

#[test]
fn every_template_has_the_regions_that_are_written_for_every_number_of_places() {
    for template in Template::ALL {
        for n in 0..=60 {
            let regions = template.regions(template.canvas(PORTRAIT), n);
            assert_eq!(numbers(&regions), written(template, n), "{template:?}, {n} places");
            assert_eq!(regions.len(), n.min(template.places()), "{template:?}");
        }
    }
    assert_eq!(Template::Custom.regions(PORTRAIT, 3), []);
}

#[test]
fn every_template_has_its_number_its_name_and_room_for_so_many_lives() {
    let known = Template::ALL.map(|it| (it.id(), it.name(), it.capacity(), it.places()));
    let written = [
        (600, "hostDynamicGrid", 9, 9),
        (601, "hostDynamic1v6", 7, 7),
        (2, "hostVoiceConnection", 9, 9),
        (1, "hostStaticVoice6v6", 2, 12),
        (400, "HostVideoLandscapeFixed2Seats", 2, 2),
        (800, "videoFixedGrid9Seats", 1, 9),
        (801, "videoFixedFloat7Seats", 1, 7),
        (200, "videoLandscape4Seats", 1, 4),
        (70, "audioSalon", 1, 50),
        (50, "karaoke", 1, 50),
    ];
    assert_eq!(known, written);
}

/// `at` of the template's canvas on another: scaled alike both ways, centred, rounded down to even.
fn edge(at: usize, design: usize, canvas: usize, (numerator, denominator): (usize, usize)) -> usize {
    // (canvas − design · n/d) / 2 + at · n/d, over the common denominator 2d.
    let over = canvas * denominator - design * numerator + 2 * at * numerator;
    over / (4 * denominator) * 2
}

#[test]
fn on_every_canvas_regions_are_the_written_ones_even_inside_and_overlap_only_with_distinct_z() {
    // The smallest and the largest that may be configured, what people have, and odd shapes between them.
    let sides = [64, 66, 90, 222, 360, 398, 540, 602, 720, 854, 960, 1000, 1078, 1080, 1234, 1280, 1442, 1918, 1920];
    for (width, height) in sides.iter().flat_map(|width| sides.map(|height| (*width, height))) {
        for (template, n) in Template::ALL.into_iter().flat_map(|it| (1..=it.places()).map(move |n| (it, n))) {
            let canvas = template.canvas(Size { width, height });
            let design = template.design();
            let by_height = canvas.width * design.height > design.width * canvas.height;
            let scale = if by_height { (canvas.height, design.height) } else { (canvas.width, design.width) };
            let regions = template.regions(canvas, n);
            for (i, (Region { rect, z, .. }, [x, y, w, h])) in regions.iter().zip(written(template, n)).enumerate() {
                let column = |at| edge(at, design.width, canvas.width, scale);
                let row = |at| edge(at, design.height, canvas.height, scale);
                let exact = [column(x), row(y), column(x + w), row(y + h)];
                assert_eq!([rect.x, rect.y, rect.right(), rect.bottom()], exact, "{template:?} {n} in {canvas:?}");
                assert!(exact.iter().all(|edge| edge % 2 == 0), "{rect:?}");
                assert!(rect.w > 0 && rect.h > 0, "{rect:?} of {template:?} in {canvas:?}");
                assert!(rect.right() <= canvas.width && rect.bottom() <= canvas.height, "{rect:?} in {canvas:?}");
                let over = |other: &Region| other.z == *z && rect.common(other.rect).is_some();
                assert!(!regions[..i].iter().any(over), "{template:?} {n} in {canvas:?}: {rect:?}");
            }
        }
    }
}

#[test]
fn windows_lie_above_the_first_and_nothing_else_lies_above_anything() {
    for template in Template::ALL {
        let floats = matches!(template, Template::HostDynamic1v6 | Template::VideoFixedFloat7Seats);
        for (i, region) in template.regions(template.canvas(PORTRAIT), 50).iter().enumerate() {
            assert_eq!(region.z, u32::from(floats && i > 0), "{template:?} {i}");
        }
    }
}

#[test]
fn half_a_canvas_has_half_the_geometry() {
    let canvas = Size { width: 360, height: 640 };
    assert_eq!(grid(canvas, 2), [[0, 138, 180, 322], [180, 138, 180, 322]]);
    assert_eq!(grid(canvas, 3), [[0, 138, 240, 240], [240, 138, 120, 120], [240, 258, 120, 120]]);
}

#[test]
fn a_landscape_canvas_has_the_portrait_layout_in_its_middle() {
    // 720 / 1280 = 0.5625; 720 · 0.5625 = 405 columns, from 437.5 on; edges down to even.
    assert_eq!(grid(LANDSCAPE, 1), [[436, 0, 406, 720]]);
    assert_eq!(grid(LANDSCAPE, 2), [[436, 154, 204, 362], [640, 154, 202, 362]]);
}

#[test]
fn landscape_templates_lay_a_portrait_canvas_on_its_side_and_no_others_do() {
    for template in Template::ALL {
        let landscape = matches!(template, Template::HostVideoLandscapeFixed2Seats | Template::VideoLandscape4Seats);
        let upright = if landscape { LANDSCAPE } else { PORTRAIT };
        assert_eq!([template.canvas(PORTRAIT), template.canvas(LANDSCAPE)], [upright, LANDSCAPE], "{template:?}");
    }
    let half = Template::VideoLandscape4Seats.canvas(Size { width: 360, height: 640 });
    assert_eq!(half, Size { width: 640, height: 360 });
}

#[test]
fn neighbours_touch_at_every_scale() {
    for width in (100..1500).step_by(7) {
        let canvas = Size { width, height: width * 2 };
        for (template, columns, n) in [(Template::HostDynamicGrid, 3, 9), (Template::Karaoke, 5, 50)] {
            let regions: Vec<Rect> = template.regions(canvas, n).into_iter().map(|region| region.rect).collect();
            for row in regions.chunks(columns) {
                assert!(row.windows(2).all(|pair| pair[0].right() == pair[1].x), "{row:?}");
            }
            for (upper, lower) in regions.iter().zip(&regions[columns..]) {
                assert_eq!(upper.bottom(), lower.y);
            }
        }
    }
}

fn grid(canvas: Size, n: usize) -> Vec<Cell> {
    numbers(&Template::HostDynamicGrid.regions(canvas, n))
}
