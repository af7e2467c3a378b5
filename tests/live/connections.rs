//! Connections: invitations and their answers, capacity, parting.

use std::time::Duration;

use costage::live::answer::ConnectionCode;
use costage::live::command::TemplateRef;
use costage::live::{Answer, Command, Effect, Event, Refusal, StageId};
use serde_json::{Value, json};

use crate::world::{World, host_of, invitation, live, new_live};

fn codes(world: &mut World, from: &str, to: &[&str]) -> Vec<ConnectionCode> {
    world.invite(from, to).into_iter().map(|result| result.code).collect()
}

fn refusal(world: &mut World, from: &str, to: &str) -> Refusal {
    world.ask(Command::RequestConnection(invitation(from, &[to]))).unwrap_err()
}

fn last_event(world: &World, of: &str) -> Value {
    let own = world.events.iter().rev().find(|(live, _)| live.as_str() == of);
    serde_json::to_value(&own.unwrap().1).unwrap()
}

#[test]
fn an_accepted_request_connects_both_in_one_picture() {
    let mut world = World::with(&["a", "b"]);
    assert_eq!(codes(&mut world, "a", &["b"]), [ConnectionCode::Success]);
    assert_eq!(world.told("b"), ["onCoHostRequestReceived"]);
    world.forget();
    let (a, b) = (world.feed("a"), world.feed("b"));
    let solos = (world.routes[&a], world.routes[&b]);
    let answer = world.ask(Command::AcceptConnection { live: live("b"), from: live("a") }).unwrap();
    let Answer::Connected(connected) = answer else { panic!("{answer:?}") };
    assert_eq!(
        serde_json::to_value(&connected).unwrap(),
        json!({"connected": ["a", "b"], "templateId": 600, "template": "hostDynamicGrid"})
    );
    let joined = ["onCoHostUserJoined", "onCoHostUserJoined", "onSeatLayoutChanged"];
    assert_eq!(world.told("a"), [&["onCoHostRequestAccepted"][..], &joined].concat());
    assert_eq!(world.told("b"), joined);
    // The shared program stands before the feeds move, and the old ones end after.
    let stage = StageId(solos.1.0 + 1);
    let kinds = world.media.iter().map(|effect| match effect {
        Effect::Stage { stage, .. } => ("stage", stage.0),
        Effect::Route { feed, stage: to } => ("route", feed.0 * 100 + to.0),
        Effect::EndStage(stage) => ("end", stage.0),
        other => panic!("{other:?}"),
    });
    let kinds: Vec<_> = kinds.collect();
    let expected = [
        ("stage", stage.0),
        ("route", a.0 * 100 + stage.0),
        ("route", b.0 * 100 + stage.0),
        ("end", solos.0.0),
        ("end", solos.1.0),
    ];
    assert_eq!(kinds, expected);
    let scene = world.scene("a");
    assert_eq!(scene.tiles.iter().map(|tile| tile.name.as_str()).collect::<Vec<_>>(), ["Host a", "Host b"]);
    assert_eq!((scene.names, scene.battle.score_bar()), (true, None));
    assert_eq!(world.scene("b"), scene, "one picture for all");
}

#[test]
fn the_layout_event_has_the_regions_of_every_host() {
    let world = {
        let mut world = World::with(&["a", "b"]);
        world.invite("a", &["b"]);
        world.accept("b", "a");
        world
    };
    assert_eq!(
        last_event(&world, "b"),
        json!({"type": "onSeatLayoutChanged", "data": {
        "templateId": 600, "canvas": {"w": 720, "h": 1280}, "regionsCanvas": {"w": 720, "h": 1280},
            "regions": [
            {"liveId": "a", "seatIndex": 0, "userId": "a-host", "x": 0, "y": 276, "w": 360, "h": 644, "z": 0},
            {"liveId": "b", "seatIndex": 0, "userId": "b-host", "x": 360, "y": 276, "w": 360, "h": 644, "z": 0},
        ]}})
    );
}

#[test]
fn each_target_has_its_own_code() {
    let mut world = World::with(&["a", "b", "c", "d", "e", "f", "g"]);
    world.invite("a", &["b"]);
    world.accept("b", "a");
    world.invite("c", &["d"]);
    world.accept("d", "c");
    world.invite("e", &["f"]);
    world.invite("a", &["g"]);
    let targets = ["nobody", "b", "g", "c", "f", "e"];
    let expected = [
        ConnectionCode::RoomNotExist,
        ConnectionCode::Connecting,          // connected to you
        ConnectionCode::Connecting,          // invited by you
        ConnectionCode::ConnectingOtherRoom, // connected to another
        ConnectionCode::ConnectingOtherRoom, // invited by another
        ConnectionCode::Success,             // having invited another does not make busy
    ];
    assert_eq!(codes(&mut world, "a", &targets), expected);
    assert_eq!(expected.map(ConnectionCode::code), [1, 2, 2, 3, 3, 0]);
}

#[test]
fn a_single_target_that_failed_is_a_refusal_saying_why() {
    let mut world = World::with(&["a", "b", "c", "d"]);
    assert_eq!(refusal(&mut world, "a", "nobody"), Refusal::NoSuchLive { live: live("nobody") });
    world.invite("a", &["b"]);
    assert_eq!(refusal(&mut world, "a", "b"), Refusal::RequestPending { live: live("b") });
    assert_eq!(refusal(&mut world, "c", "b"), Refusal::ConnectedElsewhere { live: live("b") });
    world.accept("b", "a");
    assert_eq!(refusal(&mut world, "a", "b"), Refusal::AlreadyConnected { live: live("b") });
    assert_eq!(refusal(&mut world, "c", "b"), Refusal::ConnectedElsewhere { live: live("b") });
    assert_eq!(refusal(&mut world, "nobody", "b"), Refusal::NoSuchLive { live: live("nobody") });
}

#[test]
fn two_hosts_that_invite_each_other_are_connected_at_once() {
    let mut world = World::with(&["a", "b"]);
    world.invite("a", &["b"]);
    world.forget();
    assert_eq!(codes(&mut world, "b", &["a"]), [ConnectionCode::Success]);
    assert_eq!(world.connected_with("b"), ["a", "b"], "the first request is the one that was accepted");
    assert_eq!(world.told("a")[0], "onCoHostRequestAccepted");
    assert_eq!(world.co_host("a").applicant, None);
}

#[test]
fn a_connection_has_nine_places() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let mut world = World::connected(&names);
    world.create("j");
    assert_eq!(world.connected_with("i").len(), 9);
    assert_eq!(refusal(&mut world, "i", "j"), Refusal::ConnectionFull { places: 9 });
    // A place that is taken while the answer is awaited is taken.
    world.leave("i");
    assert_eq!(codes(&mut world, "a", &["i", "j"]), [ConnectionCode::Success; 2]);
    world.accept("j", "a");
    let late = Command::AcceptConnection { live: live("i"), from: live("a") };
    assert_eq!(world.ask(late), Err(Refusal::ConnectionFull { places: 9 }));
}

#[test]
fn any_connected_host_may_invite_and_places_follow_the_joining_time() {
    let mut world = World::connected(&["a", "b"]);
    world.create("c");
    world.invite("b", &["c"]);
    world.accept("c", "b");
    assert_eq!(world.connected_with("c"), ["a", "b", "c"]);
    world.leave("a");
    assert_eq!(world.connected_with("c"), ["b", "c"]);
}

#[test]
fn a_request_expires_for_both_sides() {
    let mut world = World::with(&["a", "b"]);
    let mut request = invitation("a", &["b"]);
    request.timeout_seconds = Some(10);
    world.ask(Command::RequestConnection(request)).unwrap();
    world.forget();
    world.wait(Duration::from_millis(9_999));
    assert_eq!(world.events, []);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.told("a"), ["onCoHostRequestTimeout"]);
    assert_eq!(world.told("b"), ["onCoHostRequestTimeout"]);
    let accept = Command::AcceptConnection { live: live("b"), from: live("a") };
    assert_eq!(world.ask(accept), Err(Refusal::NoSuchRequest { from: live("a"), to: live("b") }));
    assert_eq!(codes(&mut world, "a", &["b"]), [ConnectionCode::Success], "and may be asked again");
}

#[test]
fn a_request_may_be_rejected_or_cancelled_once() {
    let mut world = World::with(&["a", "b"]);
    let reject = Command::RejectConnection { live: live("b"), from: live("a") };
    let cancel = Command::CancelConnection { live: live("a"), to: live("b") };
    let gone = Err(Refusal::NoSuchRequest { from: live("a"), to: live("b") });
    world.invite("a", &["b"]);
    world.forget();
    assert_eq!(world.ask(reject.clone()), Ok(Answer::Done));
    assert_eq!((world.told("a"), world.told("b")), (vec!["onCoHostRequestRejected".to_owned()], world.told("a")));
    assert_eq!(world.ask(cancel.clone()), gone);
    world.invite("a", &["b"]);
    world.forget();
    assert_eq!(world.ask(cancel), Ok(Answer::Done));
    assert_eq!(world.told("b"), ["onCoHostRequestCancelled"]);
    assert_eq!(world.ask(reject), gone);
}

#[test]
fn requests_of_an_inviter_that_ends_are_cancelled_and_one_to_it_counts_as_rejected() {
    let mut world = World::with(&["a", "b", "c"]);
    world.invite("a", &["b"]);
    world.invite("c", &["a"]);
    world.forget();
    world.end("a");
    assert_eq!(world.told("b"), ["onCoHostRequestCancelled"]);
    assert_eq!(world.told("c"), ["onCoHostRequestRejected"]);
}

#[test]
fn whoever_connects_is_busy_for_all_others_that_had_invited_it() {
    let mut world = World::with(&["a", "b", "c"]);
    world.invite("c", &["a"]);
    world.invite("a", &["b"]);
    world.forget();
    world.accept("b", "a");
    assert_eq!(world.told("c"), ["onCoHostRequestRejected"]);
    assert_eq!(world.co_host("a").applicant, None);
}

#[test]
fn when_one_live_is_left_the_connection_dissolves_and_each_has_its_own_picture() {
    let mut world = World::connected(&["a", "b"]);
    world.leave("a");
    assert_eq!((world.connected_with("a"), world.connected_with("b")), (vec![], vec![]));
    assert_eq!(world.told("b"), ["onCoHostUserLeft", "onSeatLayoutChanged"]);
    assert_eq!(last_event(&world, "b")["data"]["regions"][0]["w"], 720);
    assert_eq!(last_event(&world, "a")["data"]["regions"][0]["liveId"], "a");
    for name in ["a", "b"] {
        let scene = world.scene(name);
        let tiles: Vec<_> = scene.tiles.iter().map(|tile| tile.name.clone()).collect();
        assert_eq!((tiles, scene.names), (vec![format!("Host {name}")], true));
    }
    assert_eq!(world.stages.len(), 2, "the shared program has ended");
    assert_eq!(world.ask(Command::ExitConnection { live: live("b") }), Err(Refusal::NotConnected { live: live("b") }));
}

#[test]
fn a_user_is_in_a_connection_with_one_live_only() {
    let mut world = World::with(&["a", "b"]);
    let mut second = new_live("second");
    second.owner.user_id = host_of("a");
    world.ask(Command::CreateLive(Box::new(second))).unwrap();
    assert_eq!(refusal(&mut world, "a", "second"), Refusal::UserConnectedTwice { user: host_of("a") });
    world.invite("a", &["b"]);
    world.accept("b", "a");
    assert_eq!(refusal(&mut world, "b", "second"), Refusal::UserConnectedTwice { user: host_of("a") });
    world.ask(Command::CreateLive(Box::new(new_live("c")))).unwrap();
    let each = [ConnectionCode::Connecting, ConnectionCode::Success, ConnectionCode::RoomNotExist];
    assert_eq!(codes(&mut world, "b", &["second", "c", "nobody"]), each, "with several targets each has its code");
}

#[test]
fn a_live_has_a_bounded_number_of_pending_requests() {
    let mut world = World::new();
    world.create("a");
    let names: Vec<_> = (0..17).map(|i| format!("t{i}")).collect();
    for name in &names {
        world.create(name);
    }
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    codes(&mut world, "a", &names[..8]);
    codes(&mut world, "a", &names[8..16]);
    assert_eq!(refusal(&mut world, "a", "t16"), Refusal::TooManyRequests { live: live("a"), pending: 16 });
}

#[test]
fn a_request_out_of_its_limits_or_for_a_template_that_is_not_there_is_refused() {
    let mut world = World::with(&["a", "b"]);
    let mut ask = |change: &dyn Fn(&mut costage::live::command::ConnectionRequest)| {
        let mut request = invitation("a", &["b"]);
        change(&mut request);
        world.ask(Command::RequestConnection(request)).unwrap_err().to_string()
    };
    assert_eq!(ask(&|it| it.timeout_seconds = Some(0)), "timeoutSeconds: must be 1 to 120, found 0");
    assert_eq!(ask(&|it| it.timeout_seconds = Some(121)), "timeoutSeconds: must be 1 to 120, found 121");
    assert!(ask(&|it| it.extension_info = "x".repeat(2_049)).starts_with("extensionInfo: "));
    assert!(ask(&|it| it.targets.clear()).starts_with("targetLiveIds: "));
    assert!(ask(&|it| it.targets.push(live("b"))).starts_with("targetLiveIds: "));
    assert!(ask(&|it| it.targets.push(live("a"))).starts_with("targetLiveIds: "));
    assert!(ask(&|it| it.template = Some(TemplateRef::Id(7))).starts_with("layoutTemplate: "));
}

#[test]
fn the_template_may_be_named_or_numbered() {
    for template in [TemplateRef::Id(600), TemplateRef::Name("hostDynamicGrid".to_owned())] {
        let mut world = World::with(&["a", "b"]);
        let mut request = invitation("a", &["b"]);
        (request.template, request.extension_info) = (Some(template), "{\"withPK\":true}".to_owned());
        world.ask(Command::RequestConnection(request)).unwrap();
        let (_, Event::CoHostRequestReceived { extension_info, .. }) = &world.events[0] else { panic!() };
        assert_eq!(extension_info, "{\"withPK\":true}");
        assert_eq!(last_event(&world, "b")["data"]["template"], "hostDynamicGrid");
        assert_eq!(last_event(&world, "b")["data"]["inviter"]["userId"], "a-host");
    }
}
