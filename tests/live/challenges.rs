//! Requests for battles: asked, accepted, rejected, cancelled, expired.

use std::time::Duration;

use costage::live::answer::{BattleCode, BattleEndReason, BattleInfo, BattleRequested, BattleStatus};
use costage::live::command::{BattleRequest, MediaState, ScoreOp};
use costage::live::event::Audience;
use costage::live::{Answer, BattleId, Command, Event, Refusal, UserId, WallMs};
use serde_json::json;

use crate::world::{DAWN, World, contest, host_of, live, user};

/// A battle whose invitees must answer.
pub(crate) fn challenge(of: &str, with: &[&str]) -> BattleRequest {
    BattleRequest { need_response: Some(true), timeout_seconds: None, ..contest(of, with) }
}

pub(crate) fn request(world: &mut World, request: BattleRequest) -> BattleRequested {
    match world.ask(Command::RequestBattle(request)) {
        Ok(Answer::BattleRequested(requested)) => requested,
        other => panic!("{other:?}"),
    }
}

/// A pending battle of `a` with the others.
fn pending(world: &mut World, with: &[&str]) -> BattleId {
    request(world, challenge("a", with)).battle_id
}

fn info(answer: Result<Answer, Refusal>) -> BattleInfo {
    match answer {
        Ok(Answer::Battle(info)) => *info,
        other => panic!("{other:?}"),
    }
}

fn accept(world: &mut World, battle: BattleId, name: &str) -> BattleInfo {
    info(world.ask(Command::AcceptBattle { battle, user: host_of(name) }))
}

fn reject(world: &mut World, battle: BattleId, name: &str) -> BattleInfo {
    info(world.ask(Command::RejectBattle { battle, user: host_of(name) }))
}

fn exit(world: &mut World, battle: BattleId, name: &str) -> BattleInfo {
    info(world.ask(Command::ExitBattle { battle, user: host_of(name) }))
}

fn cancel(world: &mut World, battle: BattleId, names: Option<&[&str]>) -> Result<Answer, Refusal> {
    let users = names.map(|names| names.iter().map(|name| host_of(name)).collect());
    world.ask(Command::CancelBattle { battle, users })
}

fn users(info: &BattleInfo) -> Vec<&str> {
    info.users.iter().map(|user| user.host.live_id.as_str()).collect()
}

fn assert_unstarted(world: &mut World, battle: BattleId) {
    let found = world.info(battle);
    assert_eq!((found.status, found.reason), (BattleStatus::Ended, Some(BattleEndReason::NeverStarted)));
    assert_eq!((found.start_time, found.end_time, found.result), (None, Some(world.wall()), None));
    assert_eq!(BattleEndReason::NeverStarted.code(), 2);
    let (_, ended) = world.events.iter().rfind(|(_, event)| matches!(event, Event::BattleEnded { .. })).unwrap();
    assert_eq!(ended.audience(), Audience::Host, "viewers had not heard of it");
    let ended = serde_json::to_value(ended).unwrap();
    assert_eq!((&ended["data"]["reason"], &ended["data"]["reasonCode"]), (&json!("neverStarted"), &json!(2)));
}

#[test]
fn a_battle_that_needs_responses_waits_for_them() {
    let mut world = World::connected(&["a", "b"]);
    let requested = request(&mut world, challenge("a", &["b"]));
    let battle = requested.battle_id;
    assert_eq!(
        serde_json::to_value(&requested).unwrap(),
        json!({"battleId": battle.to_string(), "status": "pending", "expireTime": DAWN + 30_000,
            "results": [{"userId": "b-host", "code": 0}]})
    );
    assert_eq!((world.told("a"), world.told("b")), (vec![], vec!["onBattleRequestReceived".to_owned()]));
    let (_, received) = &world.events[0];
    assert_eq!(received.audience(), Audience::Host);
    let received = serde_json::to_value(received).unwrap();
    assert_eq!(
        (&received["data"]["inviter"]["userId"], &received["data"]["invitee"]["liveId"]),
        (&json!("a-host"), &json!("b"))
    );
    assert_eq!(received["data"]["expireTime"], DAWN + 30_000);
    let found = world.info(battle);
    assert_eq!((found.status, found.start_time, found.end_time), (BattleStatus::Pending, None, None));
    assert_eq!((found.users[0].pending, found.users[1].pending), (false, true));
    let seen = |world: &World, name: &str| world.machine.view(&live(name)).unwrap();
    assert_eq!(seen(&world, "b").battle, None);
    assert_eq!(seen(&world, "b").battle_request.map(|it| it.battle_id), Some(battle));
    assert_eq!(world.scene("a").battle.score_bar(), None);
}

#[test]
fn it_starts_when_all_have_answered_with_those_who_accepted() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let battle = pending(&mut world, &["b", "c", "d"]);
    world.forget();
    world.wait(Duration::from_secs(5));
    assert_eq!(accept(&mut world, battle, "c").status, BattleStatus::Pending);
    assert_eq!(world.told("a"), ["onBattleRequestAccept", "onUserJoinBattle"]);
    assert_eq!((world.told("b"), world.told("c")), (vec!["onUserJoinBattle".to_owned()], world.told("d")));
    world.forget();
    assert_eq!(reject(&mut world, battle, "d").status, BattleStatus::Pending);
    let both = ["onBattleRequestReject"];
    assert_eq!((world.told("a"), world.told("d")), (both.map(str::to_owned).into(), both.map(str::to_owned).into()));
    assert_eq!(world.told("b"), [""; 0], "nobody else");
    let found = accept(&mut world, battle, "b");
    assert_eq!((found.status, found.start_time), (BattleStatus::Started, Some(WallMs(DAWN + 5_000))));
    assert_eq!(found.end_time, Some(WallMs(DAWN + 305_000)));
    assert_eq!(users(&found), ["a", "b", "c"]);
    assert_eq!(world.told("d").last().unwrap(), "onBattleStarted", "all of the connection see it");
    world.leave("d");
}

#[test]
fn who_does_not_answer_in_time_is_not_in_it() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    accept(&mut world, battle, "b");
    world.forget();
    world.wait(Duration::from_millis(29_999));
    assert_eq!(world.events, []);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.told("c"), ["onBattleRequestTimeout", "onBattleStarted"]);
    assert_eq!(world.told("a"), world.told("c"), "both sides");
    assert_eq!(world.told("b"), ["onBattleStarted"]);
    let found = world.info(battle);
    assert_eq!((users(&found), found.end_time), (vec!["a", "b"], Some(WallMs(DAWN + 330_000))));
}

#[test]
fn a_request_that_nobody_accepts_ends_unstarted() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    reject(&mut world, battle, "b");
    world.wait(Duration::from_secs(30));
    assert_unstarted(&mut world, battle);
    assert_eq!(world.told("a").last().unwrap(), "onBattleEnded");
    world.battle("c", &["a", "b"]);
}

#[test]
fn an_answer_after_the_request_has_expired_is_refused() {
    let mut world = World::connected(&["a", "b"]);
    let battle = pending(&mut world, &["b"]);
    world.now += Duration::from_secs(30);
    let over = Refusal::BattleOver { battle, end_time: WallMs(DAWN + 30_000) };
    assert_eq!(world.ask(Command::AcceptBattle { battle, user: host_of("b") }), Err(over.clone()));
    world.wait(Duration::ZERO);
    assert_eq!(world.ask(Command::RejectBattle { battle, user: host_of("b") }), Err(over.clone()));
    assert_eq!(cancel(&mut world, battle, None), Err(over.clone()));
    assert_eq!(world.ask(Command::ExitBattle { battle, user: host_of("a") }), Err(over));
}

#[test]
fn accepting_twice_is_accepting_and_a_mind_may_change_until_the_start() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    accept(&mut world, battle, "b");
    world.forget();
    accept(&mut world, battle, "b");
    accept(&mut world, battle, "a");
    assert_eq!(world.events, []);
    assert_eq!(users(&reject(&mut world, battle, "b")), ["a", "c"]);
    assert_eq!(world.told("a"), ["onBattleRequestReject", "onUserExitBattle"]);
    assert_eq!(world.told("b"), world.told("a"), "its other windows hear it too");
    assert_eq!(world.told("c"), ["onUserExitBattle"], "who heard it join hears it leave");
    let own = world.ask(Command::RejectBattle { battle, user: host_of("a") });
    assert!(matches!(own, Err(Refusal::Invalid { field: "userId", .. })));
}

#[test]
fn only_who_is_asked_may_answer() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b"]);
    let stranger = |world: &mut World, user: &UserId| world.ask(Command::AcceptBattle { battle, user: user.clone() });
    for user in [host_of("c"), user("nobody")] {
        assert_eq!(stranger(&mut world, &user), Err(Refusal::NotInBattle { battle, user }));
    }
    let unknown = BattleId::from_parts(0, &[0; 10]);
    let none = world.ask(Command::AcceptBattle { battle: unknown, user: host_of("b") });
    assert_eq!(none, Err(Refusal::NoSuchBattle { battle: unknown }));
    accept(&mut world, battle, "b");
    let again = world.ask(Command::AcceptBattle { battle, user: host_of("b") });
    assert_eq!(again, Err(Refusal::AlreadyInBattle { live: live("b") }));
}

#[test]
fn cancel_takes_back_the_named_requests_or_all_that_are_pending() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let battle = pending(&mut world, &["b", "c", "d"]);
    world.forget();
    assert_eq!(users(&info(cancel(&mut world, battle, Some(&["c"])))), ["a", "b", "d"]);
    assert_eq!((world.told("a"), world.told("c")), (vec!["onBattleRequestCancelled".to_owned()], world.told("a")));
    accept(&mut world, battle, "b");
    let found = info(cancel(&mut world, battle, None));
    assert_eq!((found.status, users(&found)), (BattleStatus::Started, vec!["a", "b"]), "all have answered now");
    let mut world = World::connected(&["a", "b"]);
    let battle = pending(&mut world, &["b"]);
    info(cancel(&mut world, battle, None));
    assert_unstarted(&mut world, battle);
}

#[test]
fn a_request_of_one_already_in_the_battle_cannot_be_cancelled() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let battle = pending(&mut world, &["b", "c"]);
    accept(&mut world, battle, "b");
    let in_it = |name: &str| Err(Refusal::InBattleAlready { battle, user: host_of(name) });
    assert_eq!(cancel(&mut world, battle, Some(&["c", "b"])), in_it("b"), "and c is still asked");
    assert_eq!(cancel(&mut world, battle, Some(&["a"])), in_it("a"));
    let stranger = Refusal::NotInBattle { battle, user: host_of("d") };
    assert_eq!(cancel(&mut world, battle, Some(&["d"])), Err(stranger));
    assert!(matches!(cancel(&mut world, battle, Some(&[])), Err(Refusal::Invalid { field: "userIds", .. })));
    assert!(matches!(cancel(&mut world, battle, Some(&["c", "c"])), Err(Refusal::Invalid { field: "userIds", .. })));
    accept(&mut world, battle, "c");
    assert_eq!(cancel(&mut world, battle, None), in_it("a"));
    assert_eq!(cancel(&mut world, battle, Some(&["c"])), in_it("c"));
}

#[test]
fn one_pending_request_per_live() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    pending(&mut world, &["b"]);
    let ask = |world: &mut World, of: &str, with: &[&str]| world.ask(Command::RequestBattle(challenge(of, with)));
    let busy = |name: &str| Err(Refusal::BattlePending { live: live(name) });
    assert_eq!(ask(&mut world, "a", &["c"]), busy("a"), "who has asked");
    assert_eq!(ask(&mut world, "b", &["c"]), busy("b"), "who is asked");
    assert_eq!(ask(&mut world, "c", &["b"]), busy("b"), "only one who is asked by another");
    assert_eq!(world.ask(Command::RequestBattle(contest("c", &["a"]))), busy("a"), "nor at once");
    let requested = request(&mut world, challenge("c", &["b", "d"]));
    assert_eq!(
        [requested.results[0].code, requested.results[1].code],
        [BattleCode::BattlingOtherRoom, BattleCode::Success]
    );
}

#[test]
fn each_user_that_cannot_be_asked_has_its_code() {
    let mut world = World::connected(&["a", "b", "c", "d", "e"]);
    let first = world.battle("a", &["b"]).battle_id;
    world.score(first, "1", ScoreOp::Add, &[("b", 1)]).unwrap();
    exit(&mut world, first, "a");
    world.media_of("c", MediaState::Down);
    let mut wish = challenge("a", &["b", "c", "d", "x"]);
    wish.need_response = Some(false);
    wish.timeout_seconds = None;
    let requested = request(&mut world, wish);
    let codes: Vec<_> = requested.results.iter().map(|result| result.code).collect();
    let expected = [BattleCode::Battling, BattleCode::RoomExit, BattleCode::Success, BattleCode::RoomNotExist];
    assert_eq!(codes, expected);
    assert_eq!(expected.map(BattleCode::code), [2, 4, 0, 1]);
    let gone = world.ask(Command::RequestBattle(challenge("e", &["c"])));
    assert_eq!(gone, Err(Refusal::HostGone { live: live("c") }));
    let nobody = world.ask(Command::RequestBattle(challenge("e", &["x"])));
    assert_eq!(nobody, Err(Refusal::NotInConnection { user: host_of("x") }));
}

#[test]
fn a_host_whose_battle_is_over_but_not_closed_yet_is_to_be_asked_again() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    world.battle("a", &["b"]);
    world.now += Duration::from_secs(300);
    let requested = request(&mut world, contest("c", &["b", "d"]));
    assert_eq!((requested.results[0].code, BattleCode::Retry.code()), (BattleCode::Retry, 5));
}

#[test]
fn need_response_unset_follows_the_timeout() {
    let ask = |need, timeout| {
        let mut world = World::connected(&["a", "b"]);
        let wish = BattleRequest { need_response: need, timeout_seconds: timeout, ..contest("a", &["b"]) };
        let requested = request(&mut world, wish);
        requested.expire_time.map(|at| (at.0 - DAWN) / 1_000)
    };
    assert_eq!([ask(None, None), ask(None, Some(7)), ask(None, Some(0))], [Some(30), Some(7), None]);
    assert_eq!(
        [ask(Some(true), None), ask(Some(true), Some(120)), ask(Some(true), Some(0))],
        [Some(30), Some(120), Some(30)]
    );
    assert_eq!([ask(Some(false), None), ask(Some(false), Some(0))], [None, None]);
}

#[test]
fn a_timeout_outside_1_to_120_seconds_is_refused() {
    let mut world = World::connected(&["a", "b"]);
    for seconds in [121, u64::MAX] {
        let wish = BattleRequest { timeout_seconds: Some(seconds), ..challenge("a", &["b"]) };
        let refusal = world.ask(Command::RequestBattle(wish)).unwrap_err();
        assert_eq!(refusal.to_string(), format!("timeoutSeconds: must be 1 to 120, found {seconds}"));
    }
}

#[test]
fn exit_while_pending_cancels_for_the_inviter_and_rejects_for_the_invitee() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    accept(&mut world, battle, "c");
    world.forget();
    exit(&mut world, battle, "b");
    let expected = ["onBattleRequestReject", "onBattleStarted"];
    assert_eq!(world.told("b"), expected, "c has accepted, and is the only one left");
    assert_eq!(world.told("a"), ["onBattleRequestReject", "onBattleStarted"]);
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    accept(&mut world, battle, "c");
    world.forget();
    exit(&mut world, battle, "a");
    assert_eq!(world.told("b"), ["onBattleRequestCancelled", "onUserExitBattle"]);
    assert_eq!(world.told("c"), ["onBattleRequestCancelled", "onUserExitBattle"]);
    assert_unstarted(&mut world, battle);
}

#[test]
fn who_leaves_the_connection_or_ends_its_live_leaves_a_pending_battle_too() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    world.forget();
    world.leave("b");
    assert_eq!(
        world.told("a")[..2],
        ["onBattleRequestReject", "onCoHostUserLeft"],
        "an invitee's going is a rejection"
    );
    world.forget();
    world.end("a");
    let expected = ["onBattleRequestCancelled", "onCoHostUserLeft", "onSeatLayoutChanged"];
    assert_eq!(world.told("c"), expected, "an inviter's takes it back");
    assert_unstarted(&mut world, battle);
    let mut world = World::connected(&["a", "b"]);
    let battle = pending(&mut world, &["b"]);
    world.media_of("b", MediaState::Down);
    world.wait(Duration::from_secs(10));
    assert_eq!(world.info(battle).reason, Some(BattleEndReason::NeverStarted), "gone for longer than the grace");
}

#[test]
fn scores_are_refused_before_the_start() {
    let mut world = World::connected(&["a", "b"]);
    let battle = pending(&mut world, &["b"]);
    let early = Err(Refusal::BattleNotStarted { battle });
    assert_eq!(world.score(battle, "1", ScoreOp::Add, &[("a", 1)]), early);
    accept(&mut world, battle, "b");
    assert!(world.score(battle, "1", ScoreOp::Add, &[("a", 1)]).is_ok());
}

#[test]
fn battles_that_never_start_make_no_result_forgotten() {
    let mut world = World::connected(&["a", "b"]);
    let first = world.battle("a", &["b"]).battle_id;
    world.wait(Duration::from_secs(300));
    let mut unstarted = Vec::new();
    for _ in 0..1_100 {
        let battle = pending(&mut world, &["b"]);
        reject(&mut world, battle, "b");
        unstarted.push(battle);
        world.forget();
    }
    assert_eq!(world.info(first).status, BattleStatus::Ended);
    assert_eq!(world.ask(Command::FindBattle(unstarted[999])), Err(Refusal::NoSuchBattle { battle: unstarted[999] }));
    assert_eq!(world.info(unstarted[1_000]).status, BattleStatus::Ended);
}
