//! Hosts' media: who may publish and watch, grace, idleness.

use std::time::Duration;

use costage::live::answer::Publish;
use costage::live::command::MediaState;
use costage::live::{Answer, Command, Effect, Refusal};
use costage_media::scene::SourceId;

use crate::world::{World, host_of, live};

fn watch(world: &mut World, name: &str) -> Result<Answer, Refusal> {
    world.ask(Command::Watch { live: live(name) })
}

#[test]
fn only_the_owner_publishes_and_a_second_time_as_the_same_source() {
    let mut world = World::new();
    world.create("a");
    let publish = |user| Command::Publish { live: live("a"), user };
    let source = world.source("a");
    assert_eq!(world.ask(publish(host_of("a"))), Ok(Answer::Publish(Publish { source })));
    world.media_of("a", MediaState::Up);
    assert_eq!(world.ask(publish(host_of("a"))), Ok(Answer::Publish(Publish { source })));
    assert_eq!(world.ask(publish(host_of("b"))), Err(Refusal::NotOwner { live: live("a") }));
    let unknown = Command::Publish { live: live("x"), user: host_of("a") };
    assert_eq!(world.ask(unknown), Err(Refusal::NoSuchLive { live: live("x") }));
}

#[test]
fn a_live_can_be_watched_while_its_stage_has_a_publishing_host() {
    let mut world = World::new();
    world.create("a");
    let not_live = Err(Refusal::NotLive { live: live("a"), retry_after: Duration::from_secs(2) });
    assert_eq!(watch(&mut world, "a"), not_live);
    world.media_of("a", MediaState::Up);
    let feed = world.feed("a");
    assert_eq!(watch(&mut world, "a"), Ok(Answer::Watch(feed)));
    world.media_of("a", MediaState::Down);
    assert_eq!(watch(&mut world, "a"), not_live);
    assert_eq!(watch(&mut world, "x"), Err(Refusal::NoSuchLive { live: live("x") }));
}

#[test]
fn in_a_connection_one_publishing_host_is_enough_to_watch_each() {
    let mut world = World::connected(&["a", "b"]);
    world.media_of("a", MediaState::Down);
    assert!(watch(&mut world, "a").is_ok());
    world.media_of("b", MediaState::Down);
    assert!(watch(&mut world, "a").is_err());
}

#[test]
fn the_first_media_of_a_host_opens_its_stage_and_the_same_again_does_nothing() {
    let mut world = World::new();
    world.create("a");
    world.media_of("a", MediaState::Up);
    assert!(matches!(world.media[..], [Effect::Stage { .. }, Effect::Route { .. }]));
    world.forget();
    world.media_of("a", MediaState::Up);
    world.media_of("a", MediaState::Down);
    world.media_of("a", MediaState::Down);
    world.media_of("a", MediaState::Up);
    assert_eq!(world.media, [], "its viewers stay where they are");
    assert_eq!(world.ask(Command::Media { source: SourceId(999), state: MediaState::Up }), Ok(Answer::Done));
}

#[test]
fn a_host_back_within_the_grace_stays_connected() {
    let mut world = World::connected(&["a", "b"]);
    world.media_of("a", MediaState::Down);
    world.wait(Duration::from_millis(9_999));
    world.media_of("a", MediaState::Up);
    world.wait(Duration::from_secs(60));
    assert_eq!(world.connected_with("a"), ["a", "b"]);
    assert_eq!(world.events, []);
}

#[test]
fn a_host_gone_for_longer_than_the_grace_has_left_as_disconnected() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("b", &["a", "c"]).battle_id;
    world.forget();
    world.media_of("a", MediaState::Down);
    world.wait(Duration::from_millis(9_999));
    assert_eq!(world.connected_with("b"), ["a", "b", "c"]);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.connected_with("b"), ["b", "c"]);
    assert_eq!(world.told("b"), ["onUserExitBattle", "onCoHostUserLeft", "onSeatLayoutChanged"]);
    let left = world.events.iter().map(|(_, event)| serde_json::to_value(event).unwrap());
    let left: Vec<_> = left.filter(|event| event["type"] == "onCoHostUserLeft").collect();
    assert_eq!((left[0]["data"]["reason"].as_str(), left.len()), (Some("disconnected"), 3));
    let users = world.info(battle).users;
    assert_eq!(users.iter().map(|user| user.left).collect::<Vec<_>>(), [false, true, false]);
    // Its live goes on: back again, it publishes alone.
    world.media_of("a", MediaState::Up);
    assert!(watch(&mut world, "a").is_ok());
}

#[test]
fn an_inviter_gone_for_longer_than_the_grace_cancels_and_an_invitee_rejects() {
    let mut world = World::with(&["a", "b", "c"]);
    world.invite("a", &["b"]);
    world.invite("c", &["a"]);
    world.forget();
    world.media_of("a", MediaState::Down);
    world.wait(Duration::from_secs(10));
    assert_eq!(world.told("b"), ["onCoHostRequestCancelled"]);
    assert_eq!(world.told("c"), ["onCoHostRequestRejected"]);
}

#[test]
fn a_live_that_nobody_publishes_for_ten_minutes_is_ended_by_the_server() {
    let mut world = World::new();
    world.create("never");
    world.create("gone");
    world.media_of("gone", MediaState::Up);
    world.wait(Duration::from_secs(300));
    world.media_of("gone", MediaState::Down);
    world.wait(Duration::from_secs(300));
    assert_eq!(world.told("never"), ["onLiveEnded"]);
    let (_, event) = world.events.last().unwrap();
    let data = &serde_json::to_value(event).unwrap()["data"];
    assert_eq!((data["reason"].as_str(), data["reasonCode"].as_u64()), (Some("endedByServer"), Some(2)));
    assert_eq!(world.told("gone"), [""; 0]);
    world.wait(Duration::from_secs(300));
    assert_eq!(world.told("gone"), ["onLiveEnded"]);
    assert_eq!(world.machine.poll_timeout(), None, "nothing is left to wait for");
}
