//! What backends are told of what happens: every type of event, its data, and its bound.

use std::time::Duration;

use costage::live::answer::{BattleEndReason, BattleResult, Ranked, SeatInfo, SeatRole, SeatUser, Sender};
use costage::live::callback::BODY_BYTES_MAX;
use costage::live::command::{By, LiveEndReason, MediaState, SeatAction, SeatCommand, User};
use costage::live::event::SeatReason;
use costage::live::{BattleId, Callback, CallbackKind, Command, Fact, WallMs};
use serde_json::{Value, json};

use crate::world::{DAWN, World, contest, host_of, live, new_live, user};

/// What has been told since the last look.
fn told(world: &mut World) -> Vec<Callback> {
    world.facts.drain(..).filter_map(|fact| Callback::of(&fact)).collect()
}

fn kinds(callbacks: &[Callback]) -> Vec<&'static str> {
    callbacks.iter().map(|callback| callback.kind.word()).collect()
}

fn one(world: &mut World) -> (&'static str, String, u64, Value) {
    let mut told = told(world);
    assert_eq!(told.len(), 1, "{told:?}");
    let Callback { kind, live, at, data } = told.remove(0);
    (kind.word(), live.to_string(), at.0 - DAWN, data)
}

#[test]
fn a_live_and_its_host_are_told_of() {
    let mut world = World::new();
    let info = world.create("a");
    assert_eq!(one(&mut world), ("live.created", "a".into(), 0, serde_json::to_value(info).unwrap()));
    world.wait(Duration::from_secs(2));
    world.media_of("a", MediaState::Up);
    let host = json!({"liveId": "a", "userId": "a-host"});
    assert_eq!(one(&mut world), ("host.online", "a".into(), 2_000, host.clone()));
    world.media_of("a", MediaState::Down);
    assert_eq!(one(&mut world), ("host.offline", "a".into(), 2_000, host));
    world.end("a");
    let ended = json!({"liveId": "a", "reason": "endedByHost", "reasonCode": 1});
    assert_eq!(one(&mut world), ("live.ended", "a".into(), 2_000, ended));
}

#[test]
fn a_connection_is_told_of_when_it_grows_and_when_somebody_leaves() {
    let mut world = World::with(&["a", "b"]);
    world.invite("a", &["b"]);
    assert_eq!(told(&mut world), [], "what is only asked is between hosts");
    world.accept("b", "a");
    let connected = json!({"connected": ["a", "b"], "templateId": 600, "template": "hostDynamicGrid"});
    assert_eq!(one(&mut world), ("coHost.connected", "a".into(), 0, connected));
    world.leave("b");
    let left = json!({"liveId": "b", "reason": "exit", "connected": []});
    assert_eq!(one(&mut world), ("coHost.left", "b".into(), 0, left));
}

#[test]
fn a_battle_is_told_of_from_its_request_to_its_end_by_the_time_it_had() {
    let mut world = World::connected(&["a", "b"]);
    let asked = costage::live::command::BattleRequest {
        need_response: Some(true),
        timeout_seconds: Some(30),
        punishment_seconds: 60,
        ..contest("a", &["b"])
    };
    let Ok(costage::live::Answer::BattleRequested(battle)) = world.ask(Command::RequestBattle(asked)) else { panic!() };
    let (kind, of, at, data) = one(&mut world);
    assert_eq!((kind, of.as_str(), at, &data["status"]), ("battle.created", "a", 0, &json!("pending")));
    assert_eq!((&data["battleId"], data["users"].as_array().unwrap().len()), (&json!(battle.battle_id), 2));
    world.wait(Duration::from_secs(3));
    world.ask(Command::AcceptBattle { battle: battle.battle_id, user: host_of("b") }).unwrap();
    let (kind, of, at, data) = one(&mut world);
    assert_eq!((kind, of.as_str(), at, &data["status"]), ("battle.started", "a", 3_000, &json!("started")));
    assert_eq!(data["startTime"], DAWN + 3_000);
    world.wait(Duration::from_secs(300));
    let (kind, of, at, data) = one(&mut world);
    assert_eq!((kind, of.as_str(), at), ("battle.ended", "a", 303_000));
    let wanted = [json!("timeOver"), json!(0), json!(DAWN + 303_000), json!(DAWN + 363_000), json!(true)];
    let found = ["reason", "reasonCode", "endTime", "punishmentEndTime"].map(|field| data[field].clone());
    assert_eq!([&found[..], &[data["result"]["draw"].clone()]].concat(), wanted);
}

#[test]
fn a_battle_that_nobody_has_to_agree_to_starts_without_having_been_created() {
    let mut world = World::connected(&["a", "b"]);
    let battle = world.battle("a", &["b"]);
    assert_eq!(kinds(&told(&mut world)), ["battle.started"]);
    world.score(battle.battle_id, "k", costage::live::command::ScoreOp::Add, &[("a", 5)]).unwrap();
    assert_eq!(told(&mut world), [], "scores have their answers");
    // The server is away when its time is over: the end is told late, with the time it had.
    world.restart(Duration::from_secs(400));
    let ended = told(&mut world);
    assert_eq!(kinds(&ended), ["host.offline", "host.offline", "battle.ended"]);
    assert_eq!((ended[2].at.0, &ended[2].data["endTime"]), (DAWN + 400_000, &json!(DAWN + 300_000)));
    assert_eq!(ended[2].data["result"]["scores"], json!({"a-host": 5, "b-host": 0}));
}

#[test]
fn a_battle_that_never_started_ends_with_the_live_of_who_asked_for_it() {
    let mut world = World::connected(&["a", "b"]);
    let asked = costage::live::command::BattleRequest {
        need_response: Some(true),
        timeout_seconds: Some(30),
        ..contest("b", &["a"])
    };
    world.ask(Command::RequestBattle(asked)).unwrap();
    world.facts.clear();
    world.wait(Duration::from_secs(30));
    let (kind, of, _, data) = one(&mut world);
    assert_eq!(
        (kind, of.as_str(), &data["reasonCode"], &data["result"]),
        ("battle.ended", "b", &json!(2), &Value::Null)
    );
}

#[test]
fn seats_are_told_of_as_they_are_now() {
    let mut world = World::with(&["a"]);
    let gil = User { user_id: user("gil"), user_name: "Gil".to_owned(), avatar_url: String::new() };
    let take = SeatCommand { live: live("a"), by: By::Backend, action: SeatAction::Take { index: 2, user: gil } };
    world.ask(Command::Seat(Box::new(take))).unwrap();
    let (kind, of, _, data) = one(&mut world);
    assert_eq!(
        (kind, of.as_str(), &data["liveId"], &data["reason"]),
        ("seat.changed", "a", &json!("a"), &json!("taken"))
    );
    assert_eq!((&data["seats"][0]["index"], &data["seats"][0]["userInfo"]["userName"]), (&json!(2), &json!("Gil")));
}

#[test]
fn every_kind_has_a_word_of_its_own() {
    for kind in CallbackKind::ALL {
        assert_eq!(CallbackKind::of_word(kind.word()), Some(kind));
    }
    assert_eq!(CallbackKind::of_word("live.changed"), None);
}

/// As long as JSON can make a text of `bytes` bytes.
fn worst(bytes: usize) -> String {
    "\u{1}".repeat(bytes)
}

fn fits(fact: &Fact, omitted: &[&str]) {
    let callback = Callback::of(fact).unwrap();
    let body = callback.body();
    assert!(body.len() <= BODY_BYTES_MAX, "{} bytes", body.len());
    let found = callback.data["omitted"].as_array().cloned().unwrap_or_default();
    assert_eq!(found, omitted.iter().map(|path| json!(path)).collect::<Vec<_>>());
    let parsed: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(parsed["data"], callback.data);
}

#[test]
fn no_body_is_over_20_kb_and_what_was_left_out_for_that_is_named() {
    let mut world = World::new();
    let mut info = world.create("a");
    fits(&Fact::LiveCreated(info.clone().into()), &[]);
    info.live.meta_data = (0..10).map(|key| (format!("{key}"), "x".repeat(2_000))).collect();
    fits(&Fact::LiveCreated(info.clone().into()), &["metaData"]);
    let long = &mut info.live;
    (long.live_name, long.notice) = (worst(100), worst(100));
    (long.cover_url, long.background_url) = (worst(200), worst(200));
    (long.owner.user_name, long.owner.avatar_url) = (worst(100), worst(500));
    long.category_list = vec![worst(100); 3];
    fits(&Fact::LiveCreated(info.into()), &["metaData"]);

    let names: Vec<_> = (0..9).map(|n| format!("{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut world = World::connected(&names);
    let battle = world.battle("0", &names[1..]).battle_id;
    let mut info = world.info(battle);
    fits(&Fact::BattleStarted(info.clone().into()), &[]);
    info.extension_info = worst(2_048);
    fits(&Fact::BattleStarted(info.clone().into()), &[]);
    info.users.iter_mut().for_each(|user| user.host.user.avatar_url = worst(500));
    fits(&Fact::BattleCreated(info.clone().into()), &["users.avatarUrl"]);
    info.users.iter_mut().for_each(|user| user.host.user.user_name = worst(100));
    fits(&Fact::BattleStarted(info.into()), &["users.avatarUrl"]);
}

#[test]
fn ends_and_seats_of_the_largest_kind_fit_too() {
    let long = |n: u64| format!("{n:0>48}");
    let user = |n| costage::live::UserId::new(&long(n)).unwrap();
    let room = |n| costage::live::LiveId::new(&long(n)).unwrap();
    let ranked = |n| Ranked { user_id: user(n), live_id: room(n), score: (1 << 53) - 1, rank: 9, left: false };
    let sender = |_| Sender { sender_id: worst(200), value: (1 << 53) - 1 };
    let result = BattleResult {
        scores: (0..9).map(|n| (user(n), (1 << 53) - 1)).collect(),
        ranking: (0..9).map(ranked).collect(),
        winners: (0..9).map(user).collect(),
        draw: false,
        best_senders: (0..9).map(|n| (user(n), (0..3).map(sender).collect())).collect(),
    };
    let ended = Fact::BattleEnded {
        battle: BattleId::from_parts(DAWN, &[0; 10]),
        live: room(0),
        end: WallMs(DAWN),
        reason: BattleEndReason::TimeOver,
        result: Some(result),
        punishment_end: None,
        at: WallMs(DAWN),
    };
    fits(&ended, &["result.bestSenders"]);

    let status = costage::live::answer::DeviceStatus::ClosedByAdmin;
    let seat = |index: u32, name: &str, avatar: &str| SeatInfo {
        live_id: room(0),
        index,
        is_locked: false,
        user_info: Some(SeatUser {
            user: User { user_id: user(index.into()), user_name: name.to_owned(), avatar_url: avatar.to_owned() },
            live_id: room(0),
            role: SeatRole::Owner,
            microphone_status: status,
            allow_open_microphone: false,
            camera_status: status,
            allow_open_camera: false,
        }),
    };
    let seats = |name: &str, avatar: &str| Fact::SeatsChanged {
        live: room(0),
        reason: SeatReason::Disconnected,
        seats: (0..50).map(|index| seat(index, name, avatar)).collect(),
        at: WallMs(DAWN),
    };
    fits(&seats("", &"x".repeat(200)), &["seats.userInfo.avatarUrl"]);
    fits(&seats(&worst(100), &worst(500)), &["seats.userInfo.avatarUrl", "seats.userInfo.userName"]);
    let reason = LiveEndReason::EndedByServer;
    fits(&Fact::LiveEnded { live: room(0), reason, at: WallMs(DAWN) }, &[]);
    assert_eq!(new_live("a").meta_data.len(), 0);
}
