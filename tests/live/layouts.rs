//! Layouts of cells and of one's own regions, rule by rule.

use costage::live::answer::Layout;
use costage::live::command::{
    By, Device, Fit, LayoutWish, LiveChange, RegionWish, SeatAction, SeatCommand, TemplateRef, User,
};
use costage::live::{Answer, Command, Fact, Refusal};
use costage_media::scene::{Rect, Region, Template};
use serde_json::{Value, json};

use crate::world::{World, invitation, live, user};

fn named(template: &str) -> LayoutWish {
    LayoutWish::Template(TemplateRef::Name(template.to_owned()))
}

fn choose(world: &mut World, of: &str, layout: LayoutWish) -> Result<Layout, Refusal> {
    match world.ask(Command::ChooseLayout { live: live(of), layout })? {
        Answer::Layout(layout) => Ok(layout),
        other => panic!("{other:?}"),
    }
}

fn check(world: &mut World, of: Option<&str>, layout: LayoutWish) -> Result<Layout, Refusal> {
    match world.ask(Command::CheckLayout { live: of.map(live), layout })? {
        Answer::Layout(layout) => Ok(layout),
        other => panic!("{other:?}"),
    }
}

/// Seat 0 of a live in a square region.
fn wish(of: &str, [x, y, w, h]: [u64; 4]) -> RegionWish {
    RegionWish { x, y, w, h, z: 0, fit: Fit::Cover, corner_radius: 0, live: live(of), seat: 0 }
}

fn regions(wishes: &[RegionWish]) -> LayoutWish {
    LayoutWish::Regions(wishes.to_vec())
}

/// Two beside each other.
fn halves() -> LayoutWish {
    regions(&[wish("a", [0, 0, 360, 1280]), wish("b", [360, 0, 360, 1280])])
}

fn sit(world: &mut World, on: &str, index: u64, who: &str) {
    let guest = User { user_id: user(who), user_name: String::new(), avatar_url: String::new() };
    seat(world, on, SeatAction::Take { index, user: guest });
}

fn seat(world: &mut World, on: &str, action: SeatAction) {
    let command = SeatCommand { live: live(on), by: By::Backend, action };
    world.ask(Command::Seat(Box::new(command))).unwrap();
}

/// What was told last, by this name.
fn last(world: &World, name: &str) -> Value {
    let told = world.events.iter().rev().map(|(_, event)| serde_json::to_value(event).unwrap());
    told.into_iter().find(|event| event["type"] == name).unwrap()["data"].clone()
}

fn users(layout: &Layout) -> Vec<(String, u32, String)> {
    let regions = serde_json::to_value(&layout.regions).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let regions = regions.as_array().unwrap().iter();
    let seat = |it: &Value| u32::try_from(it["seatIndex"].as_u64().unwrap()).unwrap();
    regions.map(|it| (text(&it["liveId"]), seat(it), text(&it["userId"]))).collect()
}

#[test]
fn host_static_voice_6v6_has_a_cell_for_each_of_six_seats_of_both_lives() {
    let mut world = World::connected(&["a", "b"]);
    sit(&mut world, "b", 4, "gil");
    let layout = choose(&mut world, "a", named("hostStaticVoice6v6")).unwrap();
    let mut wanted: Vec<_> =
        ["a", "b"].iter().flat_map(|live| (0..6).map(|seat| ((*live).to_owned(), seat, String::new()))).collect();
    (wanted[0].2, wanted[6].2, wanted[10].2) = ("a-host".into(), "b-host".into(), "gil".into());
    assert_eq!((layout.template_id, users(&layout)), (1, wanted));
    let scene = world.scene("b");
    assert_eq!((scene.tiles.len(), scene.cells.len(), scene.voices.len()), (0, 12, 3), "all who sit are heard");
    let names = scene.cells.iter().map(|cell| cell.sitter.as_ref().map(|it| it.name.clone())).collect::<Vec<_>>();
    assert_eq!((names[0].as_deref(), names[1].as_deref(), names[10].as_deref()), (Some("Host a"), None, Some("gil")));
    assert_eq!((scene.cells[11].seat, scene.cells[11].rect), (5, Rect { x: 540, y: 676, w: 180, h: 200 }));
}

#[test]
fn whoever_sits_down_or_leaves_a_seat_of_6v6_is_in_the_picture_and_in_the_regions_that_are_told() {
    let mut world = World::connected(&["a", "b"]);
    choose(&mut world, "a", named("hostStaticVoice6v6")).unwrap();
    world.forget();
    sit(&mut world, "a", 2, "gil");
    for name in ["a", "b"] {
        assert_eq!(world.told(name), ["onSeatListChanged", "onSeatLayoutChanged"]);
    }
    assert_eq!(last(&world, "onSeatLayoutChanged")["regions"][2]["userId"], "gil");
    world.forget();
    seat(&mut world, "a", SeatAction::Device { index: 2, device: Device::Microphone, open: false });
    assert!(world.scene("b").cells[2].sitter.as_ref().unwrap().muted);
    assert!(!world.told("b").contains(&"onSeatLayoutChanged".to_owned()), "who is where has not changed");
    seat(&mut world, "a", SeatAction::Kick { index: 2 });
    assert_eq!(last(&world, "onSeatLayoutChanged")["regions"][2]["userId"], "");
    assert_eq!(world.scene("b").cells[2].sitter, None);
}

#[test]
fn a_locked_seat_of_6v6_is_in_the_picture_until_it_is_unlocked_or_no_seat_any_more() {
    let mut world = World::connected(&["a", "b"]);
    choose(&mut world, "a", named("hostStaticVoice6v6")).unwrap();
    let locks = |world: &mut World| world.scene("a").cells.iter().map(|cell| cell.locked).collect::<Vec<_>>();
    let only = |locked: usize| (0..12).map(|cell| cell == locked).collect::<Vec<_>>();
    assert_eq!(locks(&mut world), [false; 12]);
    seat(&mut world, "b", SeatAction::Lock { index: 4 });
    assert_eq!(locks(&mut world), only(10));
    seat(&mut world, "b", SeatAction::Unlock { index: 4 });
    assert_eq!(locks(&mut world), [false; 12]);
    seat(&mut world, "b", SeatAction::Lock { index: 5 });
    assert_eq!(locks(&mut world), only(11));
    let fewer = LiveChange { max_seat_count: Some(5), ..LiveChange::of(live("b")) };
    world.ask(Command::UpdateLive(Box::new(fewer))).unwrap();
    assert_eq!(locks(&mut world), [false; 11], "and its cell is gone");
}

#[test]
fn host_static_voice_6v6_has_as_many_cells_of_a_live_as_that_has_seats() {
    let mut world = World::connected(&["a", "b"]);
    let change = |world: &mut World, of: &str, change: &dyn Fn(&mut LiveChange)| {
        let mut wanted = LiveChange::of(live(of));
        change(&mut wanted);
        world.ask(Command::UpdateLive(Box::new(wanted))).unwrap();
    };
    change(&mut world, "a", &|it| it.max_seat_count = Some(2));
    choose(&mut world, "a", named("hostStaticVoice6v6")).unwrap();
    let drawn = |world: &mut World| {
        let scene = world.scene("b");
        scene.cells.iter().map(|cell| (cell.seat, cell.rect.x, cell.rect.y)).collect::<Vec<_>>()
    };
    let right = (0..6).map(|i| (i, 360 + i as usize % 2 * 180, 276 + i as usize / 2 * 200));
    let both = |left: &[(u32, usize, usize)]| left.iter().copied().chain(right.clone()).collect::<Vec<_>>();
    assert_eq!(drawn(&mut world), both(&[(0, 0, 276), (1, 180, 276)]));
    assert_eq!(world.layout("a").regions.len(), 8);
    world.forget();
    change(&mut world, "a", &|it| it.max_seat_count = Some(3));
    assert_eq!(drawn(&mut world), both(&[(0, 0, 276), (1, 180, 276), (2, 0, 476)]));
    assert_eq!(last(&world, "onSeatLayoutChanged")["regions"].as_array().unwrap().len(), 9);
    change(&mut world, "a", &|it| it.is_seat_enabled = Some(false));
    assert_eq!(drawn(&mut world), both(&[(0, 0, 276)]), "without seats its host");
}

#[test]
fn when_6v6_forms_occupants_of_seats_6_and_up_leave_with_reason_layout() {
    for late in [false, true] {
        let mut world = World::with(&["a", "b"]);
        for (on, index) in [("a", 5), ("a", 6), ("b", 8)] {
            sit(&mut world, on, index, &format!("{on}{index}"));
        }
        let mut request = invitation("a", &["b"]);
        request.template = (!late).then_some(TemplateRef::Id(1));
        world.ask(Command::RequestConnection(request)).unwrap();
        world.forget();
        world.accept("b", "a");
        if late {
            assert!(!world.told("a").contains(&"onKickedOffSeat".to_owned()));
            choose(&mut world, "b", named("hostStaticVoice6v6")).unwrap();
        }
        assert_eq!(last(&world, "onKickedOffSeat")["reason"], "layout");
        let seated: Vec<_> = users(&world.layout("a")).into_iter().filter(|(_, _, user)| !user.is_empty()).collect();
        let of = |live: &str, seat, user: &str| (live.to_owned(), seat, user.to_owned());
        assert_eq!(seated, [of("a", 0, "a-host"), of("a", 5, "a5"), of("b", 0, "b-host")]);
    }
}

#[test]
fn host_static_voice_6v6_has_places_for_two() {
    let mut world = World::connected(&["a", "b", "c"]);
    let refused = choose(&mut world, "a", named("hostStaticVoice6v6"));
    assert_eq!(refused, Err(Refusal::ConnectionFull { places: 2 }));
}

#[test]
fn regions_of_ones_own_are_drawn_and_told_for_all_of_the_connection() {
    let mut world = World::connected(&["a", "b", "c"]);
    let above = RegionWish { z: 1, fit: Fit::Contain, corner_radius: 25, ..wish("c", [101, 201, 301, 300]) };
    let layout = choose(&mut world, "b", regions(&[wish("a", [0, 0, 720, 700]), above])).unwrap();
    assert_eq!(
        serde_json::to_value(&layout).unwrap(),
        json!({"templateId": 1000, "canvas": {"w": 720, "h": 1280}, "regionsCanvas": {"w": 720, "h": 1280},
            "regions": [
            {"liveId": "a", "seatIndex": 0, "userId": "a-host", "x": 0, "y": 0, "w": 720, "h": 700, "z": 0},
            {"liveId": "c", "seatIndex": 0, "userId": "c-host", "x": 100, "y": 200, "w": 302, "h": 300, "z": 1,
                "fit": "contain", "cornerRadius": 24},
        ]}),
        "edges and radius are rounded down to even"
    );
    for name in ["a", "b", "c"] {
        assert_eq!(world.told(name), ["onSeatLayoutChanged"]);
    }
    assert_eq!(serde_json::to_value(world.co_host("a")).unwrap()["template"], "custom");
    let scene = world.scene("a");
    assert_eq!((scene.template, scene.tiles.len()), (Template::Custom, 2));
    let rect = Rect { x: 100, y: 200, w: 302, h: 300 };
    let fit = costage_media::scene::Fit::Contain;
    assert_eq!(scene.tiles[1].region, Some(Region { rect, z: 1, fit, corner_radius: 24 }));
    let heard: Vec<_> = scene.voices.iter().map(|voice| voice.source).collect();
    assert_eq!(heard, [world.source("b")], "who has no region is heard and not seen");
    assert!(matches!(&world.facts[..], [Fact::LayoutChosen { custom: Some(regions), .. }] if regions.len() == 2));
}

#[test]
fn a_guest_on_a_seat_may_have_a_region_and_an_empty_one_waits() {
    let mut world = World::connected(&["a", "b"]);
    let guest = RegionWish { seat: 3, ..wish("b", [0, 640, 360, 640]) };
    let layout = choose(&mut world, "a", regions(&[wish("a", [0, 0, 360, 640]), guest])).unwrap();
    assert_eq!(users(&layout)[1], ("b".to_owned(), 3, String::new()));
    assert_eq!(world.scene("a").tiles.len(), 1);
    world.forget();
    sit(&mut world, "b", 3, "gil");
    assert_eq!(last(&world, "onSeatLayoutChanged")["regions"][1]["userId"], "gil");
    assert_eq!(world.scene("a").tiles[1].name, "gil");
}

#[test]
fn the_regions_of_a_live_go_when_it_leaves_and_who_joins_without_one_is_heard() {
    let mut world = World::connected(&["a", "b", "c"]);
    choose(&mut world, "a", halves()).unwrap();
    world.leave("b");
    let layout = world.layout("a");
    let of = |live: &str, user: &str| (live.to_owned(), 0, user.to_owned());
    assert_eq!((layout.template_id, users(&layout)), (1000, vec![of("a", "a-host")]));
    assert_eq!((world.scene("c").tiles.len(), world.scene("c").voices.len()), (1, 1));
    world.create("d");
    for joins in ["d", "b"] {
        world.invite("a", &[joins]);
        world.accept(joins, "a");
    }
    assert_eq!(users(&world.layout("d")), [of("a", "a-host")], "who comes back, or is called so, has none");
    assert_eq!((world.scene("d").tiles.len(), world.scene("d").voices.len()), (1, 3));
    world.leave("a");
    assert_eq!((world.layout("d").template_id, world.layout("d").regions.len()), (600, 3), "none is left");
}

#[test]
fn a_template_replaces_regions_by_command_and_by_a_later_request() {
    let mut world = World::connected(&["a", "b"]);
    choose(&mut world, "a", halves()).unwrap();
    assert_eq!(choose(&mut world, "b", named("hostDynamicGrid")).unwrap().regions[0].y, 276);
    assert_eq!(world.scene("a").tiles[0].region, None);
    choose(&mut world, "a", halves()).unwrap();
    world.create("c");
    let mut request = invitation("a", &["c"]);
    request.template = Some(TemplateRef::Id(600));
    world.ask(Command::RequestConnection(request)).unwrap();
    world.accept("c", "a");
    assert_eq!((world.layout("a").template_id, world.layout("a").regions.len()), (600, 3));
}

#[test]
fn choosing_the_regions_that_are_there_changes_nothing() {
    let mut world = World::connected(&["a", "b"]);
    choose(&mut world, "a", halves()).unwrap();
    world.forget();
    choose(&mut world, "b", halves()).unwrap();
    assert_eq!((world.events.len(), world.media.len(), world.facts.len()), (0, 0, 0));
}

#[test]
fn a_live_alone_has_regions_of_its_own_whenever_it_is_alone() {
    let mut world = World::with(&["a", "b"]);
    let whole = regions(&[wish("a", [0, 0, 720, 400])]);
    let layout = choose(&mut world, "a", whole).unwrap();
    assert_eq!((layout.template_id, layout.regions[0].h), (1000, 400));
    assert_eq!((world.told("a"), world.told("b")), (vec!["onSeatLayoutChanged".to_owned()], vec![]));
    assert!(matches!(&world.facts[..], [Fact::LiveLayoutChosen { custom: Some(_), .. }]));
    world.invite("a", &["b"]);
    world.accept("b", "a");
    assert_eq!(world.layout("a").template_id, 600, "a connection has its own");
    world.leave("b");
    assert_eq!((world.layout("a").template_id, world.layout("b").template_id), (1000, 600));
    assert_eq!(world.scene("a").tiles[0].region.unwrap().rect.h, 400);
    assert_eq!(choose(&mut world, "a", named("hostDynamicGrid")).unwrap().regions[0].h, 1280);
    assert_eq!(world.scene("a").tiles[0].region, None);
    let other = choose(&mut world, "a", named("hostVoiceConnection"));
    assert_eq!(other, Err(Refusal::NotConnected { live: live("a") }));
}

#[test]
fn regions_survive_a_restart() {
    let mut world = World::connected(&["a", "b"]);
    choose(&mut world, "a", halves()).unwrap();
    world.restart(std::time::Duration::from_secs(1));
    assert_eq!(world.layout("a").template_id, 1000);
    assert_eq!(world.scene("a").tiles[1].region.unwrap().rect, Rect { x: 360, y: 0, w: 360, h: 1280 });
}

/// What is said, and of which change.
type Fault<'a> = (&'a str, &'a dyn Fn(&mut RegionWish));

/// What is wrong with `change`d regions, of which the second is that of b.
fn fault(change: impl Fn(&mut RegionWish)) -> String {
    let mut world = World::connected(&["a", "b"]);
    let mut second = wish("b", [100, 700, 400, 500]);
    change(&mut second);
    let wishes = [wish("a", [0, 0, 720, 640]), second];
    let asked = choose(&mut world, "a", regions(&wishes)).unwrap_err();
    assert_eq!(check(&mut world, Some("b"), regions(&wishes)).unwrap_err(), asked, "the same fault");
    asked.to_string()
}

#[test]
fn a_region_that_cannot_be_is_refused_with_its_number_and_field() {
    let faults: [Fault<'_>; 11] = [
        ("regions[1].w: must be 16 to 720 on the canvas of 720x1280, found 15", &|it| it.w = 15),
        ("regions[1].h: must be 16 to 1280 on the canvas of 720x1280, found 1281", &|it| it.h = 1_281),
        ("regions[1].x: must be 0 to 320 on the canvas of 720x1280, found 322", &|it| it.x = 322),
        ("regions[1].y: must be 0 to 780 on the canvas of 720x1280, found 18446744073709551615", &|it| it.y = u64::MAX),
        ("regions[1].z: must be 0 to 1000, found 1001", &|it| it.z = 1_001),
        ("regions[1].cornerRadius: must be 0 to 200, found 201", &|it| it.corner_radius = 201),
        ("regions[1].source.liveId: live x is not in this picture; name one of a, b", &|it| it.live = live("x")),
        ("regions[1].source.seatIndex: must be 0 to 8, found 9", &|it| it.seat = 9),
        ("regions[1].source: seat 0 of live a is shown by regions[0] already", &|it| it.live = live("a")),
        ("regions[1].z: overlaps regions[0], whose z is 0 too; give one of them another", &|it| it.y = 638),
        ("regions[1].z: overlaps regions[0], whose z is 0 too; give one of them another", &|it| (it.x, it.y) = (0, 0)),
    ];
    for (wanted, change) in faults {
        assert_eq!(fault(change), wanted);
    }
}

#[test]
fn a_layout_has_1_to_25_regions() {
    let mut world = World::with(&["a"]);
    for (count, wanted) in [(0, "regions: 1 to 25 regions, found 0"), (26, "regions: 1 to 25 regions, found 26")] {
        let wishes = vec![wish("a", [0, 0, 16, 16]); count];
        assert_eq!(choose(&mut world, "a", regions(&wishes)).unwrap_err().to_string(), wanted);
    }
    let strip = |seat: u64| RegionWish { seat, ..wish("a", [0, seat * 20, 720, 20]) };
    let many: Vec<_> = (0..25).map(strip).collect();
    assert_eq!(check(&mut world, None, regions(&many)).unwrap().regions.len(), 25);
}

#[test]
fn checking_a_layout_answers_as_choosing_it_would_and_changes_nothing() {
    let mut world = World::connected(&["a", "b", "c"]);
    let before = world.machine.snapshot();
    let checked = check(&mut world, Some("a"), halves()).unwrap();
    let too_few = check(&mut world, Some("a"), named("hostStaticVoice6v6"));
    assert_eq!(too_few, Err(Refusal::ConnectionFull { places: 2 }));
    assert_eq!(check(&mut world, Some("x"), halves()), Err(Refusal::NoSuchLive { live: live("x") }));
    assert_eq!((world.machine.snapshot() == before, world.events.len(), world.media.len()), (true, 0, 0));
    assert_eq!(choose(&mut world, "a", halves()).unwrap(), checked);
    // By itself: nobody is known.
    let alone = check(&mut world, None, regions(&[wish("nobody", [0, 0, 720, 1280])])).unwrap();
    assert_eq!((alone.template_id, users(&alone)), (1000, vec![("nobody".to_owned(), 0, String::new())]));
    assert_eq!(check(&mut world, None, named("HostVideoLandscapeFixed2Seats")).unwrap().canvas.w, 1280);
    assert!(check(&mut world, None, named("mosaic")).is_err());
}
