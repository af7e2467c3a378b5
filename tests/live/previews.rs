//! Previews: what the picture of a live would be, with nothing changed.

use costage::live::command::{LiveChange, PreviewWish, TemplateRef};
use costage::live::{Answer, Command, Refusal};
use costage_media::scene::{Scene, ScoreBar, Template};

use crate::world::{World, live};

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
