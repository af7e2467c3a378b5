//! The ledger as text: one line for each row, with all that its hash covers.

use std::io::Write;
use std::path::Path;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::super::chain::Hash;
use super::super::columns::Columns;
use super::super::fault::StoreFault;
use super::super::head::check_rows;
use super::{AuditFault, Progress, Reader, last_of};
use crate::live::BattleId;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object on each line; the last one says how many rows stand before it, and where the ledger ends ([`End`]).
    Jsonl,
    /// RFC 4180, with a line of names first; points are JSON in one field.
    Csv,
}

/// Writes the rows up to the head, in their order, to `out`; how many. A row that cannot be read ends it.
///
/// # Errors
/// When the database lacks commits that a server has noted ([`StoreFault::Behind`]) or cannot be read, or `out` not be written
/// to; `to` names it.
pub fn export(
    reader: &Reader,
    format: Format,
    battle: Option<BattleId>,
    out: &mut dyn Write,
    to: &Path,
    progress: Progress<'_>,
) -> Result<u64, AuditFault> {
    reader.lacks_nothing()?;
    let (head, there) = reader.ends()?;
    let failed = |error| AuditFault::File { what: format!("cannot write to {}", to.display()), error };
    if format == Format::Csv {
        writeln!(out, "{}\r", NAMES.join(",")).map_err(failed)?;
    }
    let mut count = 0;
    let mut line = Vec::new();
    reader.rows::<AuditFault>(last_of(head, there), battle, progress, |seq, row| {
        let unread = || StoreFault::damaged(&reader.file, format!("row {seq} of the ledger cannot be read"));
        let (columns, hash) = row.ok_or_else(unread)?;
        line.clear();
        match format {
            Format::Jsonl => json(&mut line, &columns, hash),
            Format::Csv => csv(&mut line, &columns, hash),
        }
        count += 1;
        out.write_all(&line).map_err(failed)
    })?;
    // Of a battle's rows nobody knows how many there are.
    if battle.is_none() {
        check_rows(&reader.file, count, head)?;
    }
    if format == Format::Jsonl {
        let end = End { rows: count, head: battle.is_none().then(|| head.to_string()), battle_id: battle };
        let end = serde_json::to_string(&end).expect("numbers and texts can be written");
        writeln!(out, "{end}").map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    Ok(count)
}

/// The last line of an export: what was cut anywhere lacks it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct End {
    /// Rows before it.
    pub(super) rows: u64,
    /// Where the ledger ended, SEQ:HASH; not of an export of one battle, whose chain cannot be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<String>,
    /// Of the one battle that was exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) battle_id: Option<BattleId>,
}

/// Names of the fields, in their order.
const NAMES: [&str; 14] = [
    "seq",
    "battleId",
    "battleSeq",
    "idempotencyKey",
    "op",
    "scores",
    "giftCount",
    "giftValue",
    "giftId",
    "senderId",
    "reference",
    "totals",
    "at",
    "hash",
];

/// The fields in the order of [`NAMES`]: JSON as it stands, or a text.
fn fields<'a>(row: &Columns<'a>, hash: Hash) -> [Field<'a>; 14] {
    let number = |number: i64| Field::Json(number.to_string().into());
    let (count, value) =
        row.gift.map_or((Field::Nothing, Field::Nothing), |(count, value)| (number(count), number(value)));
    [
        number(row.seq),
        Field::Text(row.battle().to_string().into()),
        number(row.battle_seq),
        Field::Text(row.key.into()),
        Field::Text(row.op.into()),
        points(row.scores),
        count,
        value,
        Field::Text(row.gift_id.into()),
        Field::Text(row.sender_id.into()),
        Field::Text(row.reference.into()),
        points(row.totals),
        number(row.at),
        Field::Text(hash.to_string().into()),
    ]
}

enum Field<'a> {
    Json(std::borrow::Cow<'a, str>),
    Text(std::borrow::Cow<'a, str>),
    Nothing,
}

/// Points as the column has them; what somebody has made of it stays readable too.
fn points(text: &str) -> Field<'_> {
    let sound = !text.contains(['\n', '\r']) && serde_json::from_str::<IgnoredAny>(text).is_ok();
    if sound { Field::Json(text.into()) } else { Field::Text(text.into()) }
}

fn json(line: &mut Vec<u8>, row: &Columns<'_>, hash: Hash) {
    for (index, (name, field)) in NAMES.iter().zip(fields(row, hash)).enumerate() {
        line.extend_from_slice(if index == 0 { b"{\"" } else { b",\"" });
        line.extend_from_slice(name.as_bytes());
        line.extend_from_slice(b"\":");
        match field {
            Field::Json(json) => line.extend_from_slice(json.as_bytes()),
            Field::Text(text) => line.extend_from_slice(serde_json::Value::from(&*text).to_string().as_bytes()),
            Field::Nothing => line.extend_from_slice(b"null"),
        }
    }
    line.extend_from_slice(b"}\n");
}

fn csv(line: &mut Vec<u8>, row: &Columns<'_>, hash: Hash) {
    for (index, field) in fields(row, hash).iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        match field {
            Field::Json(text) | Field::Text(text) if text.contains([',', '"', '\n', '\r']) => {
                line.push(b'"');
                line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
                line.push(b'"');
            }
            Field::Json(text) | Field::Text(text) => line.extend_from_slice(text.as_bytes()),
            Field::Nothing => {}
        }
    }
    line.extend_from_slice(b"\r\n");
}
