//! Lives, connections and battles: sans-IO state machines, the rules of the product.
//!
//! | file | holds |
//! |---|---|
//! | [`ids`], [`time`] | names and moments |
//! | [`command`], [`answer`], [`refusal`] | what may be asked, and what comes back |
//! | [`event`], [`effect`], [`fact`] | what leaves: to clients, to the engine, to the journal |
//!
//! **Invariant:** nothing here reads a clock, opens a socket or makes a random number; time is an argument, ids come
//! from a seed.
//! **Invariant:** a refused command has changed nothing.

pub mod answer;
pub mod command;
pub mod event;
pub mod ids;
pub mod refusal;
pub mod time;

pub use answer::Answer;
pub use command::Command;
pub use event::Event;
pub use ids::{BattleId, LiveId, ScoreKey, StageId, UserId};
pub use refusal::Refusal;
pub use time::WallMs;
