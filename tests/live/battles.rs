//! Battles: start, scores, end.

use std::time::Duration;

use costage::live::answer::{BattleCode, BattleEndReason, BattleStatus, UserResult};
use costage::live::command::{BattleRequest, MediaState, ScoreOp};
use costage::live::{BattleId, Command, Event, Fact, Lives, Refusal, Rules, ScoreKey, Seed, WallMs};
use costage_media::scene::ScoreBar;
use serde_json::json;

use crate::world::{DAWN, World, change, contest, host_of, live};

fn refused(world: &mut World, change: impl FnOnce(&mut BattleRequest)) -> Refusal {
    let mut request = contest("a", &["b"]);
    change(&mut request);
    world.ask(Command::RequestBattle(request)).unwrap_err()
}

#[test]
fn a_battle_starts_at_once_for_300_seconds_unless_said_otherwise() {
    let mut world = World::connected(&["a", "b"]);
    let started = world.battle("a", &["b"]);
    assert_eq!(
        serde_json::to_value(&started).unwrap(),
        json!({"battleId": started.battle_id.to_string(), "status": "started", "startTime": DAWN,
            "endTime": DAWN + 300_000, "results": [{"userId": "b-host", "code": 0}]})
    );
    let (_, event) = world.events.iter().find(|(live, _)| live.as_str() == "b").unwrap();
    let event = serde_json::to_value(event).unwrap();
    assert_eq!(event["type"], "onBattleStarted");
    assert_eq!(event["data"]["inviter"]["userId"], "a-host");
    assert_eq!(event["data"]["invitees"][0]["liveId"], "b");
    assert_eq!(event["data"]["scores"], json!({"a-host": 0, "b-host": 0}));
    assert_eq!(world.scene("a").battle.score_bar(), Some(ScoreBar { left: 0, right: 0 }));
}

#[test]
fn the_host_that_was_told_of_its_connection_may_battle_at_once() {
    let mut world = World::with(&["a", "b"]);
    world.invite("a", &["b"]);
    world.accept("b", "a");
    assert_eq!(world.told("a")[0], "onCoHostRequestAccepted");
    world.battle("a", &["b"]);
}

#[test]
fn a_member_that_is_not_in_the_battle_sees_it_in_its_snapshot() {
    let mut world = World::connected(&["a", "b", "c"]);
    let started = world.battle("a", &["b"]);
    let seen = |world: &World, name: &str| world.machine.view(&live(name)).unwrap().battle.map(|it| it.battle_id);
    assert_eq!(seen(&world, "c"), Some(started.battle_id), "its events come to c too");
    world.leave("c");
    assert_eq!(seen(&world, "c"), None);
    assert_eq!(seen(&world, "b"), Some(started.battle_id));
}

#[test]
fn a_duration_outside_5_to_86400_seconds_is_refused() {
    let mut world = World::connected(&["a", "b"]);
    for seconds in [0, 4, 86_401, u64::MAX] {
        let refusal = refused(&mut world, |request| request.duration_seconds = Some(seconds));
        assert_eq!(refusal.to_string(), format!("durationSeconds: must be 5 to 86400, found {seconds}"));
    }
    let mut request = contest("a", &["b"]);
    request.duration_seconds = Some(5);
    assert!(world.ask(Command::RequestBattle(request)).is_ok());
}

#[test]
fn explicit_false_with_a_positive_timeout_is_refused_saying_so() {
    let mut world = World::connected(&["a", "b"]);
    let both = refused(&mut world, |it| it.timeout_seconds = Some(30));
    assert_eq!(both.to_string(), "timeoutSeconds: must be 0 or absent when needResponse is false, found 30");
}

#[test]
fn only_hosts_of_the_own_connection_can_be_battled() {
    let mut world = World::connected(&["a", "b"]);
    world.create("c");
    let c = refused(&mut world, |request| request.users.push(host_of("c")));
    assert_eq!(c, Refusal::NotInConnection { user: host_of("c") });
    assert_eq!(refused(&mut world, |it| it.live = live("c")), Refusal::NotInConnection { user: host_of("b") });
    assert_eq!(refused(&mut world, |it| it.live = live("x")), Refusal::NoSuchLive { live: live("x") });
    let own = refused(&mut world, |request| request.users.push(host_of("a")));
    assert!(matches!(own, Refusal::Invalid { field: "userIds", .. }));
    let none = refused(&mut world, |request| request.users.clear());
    assert!(matches!(none, Refusal::Invalid { field: "userIds", .. }));
}

#[test]
fn a_live_is_in_one_battle_and_busy_users_are_told_by_code() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    world.battle("a", &["b"]);
    assert_eq!(refused(&mut world, |_| {}), Refusal::AlreadyInBattle { live: live("a") });
    assert_eq!(refused(&mut world, |it| it.live = live("c")), Refusal::AlreadyInBattle { live: live("b") });
    let started = world.battle("c", &["b", "d"]);
    let expected = [("b", BattleCode::BattlingOtherRoom), ("d", BattleCode::Success)];
    let expected = expected.map(|(name, code)| UserResult { user_id: host_of(name), code });
    assert_eq!(started.results, expected);
    assert_eq!(BattleCode::BattlingOtherRoom.code(), 3);
    assert_eq!(world.info(started.battle_id).users.len(), 2);
}

#[test]
fn the_score_bar_is_for_exactly_two_connected_both_in_the_battle() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("a", 30), ("b", 10)]).unwrap();
    assert_eq!(world.scene("a").battle.score_bar(), None);
    world.leave("c");
    assert_eq!(world.scene("a").battle.score_bar(), Some(ScoreBar { left: 30, right: 10 }));
    world.wait(Duration::from_secs(300));
    assert_eq!(world.scene("a").battle.score_bar(), Some(ScoreBar { left: 30, right: 10 }), "as it ended");
}

#[test]
fn scores_add_and_set_and_are_answered_with_all_totals() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("a", 500)]).unwrap();
    world.score(battle, "2", ScoreOp::Add, &[("b", 7), ("a", -100)]).unwrap();
    let scored = world.score(battle, "3", ScoreOp::Set, &[("b", 9)]).unwrap();
    assert_eq!(
        serde_json::to_value(&scored).unwrap(),
        json!({"battleId": battle.to_string(), "scores": {"a-host": 400, "b-host": 9}, "ledgerSeq": 3})
    );
}

#[test]
fn the_same_key_and_content_gives_the_stored_answer_also_after_the_end() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    let first = world.score(battle, "k", ScoreOp::Add, &[("a", 1), ("b", 2)]).unwrap();
    world.score(battle, "l", ScoreOp::Add, &[("a", 1)]).unwrap();
    world.forget();
    assert_eq!(world.score(battle, "k", ScoreOp::Add, &[("b", 2), ("a", 1)]), Ok(first.clone()));
    assert_eq!((world.events.len(), world.facts.len()), (0, 0), "nothing happened twice");
    world.wait(Duration::from_secs(300));
    assert_eq!(world.score(battle, "k", ScoreOp::Add, &[("a", 1), ("b", 2)]), Ok(first));
    assert_eq!(world.info(battle).scores, [(host_of("a"), 2), (host_of("b"), 2)].into());
}

#[test]
fn the_same_key_with_other_content_is_refused() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.score(battle, "k", ScoreOp::Add, &[("a", 1)]).unwrap();
    let reused = Refusal::KeyReused { key: ScoreKey::new("k").unwrap() };
    assert_eq!(world.score(battle, "k", ScoreOp::Add, &[("a", 2)]), Err(reused.clone()));
    assert_eq!(world.score(battle, "k", ScoreOp::Set, &[("a", 1)]), Err(reused.clone()));
    let mut sourced = change(ScoreOp::Add, &[("a", 1)]);
    sourced.source.gift_id = "rocket".to_owned();
    let key = ScoreKey::new("k").unwrap();
    assert_eq!(world.ask(Command::Score { battle, key, change: sourced }), Err(reused));
}

#[test]
fn a_key_belongs_to_its_battle() {
    let mut world = World::connected(&["a", "b"]);
    let first = world.battle("a", &["b"]).battle_id;
    world.score(first, "k", ScoreOp::Add, &[("a", 1)]).unwrap();
    world.wait(Duration::from_secs(300));
    let second = world.battle("a", &["b"]).battle_id;
    assert_eq!(world.score(second, "k", ScoreOp::Add, &[("a", 5)]).unwrap().ledger_seq, 1);
}

#[test]
fn a_change_that_would_leave_0_to_2_pow_53_minus_1_is_refused_as_a_whole() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    let most = (1_i64 << 53) - 1;
    assert!(world.score(battle, "1", ScoreOp::Set, &[("a", most)]).is_ok());
    let over = world.score(battle, "2", ScoreOp::Add, &[("a", 1), ("b", 5)]);
    assert_eq!(over, Err(Refusal::ScoreOutOfRange { user: host_of("a"), wanted: 1 << 53 }));
    let under = world.score(battle, "3", ScoreOp::Add, &[("a", -5), ("b", -1)]);
    assert_eq!(under, Err(Refusal::ScoreOutOfRange { user: host_of("b"), wanted: -1 }));
    let huge = world.score(battle, "4", ScoreOp::Add, &[("a", i64::MAX)]);
    assert!(matches!(huge, Err(Refusal::ScoreOutOfRange { .. })));
    assert_eq!(world.info(battle).scores, [(host_of("a"), 9_007_199_254_740_991), (host_of("b"), 0)].into());
    assert!(world.score(battle, "2", ScoreOp::Add, &[("b", 5)]).is_ok(), "a refused key is still free");
}

#[test]
fn a_change_for_a_user_outside_the_battle_is_refused_as_a_whole() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b"]).battle_id;
    let unknown = world.score(battle, "1", ScoreOp::Add, &[("a", 1), ("c", 1)]);
    assert_eq!(unknown, Err(Refusal::NotInBattle { battle, user: host_of("c") }));
    let twice = world.score(battle, "1", ScoreOp::Add, &[("a", 1), ("a", 1)]);
    assert!(matches!(twice, Err(Refusal::Invalid { field: "scores", .. })));
    let nobody = BattleId::from_parts(0, &[0; 10]);
    assert_eq!(world.score(nobody, "1", ScoreOp::Add, &[("a", 1)]), Err(Refusal::NoSuchBattle { battle: nobody }));
    assert_eq!(world.info(battle).scores[&host_of("a")], 0);
}

#[test]
fn a_score_before_the_end_counts_and_one_at_the_end_does_not() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.wait(Duration::from_millis(299_999));
    assert!(world.score(battle, "1", ScoreOp::Add, &[("a", 1)]).is_ok());
    // The deadline is due but has not fired: the time decides, not the order of calls.
    world.now += Duration::from_millis(1);
    let end_time = WallMs(DAWN + 300_000);
    assert_eq!(world.score(battle, "2", ScoreOp::Add, &[("a", 1)]), Err(Refusal::BattleEnded { battle, end_time }));
    world.wait(Duration::ZERO);
    assert_eq!(world.score(battle, "2", ScoreOp::Add, &[("a", 1)]), Err(Refusal::BattleEnded { battle, end_time }));
}

#[test]
fn changed_scores_are_told_at_once_and_then_at_most_twenty_times_a_second() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.forget();
    for i in 0..1_000 {
        world.score(battle, &i.to_string(), ScoreOp::Add, &[("a", 1)]).unwrap();
        world.wait(Duration::from_millis(1));
    }
    world.wait(Duration::from_millis(50));
    let totals = world.events.iter().filter(|(live, _)| live.as_str() == "b").map(|(_, event)| match event {
        Event::BattleScoreChanged { scores, .. } => scores[&host_of("a")],
        other => panic!("{other:?}"),
    });
    let totals: Vec<_> = totals.collect();
    assert_eq!(totals.len(), 21, "one at once and one each 50 ms of the second");
    assert_eq!((totals[0], totals[1], totals[20]), (1, 50, 1_000));
    assert_eq!(world.scene("b").battle.score_bar(), Some(ScoreBar { left: 1_000, right: 0 }));
}

#[test]
fn time_over_ends_a_battle_with_scores_ranking_and_winner() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("b", 18), ("a", 10)]).unwrap();
    for (key, sender, value) in [("2", "ann", 4), ("3", "bob", 1), ("4", "bob", -3)] {
        let mut change = change(ScoreOp::Add, &[("b", value)]);
        change.source.sender_id = sender.to_owned();
        world.ask(Command::Score { battle, key: ScoreKey::new(key).unwrap(), change }).unwrap();
    }
    world.forget();
    world.wait(Duration::from_millis(299_999));
    assert_eq!(world.info(battle).status, BattleStatus::Started);
    world.wait(Duration::from_millis(1));
    let (_, event) = world.events.last().unwrap();
    assert_eq!(
        serde_json::to_value(event).unwrap(),
        json!({"type": "onBattleEnded", "data": {
        "battleId": battle.to_string(), "reason": "timeOver", "reasonCode": 0, "endTime": DAWN + 300_000,
        "result": {"scores": {"a-host": 10, "b-host": 20}, "winners": ["b-host"], "draw": false,
            "bestSenders": {"a-host": [], "b-host": [{"senderId": "ann", "value": 4}]}, "ranking": [
            {"userId": "b-host", "liveId": "b", "score": 20, "rank": 1, "left": false},
            {"userId": "a-host", "liveId": "a", "score": 10, "rank": 2, "left": false},
        ]}}})
    );
    let info = world.info(battle);
    assert_eq!((info.status, info.reason), (BattleStatus::Ended, Some(BattleEndReason::TimeOver)));
    assert_eq!(world.ask(Command::FindBattleOf(live("a"))), Err(Refusal::NoBattle { live: live("a") }));
    assert_eq!(world.connected_with("a"), ["a", "b"], "plain co-hosting again");
    world.battle("b", &["a"]);
}

#[test]
fn while_one_remains_a_battle_goes_on_and_who_left_cannot_win() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("a", 50)]).unwrap();
    world.leave("a");
    assert_eq!(world.info(battle).status, BattleStatus::Started);
    world.wait(Duration::from_secs(300));
    let result = world.info(battle).result.unwrap();
    assert_eq!(result.winners, [host_of("b")]);
    assert_eq!((result.ranking[1].left, result.ranking[1].rank, result.ranking[1].score), (true, 2, 50));
}

#[test]
fn a_battle_that_all_have_left_ends() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.leave("a");
    world.forget();
    world.leave("b");
    let expected = ["onUserExitBattle", "onBattleEnded", "onCoHostUserLeft", "onSeatLayoutChanged"];
    assert_eq!((world.told("b"), world.told("c")), (expected.map(str::to_owned).to_vec(), world.told("b")));
    let info = world.info(battle);
    assert_eq!(info.reason, Some(BattleEndReason::AllMemberExit));
    assert_eq!(info.result.unwrap().winners, []);
}

#[test]
fn when_the_connection_dissolves_the_one_who_stayed_wins_at_once() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("a", 50)]).unwrap();
    world.wait(Duration::from_secs(10));
    world.leave("a");
    let info = world.info(battle);
    assert_eq!((info.reason, info.end_time), (Some(BattleEndReason::AllMemberExit), Some(WallMs(DAWN + 10_000))));
    assert_eq!(info.result.unwrap().winners, [host_of("b")]);
}

#[test]
fn the_ledger_has_one_fact_for_each_change_in_order() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.forget();
    world.score(battle, "x", ScoreOp::Add, &[("a", 1)]).unwrap();
    world.score(battle, "x", ScoreOp::Add, &[("a", 1)]).unwrap();
    world.score(battle, "y", ScoreOp::Add, &[("a", 2)]).unwrap();
    let rows = world.facts.iter().map(|fact| match fact {
        Fact::Scored(it) => (it.ledger_seq(), it.key().as_str(), it.totals().next().unwrap()),
        other => panic!("{other:?}"),
    });
    assert_eq!(rows.collect::<Vec<_>>(), [(1, "x", (&host_of("a"), 1)), (2, "y", (&host_of("a"), 3))]);
}

#[test]
fn battle_ids_differ_and_come_from_the_seed() {
    let ids = || {
        let mut world = World::connected(&["a", "b"]);
        let first = world.battle("a", &["b"]).battle_id;
        world.wait(Duration::from_secs(300));
        [first, world.battle("a", &["b"]).battle_id]
    };
    let [first, second] = ids();
    assert!(first < second);
    assert_eq!(ids(), [first, second]);
}

#[test]
fn battle_ids_are_never_drawn_twice_though_two_servers_go_on_from_one_snapshot() {
    let mut world = World::connected(&["a", "b"]);
    let (now, wall, snapshot) = (world.now, world.wall(), world.machine.snapshot());
    let lost = world.battle("a", &["b"]).battle_id;
    // What came after the snapshot is lost, the battle too; in the same millisecond others are started.
    let again = |seed: u64| {
        let mut world = World::connected(&["a", "b"]);
        world.now = now;
        world.machine = Lives::restart(now, wall, Rules::default(), snapshot.clone(), Seed::repeatable(seed));
        world.media_of("a", MediaState::Up);
        world.media_of("b", MediaState::Up);
        world.battle("a", &["b"]).battle_id
    };
    let (one, other) = (again(1), again(2));
    assert!(lost != one && lost != other && one != other, "{lost} {one} {other}");
}
