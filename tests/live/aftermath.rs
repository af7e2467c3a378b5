//! What follows a battle: leaving it early, the punishment, parting, a rematch.

use std::time::Duration;

use costage::live::answer::{BattleEndReason, BattleRequested, BattleStatus};
use costage::live::command::{BattleRequest, ConnectionRequest, NewLive, ScoreOp, User};
use costage::live::{Answer, BattleId, Command, Event, Fact, Lives, Refusal, Rules, WallMs};
use costage_media::scene::ScoreBar;

use crate::challenges::{challenge, request};
use crate::world::{DAWN, World, contest, host_of, invitation, live, user};

fn exit(world: &mut World, battle: BattleId, name: &str) {
    let exit = Command::ExitBattle { battle, user: host_of(name) };
    assert!(matches!(world.ask(exit), Ok(Answer::Battle(_))));
}

/// A battle of 60 s with a punishment of 30 s after it.
fn punished(world: &mut World, of: &str, with: &[&str]) -> BattleId {
    let wish = BattleRequest { duration_seconds: Some(60), punishment_seconds: 30, ..contest(of, with) };
    request(world, wish).battle_id
}

fn rematch(world: &mut World, battle: BattleId, name: Option<&str>) -> Result<BattleRequested, Refusal> {
    match world.ask(Command::RematchBattle { battle, user: name.map(host_of) })? {
        Answer::BattleRequested(requested) => Ok(requested),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_host_may_leave_a_battle_alone_while_the_others_play_on() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("a", 9)]).unwrap();
    world.forget();
    exit(&mut world, battle, "a");
    assert_eq!((world.told("a"), world.told("b")), (vec!["onUserExitBattle".to_owned()], world.told("a")));
    assert_eq!(world.connected_with("a"), ["a", "b"], "still connected");
    assert_eq!(
        world.scene("a").battle.score_bar(),
        Some(ScoreBar { left: 9, right: 0 }),
        "the bar stays until the end"
    );
    let again = world.ask(Command::ExitBattle { battle, user: host_of("a") });
    assert_eq!(again, Err(Refusal::NotInBattle { battle, user: host_of("a") }));
    world.wait(Duration::from_secs(300));
    let info = world.info(battle);
    assert_eq!((info.reason, info.result.unwrap().winners), (Some(BattleEndReason::TimeOver), vec![host_of("b")]));
    let bar = world.scene("a").battle;
    assert_eq!(bar.score_bar(), Some(ScoreBar { left: 9, right: 0 }));
    assert!(bar.sides.iter().all(|side| side.standing.unwrap().until == Some(world.now + Duration::from_secs(5))));
}

#[test]
fn when_all_have_left_by_command_the_battle_ends() {
    let mut world = World::connected(&["a", "b"]);
    let battle = punished(&mut world, "a", &["b"]);
    exit(&mut world, battle, "a");
    exit(&mut world, battle, "b");
    let info = world.info(battle);
    assert_eq!((info.status, info.reason), (BattleStatus::Ended, Some(BattleEndReason::AllMemberExit)));
    assert_eq!(info.punishment_end_time, None, "a punishment follows an end by time only");
}

#[test]
fn the_punishment_follows_the_end_by_time_and_ends() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = punished(&mut world, "a", &["b"]);
    world.forget();
    world.wait(Duration::from_secs(60));
    assert_eq!(world.told("c"), ["onBattleEnded", "onBattlePunishmentStarted"]);
    let (_, started) = world.events.last().unwrap();
    let started = serde_json::to_value(started).unwrap();
    assert_eq!(started["data"]["startTime"], DAWN + 60_000);
    assert_eq!(started["data"]["endTime"], DAWN + 90_000);
    let info = world.info(battle);
    assert_eq!((info.status, info.punishment_end_time), (BattleStatus::Ended, Some(WallMs(DAWN + 90_000))));
    let seen = |world: &World| world.machine.view(&live("c")).unwrap().battle.map(|battle| battle.battle_id);
    assert_eq!(seen(&world), Some(battle), "who comes now sees it");
    let own = world.ask(Command::FindBattleOf(live("b")));
    assert!(matches!(own, Ok(Answer::Battle(info)) if info.battle_id == battle));
    let snapshot = world.machine.snapshot();
    world.machine = Lives::seed(world.now, world.wall(), Rules::default(), snapshot);
    world.forget();
    world.wait(Duration::from_secs(30));
    assert_eq!((world.told("a"), world.told("c")), (vec!["onBattlePunishmentEnded".to_owned()], world.told("a")));
    assert_eq!(world.facts, [Fact::PunishmentEnded { battle, at: WallMs(DAWN + 90_000) }]);
    assert_eq!((seen(&world), world.info(battle).punishment_end_time), (None, None));
    assert_eq!(world.connected_with("a"), ["a", "b", "c"], "plain co-hosting again");
}

#[test]
fn a_punishment_of_more_than_an_hour_is_refused() {
    let mut world = World::connected(&["a", "b"]);
    let wish = BattleRequest { punishment_seconds: 3_601, ..contest("a", &["b"]) };
    let refusal = world.ask(Command::RequestBattle(wish)).unwrap_err();
    assert_eq!(refusal.to_string(), "punishmentSeconds: must be 0 to 3600, found 3601");
}

#[test]
fn a_rematch_or_a_new_battle_ends_the_punishment() {
    for new in [false, true] {
        let mut world = World::connected(&["a", "b", "c"]);
        let battle = punished(&mut world, "a", &["b"]);
        world.wait(Duration::from_secs(70));
        world.forget();
        if new {
            world.battle("c", &["b"]);
        } else {
            rematch(&mut world, battle, Some("b")).unwrap();
        }
        assert_eq!(world.told("a"), ["onBattlePunishmentEnded", "onBattleStarted"]);
        world.forget();
        world.wait(Duration::from_secs(30));
        assert_eq!(world.events, [], "it ended once");
    }
}

#[test]
fn a_request_ends_the_punishment_only_when_its_battle_starts() {
    let mut world = World::connected(&["a", "b"]);
    let battle = punished(&mut world, "a", &["b"]);
    world.wait(Duration::from_secs(60));
    let next = request(&mut world, challenge("b", &["a"])).battle_id;
    assert!(world.info(battle).punishment_end_time.is_some());
    world.ask(Command::AcceptBattle { battle: next, user: host_of("a") }).unwrap();
    assert!(world.info(battle).punishment_end_time.is_none());
}

#[test]
fn a_punishment_ends_when_fewer_than_two_of_its_hosts_are_still_connected() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let battle = punished(&mut world, "a", &["b", "c"]);
    world.wait(Duration::from_secs(60));
    world.leave("d");
    world.leave("a");
    assert!(world.info(battle).punishment_end_time.is_some(), "b and c are still there");
    world.forget();
    world.leave("b");
    assert_eq!(world.told("c")[..2], ["onBattlePunishmentEnded", "onCoHostUserLeft"]);
    assert!(world.info(battle).punishment_end_time.is_none());
}

#[test]
fn end_connection_after_parts_the_hosts_at_the_end_or_after_the_punishment() {
    let mut world = World::connected(&["a", "b"]);
    let wish = BattleRequest { end_connection_after: true, ..contest("a", &["b"]) };
    request(&mut world, wish.clone());
    world.forget();
    world.wait(Duration::from_secs(300));
    assert_eq!(world.told("a")[..2], ["onBattleEnded", "onCoHostUserLeft"]);
    assert_eq!((world.connected_with("a"), world.connected_with("b")), (vec![], vec![]));
    let mut world = World::connected(&["a", "b"]);
    request(&mut world, BattleRequest { punishment_seconds: 30, ..wish });
    world.wait(Duration::from_millis(329_999));
    assert_eq!(world.connected_with("a"), ["a", "b"]);
    world.forget();
    world.wait(Duration::from_millis(1));
    assert_eq!(world.told("b")[..2], ["onBattlePunishmentEnded", "onCoHostUserLeft"]);
    assert_eq!((world.connected_with("a"), world.connected_with("b")), (vec![], vec![]));
}

#[test]
fn hosts_that_part_after_a_battle_cancel_what_they_asked_others() {
    let mut world = World::connected(&["a", "b", "c"]);
    ["d", "e", "f"].into_iter().for_each(|name| drop(world.create(name)));
    for (from, to) in [("a", "d"), ("b", "e"), ("c", "f")] {
        let wish = ConnectionRequest { timeout_seconds: Some(120), ..invitation(from, &[to]) };
        world.ask(Command::RequestConnection(wish)).unwrap();
    }
    let wish = contest("a", &["b"]);
    request(&mut world, BattleRequest { end_connection_after: true, duration_seconds: Some(5), ..wish });
    world.forget();
    world.wait(Duration::from_secs(5));
    assert_eq!(world.told("d"), ["onCoHostRequestCancelled"]);
    assert_eq!(world.told("e"), ["onCoHostRequestCancelled"]);
    assert_eq!(world.told("f"), [""; 0], "c was not in it, and what it asked stands");
}

#[test]
fn end_connection_after_leaves_those_connected_who_were_not_in_the_battle() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    request(&mut world, BattleRequest { end_connection_after: true, ..contest("a", &["c"]) });
    world.wait(Duration::from_secs(300));
    assert_eq!(
        (world.connected_with("b"), world.connected_with("d")),
        (vec!["b".to_owned(), "d".to_owned()], world.connected_with("b"))
    );
    assert_eq!((world.connected_with("a"), world.connected_with("c")), (vec![], vec![]));
}

#[test]
fn end_connection_after_follows_when_all_have_left_but_not_a_battle_that_never_started() {
    let wish = BattleRequest { end_connection_after: true, ..challenge("a", &["b"]) };
    let mut world = World::connected(&["a", "b"]);
    let unstarted = request(&mut world, wish.clone()).battle_id;
    exit(&mut world, unstarted, "a");
    assert_eq!(world.connected_with("a"), ["a", "b"]);
    let battle = request(&mut world, wish).battle_id;
    world.ask(Command::AcceptBattle { battle, user: host_of("b") }).unwrap();
    exit(&mut world, battle, "a");
    assert_eq!(world.connected_with("a"), ["a", "b"], "b plays on");
    exit(&mut world, battle, "b");
    assert_eq!((world.connected_with("a"), world.connected_with("b")), (vec![], vec![]));
}

#[test]
fn end_connection_after_follows_when_the_last_leaves_by_leaving_the_connection() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let wish = BattleRequest { end_connection_after: true, ..contest("a", &["b"]) };
    let battle = request(&mut world, wish.clone()).battle_id;
    exit(&mut world, battle, "a");
    world.leave("b");
    assert_eq!(world.connected_with("a"), [""; 0], "its battle is over, so it is on its own");
    assert_eq!(world.connected_with("c"), ["c", "d"]);
    let mut world = World::connected(&["a", "b", "c", "d"]);
    request(&mut world, BattleRequest { punishment_seconds: 30, ..wish });
    world.wait(Duration::from_secs(300));
    world.leave("b");
    assert_eq!(world.connected_with("a"), [""; 0], "so is its punishment");
    assert_eq!(world.connected_with("c"), ["c", "d"]);
}

#[test]
fn the_end_of_a_punishment_is_told_to_the_connection_of_its_battle_and_to_no_other() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let battle = punished(&mut world, "a", &["b", "c"]);
    exit(&mut world, battle, "a");
    exit(&mut world, battle, "b");
    world.wait(Duration::from_secs(60));
    world.end("c");
    world.forget();
    world.battle("d", &["a"]);
    for name in ["a", "b", "d"] {
        assert_eq!(
            world.told(name)[..2],
            ["onBattlePunishmentEnded", "onBattleStarted"],
            "{name}, though c had stayed alone"
        );
    }
    let mut world = World::connected(&["a", "b", "c"]);
    punished(&mut world, "a", &["b", "c"]);
    world.wait(Duration::from_secs(60));
    world.create("x");
    world.leave("a");
    world.invite("x", &["a"]);
    world.accept("a", "x");
    world.forget();
    world.leave("b");
    assert_eq!(world.told("a"), ["onBattlePunishmentEnded"], "it was in the battle");
    assert_eq!(world.told("x"), [""; 0], "x has nothing to do with it");
}

#[test]
fn a_live_that_another_user_has_created_since_is_in_no_rematch() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.wait(Duration::from_secs(300));
    world.end("a");
    let other = User { user_id: user("other"), user_name: String::new(), avatar_url: String::new() };
    world.ask(Command::CreateLive(Box::new(NewLive::new(live("a"), other)))).unwrap();
    let other = Err(Refusal::NotInBattle { battle, user: user("other") });
    assert_eq!(rematch(&mut world, battle, Some("a")), other, "whose live it is now was not in it");
    assert_eq!(rematch(&mut world, battle, Some("b")), Err(Refusal::NoValidLive { battle }));
}

#[test]
fn a_rematch_repeats_the_battle_with_the_same_hosts_and_config() {
    let mut world = World::connected(&["a", "b", "c"]);
    let wish = BattleRequest {
        duration_seconds: Some(60),
        extension_info: "cup".to_owned(),
        punishment_seconds: 7,
        ..contest("a", &["b", "c"])
    };
    let battle = request(&mut world, wish).battle_id;
    assert_eq!(rematch(&mut world, battle, Some("b")), Err(Refusal::AlreadyInBattle { live: live("b") }));
    exit(&mut world, battle, "c");
    world.wait(Duration::from_secs(60));
    let again = rematch(&mut world, battle, Some("c")).unwrap();
    assert_eq!((again.status, again.results.len()), (BattleStatus::Started, 2));
    let info = world.info(again.battle_id);
    let users: Vec<_> = info.users.iter().map(|user| (user.host.live_id.as_str(), user.left)).collect();
    assert_eq!(users, [("c", false), ("a", false), ("b", false)]);
    assert_eq!((info.duration_seconds, &*info.extension_info, info.punishment_seconds), (60, "cup", 7));
    world.wait(Duration::from_secs(60));
    let third = rematch(&mut world, again.battle_id, None).unwrap();
    assert_eq!(world.info(third.battle_id).inviter, host_of("c"), "the backend repeats it for the inviter");
}

#[test]
fn a_rematch_asks_again_where_the_battle_asked() {
    let mut world = World::connected(&["a", "b"]);
    let wish = BattleRequest { timeout_seconds: Some(9), ..challenge("a", &["b"]) };
    let battle = request(&mut world, wish).battle_id;
    assert_eq!(rematch(&mut world, battle, Some("b")), Err(Refusal::BattleNotStarted { battle }));
    world.ask(Command::AcceptBattle { battle, user: host_of("b") }).unwrap();
    world.wait(Duration::from_secs(300));
    let again = rematch(&mut world, battle, Some("b")).unwrap();
    assert_eq!((again.status, again.expire_time), (BattleStatus::Pending, Some(WallMs(DAWN + 309_000))));
    let (to, received) = world.events.last().unwrap();
    assert!(to == &live("a") && matches!(received, Event::BattleRequestReceived { .. }));
}

#[test]
fn a_rematch_needs_its_hosts() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b"]).battle_id;
    world.wait(Duration::from_secs(300));
    let stranger = rematch(&mut world, battle, Some("c"));
    assert_eq!(stranger, Err(Refusal::NotInBattle { battle, user: host_of("c") }));
    world.leave("b");
    assert_eq!(rematch(&mut world, battle, Some("a")), Err(Refusal::NotInConnection { user: host_of("b") }));
    world.end("b");
    assert_eq!(rematch(&mut world, battle, Some("a")), Err(Refusal::NoValidLive { battle }));
    let unknown = BattleId::from_parts(0, &[0; 10]);
    assert_eq!(rematch(&mut world, unknown, Some("a")), Err(Refusal::NoSuchBattle { battle: unknown }));
}
