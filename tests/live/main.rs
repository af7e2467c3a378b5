//! The rules of lives, connections and battles, on virtual time: one test a rule, and random commands against what must
//! always hold.

mod battles;
mod connections;
mod lives;
mod presence;
mod random;
mod world;
