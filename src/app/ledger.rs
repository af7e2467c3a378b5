//! `costage ledger`: whether the ledger is whole, what it says, and whether it agrees with what was told.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::data::DataArgs;
use super::new_file::NewFile;
use super::progress::Progress;
use crate::live::BattleId;
use crate::store::Head;
use crate::store::audit::{self, AuditFault, Export, Faults, Format, Reader};

/// What to do with the ledger. Reads beside a server that runs.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum LedgerCommand {
    /// Compute the hash chain of all rows anew: finds removed, inserted, reordered and edited rows and a cut tail
    #[command(after_help = VERIFY_EXAMPLES, after_long_help = VERIFY_LONG)]
    Verify(VerifyArgs),
    /// Write all rows as text, one line each, with all that their hashes cover, and what they end with
    #[command(after_help = EXPORT_EXAMPLES, after_long_help = EXPORT_LONG)]
    Export(ExportArgs),
    /// Sum every battle's points anew and compare them with what was told: totals, results, kept battles; of an export the
    /// hashes too
    #[command(after_help = BALANCE_EXAMPLES, after_long_help = BALANCE_LONG)]
    Balance(BalanceArgs),
}

/// What to verify.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArgs {
    /// Where the database is.
    #[command(flatten)]
    pub data: DataArgs,
    /// A head that was noted before: the ledger must still go through it
    #[arg(long, value_name = "SEQ:HASH")]
    pub head: Option<Head>,
}

/// What to export.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// Where the database is.
    #[command(flatten)]
    pub data: DataArgs,
    /// jsonl or csv
    #[arg(long, value_enum, default_value = "jsonl")]
    pub format: FormatArg,
    /// Only the rows of this battle; the chain cannot be computed from those alone
    #[arg(long, value_name = "ID", value_parser = BattleId::parse)]
    pub battle: Option<BattleId>,
    /// New file to write to; standard output without it
    pub file: Option<PathBuf>,
}

/// The formats, as flags name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FormatArg {
    /// A JSON object on each line
    Jsonl,
    /// Comma-separated values (RFC 4180), names first
    Csv,
}

/// What to balance.
#[derive(Clone, Debug, clap::Args)]
pub struct BalanceArgs {
    /// Where the database is.
    #[command(flatten)]
    pub data: DataArgs,
    /// Sum this export (jsonl) instead of the database's rows, and compute its hashes anew; compared with the database only
    /// where --data names one
    #[arg(long, value_name = "EXPORT")]
    pub from: Option<PathBuf>,
    /// A head that was noted before: the export must go through it (the database's: ledger verify)
    #[arg(long, value_name = "SEQ:HASH", requires = "from")]
    pub head: Option<Head>,
}

const VERIFY_EXAMPLES: &str = "Examples:
  costage ledger verify                         the server's own, while it runs
  costage ledger verify --data backup.db
  costage ledger verify --head 1500:5f0c…       the head that was noted last month is still in it

Exit status: 0 the ledger is whole; 1 it is not, or cannot be read";

const VERIFY_LONG: &str = "Examples:
  costage ledger verify                         the server's own, while it runs
  costage ledger verify --data backup.db
  costage ledger verify --head 1500:5f0c…       the head that was noted last month is still in it

Prints the number of rows and the head, SEQ:HASH. Whoever can write the file can also write all of it anew, with hashes that
fit: note the head from time to time where the server's operator cannot change it, and name it by --head.

Exit status: 0 the ledger is whole; 1 it is not, or cannot be read";

const EXPORT_EXAMPLES: &str = "Examples:
  costage ledger export ledger.jsonl
  costage ledger export --format csv --battle 019cb0d2-d380-7abc-8def-0123456789ab battle.csv
  costage ledger export | head -1

How to compute the hashes without costage: costage ledger export --help";

const EXPORT_LONG: &str = concat!(
    "Examples:
  costage ledger export ledger.jsonl
  costage ledger export --format csv --battle 019cb0d2-d380-7abc-8def-0123456789ab battle.csv
  costage ledger export | head -1

The hash of a row is SHA-256 of the hash of the row before (32 zero bytes before the first) and of the row's own bytes:
seq, battleId (16 bytes), battleSeq, idempotencyKey, op, scores, gift, giftId, senderId, reference, totals, at. Numbers have
8 bytes, big-endian. Texts have their length in bytes before them, 4 bytes, big-endian; scores and totals are the texts that
the export shows, without blanks. A gift is a byte 1 with giftCount and giftValue, or a byte 0. Behind the rows JSON lines
end with how many there are and the ledger's head, {\"rows\":…,\"head\":\"SEQ:HASH\"} (of one battle with its battleId instead):
an export without that line is cut short. A file has its name when it is whole; csv has no such line. This checks an export:

",
    include_str!("ledger.py")
);

const BALANCE_EXAMPLES: &str = "Examples:
  costage ledger balance                        the server's own, while it runs
  costage ledger balance --from ledger.jsonl    an export by itself
  costage ledger balance --from ledger.jsonl --data backup.db
  costage ledger balance --from ledger.jsonl --head 1500:5f0c…

Exit status: 0 all agrees; 1 it does not, or cannot be read";

const BALANCE_LONG: &str = "Examples:
  costage ledger balance                        the server's own, while it runs
  costage ledger balance --from ledger.jsonl    an export by itself
  costage ledger balance --from ledger.jsonl --data backup.db
  costage ledger balance --from ledger.jsonl --head 1500:5f0c…

The hashes of an export are computed from its rows; the first rows that they do not follow from are named, and the head that
they arrive at is printed, SEQ:HASH: it must be the one in the export's last line, and where --data names a database, in that.
Whoever writes all of an export anew can make hashes that fit: compare the head with one that was noted, or name that by --head.
Of an export of one battle only those hashes are computed whose row before is in it.

Exit status: 0 all agrees; 1 it does not, or cannot be read";

/// Runs one of the commands.
///
/// # Errors
/// When something does not agree, or cannot be read or written.
pub fn run(command: LedgerCommand) -> anyhow::Result<()> {
    match command {
        LedgerCommand::Verify(args) => verify(&args),
        LedgerCommand::Export(args) => export(&args),
        LedgerCommand::Balance(args) => balance(&args),
    }
}

fn open(data: &DataArgs) -> anyhow::Result<Reader> {
    Ok(Reader::open(&data.path()?)?)
}

fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    let reader = open(&args.data)?;
    let mut progress = Progress::new("rows");
    let verdict = audit::verify(&reader, args.head, &mut |done, of| progress.show(done, of))?;
    progress.end();
    say(&format!("rows {}\nhead {}\n", verdict.rows, verdict.head))?;
    refuse(&verdict.faults, "the ledger is not as it was written")
}

fn export(args: &ExportArgs) -> anyhow::Result<()> {
    let reader = open(&args.data)?;
    let format = match args.format {
        FormatArg::Jsonl => Format::Jsonl,
        FormatArg::Csv => Format::Csv,
    };
    let mut progress = Progress::new("rows");
    let mut show = |done, of| progress.show(done, of);
    let Some(path) = &args.file else {
        let mut out = BufWriter::new(io::stdout().lock());
        let written = audit::export(&reader, format, args.battle, &mut out, "standard output".as_ref(), &mut show);
        return match written {
            // Who reads has seen enough, as `head` does.
            Err(AuditFault::File { error, .. }) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Ok(_) => Ok(()),
            Err(fault) => Err(fault.into()),
        };
    };
    let mut file = NewFile::create(path)?;
    let rows = audit::export(&reader, format, args.battle, &mut file, path, &mut show)?;
    progress.end();
    file.finish()?;
    say(&format!("rows {rows}\n"))
}

fn balance(args: &BalanceArgs) -> anyhow::Result<()> {
    // An export is summed by itself unless a database is named.
    let alone = args.from.is_some() && args.data.data.is_none() && args.data.config.is_none();
    let reader = if alone { None } else { Some(open(&args.data)?) };
    let mut export = match &args.from {
        Some(path) => {
            let file = File::open(path).with_context(|| format!("cannot read the export {}", path.display()))?;
            // Of a pipe nobody knows how long it is.
            let bytes = file.metadata().map_or(0, |data| data.len());
            Some((BufReader::new(file), bytes))
        }
        None => None,
    };
    let mut progress = Progress::new(if export.is_some() { "bytes" } else { "rows" });
    let export = export.as_mut().map(|(lines, bytes)| Export { lines, bytes: *bytes, noted: args.head });
    let balance = audit::balance(reader.as_ref(), export, &mut |done, of| progress.show(done, of))?;
    progress.end();
    let audit::Balance { rows, battles, ended, kept, newer, head, linked, faults } = balance;
    say(&format!("rows {rows}\nbattles {battles}\nresults compared {ended}\nkept battles compared {kept}\n"))?;
    match head {
        Some(head) => say(&format!("head {head}\n"))?,
        None if args.from.is_some() => say(&format!("hashes computed {linked}\n"))?,
        None => {}
    }
    if newer > 0 {
        say(&format!("kept battles with changes after the export, not compared {newer}\n"))?;
    }
    refuse(&faults, if args.from.is_some() { "the export does not agree" } else { "points do not agree" })
}

/// Lists what is wrong on standard output, and ends with it; nothing when nothing is.
fn refuse(faults: &Faults, what: &str) -> anyhow::Result<()> {
    if faults.count == 0 {
        return Ok(());
    }
    for fault in &faults.listed {
        say(&format!("wrong: {fault}\n"))?;
    }
    let more = faults.count - faults.listed.len() as u64;
    if more > 0 {
        say(&format!("wrong: and {more} more\n"))?;
    }
    bail!("{what}: {} found", faults.count)
}

fn say(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot print")
}
