//! Watching one host alone, and hearing the others without oneself.

use std::time::Duration;

use costage::live::answer::Return;
use costage::live::command::MediaState;
use costage::live::{Answer, Command, Refusal};

use crate::world::{World, host_of, live};

const RETRY_AFTER: Duration = Duration::from_secs(2);

#[test]
fn a_host_is_watched_alone_while_it_publishes_itself() {
    let mut world = World::connected(&["a", "b"]);
    let watch = |user| Command::WatchHost { live: live("a"), user };
    let source = world.source("a");
    assert_eq!(world.ask(watch(host_of("a"))), Ok(Answer::Host(source)));
    world.media_of("a", MediaState::Down);
    let gone = Refusal::HostNotLive { live: live("a"), user: host_of("a"), retry_after: RETRY_AFTER };
    assert_eq!(world.ask(watch(host_of("a"))), Err(gone), "the other host's picture does not stand in for it");
}

#[test]
fn who_does_not_publish_in_a_live_is_not_found_there_and_the_answer_says_who_is() {
    let mut world = World::connected(&["a", "b"]);
    let refusal = world.ask(Command::WatchHost { live: live("a"), user: host_of("b") }).unwrap_err();
    let there = vec![host_of("a")];
    assert_eq!(refusal, Refusal::NoSuchHost { live: live("a"), user: host_of("b"), there });
    assert!(refusal.to_string().ends_with(&format!("there are {}", host_of("a"))), "{refusal}");
    let unknown = world.ask(Command::WatchHost { live: live("x"), user: host_of("a") });
    assert_eq!(unknown, Err(Refusal::NoSuchLive { live: live("x") }));
}

#[test]
fn a_lives_owner_hears_its_stage_without_itself_also_while_it_does_not_publish() {
    let mut world = World::connected(&["a", "b"]);
    let hear = |name| Command::WatchReturn { live: live(name), user: host_of(name) };
    for name in ["a", "b"] {
        let (feed, source) = (world.feed(name), world.source(name));
        assert_eq!(world.ask(hear(name)), Ok(Answer::Return(Return { feed, source })));
    }
    world.media_of("a", MediaState::Down);
    assert!(world.ask(hear("a")).is_ok(), "there is somebody to be heard");
    world.media_of("b", MediaState::Down);
    let nobody = Refusal::NotLive { live: live("a"), retry_after: RETRY_AFTER };
    assert_eq!(world.ask(hear("a")), Err(nobody));
}

#[test]
fn who_is_not_heard_in_a_live_cannot_hear_it_without_itself() {
    let mut world = World::connected(&["a", "b"]);
    let stranger = Command::WatchReturn { live: live("a"), user: host_of("b") };
    assert_eq!(world.ask(stranger), Err(Refusal::NotOnStage { live: live("a"), user: host_of("b") }));
}
