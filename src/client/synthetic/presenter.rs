//! The demo's hosts: a stylised presenter before a soft backdrop, who sways, blinks and sings.
//!
//! Every movement is a whole number of cycles in a loop, so that its last picture leads over to the first.

use super::brush::{Colour, Shape, fill, gradient};
use super::melody::loudness;
use super::theme::Theme;
use crate::client::video_loop::Scenery;
use costage_media::frame::{I420, Size};
use std::f32::consts::TAU;

const WHITE: Colour = Colour::rgb(0xffffff);
const BLUSH: Colour = Colour::rgb(0xf0605f);
const DARK: Colour = Colour::rgb(0x1a1016);
/// Bars of the level meter on the presenter's chest.
const METER_BARS: usize = 9;

/// Draws one presenter.
pub struct Presenter {
    theme: Theme,
    /// The host's place: shifts its movements, so that two hosts do not move as one.
    phase: f32,
    place: usize,
    frames: usize,
    backdrop: I420,
    /// Pixels per unit; a picture is 720 units high.
    unit: f32,
    middle: f32,
}

/// Where the presenter is in this picture.
struct Pose {
    /// Centre of the head.
    head: (f32, f32),
    /// Sideways lean of the body.
    lean: f32,
    /// 0 closed to 1 open.
    mouth: f32,
    eyes: f32,
    /// Share of the loop that has passed, 0 to 1.
    turn: f32,
}

impl Presenter {
    /// The host at `place`, in a loop of `frames` pictures of `size`.
    #[must_use]
    pub fn new(place: usize, size: Size, frames: usize) -> Self {
        let theme = Theme::of(place);
        let mut backdrop = I420::black(size);
        gradient(&mut backdrop, theme.backdrop[0], theme.backdrop[1]);
        let (width, height) = (backdrop.size().width as f32, backdrop.size().height as f32);
        let unit = height.min(width * 1.6) / 720.0;
        let phase = place as f32 * 0.37;
        let mut presenter = Self { theme, phase, place, frames: frames.max(1), backdrop, unit, middle: width / 2.0 };
        presenter.hang_lights();
        presenter
    }

    /// Still lights of the backdrop.
    fn hang_lights(&mut self) {
        let (width, height) = (self.backdrop.size().width as f32, self.backdrop.size().height as f32);
        for light in 0..12_u8 {
            let along = f32::from(light) * 0.618 + self.phase;
            let (x, y) = (along.fract() * width, (f32::from(light) * 0.377 + 0.1).fract() * height * 0.8);
            let radius = (30.0 + 50.0 * (along * 3.3).fract()) * self.unit;
            fill(&mut self.backdrop, Shape::Glow { x, y, radius }, self.theme.accent, 0.22);
        }
    }

    fn pose(&self, position: usize) -> Pose {
        let turn = (position % self.frames) as f32 / self.frames as f32;
        let wave = |cycles: f32, shift: f32| (TAU * (turn * cycles + shift + self.phase)).sin();
        let head = (self.middle + wave(1.0, 0.0) * 16.0 * self.unit, (292.0 + wave(3.0, 0.2) * 6.0) * self.unit);
        // Two short blinks in a loop.
        let blink = [0.23, 0.71].iter().map(|at| (turn - at - self.phase * 0.1).abs()).fold(1.0_f32, f32::min);
        let eyes = (blink * self.frames as f32 / 3.0).clamp(0.08, 1.0);
        Pose { head, lean: wave(1.0, 0.05) * 7.0 * self.unit, mouth: loudness(self.place, turn), eyes, turn }
    }

    fn paint_lights(&self, picture: &mut I420, pose: &Pose) {
        for light in 0..4_u8 {
            let own = f32::from(light) * 0.25 + self.phase;
            let angle = TAU * (pose.turn + own);
            let x = self.middle + angle.cos() * (150.0 + 60.0 * f32::from(light)) * self.unit;
            let y = (300.0 + angle.sin() * 190.0) * self.unit;
            let radius = (46.0 + 14.0 * f32::from(light)) * self.unit;
            fill(picture, Shape::Glow { x, y, radius }, WHITE, 0.30);
        }
        let glow = 0.35 + 0.45 * pose.mouth;
        let (x, y) = (self.middle, 310.0 * self.unit);
        fill(picture, Shape::Ring { x, y, radius: 172.0 * self.unit, half: 7.0 * self.unit }, self.theme.accent, glow);
    }

    fn paint_body(&self, picture: &mut I420, pose: &Pose) {
        let unit = self.unit;
        let x = self.middle + pose.lean;
        let shade = self.theme.skin.towards(DARK, 0.18);
        if self.theme.long_hair {
            let (hx, hy) = pose.head;
            let mane =
                Shape::Box { x: hx, y: hy + 62.0 * unit, hx: 104.0 * unit, hy: 128.0 * unit, corner: 98.0 * unit };
            fill(picture, mane, self.theme.hair, 1.0);
        }
        let neck = Shape::Box { x, y: 420.0 * unit, hx: 34.0 * unit, hy: 64.0 * unit, corner: 24.0 * unit };
        fill(picture, neck, shade, 1.0);
        let chest = Shape::Box { x, y: 690.0 * unit, hx: 178.0 * unit, hy: 230.0 * unit, corner: 120.0 * unit };
        fill(picture, chest, self.theme.shirt, 1.0);
        let collar = Shape::Ellipse { x, y: 462.0 * unit, rx: 52.0 * unit, ry: 30.0 * unit };
        fill(picture, collar, shade, 1.0);
        self.paint_meter(picture, pose, x);
    }

    /// A level meter in the accent colour: that the picture moves with the sound is seen at a glance.
    fn paint_meter(&self, picture: &mut I420, pose: &Pose, x: f32) {
        for bar in 0..METER_BARS {
            let across = bar as f32 - (METER_BARS - 1) as f32 / 2.0;
            let ripple = 0.55 + 0.45 * (TAU * (pose.turn * 12.0 + bar as f32 * 0.21)).sin();
            let hy = (5.0 + 38.0 * pose.mouth * ripple * (1.0 - across.abs() / 7.0)) * self.unit;
            let hx = 6.0 * self.unit;
            let shape = Shape::Box { x: x + across * 22.0 * self.unit, y: 585.0 * self.unit, hx, hy, corner: hx };
            fill(picture, shape, self.theme.accent, 0.95);
        }
    }

    fn paint_head(&self, picture: &mut I420, pose: &Pose) {
        let unit = self.unit;
        let (x, y) = pose.head;
        let at = |dx: f32, dy: f32, rx: f32, ry: f32| Shape::Ellipse {
            x: x + dx * unit,
            y: y + dy * unit,
            rx: rx * unit,
            ry: ry * unit,
        };
        fill(picture, at(0.0, -14.0, 100.0, 112.0), self.theme.hair, 1.0);
        fill(picture, at(0.0, 12.0, 86.0, 106.0), self.theme.skin, 1.0);
        fill(picture, at(-20.0, -78.0, 74.0, 34.0), self.theme.hair, 1.0);
        fill(picture, at(38.0, -76.0, 50.0, 30.0), self.theme.hair, 1.0);
        for side in [-1.0, 1.0] {
            fill(picture, at(side * 50.0, 46.0, 20.0, 13.0), BLUSH, 0.35);
            fill(picture, at(side * 34.0, 2.0, 15.0, 17.0 * pose.eyes), WHITE, 1.0);
            fill(picture, at(side * 34.0, 3.0, 8.0, 10.0 * pose.eyes), DARK, 1.0);
            fill(picture, at(side * 34.0 + 3.0, -1.0, 2.5, 3.0 * pose.eyes), WHITE, 1.0);
            let brow = -27.0 - 5.0 * pose.mouth;
            let arch = Shape::Box {
                x: x + side * 34.0 * unit,
                y: y + brow * unit,
                hx: 18.0 * unit,
                hy: 4.0 * unit,
                corner: 4.0 * unit,
            };
            fill(picture, arch, self.theme.hair, 1.0);
        }
        fill(picture, at(0.0, 30.0, 8.0, 10.0), self.theme.skin.towards(DARK, 0.15), 1.0);
        fill(picture, at(0.0, 68.0, 24.0 + 6.0 * (1.0 - pose.mouth), 4.0 + 18.0 * pose.mouth), DARK, 1.0);
        fill(picture, at(0.0, 72.0 + 6.0 * pose.mouth, 14.0, 1.0 + 8.0 * pose.mouth), Colour::rgb(0xd0505f), 1.0);
        self.paint_headphones(picture, pose);
    }

    fn paint_headphones(&self, picture: &mut I420, pose: &Pose) {
        let unit = self.unit;
        let (x, y) = pose.head;
        let band = Shape::Arch { x, y: y - 2.0 * unit, radius: 112.0 * unit, half: 7.0 * unit };
        fill(picture, band, Colour::rgb(0x20242c), 1.0);
        for side in [-1.0, 1.0] {
            let x = x + side * 102.0 * unit;
            let cup = Shape::Box { x, y: y + 12.0 * unit, hx: 19.0 * unit, hy: 36.0 * unit, corner: 17.0 * unit };
            fill(picture, cup, Colour::rgb(0x20242c), 1.0);
            let lamp = Shape::Box { x, y: y + 12.0 * unit, hx: 7.0 * unit, hy: 20.0 * unit, corner: 7.0 * unit };
            fill(picture, lamp, self.theme.accent, 0.4 + 0.6 * pose.mouth);
        }
    }
}

impl Scenery for Presenter {
    fn draw(&mut self, position: usize, picture: &mut I420) {
        picture.clone_from(&self.backdrop);
        let pose = self.pose(position);
        self.paint_lights(picture, &pose);
        self.paint_body(picture, &pose);
        self.paint_head(picture, &pose);
    }

    /// The voice starts its phrase with the loop.
    fn is_marked(&self, position: usize) -> bool {
        position == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 320, height: 180 };

    /// Mean absolute difference of luma.
    fn difference(a: &I420, b: &I420) -> f64 {
        let (a, b) = (a.as_ref().y.data, b.as_ref().y.data);
        let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
        sum / a.len() as f64
    }

    fn drawn(place: usize, position: usize) -> I420 {
        let mut picture = I420::black(SIZE);
        Presenter::new(place, SIZE, 180).draw(position, &mut picture);
        picture
    }

    #[test]
    fn pictures_move_and_hosts_differ() {
        assert!(difference(&drawn(0, 0), &drawn(0, 45)) > 1.0, "moves within a quarter of the loop");
        assert!(difference(&drawn(0, 0), &drawn(1, 0)) > 10.0, "another host, another picture");
    }

    #[test]
    fn the_end_of_the_loop_leads_over_to_its_start() {
        let (seam, step) = (difference(&drawn(0, 179), &drawn(0, 0)), difference(&drawn(0, 0), &drawn(0, 1)));
        assert!(seam < step * 3.0 + 1.0, "seam {seam:.2}, step {step:.2}");
    }
}
