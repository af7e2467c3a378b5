//! Lives, seats, connections and battles: sans-IO state machines, the rules of the product.
//!
//! | file | holds |
//! |---|---|
//! | [`ids`], [`time`] | names and moments |
//! | [`command`], [`answer`], [`refusal`] | what may be asked, and what comes back |
//! | [`event`], [`effect`], [`fact`] | what leaves: to clients, to the engine, to the journal |
//! | [`lives`], `deadlines` | the machine: order of driving, undo; what it is to be woken for |
//! | `room`, `update`, `presence` | lives, what is changed of them, and whether their hosts are there |
//! | `onlooking` | watching one host alone, hearing all but oneself |
//! | `invite`, `connection`, `layout` | invitations, connections and their templates |
//! | `challenge` | requests for battles: asked, accepted, rejected, cancelled, expired |
//! | `battle`, `score`, `ranking`, [`senders`] | battles |
//! | `seat` | seats: who sits where, applications and invitations |
//! | [`callback`] | what a business backend is told of facts, by webhook |
//! | [`gifts`], [`booked`], `ledger` | gifts turned into points; a change of scores as it stays; every change in order |
//! | [`recall`] | changes that memory holds no more, and must be asked of the disk |
//! | `aftermath` | what follows a battle: punishment, parting, rematch |
//! | `stage`, `preview`, `view` | what is shown: scenes and layouts; what would be; what may be read |
//! | [`kept`] | the rows as text: what a store keeps, and what a restart begins with |
//! | `seed` | where ids come from, so that none tells of another |
//! | [`rules`], `state`, `table` | the numbers; the rows; undoing what was done to them |
//!
//! **Invariant:** nothing here reads a clock, opens a socket or makes a random number; time is an argument, ids come
//! from a seed, a secret that is an argument too.
//! **Invariant:** a refused command has changed nothing.

mod aftermath;
pub mod answer;
mod battle;
pub mod booked;
pub mod callback;
mod challenge;
pub mod command;
mod connection;
mod contest;
mod custom;
mod deadlines;
pub mod effect;
pub mod event;
pub mod fact;
pub mod gifts;
pub mod ids;
mod invite;
pub mod kept;
mod layout;
mod ledger;
pub mod lives;
mod onlooking;
mod presence;
mod preview;
mod ranking;
pub mod recall;
pub mod refusal;
mod room;
pub mod rules;
mod score;
mod seat;
mod seed;
pub mod senders;
mod stage;
mod stand_ins;
mod state;
mod table;
pub mod time;
mod update;
mod view;

pub use answer::Answer;
pub use booked::Booked;
pub use callback::{Callback, CallbackKind};
pub use command::Command;
pub use effect::{Effect, Wake};
pub use event::Event;
pub use fact::Fact;
pub use gifts::GiftTable;
pub use ids::{BattleId, LiveId, ScoreKey, StageId, UserId};
pub use lives::Lives;
pub use recall::Wanted;
pub use refusal::Refusal;
pub use rules::Rules;
pub use seed::Seed;
pub use state::Snapshot;
pub use time::WallMs;
