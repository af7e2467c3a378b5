//! Time, and hosts that come and go.

use super::{Draw, Step};
use crate::command::Command;
use crate::rules::{Link, Live, Model};

impl Draw {
    /// Mostly up to the next deadline, or right before it.
    pub(super) fn time(&mut self, model: &Model) -> Step {
        if self.dice.percent(10)
            && let Some(step) = self.overtime(model)
        {
            return step;
        }
        let due = model.next_due().map_or(0, |(at, _)| at.saturating_sub(model.now));
        match self.dice.below(100) {
            0..8 => Step::Wait(0),
            8..38 => Step::Wait(due),
            38..44 => Step::Wait(due.saturating_sub(1)),
            44..56 => Step::Wait(1 + self.dice.below(60)),
            56..72 => Step::Wait(1_000 + self.dice.below(11_000)),
            72..80 => Step::Wait(30_000 + self.dice.below(60_000)),
            80..82 => Step::Wait(600_000),
            82..88 => Step::Late(self.dice.pick(&[due, due + 1, 49, 10_000])),
            88..95 => self.restart(),
            _ => Step::Reseed,
        }
    }

    fn restart(&mut self) -> Step {
        if self.dice.percent(70) {
            let table = self.table();
            self.queue.push(Step::Ask(Command::SetGifts(table)));
        }
        Step::Restart(self.dice.pick(&[0, 1, 900, 4_000, 31_000, 90_000]))
    }

    /// Guests publish, and are lost as often as not.
    fn guest_presence(&mut self, model: &Model) -> Option<Command> {
        let guests: Vec<_> = model.lives.iter().flat_map(Live::guests).map(|(_, guest)| guest).collect();
        let guest = self.one_of(&guests)?;
        let up = if guest.media == Link::Here { self.dice.percent(20) } else { self.dice.percent(60) };
        Some(Command::Media { serial: guest.serial, up })
    }

    /// Those who are away come back more often than the others go.
    pub(super) fn presence(&mut self, model: &Model) -> Command {
        if self.dice.percent(35)
            && let Some(command) = self.guest_presence(model)
        {
            return command;
        }
        let away: Vec<u32> =
            model.lives.iter().filter(|live| live.media != Link::Here).map(|live| live.serial).collect();
        let any = if model.lives.is_empty() { 1 } else { model.lives[self.index(model.lives.len())].serial };
        let gone = u32::try_from(self.dice.below(30)).expect("small");
        match self.dice.below(24) {
            0 => Command::Media { serial: gone, up: self.dice.coin() },
            1 => Command::Socket { serial: gone, open: self.dice.coin() },
            2..12 => match self.one_of(&away) {
                Some(serial) => Command::Media { serial, up: true },
                None => Command::Media { serial: any, up: false },
            },
            12..16 => Command::Media { serial: any, up: false },
            16..20 => Command::Socket { serial: any, open: false },
            _ => Command::Socket { serial: any, open: true },
        }
    }
}
