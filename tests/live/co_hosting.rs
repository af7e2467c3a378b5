//! Co-hosting rule by rule: candidates, templates, who goes, who is taken out.

use costage::live::answer::{ConnectionCode, Layout};
use costage::live::command::{LayoutWish, LiveChange, MediaState, TemplateRef};
use costage::live::{Answer, Command, Fact, Refusal};
use costage_media::frame::Size;
use costage_media::scene::Template;
use serde_json::{Value, json};

use crate::world::{World, invitation, live};

fn candidates(world: &mut World, of: &str, cursor: &str, count: Option<u64>) -> (Vec<String>, String) {
    match world.ask(Command::ListCandidates { live: live(of), cursor: cursor.to_owned(), count }) {
        Ok(Answer::Lives(page)) => (page.lives.iter().map(|it| it.live.live_id.to_string()).collect(), page.cursor),
        other => panic!("{other:?}"),
    }
}

fn choose(world: &mut World, of: &str, template: &str) -> Result<Layout, Refusal> {
    let layout = LayoutWish::Template(TemplateRef::Name(template.to_owned()));
    match world.ask(Command::ChooseLayout { live: live(of), layout })? {
        Answer::Layout(layout) => Ok(layout),
        other => panic!("{other:?}"),
    }
}

fn invite_to(world: &mut World, from: &str, to: &str, template: Option<&str>) {
    let mut request = invitation(from, &[to]);
    request.template = template.map(|name| TemplateRef::Name(name.to_owned()));
    assert!(world.ask(Command::RequestConnection(request)).is_ok());
}

fn template_of(world: &mut World, name: &str) -> u64 {
    let co_host: Value = serde_json::to_value(world.co_host(name)).unwrap();
    co_host["templateId"].as_u64().unwrap()
}

#[test]
fn candidates_are_public_publishing_unconnected_and_others() {
    let mut world = World::connected(&["taken", "too"]);
    for name in ["a", "b", "silent", "hidden"] {
        world.create(name);
    }
    for name in ["a", "b", "hidden"] {
        world.media_of(name, MediaState::Up);
    }
    let hide = LiveChange { is_public_visible: Some(false), ..LiveChange::of(live("hidden")) };
    world.ask(Command::UpdateLive(Box::new(hide))).unwrap();
    assert_eq!(candidates(&mut world, "a", "", None), (vec!["b".to_owned()], String::new()));
    assert_eq!(candidates(&mut world, "taken", "", None).0, ["b", "a"], "newest first");
    world.media_of("b", MediaState::Down);
    assert_eq!(candidates(&mut world, "a", "", None).0, [""; 0]);
    world.leave("taken");
    assert_eq!(candidates(&mut world, "a", "", None).0, ["too", "taken"]);
    let nobody = Command::ListCandidates { live: live("x"), cursor: String::new(), count: None };
    assert_eq!(world.ask(nobody), Err(Refusal::NoSuchLive { live: live("x") }));
}

#[test]
fn candidates_come_in_pages_of_20_by_default_and_100_at_most() {
    let names: Vec<_> = (0..25).map(|i| format!("n{i}")).collect();
    let mut world = World::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (first, cursor) = candidates(&mut world, "n24", "", None);
    assert_eq!((first.len(), first[0].as_str()), (20, "n23"));
    let (rest, end) = candidates(&mut world, "n24", &cursor, None);
    assert_eq!((rest, end.as_str()), (["n3", "n2", "n1", "n0"].map(str::to_owned).to_vec(), ""));
    assert_eq!(candidates(&mut world, "n24", "", Some(100)).0.len(), 24);
    for (cursor, count, says) in [("", 101, "count: must be 1 to 100, found 101"), ("x", 1, "cursor: ")] {
        let asked = Command::ListCandidates { live: live("n0"), cursor: cursor.to_owned(), count: Some(count) };
        assert!(world.ask(asked).unwrap_err().to_string().starts_with(says));
    }
}

#[test]
fn the_first_request_gives_the_connection_its_template() {
    let mut world = World::with(&["a", "b"]);
    invite_to(&mut world, "a", "b", Some("hostVoiceConnection"));
    world.accept("b", "a");
    assert_eq!((template_of(&mut world, "a"), world.scene("b").template), (2, Template::HostVoiceConnection));
}

#[test]
fn a_later_accepted_request_changes_the_template_for_all() {
    let mut world = World::with(&["a", "b", "c"]);
    invite_to(&mut world, "a", "b", None);
    world.accept("b", "a");
    invite_to(&mut world, "b", "c", Some("hostVoiceConnection"));
    assert_eq!(template_of(&mut world, "a"), 600, "not before it is accepted");
    world.accept("c", "b");
    assert_eq!([template_of(&mut world, "a"), template_of(&mut world, "c")], [2, 2]);
}

#[test]
fn a_request_that_names_no_template_keeps_the_one_there_is() {
    let mut world = World::with(&["a", "b", "c", "d"]);
    invite_to(&mut world, "a", "b", Some("hostVoiceConnection"));
    world.accept("b", "a");
    world.forget();
    invite_to(&mut world, "a", "c", None);
    let received = serde_json::to_value(&world.events[0].1).unwrap();
    assert_eq!(received["data"]["template"], "hostVoiceConnection", "as it would be");
    world.accept("c", "a");
    assert_eq!(template_of(&mut world, "c"), 2);
    // As the connection is when the request is accepted, not as it was when it was made.
    invite_to(&mut world, "a", "d", None);
    choose(&mut world, "c", "hostDynamicGrid").unwrap();
    world.accept("d", "a");
    assert_eq!(template_of(&mut world, "a"), 600);
}

#[test]
fn any_connected_host_changes_the_layout_for_all_and_all_are_told() {
    let mut world = World::connected(&["a", "b", "c"]);
    let layout = choose(&mut world, "c", "hostVoiceConnection").unwrap();
    let layout = serde_json::to_value(&layout).unwrap();
    assert_eq!(layout["templateId"], 2);
    assert_eq!(
        layout["regions"][2],
        json!({"liveId": "c", "seatIndex": 0, "userId": "c-host",
        "x": 480, "y": 276, "w": 240, "h": 240, "z": 0})
    );
    for name in ["a", "b", "c"] {
        assert_eq!(world.told(name), ["onSeatLayoutChanged"]);
        assert_eq!(world.scene(name).template, Template::HostVoiceConnection);
    }
    assert_eq!(serde_json::to_value(&world.events[0].1).unwrap()["data"], layout, "the event carries what is drawn");
    assert!(matches!(&world.facts[..], [Fact::LayoutChosen { .. }]));
    world.forget();
    choose(&mut world, "a", "hostVoiceConnection").unwrap();
    assert_eq!((world.events.len(), world.media.len()), (0, 0), "what is there already changes nothing");
}

#[test]
fn a_template_that_is_not_there_is_refused_with_those_that_are() {
    let mut world = World::connected(&["a", "b"]);
    let unknown = choose(&mut world, "a", "hostGrid").unwrap_err().to_string();
    assert!(unknown.starts_with("layoutTemplate: ") && unknown.contains("\"hostDynamicGrid\" (600)"), "{unknown}");
}

#[test]
fn the_first_host_of_1v6_lies_below_the_others() {
    let mut world = World::connected(&["a", "b", "c"]);
    let layout = choose(&mut world, "b", "hostDynamic1v6").unwrap();
    let regions: Vec<_> = layout.regions.iter().map(|it| (it.live_id.as_str(), it.y, it.h, it.z)).collect();
    assert_eq!(regions, [("a", 0, 1280, 0), ("b", 1008, 176, 1), ("c", 824, 176, 1)]);
    assert_eq!(world.scene("c").template, Template::HostDynamic1v6);
}

#[test]
fn a_landscape_layout_lays_the_canvas_on_its_side_for_events_and_picture_and_parting_stands_it_up() {
    let mut world = World::connected(&["a", "b"]);
    choose(&mut world, "b", "HostVideoLandscapeFixed2Seats").unwrap();
    let told = serde_json::to_value(&world.events[0].1).unwrap();
    assert_eq!(told["data"]["canvas"], json!({"w": 1280, "h": 720}));
    assert_eq!(told["data"]["regionsCanvas"], json!({"w": 720, "h": 1280}), "what regions would be in pixels of");
    assert_eq!(told["data"]["regions"][1]["x"], 640);
    assert_eq!(world.scene("a").canvas, Size { width: 1280, height: 720 });
    world.leave("a");
    assert_eq!(world.scene("b").canvas, Size { width: 720, height: 1280 });
}

#[test]
fn a_template_with_too_few_places_is_refused_to_whoever_is_one_too_many() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut world = World::connected(&names);
    assert_eq!(choose(&mut world, "a", "hostDynamic1v6"), Err(Refusal::ConnectionFull { places: 7 }));
    world.leave("h");
    choose(&mut world, "a", "hostDynamic1v6").unwrap();
    // Beyond its seven nobody is invited, unless into a template that has the place.
    let mut request = invitation("a", &["h"]);
    assert_eq!(world.ask(Command::RequestConnection(request.clone())), Err(Refusal::ConnectionFull { places: 7 }));
    request.template = Some(TemplateRef::Id(600));
    world.ask(Command::RequestConnection(request)).unwrap();
    world.accept("h", "a");
    assert_eq!(template_of(&mut world, "h"), 600);
    let landscape = choose(&mut world, "a", "HostVideoLandscapeFixed2Seats");
    assert_eq!(landscape, Err(Refusal::ConnectionFull { places: 2 }));
}

#[test]
fn a_host_alone_keeps_its_picture_and_connects_before_it_chooses() {
    let mut world = World::with(&["a"]);
    assert_eq!(choose(&mut world, "a", "hostDynamicGrid").unwrap().regions.len(), 1);
    assert_eq!(choose(&mut world, "a", "hostVoiceConnection"), Err(Refusal::NotConnected { live: live("a") }));
    assert_eq!(choose(&mut world, "x", "hostDynamicGrid"), Err(Refusal::NoSuchLive { live: live("x") }));
}

#[test]
fn a_full_connection_invites_into_no_template_that_is_drawn() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let mut world = World::connected(&names);
    world.create("j");
    assert_eq!(choose(&mut world, "a", "hostVoiceConnection").unwrap().regions.len(), 9);
    for template in Template::ALL.into_iter().filter(|it| it.capacity() > 1) {
        let mut request = invitation("a", &["j"]);
        request.template = Some(TemplateRef::Id(u64::from(template.id())));
        let refused = world.ask(Command::RequestConnection(request));
        assert_eq!(refused, Err(Refusal::ConnectionFull { places: template.capacity() }));
    }
}

#[test]
fn the_connection_exists_before_its_acceptance_is_told() {
    let mut world = World::with(&["a", "b"]);
    world.invite("a", &["b"]);
    world.forget();
    // A client that hears of it starts the battle in its handler: nothing that it needs comes later.
    world.accept("b", "a");
    let first = world.told("a")[0].clone();
    assert_eq!((first.as_str(), world.connected_with("a")), ("onCoHostRequestAccepted", vec!["a".into(), "b".into()]));
    assert!(matches!(&world.facts[..], [Fact::RequestAnswered { .. }, Fact::Connected { .. }]));
    world.battle("a", &["b"]);
}

#[test]
fn an_inviter_that_leaves_its_connection_cancels_what_it_asked() {
    let mut world = World::connected(&["a", "b", "c"]);
    world.create("d");
    world.invite("a", &["d"]);
    world.forget();
    world.leave("a");
    assert_eq!(world.told("d"), ["onCoHostRequestCancelled"]);
    assert_eq!(world.co_host("d").applicant, None);
}

#[test]
fn what_the_others_asked_stands_when_one_leaves() {
    let mut world = World::connected(&["a", "b"]);
    world.create("c");
    world.invite("b", &["c"]);
    world.leave("a");
    world.accept("c", "b");
    assert_eq!(world.connected_with("b"), ["b", "c"]);
}

#[test]
fn a_live_has_at_most_one_pending_incoming_request() {
    let mut world = World::with(&["a", "b", "c", "d"]);
    world.invite("a", &["c"]);
    let codes: Vec<_> = world.invite("b", &["c", "d"]).into_iter().map(|result| result.code).collect();
    assert_eq!(codes, [ConnectionCode::ConnectingOtherRoom, ConnectionCode::Success]);
    assert_eq!(world.co_host("c").applicant.unwrap().live_id, live("a"));
}

#[test]
fn leaving_the_connection_leaves_the_battle_too() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b", "c"]).battle_id;
    world.forget();
    world.leave("a");
    assert_eq!(world.told("b"), ["onUserExitBattle", "onCoHostUserLeft", "onSeatLayoutChanged"]);
    assert_eq!(world.info(battle).users.iter().filter(|user| user.left).count(), 1);
}

#[test]
fn a_live_that_the_backend_takes_out_has_been_kicked() {
    let mut world = World::connected(&["a", "b", "c"]);
    let kick = Command::KickFromConnection { live: live("a") };
    assert_eq!(world.ask(kick.clone()), Ok(Answer::Done));
    assert_eq!(world.connected_with("b"), ["b", "c"]);
    let left = world.events.iter().map(|(_, event)| serde_json::to_value(event).unwrap());
    let reasons: Vec<_> =
        left.filter(|it| it["type"] == "onCoHostUserLeft").map(|it| it["data"]["reason"].clone()).collect();
    assert_eq!(reasons, vec![json!("kicked"); 3]);
    assert_eq!(world.ask(kick), Err(Refusal::NotConnected { live: live("a") }));
}

#[test]
fn all_lives_of_a_connection_hear_of_the_same_in_the_same_order() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = world.battle("a", &["b", "c"]).battle_id;
    world.score(battle, "k", costage::live::command::ScoreOp::Add, &[("a", 5)]).unwrap();
    choose(&mut world, "b", "hostVoiceConnection").unwrap();
    world.leave("c");
    world.leave("a");
    let of = |name: &str| -> Vec<_> {
        world.events.iter().filter(|(live, _)| live.as_str() == name).map(|(_, event)| format!("{event:?}")).collect()
    };
    let (a, b, c) = (of("a"), of("b"), of("c"));
    let common =
        |one: &[String], other: &[String]| one.iter().filter(|it| other.contains(it)).cloned().collect::<Vec<_>>();
    assert!(a.len() > 6 && c.len() > 4);
    for (one, other) in [(&a, &b), (&b, &c), (&a, &c)] {
        assert_eq!(common(one, other), common(other, one));
    }
}
