//! The `costage` binary; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    costage::app::cli::run()
}
