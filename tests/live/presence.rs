//! Hosts' media: who may publish and watch, grace, idleness.

use std::time::Duration;

use costage::live::answer::{BattleStatus, Publish};
use costage::live::command::{MediaState, SocketState};
use costage::live::{Answer, Command, Effect, Fact, Refusal};
use costage_media::forward::FeedId;
use costage_media::scene::SourceId;

use crate::world::{DAWN, World, host_of, live};

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

/// What the facts since the last look say of hosts' media.
fn hosts(world: &mut World) -> Vec<String> {
    let said = world.facts.drain(..).filter_map(|fact| match fact {
        Fact::HostOnline { live, user, at } => Some(format!("{live} {user} online {}", at.0 - DAWN)),
        Fact::HostOffline { live, user, at } => Some(format!("{live} {user} offline {}", at.0 - DAWN)),
        _ => None,
    });
    said.collect()
}

#[test]
fn of_a_hosts_media_it_is_told_when_it_comes_and_when_it_is_lost_each_once() {
    let mut world = World::new();
    world.create("a");
    world.media_of("a", MediaState::Down);
    assert_eq!(hosts(&mut world), [""; 0], "what never flowed cannot be lost");
    world.media_of("a", MediaState::Up);
    world.media_of("a", MediaState::Up);
    world.wait(Duration::from_secs(1));
    world.media_of("a", MediaState::Down);
    world.media_of("a", MediaState::Down);
    assert_eq!(hosts(&mut world), ["a a-host online 0", "a a-host offline 1000"]);
    world.socket_of("a", SocketState::Open);
    world.socket_of("a", SocketState::Lost);
    assert_eq!(hosts(&mut world), [""; 0], "event sockets are another matter");
    world.media_of("a", MediaState::Up);
    world.end("a");
    assert_eq!(hosts(&mut world), ["a a-host online 1000"], "that it ended says the rest");
}

#[test]
fn a_restart_loses_the_media_of_all_hosts_and_tells_so() {
    let mut world = World::with(&["a", "b", "c"]);
    world.media_of("b", MediaState::Down);
    world.restart(Duration::from_secs(5));
    assert_eq!(hosts(&mut world), ["a a-host offline 5000", "c c-host offline 5000"]);
    world.media_of("a", MediaState::Up);
    assert_eq!(hosts(&mut world), ["a a-host online 5000"]);
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
fn a_host_whose_event_socket_is_there_has_not_left_while_its_media_is_gone() {
    let mut world = World::connected(&["a", "b"]);
    world.socket_of("a", SocketState::Open);
    world.media_of("a", MediaState::Down);
    world.wait(Duration::from_secs(3_600));
    assert_eq!(world.connected_with("b"), ["a", "b"], "nor is its live idle");
    assert_eq!(world.events, []);
    // The grace begins when the second of the two is lost.
    world.socket_of("a", SocketState::Lost);
    world.wait(Duration::from_millis(9_999));
    assert_eq!(world.connected_with("b"), ["a", "b"]);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.connected_with("b"), [""; 0]);
    assert_eq!(world.told("b")[0], "onCoHostUserLeft");
}

#[test]
fn a_host_whose_media_flows_has_not_left_while_its_event_socket_is_gone() {
    let mut world = World::connected(&["a", "b"]);
    world.socket_of("a", SocketState::Open);
    world.socket_of("a", SocketState::Lost);
    world.wait(Duration::from_secs(3_600));
    assert_eq!(world.connected_with("b"), ["a", "b"]);
    world.media_of("a", MediaState::Down);
    world.wait(Duration::from_millis(9_999));
    assert_eq!(world.connected_with("b"), ["a", "b"]);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.connected_with("b"), [""; 0]);
}

#[test]
fn either_of_both_back_within_the_grace_changes_nothing_else() {
    for socket in [true, false] {
        let mut world = World::connected(&["a", "b"]);
        world.socket_of("a", SocketState::Open);
        world.socket_of("a", SocketState::Lost);
        world.media_of("a", MediaState::Down);
        world.forget();
        world.wait(Duration::from_millis(9_999));
        if socket {
            world.socket_of("a", SocketState::Open);
        } else {
            world.media_of("a", MediaState::Up);
            world.facts.clear();
        }
        world.wait(Duration::from_secs(300));
        assert_eq!(world.connected_with("b"), ["a", "b"]);
        assert_eq!((world.events.len(), world.facts.len(), world.media.len()), (0, 0, 0));
    }
}

#[test]
fn a_host_that_never_published_counts_by_its_event_socket() {
    let mut world = World::with(&["a"]);
    world.create("b");
    world.socket_of("b", SocketState::Open);
    world.invite("a", &["b"]);
    world.accept("b", "a");
    world.socket_of("b", SocketState::Lost);
    world.wait(Duration::from_secs(10));
    assert_eq!(world.connected_with("a"), [""; 0]);
    // Its live is idle all the same: an open socket is no publishing.
    world.socket_of("b", SocketState::Open);
    world.wait(Duration::from_secs(600));
    assert!(world.told("b").contains(&"onLiveEnded".to_owned()));
}

#[test]
fn sockets_of_lives_that_are_gone_are_ignored_and_the_same_again_does_nothing() {
    let mut world = World::connected(&["a", "b"]);
    let before = world.machine.snapshot();
    let unknown = Command::HostSocket { feed: FeedId(99), state: SocketState::Lost };
    assert_eq!(world.ask(unknown), Ok(Answer::Done));
    world.socket_of("a", SocketState::Lost);
    assert_eq!(world.machine.snapshot(), before, "one that never was cannot be lost");
    world.socket_of("a", SocketState::Open);
    world.socket_of("a", SocketState::Lost);
    let lost = world.machine.snapshot();
    world.wait(Duration::from_secs(5));
    world.socket_of("a", SocketState::Lost);
    assert_eq!(world.machine.snapshot(), lost);
}

#[test]
fn after_a_restart_everybody_has_the_restart_grace_to_come_back() {
    let mut world = World::connected(&["a", "b", "c"]);
    world.socket_of("b", SocketState::Open);
    let battle = world.battle("a", &["b", "c"]).battle_id;
    world.media_of("c", MediaState::Down);
    world.wait(Duration::from_secs(5));
    world.restart(Duration::from_secs(30));
    assert!(watch(&mut world, "a").is_err(), "nobody's media has come through it");
    world.wait(Duration::from_secs(59));
    assert_eq!(world.connected_with("a"), ["a", "b", "c"]);
    assert_eq!(world.events, []);
    world.media_of("a", MediaState::Up);
    world.socket_of("b", SocketState::Open);
    world.wait(Duration::from_secs(1));
    assert_eq!(world.connected_with("a"), ["a", "b"], "c did not come back");
    assert_eq!(world.info(battle).users.iter().map(|user| user.left).collect::<Vec<_>>(), [false, false, true]);
    // Later it is the usual grace again.
    world.media_of("a", MediaState::Down);
    world.wait(Duration::from_secs(10));
    assert_eq!(world.connected_with("b"), [""; 0]);
}

#[test]
fn a_battle_whose_time_ran_out_while_no_server_ran_ends_first_of_all_after_it() {
    let mut world = World::connected(&["a", "b"]);
    let started = world.battle("a", &["b"]);
    world.restart(Duration::from_secs(299));
    assert_eq!(world.info(started.battle_id).status, BattleStatus::Started, "it has gone on meanwhile");
    world.restart(Duration::from_secs(5));
    let ended = world.info(started.battle_id);
    assert_eq!((ended.status, ended.end_time), (BattleStatus::Ended, started.end_time));
    assert_eq!(world.told("a"), ["onBattleEnded"]);
}

#[test]
fn after_a_restart_every_picture_is_built_again_and_every_viewer_finds_it() {
    let mut world = World::connected(&["a", "b"]);
    world.create("c");
    world.media_of("c", MediaState::Up);
    world.create("silent");
    let (stages, routes) = (world.stages.clone(), world.routes.clone());
    world.restart(Duration::from_secs(3));
    assert_eq!((&world.stages, &world.routes), (&stages, &routes));
    assert_eq!((stages.len(), routes.len()), (2, 3));
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
