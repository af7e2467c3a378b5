//! Previews: what the picture of a live would be, with nothing changed.

use costage::live::command::{
    By, Fit, LayoutWish, LiveChange, PreviewWish, RegionWish, SeatAction, SeatCommand, TemplateRef, User,
};
use costage::live::{Answer, Command, Refusal};
use costage_media::scene::{Scene, ScoreBar, Template};

use crate::world::{World, live, user};

fn preview(world: &mut World, of: &str, template: Option<u64>, hosts: Option<u64>) -> Result<Scene, Refusal> {
    let template = template.map(TemplateRef::Id);
    let before = world.machine.snapshot();
    let answer = world.ask(Command::Preview(PreviewWish { live: live(of), template, hosts }));
    assert_eq!(world.machine.snapshot(), before, "it is a question");
    answer.map(|answer| match answer {
        Answer::Scene(scene) => *scene,
        other => panic!("{other:?}"),
    })
}

/// As a layout would look before it is chosen.
fn preview_layout(world: &mut World, of: Option<&str>, layout: LayoutWish) -> Result<Scene, Refusal> {
    let before = world.machine.snapshot();
    let answer = world.ask(Command::PreviewLayout { live: of.map(live), layout });
    assert_eq!(world.machine.snapshot(), before, "it is a question");
    assert!(world.events.is_empty(), "nobody is told");
    answer.map(|answer| match answer {
        Answer::Scene(scene) => *scene,
        other => panic!("{other:?}"),
    })
}

/// Seats 0, 3 and 4 of `a`, then seat 0 of `b`, from top to bottom.
fn stripes() -> LayoutWish {
    let stripe = |(of, seat, y): (&str, u64, u64)| RegionWish {
        x: 0,
        y,
        w: 720,
        h: 320,
        z: 0,
        fit: Fit::Contain,
        corner_radius: 16,
        live: live(of),
        seat,
    };
    LayoutWish::Regions([("a", 0, 0), ("a", 3, 320), ("a", 4, 640), ("b", 0, 960)].map(stripe).to_vec())
}

/// `gil` sits on seat 4 of `a`, and the regions are chosen.
fn in_stripes() -> World {
    let mut world = World::connected(&["a", "b"]);
    let gil = User { user_id: user("gil"), user_name: "Gil".to_owned(), avatar_url: String::new() };
    let take = SeatAction::Take { index: 4, user: gil };
    world.ask(Command::Seat(Box::new(SeatCommand { live: live("a"), by: By::Backend, action: take }))).unwrap();
    world.ask(Command::ChooseLayout { live: live("a"), layout: stripes() }).unwrap();
    world.forget();
    world
}

/// Whose tile lies how far from the top.
fn placed(scene: &Scene) -> Vec<(&str, usize)> {
    scene.tiles.iter().map(|tile| (tile.name.as_str(), tile.region.unwrap().rect.y)).collect()
}

fn names(scene: &Scene) -> Vec<&str> {
    scene.tiles.iter().map(|tile| tile.name.as_str()).collect()
}

#[test]
fn a_preview_is_the_scene_that_is_shown() {
    let mut world = World::connected(&["a", "b", "c"]);
    for of in ["a", "b", "c"] {
        let shown = world.scene("a");
        assert_eq!(preview(&mut world, of, None, None), Ok(shown));
    }
    let mut world = World::connected(&["a", "b"]);
    world.battle("a", &["b"]);
    assert_eq!(preview(&mut world, "b", None, None).unwrap().battle.score_bar(), Some(ScoreBar { left: 0, right: 0 }));
}

#[test]
fn a_live_alone_and_one_that_never_published_have_a_preview() {
    let mut world = World::with(&["a"]);
    world.create("b");
    assert_eq!(names(&preview(&mut world, "a", None, None).unwrap()), ["Host a"]);
    assert_eq!(names(&preview(&mut world, "b", None, None).unwrap()), ["Host b"]);
    assert_eq!(preview(&mut world, "x", None, None), Err(Refusal::NoSuchLive { live: live("x") }));
}

#[test]
fn made_up_hosts_fill_the_places_that_are_wished_for_and_too_few_leave_the_last_ones_out() {
    let mut world = World::connected(&["a", "b"]);
    let scene = preview(&mut world, "a", None, Some(4)).unwrap();
    assert_eq!(names(&scene), ["Host a", "Host b", "Host 3", "Host 4"]);
    let mut sources: Vec<_> = scene.tiles.iter().map(|tile| tile.source).collect();
    sources.dedup();
    assert_eq!(sources.len(), 4, "each is somebody else");
    assert!(scene.tiles[2..].iter().all(|tile| tile.camera && tile.user.is_empty()));
    assert_eq!(names(&preview(&mut world, "a", None, Some(1)).unwrap()), ["Host a"]);
}

#[test]
fn another_template_may_be_looked_at_without_choosing_it() {
    let mut world = World::connected(&["a", "b"]);
    let scene = preview(&mut world, "a", Some(2), None).unwrap();
    assert_eq!((scene.template, scene.tiles.len()), (Template::HostVoiceConnection, 2));
    assert_eq!(preview(&mut world, "a", None, None).unwrap().template, Template::HostDynamicGrid);
}

#[test]
fn a_wish_that_cannot_be_drawn_is_refused_by_its_name() {
    let mut world = World::connected(&["a", "b"]);
    for hosts in [0, 10, u64::MAX] {
        let Err(Refusal::Invalid { field, detail }) = preview(&mut world, "a", None, Some(hosts)) else { panic!() };
        assert_eq!((field, detail), ("hosts", format!("1 to 9 with this template, found {hosts}")));
    }
    let Err(Refusal::Invalid { field, .. }) = preview(&mut world, "a", Some(12_345), None) else { panic!() };
    assert_eq!(field, "template");
}

#[test]
fn what_the_lives_have_turned_off_is_off_in_the_preview_too() {
    let mut world = World::connected(&["a", "b"]);
    let mut change = LiveChange::of(live("a"));
    change.overlays.names = Some(false);
    world.ask(Command::UpdateLive(Box::new(change))).unwrap();
    assert!(!preview(&mut world, "b", None, None).unwrap().names);
}

#[test]
fn regions_of_ones_own_are_filled_in_their_order_beside_who_is_there() {
    let mut world = in_stripes();
    let there = [("Host a", 0), ("Gil", 640), ("Host b", 960)];
    assert_eq!(placed(&preview(&mut world, "b", None, None).unwrap()), there, "an empty one is not drawn");
    let all = preview(&mut world, "b", None, Some(4)).unwrap();
    assert_eq!(placed(&all), [("Host a", 0), ("Host 4", 320), ("Gil", 640), ("Host b", 960)]);
    let region = all.tiles[1].region.unwrap();
    assert_eq!((region.fit, region.corner_radius), (costage_media::scene::Fit::Contain, 16));
    assert!(all.tiles[1].camera && all.tiles[1].user.is_empty());
    assert_eq!(placed(&preview(&mut world, "a", None, Some(3)).unwrap()), there);
    assert_eq!(placed(&preview(&mut world, "a", None, Some(2)).unwrap()), there[..2], "the last ones give way");
    for hosts in [0, 5, u64::MAX] {
        let detail = format!("1 to 4 with these regions, found {hosts}");
        let refused = preview(&mut world, "a", None, Some(hosts));
        assert_eq!(refused, Err(Refusal::Invalid { field: "hosts", detail }));
    }
    assert_eq!(
        preview(&mut world, "a", Some(600), Some(9)).unwrap().tiles.len(),
        9,
        "another template has its own places"
    );
}

#[test]
fn a_layout_is_seen_with_somebody_in_each_place_before_it_is_chosen() {
    let mut world = World::connected(&["a", "b"]);
    world.forget();
    let for_a = preview_layout(&mut world, Some("a"), stripes()).unwrap();
    assert_eq!(placed(&for_a), [("Host a", 0), ("Host 3", 320), ("Host 4", 640), ("Host b", 960)]);
    let for_nobody = preview_layout(&mut world, None, stripes()).unwrap();
    assert_eq!(placed(&for_nobody), [("Host 1", 0), ("Host 2", 320), ("Host 3", 640), ("Host 4", 960)]);
    for (template, tiles, cells) in [(600, 9, 0), (601, 7, 0), (400, 2, 0), (801, 7, 0), (1, 0, 12), (70, 0, 50)] {
        let layout = LayoutWish::Template(TemplateRef::Id(template));
        let scene = preview_layout(&mut world, None, layout).unwrap();
        assert_eq!((scene.tiles.len(), scene.cells.len()), (tiles, cells), "{template}");
        assert!(scene.cells.iter().all(|cell| cell.sitter.is_some()), "{template}");
    }
    let grid = preview_layout(&mut world, Some("b"), LayoutWish::Template(TemplateRef::Id(2))).unwrap();
    assert_eq!(names(&grid)[..3], ["Host a", "Host b", "Host 3"]);
    assert_eq!((grid.template, grid.tiles.len()), (Template::HostVoiceConnection, 9));
}

#[test]
fn a_layout_that_could_not_be_chosen_has_no_preview() {
    let mut world = World::connected(&["a", "b", "c"]);
    world.create("d");
    world.forget();
    let six = || LayoutWish::Template(TemplateRef::Id(1));
    for (of, layout) in [
        (Some("a"), six()),
        (Some("d"), six()),
        (Some("d"), stripes()),
        (Some("x"), stripes()),
        (None, LayoutWish::Template(TemplateRef::Id(1000))),
        (None, LayoutWish::Regions(Vec::new())),
    ] {
        let checked = world.ask(Command::CheckLayout { live: of.map(live), layout: layout.clone() });
        assert_eq!(preview_layout(&mut world, of, layout).unwrap_err(), checked.unwrap_err());
    }
}
