//! What a commit writes.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serializer as _;

use super::chain::{Hash, Head};
use super::columns::{Columns, op_word};
use super::keeper::{Ends, Store};
use super::outbox;
use super::prints::{self, Roll};
use super::time::KeptTime;
use crate::engine::journal::{Batch, KeptRow};
use crate::live::{BattleId, Booked, Fact, WallMs};

impl Store {
    /// Writes all of `batch` in one transaction; where ledger and outbox end then.
    pub(super) fn write(&mut self, batch: &Batch<'_>, time: &KeptTime) -> rusqlite::Result<Ends> {
        // What a failure has left open, should its rollback have failed too.
        self.roll_back();
        run(&self.db, "BEGIN IMMEDIATE")?;
        let Ends { mut head, mut outbox, mut facts, mut roll, print: before_print } = self.ends;
        let mut keys = BTreeMap::new();
        for fact in batch.facts {
            if let Fact::Scored(booked) = fact {
                head = self.book(head, booked)?;
                let sum = keys.entry(booked.battle()).or_insert_with(|| self.keys_of(booked.battle()).unwrap_or(0));
                let (battle, key) = (booked.battle(), booked.key().as_str().as_bytes());
                *sum = sum.wrapping_add(prints::of_key(battle.as_bytes(), key, number(head.seq)));
            } else {
                facts = record(&self.db, head, time.wall, fact)?;
            }
            outbox.head = outbox::send(&self.db, fact)?.unwrap_or(outbox.head);
        }
        for row in batch.rows {
            let keys = row.name.battle().and_then(|battle| keys.get(&battle).copied().or_else(|| self.keys_of(battle)));
            put(&self.db, row, keys, &mut roll)?;
        }
        outbox.settled = outbox::prune(&self.db, outbox, self.bell.floor())?;
        let before = number(self.ends.head.seq);
        let (boot_ms, boot_id) = time.boot.as_ref().map_or((0, ""), |boot| (number(boot.ms()), &*boot.id));
        let print = prints::of_head(head, time, roll, Some(outbox));
        let moved = self
            .db
            .prepare_cached(
                "UPDATE head SET ledger_seq = ?1, ledger_hash = ?2, wall_ms = ?3, boot_ms = ?4, boot_id = ?5, \
                 print = ?6, state_rows = ?7, state_sum = ?8, outbox_settled = ?9, outbox_head = ?10 WHERE ledger_seq = ?11 AND print IS ?12",
            )?
            .execute(params![
                number(head.seq),
                head.hash.0,
                number(time.wall.0),
                boot_ms,
                boot_id,
                print,
                roll.rows,
                roll.sum,
                outbox.settled,
                outbox.head,
                before,
                before_print
            ])?;
        if moved != 1 {
            // Somebody else has written here, or this is read as it was before the last commit: nothing may be hung on a row that
            // is not there, and what was answered is not to be written over.
            return Err(rusqlite::Error::StatementChangedRows(moved));
        }
        run(&self.db, "COMMIT")?;
        self.keys.append(&mut keys);
        for gone in batch.rows.iter().filter(|row| row.image.is_none()) {
            gone.name.battle().and_then(|battle| self.keys.remove(&battle));
        }
        Ok(Ends { head, outbox, facts, roll, print: Some(print) })
    }

    /// Takes back what was not committed. When not even that works, the next commit tries again.
    pub(super) fn roll_back(&self) {
        if !self.db.is_autocommit()
            && let Err(error) = run(&self.db, "ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// What the keys of a battle come to, where that is known.
    fn keys_of(&self, battle: BattleId) -> Option<i64> {
        self.keys.get(&battle).copied()
    }

    /// Hangs a row on the ledger.
    fn book(&mut self, head: Head, booked: &Booked) -> rusqlite::Result<Head> {
        let seq = head.seq + 1;
        let (scores, totals) = (object(booked.scores())?, object(booked.totals())?);
        let (source, battle) = (booked.source(), booked.battle());
        let columns = Columns {
            seq: number(seq),
            battle: battle.as_bytes(),
            battle_seq: number(booked.ledger_seq()),
            key: booked.key().as_str(),
            op: op_word(booked.op()),
            scores: &scores,
            gift: booked.gifts().map(|gift| (number(gift.count), number(gift.value))),
            gift_id: &source.gift_id,
            sender_id: &source.sender_id,
            reference: &source.reference,
            totals: &totals,
            at: number(booked.at().0),
        };
        let hash = self.linker.link(&head.hash, &columns);
        insert(&self.db, &columns, &hash)?;
        Ok(Head { seq, hash })
    }
}

pub(super) fn insert(db: &Connection, row: &Columns<'_>, hash: &Hash) -> rusqlite::Result<()> {
    let (count, value) = row.gift.unzip();
    db.prepare_cached(
        "INSERT INTO ledger (seq, battle, battle_seq, key, op, scores, gift_count, gift_value, gift_id, sender_id, \
         reference, totals, at, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        row.seq,
        row.battle,
        row.battle_seq,
        row.key,
        row.op,
        row.scores,
        count,
        value,
        row.gift_id,
        row.sender_id,
        row.reference,
        row.totals,
        row.at,
        hash.0
    ])
    .map(drop)
}

/// Writes a row of the state, or removes it, and keeps the roll of them. `keys` is what the keys of a battle come to.
fn put(db: &Connection, row: &KeptRow, keys: Option<i64>, roll: &mut Roll) -> rusqlite::Result<()> {
    let (kind, key) = (row.name.table.word(), &row.name.key);
    let mut find = db.prepare_cached("SELECT print FROM state WHERE kind = ?1 AND key = ?2")?;
    if let Some(before) = find.query_row(params![kind, key], |row| row.get(0)).optional()? {
        roll.remove(before);
    }
    let Some(image) = &row.image else {
        let mut remove = db.prepare_cached("DELETE FROM state WHERE kind = ?1 AND key = ?2")?;
        return remove.execute(params![kind, key]).map(drop);
    };
    let print = prints::of_kept(&row.name, image, keys);
    roll.add(Some(print));
    let mut put = db.prepare_cached(
        "INSERT INTO state (kind, key, image, print, keys) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (kind, key) \
         DO UPDATE SET image = excluded.image, print = excluded.print, keys = excluded.keys",
    )?;
    put.execute(params![kind, key, image, print, keys]).map(drop)
}

/// Number of the new fact.
fn record(db: &Connection, head: Head, at: WallMs, fact: &Fact) -> rusqlite::Result<u64> {
    db.prepare_cached("INSERT INTO facts (at, kind, ledger_seq, data) VALUES (?1, ?2, ?3, ?4)")?
        .insert(params![number(at.0), fact.kind(), number(head.seq), text(fact)?])
        .map(|seq| u64::try_from(seq).unwrap_or(0))
}

pub(super) fn run(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(drop)
}

fn text(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Points by user, as the columns `scores` and `totals` have them.
fn object<V: serde::Serialize>(points: impl Iterator<Item = (impl serde::Serialize, V)>) -> rusqlite::Result<String> {
    let mut written = Vec::new();
    match serde_json::Serializer::new(&mut written).collect_map(points) {
        Ok(()) => Ok(String::from_utf8(written).expect("JSON is UTF-8")),
        Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
    }
}

/// SQLite has no larger integers; ours stay below 2^53, and the server's time below that for long.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
