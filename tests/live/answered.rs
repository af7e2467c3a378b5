//! Who answered what: single acceptances and rejections are told to both sides and kept for whoever looks later.

use std::time::Duration;

use costage::live::command::{BattleRequest, MediaState};
use costage::live::fact::RequestAnswer;
use costage::live::{BattleId, Command, Fact, WallMs};
use serde_json::json;

use crate::world::{DAWN, World, contest, host_of, live};

fn answered(inviter: &str, invitee: &str, answer: RequestAnswer, after: u64) -> Fact {
    Fact::RequestAnswered { inviter: live(inviter), invitee: live(invitee), answer, at: WallMs(DAWN + after) }
}

fn battled(battle: BattleId, user: &str, answer: RequestAnswer) -> Fact {
    Fact::BattleAnswered { battle, user: host_of(user), answer, at: WallMs(DAWN) }
}

fn pending(world: &mut World, with: &[&str]) -> BattleId {
    let request = BattleRequest { need_response: None, timeout_seconds: None, ..contest("a", with) };
    let battle = match world.ask(Command::RequestBattle(request)).unwrap() {
        costage::live::Answer::BattleRequested(asked) => asked.battle_id,
        other => panic!("{other:?}"),
    };
    world.forget();
    battle
}

/// The answers among what was kept.
fn kept(world: &World) -> Vec<Fact> {
    let is_answer = |fact: &&Fact| matches!(fact, Fact::RequestAnswered { .. } | Fact::BattleAnswered { .. });
    world.facts.iter().filter(is_answer).cloned().collect()
}

#[test]
fn each_answer_to_a_co_host_request_is_kept() {
    let mut world = World::with(&["a", "b", "c"]);
    world.invite("a", &["b", "c"]);
    world.ask(Command::RejectConnection { live: live("c"), from: live("a") }).unwrap();
    assert_eq!(kept(&world), [answered("a", "c", RequestAnswer::Rejected, 0)]);
    world.forget();
    world.accept("b", "a");
    assert_eq!(kept(&world), [answered("a", "b", RequestAnswer::Accepted, 0)]);
}

#[test]
fn an_invitation_that_meets_another_one_is_kept_as_its_acceptance() {
    let mut world = World::with(&["a", "b"]);
    world.invite("a", &["b"]);
    world.invite("b", &["a"]);
    assert_eq!(kept(&world), [answered("a", "b", RequestAnswer::Accepted, 0)]);
}

#[test]
fn who_becomes_busy_or_goes_away_is_kept_as_one_who_said_nothing() {
    let mut world = World::with(&["a", "b", "c"]);
    world.invite("c", &["a"]);
    world.invite("a", &["b"]);
    world.accept("b", "a");
    let busy = answered("c", "a", RequestAnswer::Unavailable, 0);
    assert_eq!(kept(&world), [answered("a", "b", RequestAnswer::Accepted, 0), busy]);
    let mut world = World::with(&["a", "b"]);
    world.invite("a", &["b"]);
    world.media_of("b", MediaState::Down);
    world.wait(Duration::from_secs(10));
    assert_eq!(kept(&world), [answered("a", "b", RequestAnswer::Unavailable, 10_000)]);
}

#[test]
fn each_answer_to_a_battle_request_is_kept_before_the_battle_starts() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let battle = pending(&mut world, &["b", "c", "d"]);
    let user = |name: &str| host_of(name);
    world.ask(Command::AcceptBattle { battle, user: user("b") }).unwrap();
    world.ask(Command::AcceptBattle { battle, user: user("b") }).unwrap();
    world.ask(Command::RejectBattle { battle, user: user("c") }).unwrap();
    world.leave("d");
    let wanted = [
        battled(battle, "b", RequestAnswer::Accepted),
        battled(battle, "c", RequestAnswer::Rejected),
        battled(battle, "d", RequestAnswer::Unavailable),
    ];
    assert_eq!(kept(&world), wanted, "each once");
    let started = world.facts.iter().position(|fact| matches!(fact, Fact::BattleStarted(_)));
    let last = world.facts.iter().rposition(|fact| matches!(fact, Fact::BattleAnswered { .. }));
    assert!(last < started, "{:?}", world.facts);
}

#[test]
fn an_acceptance_taken_back_is_kept_as_a_rejection_after_it() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    world.ask(Command::AcceptBattle { battle, user: host_of("b") }).unwrap();
    world.ask(Command::ExitBattle { battle, user: host_of("b") }).unwrap();
    let wanted = [battled(battle, "b", RequestAnswer::Accepted), battled(battle, "b", RequestAnswer::Rejected)];
    assert_eq!(kept(&world), wanted);
}

#[test]
fn a_rejection_is_told_to_both_sides_so_that_the_other_window_of_a_host_hears_of_it() {
    let mut world = World::with(&["a", "b"]);
    world.invite("a", &["b"]);
    world.forget();
    world.ask(Command::RejectConnection { live: live("b"), from: live("a") }).unwrap();
    let [(_, first), (_, second)] = &world.events[..] else { panic!("{:?}", world.events) };
    assert_eq!(first, second);
    let data = serde_json::to_value(first).unwrap()["data"].clone();
    assert_eq!((&data["inviter"]["liveId"], &data["invitee"]["liveId"]), (&json!("a"), &json!("b")));
    assert_eq!(world.told("b"), ["onCoHostRequestRejected"]);
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = pending(&mut world, &["b", "c"]);
    world.ask(Command::RejectBattle { battle, user: host_of("b") }).unwrap();
    assert_eq!((world.told("a"), world.told("b")), (world.told("b"), vec!["onBattleRequestReject".to_owned()]));
    assert_eq!(world.told("c"), [""; 0]);
}
