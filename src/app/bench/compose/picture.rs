//! The sources' pictures, and how far two canvases are apart.

use super::layout::Layout;
use costage_media::frame::I420;

/// Pictures of each source in turn. No two are the same memory, so that caches hold one only where it really fits.
pub(super) type Sources = Vec<Vec<I420>>;

/// So many pictures of each source of a layout: `benches/compose/rival.h` draws the same.
pub(super) fn sources(layout: &Layout, frames: usize) -> Sources {
    let source = |tile: usize| (0..frames).map(|turn| picture(layout, tile, turn)).collect();
    (0..layout.places.len()).map(source).collect()
}

fn picture(layout: &Layout, tile: usize, turn: usize) -> I420 {
    let mut picture = I420::black(layout.source);
    let width = layout.source.width;
    let [y, u, v] = picture.planes_mut();
    draw(y, width, |x, y| slope(x + 2 * y + 40 * tile + 11 * turn, 16, 235));
    draw(u, width / 2, |x, y| slope(x + y + 20 * tile + 7 * turn, 16, 240));
    draw(v, width / 2, |x, y| slope(2 * x + y + 30 * tile + 5 * turn, 16, 240));
    picture
}

fn draw(plane: &mut [u8], width: usize, value: impl Fn(usize, usize) -> u8) {
    for (y, row) in plane.chunks_exact_mut(width).enumerate() {
        row.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = value(x, y));
    }
}

/// Rises and falls by steps of 1: as smooth in every place, so that all filters agree on it.
fn slope(at: usize, low: u8, high: u8) -> u8 {
    let span = usize::from(high - low);
    let place = at % (2 * span);
    let above = if place < span { place } else { 2 * span - place };
    low + u8::try_from(above).unwrap_or(high - low)
}

/// The mean distance of the pixels of two packed canvases in the places of a layout, of luma; `None` when one is too short.
pub(super) fn distance(layout: &Layout, one: &[u8], other: &[u8]) -> Option<f64> {
    let width = layout.canvas.width;
    let (mut sum, mut count) = (0, 0);
    for place in &layout.places {
        for y in place.y..place.bottom() {
            let row = y * width + place.x..y * width + place.right();
            let pairs = one.get(row.clone())?.iter().zip(other.get(row)?);
            sum += pairs.map(|(&one, &other)| u64::from(one.abs_diff(other))).sum::<u64>();
            count += place.w;
        }
    }
    Some(sum as f64 / count.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_as_smooth_everywhere_and_no_two_pictures_are_the_same() {
        let [layout, ..] = Layout::all();
        let sources = sources(&layout, 4);
        assert_eq!((sources.len(), sources[0].len()), (9, 4));
        assert_ne!(sources[0][0], sources[0][1]);
        assert_ne!(sources[0][0], sources[1][0]);
        let steps = |row: &[u8]| row.windows(2).all(|pair| pair[0].abs_diff(pair[1]) == 1);
        assert!(sources[8][3].as_ref().y.data.chunks_exact(640).all(steps));
        assert_eq!(sources[0][0].as_ref().y.data[..3], [16, 17, 18]);
    }

    #[test]
    fn canvases_are_compared_where_tiles_are() {
        let [.., portrait, _] = Layout::all();
        let size = portrait.canvas.width * portrait.canvas.height;
        let (one, mut other) = (vec![50; size], vec![52; size]);
        assert_eq!(distance(&portrait, &one, &other), Some(2.0));
        other[..720 * 276].fill(255);
        assert_eq!(distance(&portrait, &one, &other), Some(2.0), "above the tiles");
        assert_eq!(distance(&portrait, &one, &other[..size / 2]), None);
    }
}
