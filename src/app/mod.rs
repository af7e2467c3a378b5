//! Wiring: configuration, clock, signals, the commands of the binary.
//!
//! | file | holds |
//! |---|---|
//! | [`cli`], [`settings`] | the command line |
//! | [`config`] | every key, from file, environment and flags |
//! | [`serve`], [`server`], [`dev`], [`shutdown`] | a server from start to end |
//! | [`reload`] | what is read again without a restart |
//! | `keeping`, [`ledger`], [`backup`], [`data`], `new_file` | what outlives a restart; looking at it, and where it is |
//! | [`webhooks`] | the senders of webhooks, and the command that looks at them |
//! | [`demo`], [`bench`](mod@bench), [`token`] | the other commands |
//! | [`about`], [`logging`], [`metrics`], [`samples`] | what the process says about itself |
//! | [`clock`], [`signing`] | time and keys |

pub mod about;
mod avatars;
pub mod backup;
pub mod bench;
mod cast;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data;
pub mod demo;
pub mod dev;
mod fonts;
mod keeping;
pub mod ledger;
pub mod logging;
pub mod metrics;
mod new_file;
pub mod open_files;
mod progress;
pub mod reload;
pub mod samples;
pub mod serve;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod signing;
mod theme;
pub mod token;
pub mod webhooks;
