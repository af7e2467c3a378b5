//! An export read back: its rows, whether their hashes follow from them, and how it ends.

use std::borrow::Cow;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::chain::{Hash, Head, Linker};
use super::super::columns::Columns;
use super::export::End;
use super::keys::Keys;
use super::{AuditFault, Faults, Progress, whole};
use crate::live::BattleId;

/// What an export says of itself, beside its rows.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Where the hashes arrive, computed from the rows alone; none of an export of one battle.
    pub(super) head: Option<Head>,
    /// Rows whose hash could be computed: the row before stands before them.
    pub(super) linked: u64,
    /// Of the one battle that was exported.
    pub(super) battle: Option<BattleId>,
    /// What does not agree.
    pub(super) faults: Faults,
}

/// An export to read.
pub struct Export<'a> {
    /// JSON lines.
    pub lines: &'a mut dyn BufRead,
    /// How many bytes they have in all, where that is known: progress is told in bytes of as many.
    pub bytes: u64,
    /// A head that was noted before: the export must go through it.
    pub noted: Option<Head>,
}

/// Lines between two looks at how far it is.
const STEP_LINES: u64 = 20_000;

/// Reads `export` to its last line and gives `each` the rows; `progress` is told of bytes.
///
/// # Errors
/// When they cannot be read, one is no row, or the last one is missing.
pub(super) fn read(
    export: Export<'_>,
    progress: Progress<'_>,
    mut each: impl FnMut(&Columns<'_>) -> Result<(), String>,
) -> Result<Read, AuditFault> {
    let Export { lines, bytes, noted } = export;
    let mut done = 0;
    let mut chain = Chain::new(noted);
    let mut text = String::new();
    let mut end: Option<End> = None;
    for line in 1.. {
        text.clear();
        let read = lines.read_line(&mut text);
        let failed = |error| AuditFault::File { what: "cannot read the export".to_owned(), error };
        let read = read.map_err(failed)?;
        done += read as u64;
        if line % STEP_LINES == 0 || read == 0 {
            progress(done, bytes);
        }
        if read == 0 {
            break;
        }
        let wrong = |reason| AuditFault::Line { line, reason };
        if end.is_some() {
            return Err(wrong("it stands behind the last one".to_owned()));
        }
        match serde_json::from_str::<Row<'_>>(&text) {
            Ok(row) => {
                let columns = row.columns().map_err(wrong)?;
                let hash = Hash::of_hex(&row.hash).ok_or_else(|| wrong(format!("{:?} is no hash", row.hash)))?;
                each(&columns).map_err(wrong)?;
                chain.take(&columns, hash);
            }
            Err(error) => match serde_json::from_str(&text) {
                Ok(found) => end = Some(found),
                Err(_) if !text.ends_with('\n') => return Err(AuditFault::Short { rows: chain.rows }),
                Err(_) => return Err(wrong(error.to_string())),
            },
        }
    }
    let end = end.ok_or(AuditFault::Short { rows: chain.rows })?;
    Ok(chain.end(&end))
}

/// A row as an export has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row<'a> {
    seq: i64,
    battle_id: BattleId,
    battle_seq: i64,
    #[serde(borrow)]
    idempotency_key: Cow<'a, str>,
    #[serde(borrow)]
    op: Cow<'a, str>,
    /// The hash covers the text as it stands.
    #[serde(borrow)]
    scores: &'a RawValue,
    gift_count: Option<i64>,
    gift_value: Option<i64>,
    #[serde(borrow)]
    gift_id: Cow<'a, str>,
    #[serde(borrow)]
    sender_id: Cow<'a, str>,
    #[serde(borrow)]
    reference: Cow<'a, str>,
    #[serde(borrow)]
    totals: &'a RawValue,
    at: i64,
    #[serde(borrow)]
    hash: Cow<'a, str>,
}

impl Row<'_> {
    /// # Errors
    /// When it has half a gift: no hash covers the other half.
    fn columns(&self) -> Result<Columns<'_>, String> {
        if self.gift_count.is_some() != self.gift_value.is_some() {
            return Err("of giftCount and giftValue one is null and the other is not: no server wrote that".to_owned());
        }
        Ok(Columns {
            seq: self.seq,
            battle: self.battle_id.as_bytes(),
            battle_seq: self.battle_seq,
            key: &self.idempotency_key,
            op: &self.op,
            scores: self.scores.get(),
            gift: self.gift_count.zip(self.gift_value),
            gift_id: &self.gift_id,
            sender_id: &self.sender_id,
            reference: &self.reference,
            totals: self.totals.get(),
            at: self.at,
        })
    }
}

/// The hashes of an export, computed anew. After a row that does not fit, the next is measured by the hash that stands there,
/// so that each fault is told by itself; where the export arrives is computed from the rows alone.
struct Chain {
    linker: Linker,
    rows: u64,
    linked: u64,
    arrived: Head,
    /// Number that the next row of a whole export has, and the hash that stands in the row before it.
    next: i64,
    before: Hash,
    noted: Option<Head>,
    /// Hash of the noted row, as it was computed and as it stands there.
    at_noted: Option<(Hash, Hash)>,
    /// Only a whole export has none.
    gaps: Faults,
    keys: Keys,
    faults: Faults,
}

impl Chain {
    fn new(noted: Option<Head>) -> Self {
        let start = noted.is_some_and(|noted| noted.seq == 0).then_some((Hash::START, Hash::START));
        Self {
            linker: Linker::default(),
            rows: 0,
            linked: 0,
            arrived: Head::START,
            next: 1,
            before: Hash::START,
            noted,
            at_noted: start,
            gaps: Faults::default(),
            keys: Keys::default(),
            faults: Faults::default(),
        }
    }

    fn take(&mut self, row: &Columns<'_>, stands: Hash) {
        let (seq, next) = (row.seq, self.next);
        self.rows += 1;
        self.keys.note(row);
        let arrived = self.linker.link(&self.arrived.hash, row);
        if seq == next {
            let own = if self.before == self.arrived.hash { arrived } else { self.linker.link(&self.before, row) };
            self.linked += 1;
            if own != stands {
                self.faults.add(|| format!("row {seq} is not as it was written, or not where"));
            }
        } else if seq < next {
            self.faults.add(|| format!("row {seq} stands behind row {}: it was put in, or moved", next - 1));
        } else {
            self.gaps.add(|| match seq - 1 {
                last if last == next => format!("row {next} is missing"),
                last => format!("rows {next} to {last} are missing"),
            });
        }
        if self.noted.is_some_and(|noted| noted.seq == whole(seq)) {
            self.at_noted = Some((arrived, stands));
        }
        self.arrived = Head { seq: whole(seq), hash: arrived };
        self.next = seq.saturating_add(1);
        self.before = stands;
    }

    /// Compares with what the last line says.
    fn end(self, end: &End) -> Read {
        let Self { rows, linked, arrived, noted, at_noted, gaps, keys, mut faults, .. } = self;
        keys.doubled(&mut faults);
        if end.rows != rows {
            let said = end.rows;
            faults.add(|| format!("the export has {rows} rows, and its last line says {said}"));
        }
        if let Some(battle) = end.battle_id {
            if let Some(noted) = noted {
                match at_noted {
                    None => faults.add(|| format!("row {}, which was noted, is not among those exported", noted.seq)),
                    Some((_, stands)) if stands == noted.hash => {}
                    Some(_) => faults.add(|| anew(noted)),
                }
            }
            return Read { head: None, linked, battle: Some(battle), faults };
        }
        faults = gaps.and(faults);
        match &end.head {
            Some(said) if *said == arrived.to_string() => {}
            Some(said) => faults.add(|| format!("the hashes arrive at {arrived}, and the last line says {said}")),
            None => faults.add(|| "the last line says neither a head nor a battle".to_owned()),
        }
        if let Some(noted) = noted {
            match at_noted {
                None => {
                    faults.add(|| format!("the export ends at row {}, before the noted row {}", arrived.seq, noted.seq))
                }
                Some((computed, _)) if computed == noted.hash => {}
                Some(_) => faults.add(|| anew(noted)),
            }
        }
        Read { head: Some(arrived), linked, battle: None, faults }
    }
}

fn anew(noted: Head) -> String {
    format!("row {} is not the one that was noted: the ledger was written anew", noted.seq)
}
