//! Lives: created, listed, ended.

use costage::live::command::{LiveEndReason, MediaState, NewLive};
use costage::live::refusal::MetaDataFault;
use costage::live::{Answer, Command, Effect, Refusal, WallMs};
use serde_json::json;

use crate::world::{DAWN, World, host_of, live, new_live};

fn create(world: &mut World, change: impl FnOnce(&mut NewLive)) -> Result<Answer, Refusal> {
    let mut new = new_live("a");
    change(&mut new);
    world.ask(Command::CreateLive(Box::new(new)))
}

fn list(world: &mut World, cursor: &str, count: u64) -> (Vec<String>, String) {
    match world.ask(Command::ListLives { cursor: cursor.to_owned(), count: Some(count) }) {
        Ok(Answer::Lives(page)) => (page.lives.iter().map(|it| it.live.live_id.to_string()).collect(), page.cursor),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_created_live_is_answered_with_every_field_of_the_page() {
    let mut world = World::new();
    let info = world.create("a");
    assert_eq!(
        serde_json::to_value(&info).unwrap(),
        json!({
            "liveId": "a", "liveName": "", "owner": {"userId": "a-host", "userName": "Host a", "avatarUrl": ""},
            "notice": "", "isPublicVisible": true, "isSeatEnabled": true, "keepOwnerOnSeat": true, "maxSeatCount": 9,
            "seatMode": "apply", "seatTemplate": "videoDynamicGrid9Seats", "coverUrl": "", "backgroundUrl": "",
            "categoryList": [], "activityStatus": 0, "metaData": {},
            "overlays": {"names": true, "battle": true, "container": true},
            "createTime": DAWN, "isPublishing": false, "viewerCount": 0,
        })
    );
    assert_eq!(info.create_time, WallMs(DAWN));
}

#[test]
fn a_live_id_is_taken_until_its_live_ends() {
    let mut world = World::with(&["a"]);
    let again = create(&mut world, |_| {});
    assert_eq!(again, Err(Refusal::LiveExists { live: live("a"), same_owner: true }));
    let foreign = create(&mut world, |new| new.owner.user_id = host_of("b"));
    assert_eq!(foreign, Err(Refusal::LiveExists { live: live("a"), same_owner: false }));
    let (source, feed) = (world.source("a"), world.feed("a"));
    world.end("a");
    world.create("a");
    assert_ne!((world.source("a"), world.feed("a")), (source, feed), "a new live has new numbers");
}

#[test]
fn a_field_over_its_limit_is_refused_by_name() {
    let mut world = World::new();
    let field = |result: Result<Answer, Refusal>| match result {
        Err(Refusal::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(create(&mut world, |new| new.live_name = "x".repeat(101))), "liveName");
    assert_eq!(field(create(&mut world, |new| new.notice = "ä".repeat(51))), "notice");
    assert_eq!(field(create(&mut world, |new| new.max_seat_count = 51)), "maxSeatCount");
    assert_eq!(field(create(&mut world, |new| new.max_seat_count = 0)), "maxSeatCount");
    assert_eq!(field(create(&mut world, |new| new.category_list = vec![String::new(); 4])), "categoryList");
    assert_eq!(field(create(&mut world, |new| new.cover_url = "x".repeat(201))), "coverUrl");
}

#[test]
fn meta_data_over_a_limit_says_which_and_of_which_key() {
    let mut world = World::new();
    let fault = |result: Result<Answer, Refusal>| match result {
        Err(Refusal::MetaData { fault }) => fault,
        other => panic!("{other:?}"),
    };
    let eleven = (0..11).map(|i| (i.to_string(), String::new())).collect();
    assert_eq!(fault(create(&mut world, |new| new.meta_data = eleven)), MetaDataFault::Keys { found: 11 });
    let long_key = [("k".repeat(51), String::new())].into();
    assert_eq!(
        fault(create(&mut world, |new| new.meta_data = long_key)),
        MetaDataFault::KeySize { key: "k".repeat(51) }
    );
    let long_value = [("k".to_owned(), "v".repeat(2_049))].into();
    let too_long = MetaDataFault::ValueSize { key: "k".to_owned(), found: 2_049 };
    assert_eq!(fault(create(&mut world, |new| new.meta_data = long_value)), too_long);
    let fits = [("k".repeat(50), "v".repeat(2_048))].into();
    assert!(create(&mut world, |new| new.meta_data = fits).is_ok());
}

#[test]
fn the_list_shows_public_lives_newest_first_in_pages() {
    let mut world = World::with(&["a", "b", "c", "d", "e"]);
    world.end("c");
    let mut hidden = new_live("hidden");
    hidden.is_public_visible = false;
    world.ask(Command::CreateLive(Box::new(hidden))).unwrap();
    let (first, cursor) = list(&mut world, "", 3);
    assert_eq!(first, ["e", "d", "b"]);
    assert_ne!(cursor, "");
    // What is created meanwhile disturbs no later page.
    world.create("f");
    assert_eq!(list(&mut world, &cursor, 3), (vec!["a".to_owned()], String::new()));
    assert_eq!(list(&mut world, "", 5).0, ["f", "e", "d", "b", "a"]);
    assert_eq!(list(&mut world, "", 5).1, "", "a full page that is the last has no cursor");
}

#[test]
fn a_bad_cursor_or_count_is_refused() {
    let mut world = World::new();
    let ask = |world: &mut World, cursor: &str, count| {
        world.ask(Command::ListLives { cursor: cursor.to_owned(), count }).unwrap_err().to_string()
    };
    assert!(ask(&mut world, "x", None).starts_with("cursor: "));
    assert_eq!(ask(&mut world, "", Some(0)), "count: must be 1 to 100, found 0");
    assert_eq!(ask(&mut world, "", Some(101)), "count: must be 1 to 100, found 101");
}

#[test]
fn ending_a_live_leaves_the_battle_then_the_connection_then_the_live() {
    let mut world = World::connected(&["a", "b", "c"]);
    world.battle("a", &["b", "c"]);
    let (source, feed) = (world.source("a"), world.feed("a"));
    world.forget();
    world.end("a");
    assert_eq!(world.told("a"), ["onUserExitBattle", "onCoHostUserLeft", "onLiveEnded"]);
    assert_eq!(world.told("b"), ["onUserExitBattle", "onCoHostUserLeft", "onSeatLayoutChanged"]);
    assert!(world.media.contains(&Effect::EndSource(source)) && world.media.contains(&Effect::EndFeed(feed)));
    assert_eq!(world.connected_with("b"), ["b", "c"]);
    assert_eq!(world.ask(Command::FindLive(live("a"))), Err(Refusal::NoSuchLive { live: live("a") }));
}

#[test]
fn the_end_of_a_live_says_why() {
    let mut world = World::with(&["a"]);
    let end = Command::EndLive { live: live("a"), reason: LiveEndReason::EndedByServer };
    world.ask(end.clone()).unwrap();
    let (_, event) = world.events.last().unwrap();
    assert_eq!(
        serde_json::to_value(event).unwrap(),
        json!({"type": "onLiveEnded",
            "data": {"liveId": "a", "reason": "endedByServer", "reasonCode": 2, "message": ""}})
    );
    assert_eq!(world.ask(end), Err(Refusal::NoSuchLive { live: live("a") }));
    assert_eq!((world.stages.len(), world.routes.len()), (0, 0));
}

#[test]
fn a_host_alone_has_a_nickname_unless_the_live_wants_none() {
    for names in [true, false] {
        let mut world = World::new();
        create(&mut world, |new| new.overlays.names = names).unwrap();
        world.media_of("a", MediaState::Up);
        let scene = world.scene("a");
        assert_eq!((scene.names, scene.tiles.len()), (names, 1));
    }
}

#[test]
fn the_viewers_of_a_live_that_ends_are_sent_away_before_its_picture_ends() {
    let mut world = World::connected(&["a", "b"]);
    let (a, b) = (world.feed("a"), world.feed("b"));
    let (source, shared) = (world.source("a"), world.routes[&a]);
    world.forget();
    world.end("a");
    let solo = world.routes[&b];
    let scene = world.scene("b");
    let expected = [
        Effect::EndFeed(a),
        Effect::Stage { stage: solo, scene, lives: vec![live("b")] },
        Effect::Route { feed: b, stage: solo },
        Effect::EndStage(shared),
        Effect::EndSource(source),
    ];
    assert_eq!(world.media, expected);
}
