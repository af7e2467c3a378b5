//! Moving pictures for the tests of the codecs.

use crate::frame::{I420, Size};

/// A picture `step` steps into a scene: a textured wall that pans by two pixels a step, two balls that move across it,
/// and sensor noise.
pub(crate) fn moving(size: Size, step: usize) -> I420 {
    let mut picture = I420::black(size);
    let Size { width, height } = picture.size();
    let [y, u, v] = picture.planes_mut();
    let mut noise = 0x9e37_79b9_u32 ^ u32::try_from(step).unwrap();
    for row in 0..height {
        for column in 0..width {
            let (x, z) = (column + 2 * step, row + step);
            let wall = 60 + (x * 7 / 16 % 64) + ((x / 24 + z / 24) % 2) * 40 + (x * z / 512 % 16);
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            y[row * width + column] = u8::try_from(wall + (noise >> 30) as usize).unwrap();
        }
    }
    for ball in 0..2 {
        let radius = (width.min(height) / 8).max(2);
        let centre_x = (step * (5 + 3 * ball) + ball * width / 2) % width;
        let centre_y = (step * (3 + 4 * ball) + height / 3) % height;
        for row in centre_y.saturating_sub(radius)..(centre_y + radius).min(height) {
            for column in centre_x.saturating_sub(radius)..(centre_x + radius).min(width) {
                if row.abs_diff(centre_y).pow(2) + column.abs_diff(centre_x).pow(2) < radius * radius {
                    y[row * width + column] = u8::try_from(200 - 60 * ball + (column ^ row) % 16).unwrap();
                    let chroma = row / 2 * (width / 2) + column / 2;
                    u[chroma] = if ball == 0 { 90 } else { 170 };
                    v[chroma] = if ball == 0 { 180 } else { 80 };
                }
            }
        }
    }
    picture
}

/// The peak signal to noise ratio of luma, dB.
pub(crate) fn luma_psnr(a: &crate::frame::PlaneRef<'_>, b: &crate::frame::PlaneRef<'_>) -> f64 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let mut sum = 0.0;
    for row in 0..a.height {
        let (left, right) = (&a.data[row * a.stride..][..a.width], &b.data[row * b.stride..][..a.width]);
        sum += left.iter().zip(right).map(|(&l, &r)| f64::from(l.abs_diff(r)).powi(2)).sum::<f64>();
    }
    10.0 * (255.0 * 255.0 * (a.width * a.height) as f64 / sum.max(1e-9)).log10()
}

/// NAL units with start codes, as a decoder takes them.
pub(crate) fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
    nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect()
}
