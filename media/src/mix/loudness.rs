//! How loud a voice is as its ring shows it: in steps, up at once and down slowly, so that a ring neither flickers nor
//! is painted for nothing.

/// A step of a ring around an avatar; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loudness(u8);

impl Loudness {
    /// No ring.
    pub const SILENT: Self = Self(0);
    /// The number of the loudest step.
    pub const STEPS: u8 = 4;

    /// Step `step`; the loudest for any above.
    #[must_use]
    pub fn new(step: u8) -> Self {
        Self(step.min(Self::STEPS))
    }

    /// Its number, 0 to [`Loudness::STEPS`].
    #[must_use]
    pub fn step(self) -> u8 {
        self.0
    }

    /// What a block of this mean square, of samples from −1 to 1, is by itself.
    fn of(mean_square: f32) -> Self {
        let reached = FROM.iter().filter(|from| mean_square >= **from).count();
        Self(u8::try_from(reached).unwrap_or(Self::STEPS))
    }
}

/// Mean squares from which a block is loud at all: −45 dBFS, above the noise of a quiet room.
pub(super) const LOUD: f32 = 3.162e-5;
/// The steps: −45, −35, −25 and −15 dBFS. Voices as hosts send them lie around −25.
const FROM: [f32; Loudness::STEPS as usize] = [LOUD, 3.162e-4, 3.162e-3, 3.162e-2];

/// Parts of a step, so that a release of whole blocks has whole numbers.
const PARTS: u8 = 5;
/// Parts that are lost with a block of 20 ms: from the loudest step to none in 200 ms.
const RELEASE: u8 = 2;

/// The loudness of one voice over time.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    parts: u8,
}

impl Envelope {
    /// The next 20 ms have this mean square.
    pub(super) fn follow(&mut self, mean_square: f32) {
        let now = Loudness::of(mean_square).step() * PARTS;
        self.parts = now.max(self.parts.saturating_sub(RELEASE));
    }

    /// What is shown.
    pub(super) fn loudness(&self) -> Loudness {
        Loudness(self.parts.div_ceil(PARTS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_begins_at_its_level() {
        let of = |db: f32| Loudness::of(10_f32.powf(db / 10.0)).step();
        let table = [(-90.0, 0), (-45.1, 0), (-44.9, 1), (-35.1, 1), (-30.0, 2), (-20.0, 3), (-14.9, 4), (0.0, 4)];
        for (db, step) in table {
            assert_eq!(of(db), step, "{db} dBFS");
        }
        assert_eq!(Loudness::of(f32::NAN), Loudness::SILENT);
    }

    #[test]
    fn it_rises_at_once_and_falls_a_step_at_a_time_within_200_ms() {
        let mut envelope = Envelope::default();
        envelope.follow(0.5);
        assert_eq!(envelope.loudness().step(), 4);
        let falling = std::iter::repeat_with(|| {
            envelope.follow(0.0);
            envelope.loudness().step()
        });
        assert_eq!(falling.take(10).collect::<Vec<_>>(), [4, 4, 3, 3, 2, 2, 2, 1, 1, 0]);
    }

    #[test]
    fn a_level_that_wavers_around_a_step_stays_on_it() {
        let mut envelope = Envelope::default();
        for block in 0..50 {
            envelope.follow(if block % 2 == 0 { 3.2e-3 } else { 3.1e-3 });
            assert_eq!(envelope.loudness().step(), 3);
        }
    }
}
