//! Changing a live.

use costage::live::answer::LiveInfo;
use costage::live::command::{By, Device, LiveChange, MediaState, OverlaysChange, SeatAction, SeatMode};
use costage::live::{Answer, Command, Effect, Fact, Refusal};
use serde_json::{Value, json};

use crate::seats::{ask, open, pick, seated, seats};
use crate::world::{World, live};

pub(crate) fn update(world: &mut World, name: &str, change: impl FnOnce(&mut LiveChange)) -> Result<LiveInfo, Refusal> {
    let mut wish = LiveChange::of(live(name));
    change(&mut wish);
    match world.ask(Command::UpdateLive(Box::new(wish)))? {
        Answer::Live(info) => Ok(*info),
        other => panic!("{other:?}"),
    }
}

fn told(world: &World) -> Vec<Value> {
    world.events.iter().map(|(_, event)| serde_json::to_value(event).unwrap()).collect()
}

#[test]
fn only_the_named_fields_change() {
    let mut world = World::with(&["a"]);
    let before = serde_json::to_value(world.ask(Command::FindLive(live("a"))).map(info).unwrap()).unwrap();
    let after = update(&mut world, "a", |change| change.notice = Some("back at nine".to_owned())).unwrap();
    let mut expected = before;
    expected["notice"] = json!("back at nine");
    assert_eq!(serde_json::to_value(&after).unwrap(), expected);
    assert!(matches!(&world.facts[..], [Fact::LiveChanged(kept)] if **kept == after));
}

fn info(answer: Answer) -> LiveInfo {
    match answer {
        Answer::Live(info) => *info,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_sits_where_there_is_no_seat_any_more_leaves_it() {
    let mut world = World::new();
    open(&mut world, "a", |new| new.max_seat_count = 5);
    pick(&mut world, "a", 2, "near").unwrap();
    pick(&mut world, "a", 4, "far").unwrap();
    update(&mut world, "a", |change| change.max_seat_count = Some(3)).unwrap();
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a2:near"]);
    update(&mut world, "a", |change| change.is_seat_enabled = Some(false)).unwrap();
    assert!(matches!(pick(&mut world, "a", 1, "far"), Err(Refusal::NoSeats { .. })));
    update(&mut world, "a", |change| change.is_seat_enabled = Some(true)).unwrap();
    assert_eq!(seated(&mut world, "a"), ["a0:a-host"], "it begins anew, with its owner");
}

#[test]
fn a_seat_that_is_taken_away_takes_its_lock_along() {
    let mut world = World::new();
    open(&mut world, "a", |new| new.max_seat_count = 5);
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 4 }).unwrap();
    update(&mut world, "a", |change| change.max_seat_count = Some(3)).unwrap();
    update(&mut world, "a", |change| change.max_seat_count = Some(5)).unwrap();
    assert!(!seats(&mut world, "a")[4].is_locked, "a seat that comes is a new one");
}

#[test]
fn a_live_that_loses_its_seats_shows_its_host_again() {
    let mut world = World::with(&["a"]);
    let close = SeatAction::Device { index: 0, device: Device::Camera, open: false };
    ask(&mut world, "a", By::Owner, close).unwrap();
    assert!(!world.scene("a").tiles[0].camera);
    update(&mut world, "a", |change| change.is_seat_enabled = Some(false)).unwrap();
    assert!(world.scene("a").tiles[0].camera, "there is no seat left whose camera could be closed");
}

#[test]
fn the_clients_of_a_live_are_told_of_the_new_info_and_what_changed() {
    let mut world = World::connected(&["a", "b"]);
    update(&mut world, "a", |change| {
        change.live_name = Some("Alice".to_owned());
        change.seat_mode = Some(SeatMode::Free);
        change.activity_status = Some(0);
    })
    .unwrap();
    let [event] = &told(&world)[..] else { panic!("{:?}", world.events) };
    assert_eq!((world.told("a").len(), world.told("b").len()), (1, 0));
    assert_eq!(event["type"], "onLiveInfoChanged");
    assert_eq!(event["data"]["changed"], json!(["liveName", "seatMode"]), "a value named again is no change");
    assert_eq!(
        (&event["data"]["live"]["liveName"], &event["data"]["live"]["seatMode"]),
        (&json!("Alice"), &json!("free"))
    );
}

#[test]
fn a_change_of_nothing_is_answered_and_nobody_is_told() {
    let mut world = World::with(&["a"]);
    update(&mut world, "a", |_| {}).unwrap();
    update(&mut world, "a", |change| change.max_seat_count = Some(9)).unwrap();
    assert_eq!((world.events.len(), world.facts.len(), world.media.len()), (0, 0, 0));
}

#[test]
fn a_change_has_the_limits_of_the_creation() {
    let mut world = World::with(&["a"]);
    let mut refused = |change: fn(&mut LiveChange)| match update(&mut world, "a", change) {
        Err(Refusal::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(|change| change.live_name = Some("x".repeat(101))), "liveName");
    assert_eq!(refused(|change| change.notice = Some("x".repeat(101))), "notice");
    assert_eq!(refused(|change| change.max_seat_count = Some(51)), "maxSeatCount");
    assert_eq!(refused(|change| change.max_seat_count = Some(0)), "maxSeatCount");
    assert_eq!(refused(|change| change.cover_url = Some("x".repeat(201))), "coverUrl");
    assert_eq!(refused(|change| change.background_url = Some("x".repeat(201))), "backgroundUrl");
    assert_eq!(refused(|change| change.category_list = Some(vec![String::new(); 4])), "categoryList");
    let many = (0..11).map(|i| (i.to_string(), String::new())).collect();
    let many = update(&mut world, "a", |change| change.meta_data = Some(many));
    assert!(matches!(many, Err(Refusal::MetaData { .. })));
    let nobody = update(&mut world, "x", |_| {});
    assert_eq!(nobody, Err(Refusal::NoSuchLive { live: live("x") }));
}

#[test]
fn the_picture_follows_a_change_of_overlays_alone_and_connected() {
    let names_off =
        |change: &mut LiveChange| change.overlays = OverlaysChange { names: Some(false), ..Default::default() };
    let mut world = World::with(&["a"]);
    let info = update(&mut world, "a", names_off).unwrap();
    assert!(!info.live.overlays.names && info.live.overlays.battle, "the others stay on");
    assert!(!world.scene("a").names);
    assert!(matches!(&world.media[..], [Effect::Stage { .. }]), "the same stage shows it");

    let mut world = World::connected(&["a", "b"]);
    world.battle("a", &["b"]);
    update(&mut world, "b", names_off).unwrap();
    assert!(!world.scene("a").names && world.scene("a").battle.score_bar().is_some());
    update(&mut world, "a", |change| change.overlays.battle = Some(false)).unwrap();
    assert_eq!(world.scene("b").battle.score_bar(), None);

    // Before there is a picture there is nothing to follow.
    let mut world = World::new();
    world.create("a");
    update(&mut world, "a", names_off).unwrap();
    assert_eq!(world.media, []);
    world.media_of("a", MediaState::Up);
    assert!(!world.scene("a").names);
}

#[test]
fn a_live_that_is_hidden_is_no_longer_listed() {
    let mut world = World::with(&["a", "b"]);
    update(&mut world, "a", |change| change.is_public_visible = Some(false)).unwrap();
    let Ok(Answer::Lives(page)) = world.ask(Command::ListLives { cursor: String::new(), count: None }) else {
        panic!()
    };
    assert_eq!(page.lives.iter().map(|it| it.live.live_id.as_str()).collect::<Vec<_>>(), ["b"]);
}
