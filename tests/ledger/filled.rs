//! A data directory with a long ledger, as a server under load would have written it in days: filled by the store itself, in
//! commits as large as no server makes them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use costage::engine::{Batch, Journal as _, KeptRow};
use costage::live::booked::Place;
use costage::live::command::ScoreOp;
use costage::live::kept::{KeptTable, RowName};
use costage::live::{BattleId, Booked, Fact, ScoreKey, UserId, WallMs};
use costage::store::{Moment, Store};

use crate::house::Server;

/// Changes of one commit.
const TOGETHER: u64 = 100_000;
/// Different senders of a battle's changes: a crowd, each of which gives now and then.
const SENDERS: u64 = 100_000;
/// Changes of one battle at most. More belong to battles of before, which nothing else is kept of any more.
pub(crate) const OF_ONE: u64 = 1_000_000;

/// A server's data in `data`, which was killed during a battle of alice and bob for a day: its id. Of `rows` rows the last
/// [`OF_ONE`] are this battle's, by turns from [`SENDERS`] senders.
pub(crate) async fn filled(data: &str, rows: u64) -> String {
    let server = Server::start(data).await;
    for live in ["alice", "bob"] {
        server.backend.create_live(live, live).await.unwrap();
    }
    server.backend.connect("alice", "bob").await.unwrap();
    let battle = server.backend.start_battle("alice", &["bob"], Duration::from_secs(86_400)).await.unwrap();
    server.kill();
    let (path, running) = (data.to_owned(), BattleId::parse(&battle).unwrap());
    tokio::task::spawn_blocking(move || fill(path.as_ref(), running, rows)).await.unwrap();
    battle
}

fn fill(data: &Path, running: BattleId, rows: u64) {
    let mut store = Store::open(data, Box::new(now)).unwrap();
    let kept = store.kept().unwrap();
    store.timeline(true).unwrap();
    let name = RowName { table: KeptTable::Battles, key: running.to_string() };
    let own = rows.min(OF_ONE);
    let image = kept.rows[&name].replace("\"ledger_seq\":0", &format!("\"ledger_seq\":{own}"));
    // The first member is the one who was given all of it.
    let row = KeptRow { name, image: Some(image.replacen("\"score\":0", &format!("\"score\":{}", 5 * own), 1)) };
    let mut before = rows - own;
    for number in 1.. {
        if before == 0 {
            break;
        }
        let count = before.min(OF_ONE);
        let battle = BattleId::from_parts(1_700_000_000_000 + number, &[1; 10]);
        book(&mut store, battle, count, &[]);
        before -= count;
    }
    book(&mut store, running, own, &[row]);
    assert_eq!(store.head().seq, rows);
}

/// So many changes of a battle, the last of them together with these rows of the state.
fn book(store: &mut Store, battle: BattleId, count: u64, rows: &[KeptRow]) {
    let mut first = 1;
    while first <= count {
        let last = (first + TOGETHER - 1).min(count);
        let facts: Vec<Fact> = (first..=last).map(|seq| change(battle, seq)).collect();
        store.commit(&Batch { facts: &facts, rows: if last == count { rows } else { &[] } }).unwrap();
        first = last + 1;
    }
}

fn change(battle: BattleId, seq: u64) -> Fact {
    // As random as a client's keys are.
    let key = format!("{:016x}-{seq:016x}", seq.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let place =
        Place { battle, ledger_seq: seq, key: ScoreKey::new(&key).unwrap(), at: WallMs(1_790_000_000_000 + seq) };
    let [alice, bob] = ["alice", "bob"].map(|user| UserId::new(user).unwrap());
    let source = ["rocket", &format!("viewer {}", seq % SENDERS), &format!("order {seq}")];
    let totals = vec![(alice.clone(), 5 * seq), (bob, 0)];
    Fact::Scored(Arc::new(Booked::new(place, ScoreOp::Add, &[(alice, 5)], source, None, totals).unwrap()))
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Moment { now: Instant::now(), wall: WallMs(since.as_millis().try_into().unwrap()), boot: None }
}
