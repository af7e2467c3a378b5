//! The command line: what there is, and what each command's end means to a shell.

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::config::{Config, Simd, SourceFault};
use super::settings::Settings;
use super::{about, backup, bench, demo, ledger, serve, token, webhooks};

/// Real-time media mixing server: hosts meet in one picture, viewers keep their connection.
#[derive(Parser)]
#[command(name = "costage", after_help = EXAMPLES, after_long_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    #[command(after_help = SERVE_EXAMPLES, after_long_help = SAMPLE)]
    Serve(serve::ServeArgs),
    /// Run the server with two synthetic hosts who battle; watch at http://localhost:8080/
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(demo::DemoArgs),
    /// Measure the server from outside, over real WebRTC, and its compositor beside others
    Bench(bench::BenchArgs),
    /// Mint a token with the configured key
    #[command(after_help = TOKEN_EXAMPLES)]
    Token(token::TokenArgs),
    /// Look at the ledger of scores: is it whole, what does it say, does it agree
    #[command(subcommand, after_help = LEDGER_EXAMPLES)]
    Ledger(ledger::LedgerCommand),
    /// Copy the database while the server runs
    #[command(after_help = BACKUP_EXAMPLES)]
    Backup(backup::BackupArgs),
    /// Look at what has become of webhooks, and send dead letters again
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print what file, environment and flags make, as TOML; secrets are hidden
    #[command(after_help = PRINT_EXAMPLES)]
    Print(Box<Settings>),
}

const EXAMPLES: &str = "Examples:
  costage demo                                  two hosts battle at http://localhost:8080/
  costage serve --dev                           a server without configuration; prints key and tokens
  costage serve --config costage.toml           a server (see costage.sample.toml)
  costage token --config costage.toml --role host --user alice --live a --ttl 12h
  costage ledger verify                         the ledger of scores is as it was written
  costage backup copy.db                        a copy of the database while the server runs
  costage bench mixing --hosts 2 --seconds 20
  costage webhooks list                         what has become of webhooks

Exit status: 0 done, or ended by one signal; 1 failed; 2 wrong usage or configuration; 130 ended by a second signal";

const SERVE_EXAMPLES: &str = "Examples:
  costage serve --dev                           a server without configuration; prints key and tokens
  costage serve --config costage.toml           a server (see costage.sample.toml)
  COSTAGE_KEYS=main=$SECRET costage serve --listen 0.0.0.0:8080 --public-address 203.0.113.7

Every key of the configuration: costage serve --help";

const DEMO_EXAMPLES: &str = "Examples:
  costage demo                                  watch at http://localhost:8080/
  costage demo --round-seconds 60 --max-fps 60
  costage demo --server http://localhost:8080 --token $ADMIN_TOKEN   perform on a server that runs already";

const LEDGER_EXAMPLES: &str = "Examples:
  costage ledger verify                         every row is as it was written
  costage ledger export ledger.jsonl            for an auditor
  costage ledger balance --from ledger.jsonl    hashes and points computed anew";

const BACKUP_EXAMPLES: &str = "Examples:
  costage backup /var/backups/costage-monday.db
  costage ledger verify --data /var/backups/costage-monday.db

To go back to it: end the server, put it in the data directory as costage.db and remove costage.db-wal and costage.db-shm";

const PRINT_EXAMPLES: &str = "Examples:
  costage config print                          every key with its default
  costage config print --config costage.toml --set max_fps=60";

const TOKEN_EXAMPLES: &str = "Examples:
  costage token --config costage.toml --role admin --user backend --live '*'
  COSTAGE_KEYS=main=$SECRET costage token --role host --user alice --name Alice --live a --ttl 12h";

/// The sample file is the manual of the keys; a test holds it to the code.
const SAMPLE: &str = concat!(
    "Examples:
  costage serve --dev
  costage serve --config costage.toml
  COSTAGE_KEYS=main=$SECRET costage serve --listen 0.0.0.0:8080 --public-address 203.0.113.7

",
    "Every key, as in a configuration file (costage.sample.toml):\n\n",
    include_str!("../../costage.sample.toml")
);

/// Wrong usage or configuration, as clap itself exits.
const USAGE_STATUS: u8 = 2;

/// Runs the command of this process' arguments.
pub fn run() -> ExitCode {
    // The level of this run, which COSTAGE_SIMD may lower.
    let simd = match std::env::var("COSTAGE_SIMD").as_deref() {
        Ok("scalar") => Simd::Scalar,
        Ok("neon") => Simd::Neon,
        Ok("avx2") => Simd::Avx2,
        Ok("avx512") => Simd::Avx512,
        Ok("auto" | "") | Err(_) => Simd::Auto,
        Ok(wrong) => {
            let levels = "auto, avx512, avx2, neon or scalar";
            drop(writeln!(std::io::stderr(), "costage: COSTAGE_SIMD is `{wrong}`; it may be {levels}"));
            return ExitCode::from(USAGE_STATUS);
        }
    };
    let version = about::version(about::kernels(simd).level());
    // clap wants a text that lives as long as the process; this is made once.
    let matches = Line::command().version(&*version.leak()).get_matches();
    let line = Line::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match dispatch(line.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let wrong = error.downcast_ref::<SourceFault>().is_some();
            // Standard error may be closed; the status still says it.
            drop(writeln!(std::io::stderr(), "costage: {error:#}"));
            if wrong { ExitCode::from(USAGE_STATUS) } else { ExitCode::FAILURE }
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => {
            let config = args.settings.load(args.dev)?;
            on_tokio(serve::run(config, args.settings, args.dev))
        }
        Command::Demo(args) => on_tokio(demo::run(args)),
        Command::Bench(args) => on_tokio(bench::run(args)),
        Command::Token(args) => token::run(&args),
        Command::Ledger(command) => ledger::run(command),
        Command::Backup(args) => backup::run(&args),
        Command::Webhooks(command) => webhooks::run(&command),
        Command::Config(ConfigCommand::Print(settings)) => print(&settings.look()?),
    }
}

fn on_tokio(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

fn print(config: &Config) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(config.to_toml()?.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_sound() {
        Line::command().debug_assert();
    }

    #[test]
    fn every_documented_command_is_there() {
        for line in [
            "costage serve --dev --listen 127.0.0.1:0",
            "costage config print --set max_fps=60",
            "costage token --role host --user alice --live a --ttl 12h",
            "costage demo",
            "costage serve --memory",
            "costage ledger verify --data backup.db",
            "costage ledger export --format csv ledger.csv",
            "costage ledger balance --from ledger.jsonl",
            "costage backup copy.db --data costage-data",
            "costage webhooks list --dead",
            "costage webhooks replay --all",
            "costage webhooks replay --endpoint crm --id msg_1",
        ] {
            assert!(Line::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        assert!(Line::try_parse_from(["costage"]).is_err());
        assert!(Line::try_parse_from(["costage", "serve", "--made-up"]).is_err());
        assert!(Line::try_parse_from(["costage", "webhooks", "replay"]).is_err(), "what?");
    }
}
