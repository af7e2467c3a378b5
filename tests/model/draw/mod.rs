//! What happens next: drawn so that something does, with an eye on how things stand.

mod battles;
mod co_host;
mod lives;
mod names;
mod seats;
mod time;

use crate::command::Command;
use crate::dice::Dice;
use crate::rules::Model;
use crate::words::{Person, Text};

pub(crate) use names::LIVES;

/// One step of a sequence.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Asked, answered, kept.
    Ask(Command),
    /// Asked, but it could not be kept: it never was.
    Lost(Command),
    /// Time passes, and deadlines are met on time.
    Wait(u64),
    /// Time passes, and nobody looks at the deadlines yet.
    Late(u64),
    /// The server dies, and goes on so many ms later.
    Restart(u64),
    /// The machine is saved and seeded again, which nobody notices.
    Reseed,
}

impl Step {
    /// Whether it is one of the commands of a sequence: news of media, sockets and time are not.
    pub(crate) fn is_command(&self) -> bool {
        match self {
            Self::Ask(Command::Media { .. } | Command::Socket { .. } | Command::SetGifts(_)) => false,
            Self::Ask(_) => true,
            Self::Lost(_) | Self::Wait(_) | Self::Late(_) | Self::Restart(_) | Self::Reseed => false,
        }
    }
}

/// What a sequence is mostly about.
#[derive(Debug, Clone, Copy)]
enum Subject {
    Lives,
    Seats,
    CoHost,
    Battles,
    Questions,
    Presence,
    Time,
}

/// The source of one sequence.
#[derive(Debug)]
pub(crate) struct Draw {
    dice: Dice,
    /// The ids that lives may have.
    lives: &'static [Text],
    weights: [(u64, Subject); 7],
    /// Steps that follow as they are.
    queue: Vec<Step>,
    /// Commands still to come, beside those that set the scene.
    left: u64,
}

/// Commands of a sequence.
const COMMANDS: u64 = 50;

impl Draw {
    /// The sequence of this seed: from 2 to 12 lives, now and then more; of 50 commands, now and then 400, after those
    /// that create the lives.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let few = 2 + dice.below(5);
        let (any, many) = (2 + dice.below(11), LIVES.len() as u64);
        let lives = dice.weighted(&[(55, few), (40, any), (4, 12), (1, many)]);
        let lives = &LIVES[..usize::try_from(lives).expect("a few")];
        let base: [(u64, Subject); 7] = [
            (3, Subject::Lives),
            (12, Subject::Seats),
            (10, Subject::CoHost),
            (16, Subject::Battles),
            (2, Subject::Questions),
            (4, Subject::Presence),
            (5, Subject::Time),
        ];
        let weights = base.map(|(weight, subject)| (weight * dice.pick(&[1, 2, 4]), subject));
        let left = if dice.below(400) == 0 { 400 } else { COMMANDS };
        let mut draw = Self { dice, lives, weights, queue: Vec::new(), left };
        draw.set_the_scene();
        if draw.lives.len() == LIVES.len() && draw.dice.coin() {
            draw.flood_of_requests();
        }
        if draw.dice.below(400) == 0 {
            draw.flood();
        }
        draw.queue.reverse();
        draw.left += draw.queue.iter().filter(|step| step.is_command()).count() as u64;
        draw
    }

    /// What happens next; `None` when the sequence is over.
    pub(crate) fn next(&mut self, model: &Model) -> Option<Step> {
        let queued = self.queue.pop();
        let step = queued.unwrap_or_else(|| self.draw(model));
        if step.is_command() {
            self.left = self.left.checked_sub(1)?;
        }
        Some(step)
    }

    fn draw(&mut self, model: &Model) -> Step {
        let command = match self.dice.weighted(&self.weights) {
            Subject::Lives => self.lives(model),
            Subject::Seats => self.seats(model),
            Subject::CoHost => self.co_host(model),
            Subject::Battles => self.battles(model),
            Subject::Questions => self.question(model),
            Subject::Presence => self.presence(model),
            Subject::Time => return self.time(model),
        };
        if self.dice.percent(2) {
            return Step::Lost(command);
        }
        // No two battles begin in the same millisecond, as nothing says which of the two comes first then.
        if matches!(command, Command::Battle(_) | Command::Rematch { .. }) {
            self.queue.push(Step::Ask(command));
            return if self.dice.percent(1) { Step::Late(1) } else { Step::Wait(1) };
        }
        Step::Ask(command)
    }

    /// A live that is there, almost always.
    fn live(&mut self, model: &Model) -> Text {
        if model.lives.is_empty() || self.dice.percent(3) {
            return self.dice.pick(self.lives);
        }
        model.lives[self.index(model.lives.len())].id
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.dice.below(len as u64)).expect("below a length")
    }

    /// One of these, if there are any.
    fn one_of<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(self.dice.pick(from)) }
    }

    fn guest(&mut self) -> Person<'static> {
        let id = self.dice.pick(&names::GUESTS);
        names::person(id)
    }

    /// Somebody, of whom a host may be one.
    fn anybody(&mut self, model: &Model) -> Person<'static> {
        match model.lives.get(self.index(model.lives.len().max(1))) {
            Some(live) if self.dice.percent(12) => live.owner,
            Some(_) | None => self.guest(),
        }
    }

    fn extension(&mut self) -> Text {
        self.dice.weighted(&[(80, ""), (19, "{\"withPK\":true}"), (1, names::long(2_049))])
    }
}
