//! Seats: taking and leaving, managing, moving, microphones and cameras.

use costage::live::answer::{DeviceStatus, SeatInfo};
use costage::live::command::{
    By, Device, LiveChange, LiveEndReason, MediaState, MovePolicy, NewLive, SeatAction, SeatCommand, SeatMode,
    SeatWish, User,
};
use costage::live::{Answer, Command, Event, Fact, Refusal};
use serde_json::{Value, json};

use crate::world::{World, host_of, live, new_live, user};

/// A guest, who has a name of its own.
pub(crate) fn guest(name: &str) -> User {
    User { user_id: user(name), user_name: format!("Guest {name}"), avatar_url: String::new() }
}

pub(crate) fn by(name: &str) -> By {
    By::Guest(user(name))
}

pub(crate) fn ask(world: &mut World, of: &str, by: By, action: SeatAction) -> Result<Answer, Refusal> {
    world.ask(Command::Seat(Box::new(SeatCommand { live: live(of), by, action })))
}

pub(crate) fn take(world: &mut World, of: &str, index: u64, name: &str) -> Result<Answer, Refusal> {
    ask(world, of, by(name), SeatAction::Take { index, user: guest(name) })
}

pub(crate) fn pick(world: &mut World, of: &str, index: u64, name: &str) -> Result<Answer, Refusal> {
    ask(world, of, By::Backend, SeatAction::Take { index, user: guest(name) })
}

pub(crate) fn wish(name: &str, index: Option<u64>) -> SeatWish {
    SeatWish { user: guest(name), index, timeout: None, extension_info: String::new() }
}

pub(crate) fn seats(world: &mut World, of: &str) -> Vec<SeatInfo> {
    match world.ask(Command::FindSeats(live(of))) {
        Ok(Answer::Seats(seats)) => seats,
        other => panic!("{other:?}"),
    }
}

/// Who sits where, as "a0:a-host".
pub(crate) fn seated(world: &mut World, of: &str) -> Vec<String> {
    let seats = seats(world, of).into_iter();
    let named = |seat: SeatInfo| Some(format!("{}{}:{}", seat.live_id, seat.index, seat.user_info?.user.user_id));
    seats.filter_map(named).collect()
}

/// A live whose seats are free to take, publishing.
pub(crate) fn open(world: &mut World, name: &str, change: impl FnOnce(&mut NewLive)) {
    let mut new = new_live(name);
    new.seat_mode = SeatMode::Free;
    change(&mut new);
    world.ask(Command::CreateLive(Box::new(new))).unwrap();
    world.forget();
}

fn free() -> World {
    let mut world = World::new();
    open(&mut world, "a", |_| {});
    world
}

/// The last event of this live's clients but the layout that follows from it, as they read it.
pub(crate) fn last(world: &World, of: &str) -> Value {
    let told = |(live, event): &&(_, Event)| *live == self::live(of) && !matches!(event, Event::SeatLayoutChanged(_));
    let own = world.events.iter().rev().find(told);
    serde_json::to_value(&own.unwrap().1).unwrap()
}

fn device(index: u64, device: Device, open: bool) -> SeatAction {
    SeatAction::Device { index, device, open }
}

fn microphone(world: &mut World, index: usize) -> DeviceStatus {
    seats(world, "a")[index].user_info.as_ref().unwrap().microphone_status
}

fn shift(name: &str, to: u64, policy: MovePolicy) -> SeatAction {
    SeatAction::Move { user: user(name), to, policy }
}

#[test]
fn a_live_begins_with_its_owner_on_seat_0_and_has_max_seat_count_seats() {
    let mut world = World::with(&["a"]);
    let all = seats(&mut world, "a");
    assert_eq!(all.len(), 9);
    assert!(all.iter().zip(0..).all(|(seat, index)| seat.index == index && !seat.is_locked));
    assert_eq!(
        serde_json::to_value(&all[..2]).unwrap(),
        json!([
            {"liveId": "a", "index": 0, "isLocked": false, "userInfo": {
                "userId": "a-host", "userName": "Host a", "avatarUrl": "", "liveId": "a", "role": "owner",
                "microphoneStatus": "opened", "allowOpenMicrophone": true,
                "cameraStatus": "opened", "allowOpenCamera": true}},
            {"liveId": "a", "index": 1, "isLocked": false, "userInfo": null},
        ])
    );
}

#[test]
fn a_taken_seat_is_told_to_everybody_and_kept() {
    let mut world = free();
    let answer = take(&mut world, "a", 3, "g");
    assert!(matches!(&answer, Ok(Answer::Seat(seat)) if seat.index == 3 && seat.user_info.is_some()), "{answer:?}");
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a3:g"]);
    let event = last(&world, "a");
    assert_eq!((&event["type"], &event["data"]["reason"]), (&json!("onSeatListChanged"), &json!("taken")));
    assert_eq!(event["data"]["liveId"], "a");
    assert_eq!(event["data"]["seatList"][0]["userInfo"]["role"], "guest");
    assert_eq!(event["data"]["seatedList"][0]["userName"], "Guest g");
    assert_eq!(event["data"]["leftList"], json!([]));
    assert!(matches!(&world.facts[..], [Fact::SeatsChanged { seats, .. }] if seats.len() == 1));
}

#[test]
fn only_where_the_mode_is_free_a_guest_sits_down_unasked() {
    let mut world = World::with(&["a"]);
    assert_eq!(take(&mut world, "a", 1, "g"), Err(Refusal::SeatNeedsConsent { live: live("a") }));
    assert!(pick(&mut world, "a", 1, "g").is_ok(), "the backend puts anybody anywhere");
}

#[test]
fn nobody_but_the_backend_seats_another_user() {
    let mut world = free();
    let other = SeatAction::Take { index: 1, user: guest("g") };
    for by in [by("h"), By::Owner] {
        assert!(matches!(ask(&mut world, "a", by, other.clone()), Err(Refusal::SeatForbidden { .. })));
    }
}

#[test]
fn a_locked_seat_is_refused_with_100200() {
    let mut world = free();
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 2 }).unwrap();
    assert_eq!(take(&mut world, "a", 2, "g"), Err(Refusal::SeatLocked { index: 2 }));
    assert_eq!(pick(&mut world, "a", 2, "g"), Err(Refusal::SeatLocked { index: 2 }));
    ask(&mut world, "a", By::Owner, SeatAction::Unlock { index: 2 }).unwrap();
    assert!(take(&mut world, "a", 2, "g").is_ok());
}

#[test]
fn a_taken_seat_is_refused_with_100201() {
    let mut world = free();
    take(&mut world, "a", 2, "g").unwrap();
    assert_eq!(take(&mut world, "a", 2, "h"), Err(Refusal::SeatOccupied { index: 2, user: user("g") }));
}

#[test]
fn a_user_has_one_seat_else_100203_or_on_the_same_100210() {
    let mut world = free();
    take(&mut world, "a", 2, "g").unwrap();
    assert_eq!(take(&mut world, "a", 3, "g"), Err(Refusal::AlreadySeated { user: user("g"), index: 2 }));
    assert_eq!(take(&mut world, "a", 2, "g"), Err(Refusal::AlreadyOnSeat { user: user("g"), index: 2 }));
}

#[test]
fn the_51st_is_refused_with_100205() {
    let mut world = World::new();
    open(&mut world, "a", |new| new.max_seat_count = 50);
    for index in 1..50 {
        take(&mut world, "a", index, &format!("g{index}")).unwrap();
    }
    assert_eq!(seated(&mut world, "a").len(), 50);
    assert_eq!(take(&mut world, "a", 50, "late"), Err(Refusal::SeatsFull { places: 50 }));
    assert_eq!(
        ask(&mut world, "a", by("late"), SeatAction::Apply(wish("late", None))),
        Err(Refusal::SeatsFull { places: 50 })
    );
    ask(&mut world, "a", by("g7"), SeatAction::Leave { index: 7 }).unwrap();
    let beyond = take(&mut world, "a", 50, "late").unwrap_err().to_string();
    assert_eq!(beyond, "seatIndex: must be 0 to 49, found 50; the live has 50 seats now");
}

#[test]
fn who_is_not_on_a_seat_is_refused_with_100206() {
    let mut world = free();
    take(&mut world, "a", 2, "g").unwrap();
    let nobody = Err(Refusal::NotSeated { index: 1 });
    assert_eq!(ask(&mut world, "a", by("g"), SeatAction::Leave { index: 1 }), nobody);
    assert_eq!(ask(&mut world, "a", by("h"), SeatAction::Leave { index: 2 }), Err(Refusal::NotSeated { index: 2 }));
    assert_eq!(ask(&mut world, "a", By::Owner, SeatAction::Kick { index: 1 }), nobody);
    assert_eq!(ask(&mut world, "a", By::Owner, device(1, Device::Camera, false)), nobody);
    let stranger = ask(&mut world, "a", By::Owner, shift("h", 1, MovePolicy::ForceReplace));
    assert_eq!(stranger, Err(Refusal::UserNotSeated { user: user("h") }));
}

#[test]
fn a_live_without_seats_refuses_with_100211_and_its_empty_list_with_100251() {
    let mut world = World::new();
    open(&mut world, "a", |new| new.is_seat_enabled = false);
    assert_eq!(take(&mut world, "a", 1, "g"), Err(Refusal::NoSeats { live: live("a") }));
    assert_eq!(world.ask(Command::FindSeats(live("a"))), Err(Refusal::SeatListEmpty { live: live("a") }));
    assert_eq!(world.machine.view(&live("a")).unwrap().seat_list, []);
}

#[test]
fn who_leaves_is_gone_from_the_list() {
    let mut world = free();
    take(&mut world, "a", 2, "g").unwrap();
    assert_eq!(ask(&mut world, "a", by("g"), SeatAction::Leave { index: 2 }), Ok(Answer::Done));
    assert_eq!(seated(&mut world, "a"), ["a0:a-host"]);
    let data = &last(&world, "a")["data"];
    assert_eq!((&data["reason"], &data["leftList"][0]["userId"]), (&json!("left"), &json!("g")));
    take(&mut world, "a", 2, "g").unwrap();
    assert_eq!(ask(&mut world, "a", By::Backend, SeatAction::Leave { index: 2 }), Ok(Answer::Done));
}

#[test]
fn an_owner_stays_on_seat_0_unless_the_live_lets_it_go() {
    let mut world = free();
    open(&mut world, "b", |new| new.keep_owner_on_seat = false);
    let leave = SeatAction::Leave { index: 0 };
    assert_eq!(ask(&mut world, "a", By::Owner, leave.clone()), Err(Refusal::OwnerStays { live: live("a") }));
    assert_eq!(ask(&mut world, "b", By::Owner, leave), Ok(Answer::Done));
    assert_eq!(seated(&mut world, "b"), [""; 0]);
    let owner = User { user_id: host_of("b"), user_name: String::new(), avatar_url: String::new() };
    let elsewhere = SeatAction::Take { index: 1, user: owner.clone() };
    assert_eq!(ask(&mut world, "b", By::Owner, elsewhere), Err(Refusal::OwnerSeat { live: live("b") }));
    assert!(ask(&mut world, "b", By::Owner, SeatAction::Take { index: 0, user: owner }).is_ok());
    assert_eq!(seated(&mut world, "b"), ["b0:b-host"]);
}

#[test]
fn seat_0_is_nobody_elses() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    let refused = Err(Refusal::OwnerSeat { live: live("a") });
    assert_eq!(take(&mut world, "a", 0, "h"), refused);
    for action in [
        SeatAction::Lock { index: 0 },
        SeatAction::Kick { index: 0 },
        shift("g", 0, MovePolicy::SwapPosition),
        shift("a-host", 1, MovePolicy::SwapPosition),
        SeatAction::Invite(wish("h", Some(0))),
        SeatAction::Invite(wish("a-host", None)),
    ] {
        assert_eq!(ask(&mut world, "a", By::Backend, action.clone()), refused, "{action:?}");
    }
}

#[test]
fn guests_do_not_manage() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    take(&mut world, "a", 2, "h").unwrap();
    for action in [
        SeatAction::Lock { index: 3 },
        SeatAction::Unlock { index: 3 },
        SeatAction::Kick { index: 2 },
        shift("h", 3, MovePolicy::AbortWhenOccupied),
        shift("g", 2, MovePolicy::ForceReplace),
        shift("g", 2, MovePolicy::SwapPosition),
        device(2, Device::Microphone, false),
        SeatAction::Invite(wish("i", None)),
        SeatAction::Apply(wish("i", None)),
    ] {
        let answer = ask(&mut world, "a", by("g"), action.clone());
        assert!(matches!(answer, Err(Refusal::SeatForbidden { .. })), "{action:?}: {answer:?}");
    }
}

#[test]
fn locking_removes_the_occupant_first() {
    let mut world = free();
    take(&mut world, "a", 2, "g").unwrap();
    world.forget();
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 2 }).unwrap();
    assert_eq!(world.told("a"), ["onKickedOffSeat", "onSeatListChanged", "onSeatListChanged", "onSeatLayoutChanged"]);
    let lists = world.events.iter().map(|(_, event)| serde_json::to_value(event).unwrap());
    let locked: Vec<_> = lists.take(3).map(|event| event["data"]["seatList"][0]["isLocked"].clone()).collect();
    assert_eq!(locked, [Value::Null, json!(false), json!(true)]);
    assert_eq!(seated(&mut world, "a"), ["a0:a-host"]);
    world.forget();
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 2 }).unwrap();
    assert_eq!(world.told("a"), [""; 0], "locking again changes nothing");
}

#[test]
fn a_kicked_user_is_told_by_whom_and_why() {
    let mut world = free();
    take(&mut world, "a", 2, "g").unwrap();
    world.forget();
    ask(&mut world, "a", By::Owner, SeatAction::Kick { index: 2 }).unwrap();
    let kicked = serde_json::to_value(&world.events[0].1).unwrap();
    let host = json!({"liveId": "a", "userId": "a-host", "userName": "Host a", "avatarUrl": "", "seatIndex": 0});
    let guest = json!({"userId": "g", "userName": "Guest g", "avatarUrl": ""});
    assert_eq!(
        kicked,
        json!({"type": "onKickedOffSeat",
            "data": {"seatIndex": 2, "host": host, "guest": guest, "reason": "kicked"}})
    );
    assert_eq!(last(&world, "a")["data"]["reason"], "kicked");
    assert!(take(&mut world, "a", 2, "g").is_ok(), "and may come again");
}

#[test]
fn a_move_to_a_taken_seat_follows_its_policy() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    take(&mut world, "a", 2, "h").unwrap();
    let abort = ask(&mut world, "a", By::Owner, shift("g", 2, MovePolicy::AbortWhenOccupied));
    assert_eq!(abort, Err(Refusal::SeatOccupied { index: 2, user: user("h") }));
    ask(&mut world, "a", By::Owner, shift("g", 2, MovePolicy::SwapPosition)).unwrap();
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a1:h", "a2:g"]);
    world.forget();
    ask(&mut world, "a", By::Owner, shift("g", 1, MovePolicy::ForceReplace)).unwrap();
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a1:g"]);
    assert_eq!(world.told("a"), ["onKickedOffSeat", "onSeatListChanged", "onSeatLayoutChanged"]);
    assert_eq!(last(&world, "a")["data"]["leftList"][0]["userId"], "h");
    let stay = ask(&mut world, "a", By::Owner, shift("g", 1, MovePolicy::SwapPosition));
    assert_eq!(stay, Err(Refusal::AlreadyOnSeat { user: user("g"), index: 1 }));
}

#[test]
fn a_move_by_the_owner_unlocks_and_a_guest_moves_itself_to_free_seats_only() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 3 }).unwrap();
    let own = shift("g", 3, MovePolicy::AbortWhenOccupied);
    assert_eq!(ask(&mut world, "a", by("g"), own.clone()), Err(Refusal::SeatLocked { index: 3 }));
    assert!(ask(&mut world, "a", By::Owner, own).is_ok());
    assert!(!seats(&mut world, "a")[3].is_locked);
    assert!(ask(&mut world, "a", by("g"), shift("g", 4, MovePolicy::AbortWhenOccupied)).is_ok());
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a4:g"]);
    open(&mut world, "b", |new| new.seat_mode = SeatMode::Apply);
    pick(&mut world, "b", 1, "g").unwrap();
    let refused = ask(&mut world, "b", by("g"), shift("g", 2, MovePolicy::AbortWhenOccupied));
    assert_eq!(refused, Err(Refusal::SeatNeedsConsent { live: live("b") }));
}

#[test]
fn what_the_owner_closed_it_unlocks_and_the_user_opens() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    for (kind, word) in [(Device::Microphone, "Microphone"), (Device::Camera, "Camera")] {
        ask(&mut world, "a", By::Owner, device(1, kind, false)).unwrap();
        assert_eq!(last(&world, "a")["type"], format!("onLocal{word}ClosedByAdmin"));
        let locked = ask(&mut world, "a", by("g"), device(1, kind, true));
        assert!(matches!(locked, Err(Refusal::DeviceLocked { index: 1, .. })), "{locked:?}");
        ask(&mut world, "a", By::Owner, device(1, kind, true)).unwrap();
        let opened = last(&world, "a");
        assert_eq!(opened["type"], format!("onLocal{word}OpenedByAdmin"));
        assert_eq!(opened["data"]["policy"], 1);
        let info = serde_json::to_value(&seats(&mut world, "a")[1]).unwrap()["userInfo"].clone();
        let lower = word.to_lowercase();
        assert_eq!(info[format!("{lower}Status")], "closedBySelf", "unlocked, not opened");
        assert_eq!(info[format!("allowOpen{word}")], true);
        ask(&mut world, "a", by("g"), device(1, kind, true)).unwrap();
    }
    assert_eq!(microphone(&mut world, 1), DeviceStatus::Opened);
}

#[test]
fn what_the_user_closed_nobody_else_opens() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    ask(&mut world, "a", by("g"), device(1, Device::Microphone, false)).unwrap();
    assert_eq!(microphone(&mut world, 1), DeviceStatus::ClosedBySelf);
    for by in [By::Owner, By::Backend] {
        let answer = ask(&mut world, "a", by, device(1, Device::Microphone, true));
        assert!(matches!(answer, Err(Refusal::DeviceClosedByUser { index: 1, .. })), "{answer:?}");
    }
    ask(&mut world, "a", by("g"), device(1, Device::Microphone, true)).unwrap();
    world.forget();
    ask(&mut world, "a", by("g"), device(1, Device::Microphone, true)).unwrap();
    assert_eq!(world.told("a"), [""; 0], "what is so already is not told");
}

#[test]
fn devices_go_with_their_user_to_another_seat() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    ask(&mut world, "a", By::Owner, device(1, Device::Microphone, false)).unwrap();
    ask(&mut world, "a", By::Owner, shift("g", 4, MovePolicy::AbortWhenOccupied)).unwrap();
    assert_eq!(microphone(&mut world, 4), DeviceStatus::ClosedByAdmin);
    take(&mut world, "a", 1, "h").unwrap();
    assert_eq!(microphone(&mut world, 1), DeviceStatus::Opened);
}

#[test]
fn what_the_owner_or_the_backend_has_closed_stays_closed_when_the_seat_is_left_and_taken_again() {
    let mut world = free();
    for name in ["g", "h"] {
        take(&mut world, "a", 1, name).unwrap();
        ask(&mut world, "a", By::Owner, device(1, Device::Microphone, false)).unwrap();
        ask(&mut world, "a", by(name), SeatAction::Leave { index: 1 }).unwrap();
        take(&mut world, "a", 2, name).unwrap();
        assert_eq!(microphone(&mut world, 2), DeviceStatus::ClosedByAdmin);
        if name == "g" {
            ask(&mut world, "a", By::Owner, device(2, Device::Microphone, true)).unwrap();
        }
        ask(&mut world, "a", by(name), SeatAction::Leave { index: 2 }).unwrap();
    }
    take(&mut world, "a", 3, "g").unwrap();
    assert_eq!(microphone(&mut world, 3), DeviceStatus::Opened, "it was undone before it left");
    take(&mut world, "a", 4, "h").unwrap();
    assert_eq!(microphone(&mut world, 4), DeviceStatus::ClosedByAdmin);
    world.ask(Command::EndLive { live: live("a"), reason: LiveEndReason::EndedByHost }).unwrap();
    open(&mut world, "a", |_| {});
    take(&mut world, "a", 1, "h").unwrap();
    assert_eq!(microphone(&mut world, 1), DeviceStatus::Opened, "another live of the same name");
}

#[test]
fn an_owner_opens_nothing_that_the_backend_closed_by_leaving_its_seat_or_by_doing_without_seats() {
    let mut world = World::new();
    open(&mut world, "a", |new| new.keep_owner_on_seat = false);
    ask(&mut world, "a", By::Backend, device(0, Device::Camera, false)).unwrap();
    ask(&mut world, "a", By::Backend, device(0, Device::Microphone, false)).unwrap();
    world.media_of("a", MediaState::Up);
    let shown = |world: &mut World| world.scene("a").tiles.iter().map(|it| (it.camera, it.muted)).collect::<Vec<_>>();
    assert_eq!(shown(&mut world), [(false, true)]);
    ask(&mut world, "a", By::Owner, SeatAction::Leave { index: 0 }).unwrap();
    assert_eq!(shown(&mut world), [(false, true)], "without its seat");
    for is_seat_enabled in [false, true] {
        let change = LiveChange { is_seat_enabled: Some(is_seat_enabled), ..LiveChange::of(live("a")) };
        world.ask(Command::UpdateLive(Box::new(change))).unwrap();
        assert_eq!(shown(&mut world), [(false, true)]);
    }
    assert_eq!(microphone(&mut world, 0), DeviceStatus::ClosedByAdmin);
}

#[test]
fn the_picture_shows_the_owners_camera_and_microphone() {
    let mut world = World::connected(&["a", "b"]);
    let shown = |world: &mut World| {
        let tiles = world.scene("b").tiles;
        tiles.iter().map(|tile| (tile.camera, tile.muted)).collect::<Vec<_>>()
    };
    assert_eq!(shown(&mut world), [(true, false), (true, false)]);
    ask(&mut world, "a", By::Owner, device(0, Device::Camera, false)).unwrap();
    ask(&mut world, "b", By::Backend, device(0, Device::Microphone, false)).unwrap();
    assert_eq!(shown(&mut world), [(false, false), (true, true)]);
    world.leave("b");
    assert_eq!(shown(&mut world), [(true, true)], "alone too");
}

#[test]
fn the_seats_of_a_live_end_with_it() {
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    ask(&mut world, "a", by("h"), SeatAction::Apply(wish("h", None))).unwrap();
    world.forget();
    world.end("a");
    assert_eq!(world.told("a"), ["onLiveEnded"]);
    open(&mut world, "a", |_| {});
    assert_eq!(seated(&mut world, "a"), ["a0:a-host"]);
    assert!(ask(&mut world, "a", by("h"), SeatAction::Apply(wish("h", None))).is_ok());
}

#[test]
fn a_seat_event_of_one_guest_is_for_that_guest_and_the_host() {
    use costage::live::event::Audience;
    let mut world = free();
    take(&mut world, "a", 1, "g").unwrap();
    ask(&mut world, "a", By::Owner, device(1, Device::Camera, false)).unwrap();
    ask(&mut world, "a", by("h"), SeatAction::Apply(wish("h", None))).unwrap();
    let audiences: Vec<_> = world.events.iter().map(|(_, event): &(_, Event)| event.audience()).collect();
    let everyone = Audience::Everyone;
    let expected = [everyone.clone(), everyone.clone(), everyone, Audience::User(user("g")), Audience::Host];
    assert_eq!(audiences, expected);
}

#[test]
fn a_connection_of_9_lives_has_50_taken_seats_in_each_and_refuses_the_51st() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let mut world = World::new();
    for name in names {
        open(&mut world, name, |new| new.max_seat_count = 50);
        for index in 1..50 {
            take(&mut world, name, index, &format!("{name}-{index}")).unwrap();
        }
    }
    for name in &names[1..] {
        world.invite("a", &[name]);
        world.accept(name, "a");
    }
    for name in names {
        let all = seats(&mut world, name);
        assert_eq!(all.len(), 450);
        assert!(all.iter().all(|seat| seat.user_info.is_some()));
        assert_eq!(all[0].live_id, live(name), "its own come first");
        assert_eq!(world.machine.view(&live(name)).unwrap().seat_list, all);
        let late = format!("{name}-late");
        assert_eq!(take(&mut world, name, 50, &late), Err(Refusal::SeatsFull { places: 50 }));
        let anywhere = ask(&mut world, name, By::Owner, SeatAction::Invite(wish(&late, None)));
        assert_eq!(anywhere, Err(Refusal::SeatsFull { places: 50 }));
    }
    world.forget();
    ask(&mut world, "c", By::Owner, SeatAction::Kick { index: 49 }).unwrap();
    for name in names {
        let data = last(&world, name)["data"].clone();
        assert_eq!((&data["liveId"], &data["seatList"][0]["index"]), (&json!("c"), &json!(49)));
    }
    assert_eq!(seated(&mut world, "i").len(), 449);
    world.leave("c");
    assert_eq!((seats(&mut world, "c").len(), seats(&mut world, "a").len()), (50, 400));
}

#[test]
fn lives_that_connect_tell_each_other_their_seats() {
    let mut world = World::new();
    for name in ["a", "b", "c"] {
        open(&mut world, name, |_| {});
    }
    take(&mut world, "a", 1, "g").unwrap();
    ask(&mut world, "c", By::Owner, SeatAction::Lock { index: 2 }).unwrap();
    let lists = |world: &World, of: &str| -> Vec<Value> {
        let own = world.events.iter().filter(|(live, _)| live.as_str() == of);
        let own = own.map(|(_, event)| serde_json::to_value(event).unwrap());
        own.filter(|event| event["type"] == "onSeatListChanged").map(|event| event["data"].clone()).collect()
    };
    world.invite("a", &["b"]);
    world.forget();
    world.accept("b", "a");
    assert_eq!(lists(&world, "a"), [Value::Null; 0], "of b there is nothing to tell but its host");
    let told = lists(&world, "b");
    assert_eq!((&told[0]["liveId"], &told[0]["reason"]), (&json!("a"), &json!("joined")));
    assert_eq!(told[0]["seatList"].as_array().unwrap().len(), 9);
    world.invite("a", &["c"]);
    world.forget();
    world.accept("c", "a");
    for (name, from) in [("a", "c"), ("b", "c"), ("c", "a")] {
        let told = lists(&world, name);
        assert_eq!((told.len(), &told[0]["liveId"]), (1, &json!(from)), "{name}");
    }
    assert_eq!(seated(&mut world, "b"), ["b0:b-host", "a0:a-host", "a1:g", "c0:c-host"]);
}
