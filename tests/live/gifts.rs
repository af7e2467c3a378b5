//! Gifts turned into points, and the ledger.

use std::time::Duration;

use costage::live::answer::{Gifted, LedgerPage};
use costage::live::command::{Gift, ScoreOp};
use costage::live::{Answer, BattleId, Command, GiftTable, Lives, Refusal, Rules, ScoreKey, WallMs};
use serde_json::json;

use crate::world::{DAWN, World, contest, host_of};

fn table() -> GiftTable {
    GiftTable { fixed: [("rocket".to_owned(), 500)].into(), tiers: [(1, 5), (100, 8), (1_000, 12)].into() }
}

/// A running battle of `a` and `b`, with the table.
fn world() -> (World, BattleId) {
    let mut world = World::connected(&["a", "b"]);
    assert_eq!(world.ask(Command::SetGifts(table())), Ok(Answer::Done));
    let battle = world.battle("a", &["b"]).battle_id;
    (world, battle)
}

fn gift(id: &str, value: u64, count: u64) -> Gift {
    let (gift_id, sender_id, reference) = (id.to_owned(), "u9".to_owned(), "order 7".to_owned());
    Gift { receiver: host_of("a"), gift_id, count, value, sender_id, reference }
}

fn post(world: &mut World, battle: BattleId, key: &str, gift: Gift) -> Result<Gifted, Refusal> {
    match world.ask(Command::Gift { battle, key: ScoreKey::new(key).unwrap(), gift })? {
        Answer::Gifted(gifted) => Ok(gifted),
        other => panic!("{other:?}"),
    }
}

fn page(world: &mut World, battle: BattleId, cursor: &str, count: Option<u64>) -> Result<LedgerPage, Refusal> {
    match world.ask(Command::FindLedger { battle, cursor: cursor.to_owned(), count })? {
        Answer::Ledger(page) => Ok(page),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_gift_is_worth_its_fixed_points_or_its_value_times_the_factor_of_its_tier() {
    let (mut world, battle) = world();
    let worth =
        [("rocket", 3, 2, 1_000), ("x", 1, 1, 5), ("x", 99, 1, 495), ("x", 100, 3, 2_400), ("x", 1_000, 1, 12_000)];
    for (i, (id, value, count, points)) in worth.into_iter().enumerate() {
        assert_eq!(
            post(&mut world, battle, &i.to_string(), gift(id, value, count)).unwrap().points,
            points,
            "{id} {value}"
        );
    }
    assert_eq!(world.info(battle).scores[&host_of("a")], 1_000 + 5 + 495 + 2_400 + 12_000);
    world.wait(Duration::from_secs(300));
    let result = world.info(battle).result.unwrap();
    assert_eq!(
        (&*result.best_senders[&host_of("a")][0].sender_id, result.best_senders[&host_of("a")][0].value),
        ("u9", 15_900)
    );
}

#[test]
fn a_gift_that_no_rule_fits_is_refused() {
    let (mut world, battle) = world();
    let worthless = post(&mut world, battle, "1", gift("x", 0, 1));
    assert_eq!(worthless, Err(Refusal::GiftWithoutRule { gift: "x".to_owned(), value: 0 }));
    world.ask(Command::SetGifts(GiftTable::default())).unwrap();
    assert!(matches!(post(&mut world, battle, "1", gift("rocket", 9, 1)), Err(Refusal::GiftWithoutRule { .. })));
}

#[test]
fn a_gifts_points_are_fixed_when_it_is_accepted() {
    let (mut world, battle) = world();
    let first = post(&mut world, battle, "k", gift("x", 10, 1)).unwrap();
    world.ask(Command::SetGifts(GiftTable { tiers: [(0, 100)].into(), ..GiftTable::default() })).unwrap();
    assert_eq!(post(&mut world, battle, "k", gift("x", 10, 1)), Ok(first.clone()), "the stored answer");
    assert_eq!(world.info(battle).scores[&host_of("a")], 50);
    assert_eq!(post(&mut world, battle, "l", gift("x", 10, 1)).unwrap().points, 1_000, "the next one by the new table");
    world.wait(Duration::from_secs(300));
    let result = world.info(battle).result;
    world.ask(Command::SetGifts(table())).unwrap();
    assert_eq!(world.info(battle).result, result, "a change touches no battle already decided");
    assert_eq!(post(&mut world, battle, "k", gift("x", 10, 1)), Ok(first), "also after the end");
    let late = post(&mut world, battle, "m", gift("x", 10, 1));
    assert_eq!(late, Err(Refusal::BattleEnded { battle, end_time: WallMs(DAWN + 300_000) }));
}

#[test]
fn gifts_and_scores_share_the_keys_of_a_battle() {
    let (mut world, battle) = world();
    let reused = |key: &str| Refusal::KeyReused { key: ScoreKey::new(key).unwrap() };
    post(&mut world, battle, "g", gift("x", 1, 1)).unwrap();
    assert_eq!(post(&mut world, battle, "g", gift("x", 1, 2)), Err(reused("g")));
    assert_eq!(world.score(battle, "g", ScoreOp::Add, &[("a", 5)]), Err(reused("g")));
    world.score(battle, "s", ScoreOp::Add, &[("a", 5)]).unwrap();
    assert_eq!(post(&mut world, battle, "s", gift("x", 1, 1)), Err(reused("s")));
}

#[test]
fn a_gift_out_of_its_limits_is_refused_by_name() {
    let (mut world, battle) = world();
    let most = (1 << 53) - 1;
    for (gift, field) in [
        (gift("", 1, 1), "giftId"),
        (gift(&"g".repeat(201), 1, 1), "giftId"),
        (gift("x", 1 << 53, 1), "value"),
        (gift("x", 1, 0), "count"),
        (gift("x", 1, 1_000_001), "count"),
        (Gift { sender_id: "s".repeat(201), ..gift("x", 1, 1) }, "senderId"),
        (Gift { reference: "r".repeat(201), ..gift("x", 1, 1) }, "reference"),
    ] {
        let refusal = post(&mut world, battle, "1", gift).unwrap_err();
        assert!(matches!(refusal, Refusal::Invalid { field: found, .. } if found == field), "{refusal}");
    }
    let huge = post(&mut world, battle, "1", gift("x", most, 1_000_000));
    assert!(matches!(huge, Err(Refusal::ScoreOutOfRange { .. })), "{huge:?}");
    let stranger = Gift { receiver: host_of("z"), ..gift("x", 1, 1) };
    assert_eq!(post(&mut world, battle, "1", stranger), Err(Refusal::NotInBattle { battle, user: host_of("z") }));
    let mut pending = World::connected(&["a", "b"]);
    pending.ask(Command::SetGifts(table())).unwrap();
    let mut wish = contest("a", &["b"]);
    (wish.need_response, wish.timeout_seconds) = (None, None);
    let Ok(Answer::BattleRequested(requested)) = pending.ask(Command::RequestBattle(wish)) else { panic!() };
    let battle = requested.battle_id;
    assert_eq!(post(&mut pending, battle, "1", gift("x", 1, 1)), Err(Refusal::BattleNotStarted { battle }));
}

#[test]
fn the_ledger_is_read_in_pages_oldest_first() {
    let (mut world, battle) = world();
    world.wait(Duration::from_secs(1));
    world.score(battle, "s", ScoreOp::Set, &[("b", 3)]).unwrap();
    for i in 0..44 {
        post(&mut world, battle, &format!("g{i}"), gift("x", 1, 1)).unwrap();
    }
    let first = page(&mut world, battle, "", None).unwrap();
    assert_eq!((first.rows.len(), &*first.cursor), (20, "20"));
    assert_eq!(
        serde_json::to_value(&first.rows[0]).unwrap(),
        json!({"ledgerSeq": 1, "scoreTime": DAWN + 1_000, "idempotencyKey": "s", "op": "set",
            "scores": [{"userId": "b-host", "value": 3}], "source": {"giftId": "", "senderId": "", "reference": ""},
            "gift": null, "totals": {"a-host": 0, "b-host": 3}})
    );
    let row = serde_json::to_value(&first.rows[1]).unwrap();
    assert_eq!((&row["gift"]["giftId"], &row["scores"][0]["value"]), (&json!("x"), &json!(5)));
    // A restart keeps it.
    let snapshot = world.machine.snapshot();
    world.machine = Lives::seed(world.now, world.wall(), Rules::default(), snapshot);
    let second = page(&mut world, battle, &first.cursor, Some(25)).unwrap();
    let numbers: Vec<_> = second.rows.iter().map(|row| row.ledger_seq).collect();
    assert_eq!((numbers, &*second.cursor), ((21..=45).collect(), ""));
    for beyond in ["45", "46", "18446744073709551615"] {
        assert_eq!(page(&mut world, battle, beyond, None).unwrap().rows, [], "{beyond}");
    }
    assert!(matches!(page(&mut world, battle, "x", None), Err(Refusal::Invalid { field: "cursor", .. })));
    assert!(matches!(page(&mut world, battle, "", Some(101)), Err(Refusal::Invalid { field: "count", .. })));
    let unknown = BattleId::from_parts(0, &[0; 10]);
    assert_eq!(page(&mut world, unknown, "", None), Err(Refusal::NoSuchBattle { battle: unknown }));
}
