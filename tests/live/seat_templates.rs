//! The templates of a live's seats: what is shown of a live that is alone.

use costage::live::answer::Layout;
use costage::live::command::{
    By, LayoutWish, LiveChange, MediaState, PreviewWish, SeatAction, SeatCommand, SeatTemplate, TemplateRef, User,
};
use costage::live::{Answer, Command, Fact, Refusal};
use costage_media::frame::Size;
use costage_media::scene::{Rect, Scene, Template};

use crate::world::{World, invitation, live, new_live, user};

/// A live of that template and so many seats, on air.
fn with(template: SeatTemplate, seats: u64) -> World {
    let mut world = World::new();
    let mut new = new_live("a");
    (new.seat_template, new.max_seat_count) = (template, seats);
    world.ask(Command::CreateLive(Box::new(new))).unwrap();
    world.media_of("a", MediaState::Up);
    world.forget();
    world
}

fn seat(world: &mut World, action: SeatAction) {
    let command = SeatCommand { live: live("a"), by: By::Backend, action };
    world.ask(Command::Seat(Box::new(command))).unwrap();
}

fn sit(world: &mut World, index: u64) {
    let guest = User { user_id: user(&format!("g{index}")), user_name: String::new(), avatar_url: String::new() };
    seat(world, SeatAction::Take { index, user: guest });
}

fn choose(world: &mut World, of: &str, template: TemplateRef) -> Result<Layout, Refusal> {
    match world.ask(Command::ChooseLayout { live: live(of), layout: LayoutWish::Template(template) })? {
        Answer::Layout(layout) => Ok(layout),
        other => panic!("{other:?}"),
    }
}

fn named(name: &str) -> TemplateRef {
    TemplateRef::Name(name.to_owned())
}

fn preview(world: &mut World, template: Option<u64>, hosts: Option<u64>) -> Result<Scene, Refusal> {
    let template = template.map(TemplateRef::Id);
    match world.ask(Command::Preview(PreviewWish { live: live("a"), template, hosts }))? {
        Answer::Scene(scene) => Ok(*scene),
        other => panic!("{other:?}"),
    }
}

/// Whose tile is where.
fn tiles(scene: &Scene) -> Vec<(&str, Option<Rect>)> {
    scene.tiles.iter().map(|tile| (tile.name.as_str(), tile.region.map(|region| region.rect))).collect()
}

/// The numbers of the seats that are drawn beside the tiles: who sits there, and whether nobody may.
fn cells(scene: &Scene) -> Vec<(u32, Option<&str>, bool)> {
    let sitter = |it: &costage_media::scene::Cell| (it.seat, it.locked);
    scene.cells.iter().map(|it| (sitter(it).0, it.sitter.as_ref().map(|who| who.name.as_str()), sitter(it).1)).collect()
}

/// As clients are told: seat, user, x and y.
fn regions(layout: &Layout) -> Vec<(u32, String, usize, usize)> {
    let user = |it: &costage::live::answer::SeatRegion| it.user_id.as_ref().map_or(String::new(), ToString::to_string);
    layout.regions.iter().map(|it| (it.seat_index, user(it), it.x, it.y)).collect()
}

fn rect(x: usize, y: usize, w: usize, h: usize) -> Option<Rect> {
    Some(Rect { x, y, w, h })
}

#[test]
fn in_a_fixed_grid_each_seat_has_its_place_and_empty_ones_are_drawn() {
    let mut world = with(SeatTemplate::VideoFixedGrid9Seats, 9);
    sit(&mut world, 4);
    seat(&mut world, SeatAction::Lock { index: 7 });
    let scene = world.scene("a");
    assert_eq!(scene.template, Template::VideoFixedGrid9Seats);
    assert_eq!(tiles(&scene), [("Host a", rect(0, 276, 240, 240)), ("g4", rect(240, 516, 240, 240))]);
    let empty = [1, 2, 3, 5, 6, 7, 8].map(|seat| (seat, None, seat == 7));
    assert_eq!(cells(&scene), empty);
    let told = regions(&world.layout("a"));
    assert_eq!(told.len(), 9, "empty ones too");
    assert_eq!((&told[4], &told[8]), (&(4, "g4".to_owned(), 240, 516), &(8, String::new(), 480, 756)));
}

#[test]
fn in_fixed_windows_each_seat_has_its_window_above_the_host() {
    let mut world = with(SeatTemplate::VideoFixedFloat7Seats, 7);
    sit(&mut world, 6);
    let scene = world.scene("a");
    assert_eq!(tiles(&scene), [("Host a", rect(0, 0, 720, 1280)), ("g6", rect(560, 88, 144, 176))]);
    assert_eq!(scene.tiles.iter().map(|tile| tile.region.unwrap().z).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(cells(&scene).len(), 5);
    assert_eq!(world.layout("a").regions.iter().map(|it| it.z).collect::<Vec<_>>(), [0, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn a_fixed_layout_has_as_many_places_as_the_live_has_seats_and_who_sits_beyond_is_heard() {
    let mut world = with(SeatTemplate::VideoFixedGrid9Seats, 4);
    assert_eq!(world.layout("a").regions.len(), 4);
    let mut world = with(SeatTemplate::VideoFixedFloat7Seats, 9);
    (1..9).for_each(|index| sit(&mut world, index));
    let scene = world.scene("a");
    assert_eq!((scene.tiles.len(), scene.cells.len(), scene.voices.len()), (7, 0, 2));
}

#[test]
fn dynamic_layouts_have_places_for_who_is_there_alone() {
    let mut world = with(SeatTemplate::VideoDynamicFloat7Seats, 9);
    (4..7).for_each(|index| sit(&mut world, index));
    let scene = world.scene("a");
    assert_eq!((scene.template, scene.tiles.len(), scene.cells.len()), (Template::HostDynamic1v6, 4, 0));
    let told = regions(&world.layout("a"));
    assert_eq!(told[1], (4, "g4".to_owned(), 560, 1008), "the first guest has the first window");
    let mut world = with(SeatTemplate::VideoLandscape4Seats, 9);
    assert_eq!(world.scene("a").canvas, Size { width: 1280, height: 720 });
    assert_eq!(world.layout("a").canvas.w, 1280);
    (1..6).for_each(|index| sit(&mut world, index));
    let scene = world.scene("a");
    assert_eq!((scene.tiles.len(), scene.voices.len()), (4, 2), "further guests are heard");
}

#[test]
fn a_voice_room_has_a_cell_for_each_seat_and_all_who_sit_are_heard() {
    for (template, id) in [(SeatTemplate::AudioSalon, 70), (SeatTemplate::Karaoke, 50)] {
        let mut world = with(template, 12);
        [1, 11].into_iter().for_each(|index| sit(&mut world, index));
        seat(&mut world, SeatAction::Lock { index: 2 });
        let scene = world.scene("a");
        assert_eq!((scene.template.id(), scene.tiles.len(), scene.cells.len()), (id, 0, 12));
        let drawn = cells(&scene);
        assert_eq!(drawn[..3], [(0, Some("Host a"), false), (1, Some("g1"), false), (2, None, true)]);
        assert_eq!((drawn[11], scene.cells[11].rect), ((11, Some("g11"), false), rect(144, 612, 144, 168).unwrap()));
        let users: Vec<_> = scene.cells.iter().filter_map(|cell| Some(cell.sitter.as_ref()?.user.as_str())).collect();
        assert_eq!(users, ["a-host", "g1", "g11"], "their uploaded pictures are found by these");
        assert_eq!(scene.voices.len(), 3);
        assert_eq!((world.layout("a").template_id, world.layout("a").regions.len()), (id, 12));
    }
    let mut world = with(SeatTemplate::AudioSalon, 50);
    assert_eq!(world.scene("a").cells[49].rect, rect(576, 1176, 144, 100).unwrap());
}

#[test]
fn who_comes_and_goes_and_locks_are_seen_and_told_where_they_are_drawn() {
    for template in [SeatTemplate::VideoFixedGrid9Seats, SeatTemplate::AudioSalon] {
        let mut world = with(template, 9);
        sit(&mut world, 3);
        assert_eq!(world.told("a"), ["onSeatListChanged", "onSeatLayoutChanged"], "{template:?}");
        world.forget();
        seat(&mut world, SeatAction::Lock { index: 5 });
        assert_eq!(world.told("a"), ["onSeatListChanged"], "who is where has not changed");
        assert!(world.scene("a").cells.iter().any(|cell| cell.seat == 5 && cell.locked));
        assert!(!world.media.is_empty(), "it is drawn");
        seat(&mut world, SeatAction::Unlock { index: 5 });
        assert!(world.scene("a").cells.iter().all(|cell| !cell.locked));
    }
    let mut world = with(SeatTemplate::VideoLandscape4Seats, 9);
    seat(&mut world, SeatAction::Lock { index: 3 });
    assert!(world.media.is_empty(), "no empty seat is drawn there");
}

#[test]
fn without_seats_the_host_has_the_first_place() {
    for template in SeatTemplate::ALL {
        let mut world = World::new();
        let mut new = new_live("a");
        (new.seat_template, new.is_seat_enabled) = (template, false);
        world.ask(Command::CreateLive(Box::new(new))).unwrap();
        world.media_of("a", MediaState::Up);
        let scene = world.scene("a");
        assert_eq!((scene.tiles.len() + scene.cells.len(), world.layout("a").regions.len()), (1, 1), "{template:?}");
    }
}

#[test]
fn a_change_of_template_is_shown_and_told_at_once_and_in_a_connection_when_it_is_alone_again() {
    let mut world = with(SeatTemplate::VideoDynamicGrid9Seats, 9);
    let change = |world: &mut World, template| {
        let change = LiveChange { seat_template: Some(template), ..LiveChange::of(live("a")) };
        world.ask(Command::UpdateLive(Box::new(change))).unwrap();
    };
    change(&mut world, SeatTemplate::Karaoke);
    assert_eq!(world.told("a"), ["onSeatLayoutChanged", "onLiveInfoChanged"]);
    assert_eq!((world.scene("a").cells.len(), world.layout("a").template_id), (9, 50));
    world.create("b");
    world.media_of("b", MediaState::Up);
    world.invite("a", &["b"]);
    world.accept("b", "a");
    assert_eq!((world.layout("a").template_id, world.scene("a").tiles.len()), (600, 2), "a connection has its own");
    world.forget();
    change(&mut world, SeatTemplate::VideoFixedGrid9Seats);
    assert_eq!(world.told("a"), ["onLiveInfoChanged"]);
    assert_eq!(world.layout("a").template_id, 600);
    world.leave("b");
    assert_eq!((world.layout("a").template_id, world.layout("b").template_id), (800, 600));
    assert_eq!(world.scene("a").template, Template::VideoFixedGrid9Seats);
}

#[test]
fn a_live_alone_chooses_the_template_of_its_seats_as_its_layout() {
    let mut world = with(SeatTemplate::VideoDynamicGrid9Seats, 9);
    for (wish, id, template) in [
        (TemplateRef::Id(800), 800, SeatTemplate::VideoFixedGrid9Seats),
        (named("videoFixedFloat7Seats"), 801, SeatTemplate::VideoFixedFloat7Seats),
        (TemplateRef::Id(200), 200, SeatTemplate::VideoLandscape4Seats),
        (named("audioSalon"), 70, SeatTemplate::AudioSalon),
        (named("hostDynamic1v6"), 601, SeatTemplate::VideoDynamicFloat7Seats),
        (named("karaoke"), 50, SeatTemplate::Karaoke),
        (named("videoDynamicGrid9Seats"), 600, SeatTemplate::VideoDynamicGrid9Seats),
        (named("videoDynamicFloat7Seats"), 601, SeatTemplate::VideoDynamicFloat7Seats),
    ] {
        world.forget();
        assert_eq!(choose(&mut world, "a", wish.clone()).unwrap().template_id, id);
        assert_eq!(world.told("a"), ["onSeatLayoutChanged", "onLiveInfoChanged"], "{wish:?}");
        assert!(matches!(&world.facts[..], [Fact::LiveChanged(_)]));
        let Ok(Answer::Live(info)) = world.ask(Command::FindLive(live("a"))) else { panic!() };
        assert_eq!(info.live.seat_template, template);
        assert_eq!(world.scene("a").template.id(), id);
        world.forget();
        choose(&mut world, "a", wish).unwrap();
        assert_eq!((world.events.len(), world.media.len(), world.facts.len()), (0, 0, 0), "it is that already");
    }
}

#[test]
fn templates_of_seats_are_not_for_connections_and_those_of_connections_not_for_one() {
    let mut world = World::connected(&["a", "b"]);
    for id in [800, 801, 200, 70, 50] {
        let mut request = invitation("a", &["b"]);
        request.template = Some(TemplateRef::Id(id));
        let asked = world.ask(Command::RequestConnection(request)).map(|_| ());
        for refused in [choose(&mut world, "a", TemplateRef::Id(id)).map(|_| ()), asked] {
            let Err(Refusal::Invalid { field: "layoutTemplate", detail }) = refused else { panic!("{refused:?}") };
            assert!(
                detail.contains("lays out the seats of a live that is alone; use \"hostDynamicGrid\" (600)"),
                "{detail}"
            );
        }
        assert_eq!(preview(&mut world, Some(id), None), Err(Refusal::ConnectionFull { places: 1 }));
    }
    let mut world = World::with(&["a"]);
    for id in [1, 2, 400] {
        let refused = choose(&mut world, "a", TemplateRef::Id(id));
        assert_eq!(refused, Err(Refusal::NotConnected { live: live("a") }));
    }
}

#[test]
fn a_template_of_seats_survives_a_restart() {
    let mut world = with(SeatTemplate::VideoFixedFloat7Seats, 7);
    world.restart(std::time::Duration::from_secs(1));
    assert_eq!(world.layout("a").template_id, 801);
}

#[test]
fn a_preview_takes_as_many_seats_as_are_wished_for() {
    let mut world = with(SeatTemplate::VideoFixedGrid9Seats, 6);
    sit(&mut world, 3);
    seat(&mut world, SeatAction::Lock { index: 1 });
    let scene = preview(&mut world, None, Some(4)).unwrap();
    let names: Vec<_> =
        tiles(&scene).into_iter().map(|(name, at)| (name.to_owned(), at.unwrap().x, at.unwrap().y)).collect();
    let wanted = [("Host a", 0, 276), ("Host 3", 480, 276), ("g3", 0, 516), ("Host 4", 240, 516)];
    assert_eq!(names, wanted.map(|(name, x, y)| (name.to_owned(), x, y)));
    assert_eq!(cells(&scene), [(1, None, true), (5, None, false)]);
    let scene = preview(&mut world, None, Some(1)).unwrap();
    assert_eq!((tiles(&scene).len(), scene.cells.len()), (1, 5), "who is there first stays");
    let scene = preview(&mut world, None, Some(9)).unwrap();
    assert_eq!((tiles(&scene).len(), scene.cells.len()), (9, 0), "a locked one too, and seats that it has not");
    let salon = preview(&mut world, Some(70), Some(27)).unwrap();
    let taken = salon.cells.iter().filter(|cell| cell.sitter.is_some()).count();
    assert_eq!((taken, salon.cells.len(), salon.cells[3].rect), (27, 27, rect(432, 276, 144, 166).unwrap()));
    assert_eq!(salon.cells[3].sitter.as_ref().unwrap().name, "g3");
    let teams = preview(&mut world, Some(1), Some(7)).unwrap();
    let taken: Vec<_> = teams.cells.iter().filter(|cell| cell.sitter.is_some()).map(|cell| cell.seat).collect();
    assert_eq!((teams.cells.len(), taken), (12, vec![0, 2, 3, 4, 5, 0, 1]));
    for (template, most) in [(800, 9), (801, 7), (200, 4), (70, 50), (50, 50), (1, 12)] {
        assert!(preview(&mut world, Some(template), Some(most)).is_ok());
        let Err(Refusal::Invalid { field, detail }) = preview(&mut world, Some(template), Some(most + 1)) else {
            panic!()
        };
        assert_eq!((field, detail), ("hosts", format!("1 to {most} with this template, found {}", most + 1)));
    }
}
