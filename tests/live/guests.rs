//! Guests publish from their seats: sources, pictures, voices, and leaving when their media is lost.

use std::time::Duration;

use costage::live::answer::{Publish, Return};
use costage::live::command::{By, Device, LiveChange, MediaState, MovePolicy, SeatAction};
use costage::live::{Answer, Command, Effect, Refusal, UserId};
use costage_media::scene::{SourceId, Voice};
use serde_json::{Value, json};

use crate::seats::{ask, by, last, open, pick, seated};
use crate::world::{World, host_of, live, user};

/// Lives, each publishing, with nobody on their seats yet.
fn with(names: &[&str]) -> World {
    let mut world = World::new();
    for name in names {
        open(&mut world, name, |new| new.max_seat_count = 20);
        world.media_of(name, MediaState::Up);
    }
    world.forget();
    world
}

fn publish(world: &mut World, of: &str, index: u64, who: Option<UserId>) -> Result<SourceId, Refusal> {
    match world.ask(Command::PublishFromSeat { live: live(of), index, user: who })? {
        Answer::Publish(Publish { source }) => Ok(source),
        other => panic!("{other:?}"),
    }
}

/// A guest sits down; its source.
fn sit(world: &mut World, of: &str, index: u64, name: &str) -> SourceId {
    pick(world, of, index, name).unwrap();
    publish(world, of, index, Some(user(name))).unwrap()
}

fn media(world: &mut World, source: SourceId, state: MediaState) {
    assert_eq!(world.ask(Command::Media { source, state }), Ok(Answer::Done));
}

/// Names in the picture, then who is heard beside it.
fn cast(world: &mut World, of: &str) -> (Vec<String>, Vec<SourceId>) {
    let scene = world.scene(of);
    let names = scene.tiles.iter().map(|tile| tile.name.clone()).collect();
    (names, scene.voices.iter().map(|voice| voice.source).collect())
}

/// Who stands in the layout, as "a2:g".
fn layout(world: &mut World, of: &str) -> Vec<String> {
    let layout = serde_json::to_value(world.machine.view(&live(of)).unwrap().layout).unwrap();
    let asked = world.ask(Command::FindLayout(live(of))).unwrap();
    let Answer::Layout(asked) = asked else { panic!("{asked:?}") };
    assert_eq!(serde_json::to_value(asked).unwrap(), layout, "the same for all who ask");
    named(&layout)
}

fn named(layout: &Value) -> Vec<String> {
    let text = |region: &Value, name: &str| region[name].as_str().unwrap().to_owned();
    let regions = layout["regions"].as_array().unwrap().iter();
    regions
        .map(|region| format!("{}{}:{}", text(region, "liveId"), region["seatIndex"], text(region, "userId")))
        .collect()
}

/// The layouts that this live's clients were told, and forgets what was told.
fn told_layouts(world: &mut World, of: &str) -> Vec<Vec<String>> {
    let events = std::mem::take(&mut world.events).into_iter().filter(|(told, _)| *told == live(of));
    let events = events.map(|(_, event)| serde_json::to_value(event).unwrap());
    events.filter(|event| event["type"] == "onSeatLayoutChanged").map(|event| named(&event["data"])).collect()
}

fn ended(world: &World) -> Vec<SourceId> {
    let ends = world.media.iter();
    ends.filter_map(|effect| if let Effect::EndSource(source) = effect { Some(*source) } else { None }).collect()
}

#[test]
fn whoever_sits_there_publishes_as_a_source_of_its_own() {
    let mut world = with(&["a"]);
    let (g, h) = (sit(&mut world, "a", 1, "g"), sit(&mut world, "a", 2, "h"));
    assert!(g != h && g != world.source("a") && h != world.source("a"));
    assert_eq!(publish(&mut world, "a", 1, Some(user("g"))), Ok(g), "a second time as the same");
    assert_eq!(publish(&mut world, "a", 2, None), Ok(h), "the backend for whoever sits there");
    let source_of = |name: &str| world.machine.source_of(&live("a"), &user(name));
    assert_eq!((source_of("g"), source_of("h"), source_of("x")), (Some(g), Some(h), None));
    assert_eq!(world.machine.source_of(&live("a"), &host_of("a")), Some(world.source("a")));
    assert_eq!(world.machine.source_of(&live("x"), &user("g")), None);
}

#[test]
fn who_does_not_sit_there_does_not_publish_100206() {
    let mut world = with(&["a"]);
    sit(&mut world, "a", 1, "g");
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 3 }).unwrap();
    for (index, who) in [(1, Some("h")), (2, Some("g")), (2, None), (3, Some("g")), (3, None)] {
        let refused = publish(&mut world, "a", index, who.map(user));
        assert_eq!(refused, Err(Refusal::NotSeated { index: u32::try_from(index).unwrap() }));
    }
    assert_eq!(publish(&mut world, "x", 1, None), Err(Refusal::NoSuchLive { live: live("x") }));
    let beyond = publish(&mut world, "a", 20, None).unwrap_err().to_string();
    assert_eq!(beyond, "seatIndex: must be 0 to 19, found 20; the live has 20 seats now");
    open(&mut world, "b", |new| new.is_seat_enabled = false);
    assert_eq!(publish(&mut world, "b", 1, None), Err(Refusal::NoSeats { live: live("b") }));
}

#[test]
fn seat_0_is_published_by_the_owner_as_its_live() {
    let mut world = with(&["a"]);
    let own = world.source("a");
    assert_eq!(publish(&mut world, "a", 0, Some(host_of("a"))), Ok(own));
    assert_eq!(publish(&mut world, "a", 0, None), Ok(own));
    assert_eq!(publish(&mut world, "a", 0, Some(user("g"))), Err(Refusal::NotOwner { live: live("a") }));
}

#[test]
fn alone_a_live_shows_its_host_and_then_its_guests_by_seat() {
    let mut world = with(&["a"]);
    sit(&mut world, "a", 5, "g");
    sit(&mut world, "a", 2, "h");
    assert_eq!(cast(&mut world, "a").0, ["Host a", "Guest h", "Guest g"]);
    assert_eq!(layout(&mut world, "a"), ["a0:a-host", "a2:h", "a5:g"]);
    let regions = serde_json::to_value(world.machine.view(&live("a")).unwrap().layout).unwrap();
    assert_eq!(
        regions["regions"][1],
        json!({"liveId": "a", "seatIndex": 2, "userId": "h", "x": 480, "y": 276, "w": 240, "h": 240, "z": 0}),
        "the second of three in a dynamic grid"
    );
}

#[test]
fn of_more_than_nine_on_seats_the_further_guests_are_heard_only() {
    let mut world = with(&["a"]);
    let sources: Vec<_> = (1..12).map(|index| sit(&mut world, "a", index, &format!("g{index}"))).collect();
    let (names, voices) = cast(&mut world, "a");
    assert_eq!((names.len(), &names[8][..]), (9, "Guest g8"));
    assert_eq!(voices, sources[8..]);
    assert_eq!(layout(&mut world, "a").len(), 9);
    world.forget();
    ask(&mut world, "a", By::Owner, SeatAction::Kick { index: 11 }).unwrap();
    assert_eq!(told_layouts(&mut world, "a").len(), 0, "that one had no place in the picture");
    ask(&mut world, "a", By::Owner, SeatAction::Kick { index: 1 }).unwrap();
    assert_eq!(cast(&mut world, "a").0[8], "Guest g9", "who waited moves up");
}

#[test]
fn cameras_and_microphones_of_guests_are_as_on_their_seats() {
    let mut world = with(&["a"]);
    let g = sit(&mut world, "a", 1, "g");
    let device = |device, open| SeatAction::Device { index: 1, device, open };
    let shown = |world: &mut World| {
        let tile = world.scene("a").tiles[1].clone();
        (tile.source, tile.camera, tile.muted)
    };
    assert_eq!(shown(&mut world), (g, true, false), "with or without media, the tile is there");
    ask(&mut world, "a", by("g"), device(Device::Camera, false)).unwrap();
    assert_eq!(shown(&mut world), (g, false, false));
    ask(&mut world, "a", By::Owner, device(Device::Microphone, false)).unwrap();
    assert_eq!(shown(&mut world), (g, false, true), "whatever it sends is not heard");
}

#[test]
fn the_layout_is_told_whenever_seats_change_it_and_only_then() {
    let mut world = with(&["a"]);
    let steps: [(SeatAction, &[&str]); 7] = [
        (SeatAction::Lock { index: 9 }, &[]),
        (
            SeatAction::Move { user: user("g"), to: 3, policy: MovePolicy::AbortWhenOccupied },
            &["a0:a-host", "a2:h", "a3:g"],
        ),
        (SeatAction::Move { user: user("g"), to: 2, policy: MovePolicy::SwapPosition }, &["a0:a-host", "a2:g", "a3:h"]),
        (SeatAction::Device { index: 2, device: Device::Camera, open: false }, &[]),
        (SeatAction::Move { user: user("g"), to: 3, policy: MovePolicy::ForceReplace }, &["a0:a-host", "a3:g"]),
        (SeatAction::Lock { index: 3 }, &["a0:a-host"]),
        (SeatAction::Unlock { index: 3 }, &[]),
    ];
    sit(&mut world, "a", 1, "g");
    assert_eq!(told_layouts(&mut world, "a"), [["a0:a-host", "a1:g"]]);
    sit(&mut world, "a", 2, "h");
    assert_eq!(told_layouts(&mut world, "a"), [["a0:a-host", "a1:g", "a2:h"]]);
    for (action, told) in steps {
        ask(&mut world, "a", By::Backend, action.clone()).unwrap();
        let expected: Vec<Vec<&str>> = if told.is_empty() { vec![] } else { vec![told.to_vec()] };
        assert_eq!(told_layouts(&mut world, "a"), expected, "{action:?}");
    }
    sit(&mut world, "a", 1, "g");
    sit(&mut world, "a", 15, "h");
    world.forget();
    let change = |max_seat_count, is_seat_enabled| {
        Command::UpdateLive(Box::new(LiveChange { max_seat_count, is_seat_enabled, ..LiveChange::of(live("a")) }))
    };
    world.ask(change(Some(10), None)).unwrap();
    assert_eq!(told_layouts(&mut world, "a"), [["a0:a-host", "a1:g"]]);
    world.ask(change(None, Some(false))).unwrap();
    assert_eq!(told_layouts(&mut world, "a"), [["a0:a-host"]]);
    assert_eq!(cast(&mut world, "a").0, ["Host a"]);
}

#[test]
fn a_connection_shows_hosts_only_and_hears_all_guests_but_the_muted() {
    let mut world = with(&["a", "b"]);
    let (g, h) = (sit(&mut world, "a", 1, "g"), sit(&mut world, "b", 4, "h"));
    world.invite("a", &["b"]);
    world.accept("b", "a");
    for name in ["a", "b"] {
        assert_eq!(cast(&mut world, name), (vec!["Host a".to_owned(), "Host b".to_owned()], vec![g, h]));
        assert_eq!(layout(&mut world, name), ["a0:a-host", "b0:b-host"]);
    }
    world.forget();
    let i = sit(&mut world, "b", 5, "i");
    ask(&mut world, "b", By::Owner, SeatAction::Device { index: 4, device: Device::Microphone, open: false }).unwrap();
    let voice = |source, muted| Voice { source, camera: true, muted };
    assert_eq!(world.scene("a").voices, [voice(g, false), voice(h, true), voice(i, false)]);
    assert_eq!(told_layouts(&mut world, "a").len(), 0, "seats of guests change nothing in that picture");
    world.leave("b");
    assert_eq!(cast(&mut world, "a"), (vec!["Host a".to_owned(), "Guest g".to_owned()], vec![]));
    assert_eq!(layout(&mut world, "b"), ["b0:b-host", "b4:h", "b5:i"]);
    assert_eq!(told_layouts(&mut world, "a"), [["a0:a-host", "a1:g"]], "the own grid is back");
}

#[test]
fn the_source_goes_with_the_user_to_another_seat() {
    let mut world = with(&["a"]);
    let (g, h) = (sit(&mut world, "a", 1, "g"), sit(&mut world, "a", 2, "h"));
    let swap = SeatAction::Move { user: user("g"), to: 2, policy: MovePolicy::SwapPosition };
    ask(&mut world, "a", By::Owner, swap).unwrap();
    assert_eq!((publish(&mut world, "a", 1, None), publish(&mut world, "a", 2, None)), (Ok(h), Ok(g)));
    assert_eq!(ended(&world), []);
    let replace = SeatAction::Move { user: user("g"), to: 1, policy: MovePolicy::ForceReplace };
    ask(&mut world, "a", By::Owner, replace).unwrap();
    assert_eq!(ended(&world), [h], "who had to make room");
}

#[test]
fn who_leaves_the_seat_loses_its_session_after_the_last_picture_that_names_it() {
    for (by, action) in [
        (By::Guest(user("g")), SeatAction::Leave { index: 1 }),
        (By::Owner, SeatAction::Kick { index: 1 }),
        (By::Owner, SeatAction::Lock { index: 1 }),
    ] {
        let mut world = with(&["a"]);
        let g = sit(&mut world, "a", 1, "g");
        media(&mut world, g, MediaState::Up);
        world.forget();
        ask(&mut world, "a", by, action.clone()).unwrap();
        assert_eq!(ended(&world), [g], "{action:?}");
        assert!(matches!(world.media[..], [Effect::Stage { .. }, .., Effect::EndSource(_)]), "{:?}", world.media);
        assert_eq!(cast(&mut world, "a").0, ["Host a"]);
        media(&mut world, g, MediaState::Down);
        ask(&mut world, "a", By::Owner, SeatAction::Unlock { index: 1 }).unwrap();
        assert_ne!(sit(&mut world, "a", 1, "g"), g, "a number is never given twice");
    }
}

#[test]
fn the_end_of_a_live_ends_the_sessions_of_its_guests_too() {
    let mut world = with(&["a"]);
    let (g, own) = (sit(&mut world, "a", 1, "g"), world.source("a"));
    world.end("a");
    assert_eq!(ended(&world), [own, g]);
    media(&mut world, g, MediaState::Up);
    assert_eq!(world.machine.poll_timeout(), None);
}

#[test]
fn a_guest_whose_media_is_lost_leaves_the_seat_after_the_grace() {
    let mut world = with(&["a"]);
    let g = sit(&mut world, "a", 1, "g");
    media(&mut world, g, MediaState::Up);
    media(&mut world, g, MediaState::Down);
    world.wait(Duration::from_millis(9_999));
    media(&mut world, g, MediaState::Up);
    world.forget();
    world.wait(Duration::from_secs(60));
    assert_eq!((world.events.len(), world.media.len()), (0, 0), "back in time, nothing else changes");
    media(&mut world, g, MediaState::Down);
    world.wait(Duration::from_millis(9_999));
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a1:g"]);
    world.wait(Duration::from_millis(1));
    assert_eq!(seated(&mut world, "a"), ["a0:a-host"]);
    assert_eq!(world.told("a"), ["onSeatListChanged", "onSeatLayoutChanged"]);
    let data = &last(&world, "a")["data"];
    assert_eq!((&data["reason"], &data["leftList"][0]["userId"]), (&json!("disconnected"), &json!("g")));
    assert_eq!(ended(&world), [g]);
}

#[test]
fn a_guest_who_never_published_sits_until_it_leaves() {
    let mut world = with(&["a"]);
    let g = sit(&mut world, "a", 1, "g");
    media(&mut world, g, MediaState::Down);
    world.wait(Duration::from_secs(3_600));
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a1:g"]);
}

#[test]
fn after_a_restart_guests_have_the_restart_grace_to_come_back() {
    let mut world = with(&["a"]);
    let (g, h) = (sit(&mut world, "a", 1, "g"), sit(&mut world, "a", 2, "h"));
    let silent = sit(&mut world, "a", 3, "silent");
    [g, h].into_iter().for_each(|source| media(&mut world, source, MediaState::Up));
    world.restart(Duration::from_secs(5));
    assert_eq!(cast(&mut world, "a").0, ["Host a", "Guest g", "Guest h", "Guest silent"]);
    assert_eq!(publish(&mut world, "a", 1, None), Ok(g), "as the same source");
    media(&mut world, g, MediaState::Up);
    world.media_of("a", MediaState::Up);
    world.wait(Duration::from_millis(59_999));
    assert_eq!(seated(&mut world, "a").len(), 4);
    world.wait(Duration::from_millis(1));
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a1:g", "a3:silent"]);
    assert_eq!(ended(&world), [h]);
    assert_eq!(world.machine.source_of(&live("a"), &user("silent")), Some(silent));
}

#[test]
fn a_live_can_be_watched_while_a_guest_publishes() {
    let mut world = World::new();
    open(&mut world, "a", |_| {});
    let g = sit(&mut world, "a", 1, "g");
    assert!(world.ask(Command::Watch { live: live("a") }).is_err());
    media(&mut world, g, MediaState::Up);
    assert!(world.ask(Command::Watch { live: live("a") }).is_ok());
    assert_eq!(cast(&mut world, "a").0, ["Host a", "Guest g"], "its host is the avatar");
    media(&mut world, g, MediaState::Down);
    assert!(world.ask(Command::Watch { live: live("a") }).is_err());
}

#[test]
fn a_seat_that_could_not_be_kept_was_never_left() {
    let mut world = with(&["a"]);
    let g = sit(&mut world, "a", 1, "g");
    media(&mut world, g, MediaState::Up);
    let before = world.machine.snapshot();
    let leave = SeatAction::Leave { index: 1 };
    let command = costage::live::command::SeatCommand { live: live("a"), by: by("g"), action: leave };
    world.machine.handle(world.now, Command::Seat(Box::new(command))).unwrap();
    world.machine.undo();
    assert_eq!(world.machine.snapshot(), before);
    assert_eq!(publish(&mut world, "a", 1, Some(user("g"))), Ok(g));
    media(&mut world, g, MediaState::Down);
    assert!(world.machine.poll_timeout().is_some(), "its media counts as before");
}

#[test]
fn a_guest_is_watched_alone_and_hears_the_stage_without_itself_while_it_sits() {
    let mut world = with(&["a"]);
    let watch = |world: &mut World, name| world.ask(Command::WatchHost { live: live("a"), user: user(name) });
    let hear = |world: &mut World, name| world.ask(Command::WatchReturn { live: live("a"), user: user(name) });
    let source = sit(&mut world, "a", 1, "g");
    assert!(matches!(watch(&mut world, "g"), Err(Refusal::HostNotLive { .. })), "it does not publish yet");
    media(&mut world, source, MediaState::Up);
    assert_eq!(watch(&mut world, "g"), Ok(Answer::Host(source)));
    let feed = world.feed("a");
    assert_eq!(hear(&mut world, "g"), Ok(Answer::Return(Return { feed, source })));
    let there = vec![host_of("a"), user("g")];
    assert_eq!(watch(&mut world, "h"), Err(Refusal::NoSuchHost { live: live("a"), user: user("h"), there }));
    ask(&mut world, "a", By::Guest(user("g")), SeatAction::Leave { index: 1 }).unwrap();
    assert!(matches!(watch(&mut world, "g"), Err(Refusal::NoSuchHost { .. })));
    assert!(matches!(hear(&mut world, "g"), Err(Refusal::NotOnStage { .. })));
}
