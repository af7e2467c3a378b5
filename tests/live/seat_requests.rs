//! Applications for seats and invitations to them.

use std::time::Duration;

use costage::live::answer::SeatRequests;
use costage::live::command::{By, SeatAction, SeatReply, SeatRequestKind, SeatWish};
use costage::live::rules::LIVE_SEAT_REQUESTS_MAX;
use costage::live::{Answer, Command, Lives, Refusal, Rules};
use serde_json::json;

use crate::seats::{ask, by, last, pick, seated, wish};
use crate::world::{World, live, user};

const APPLICATION: SeatRequestKind = SeatRequestKind::Application;
const INVITATION: SeatRequestKind = SeatRequestKind::Invitation;

fn apply(world: &mut World, name: &str, index: Option<u64>) -> Result<Answer, Refusal> {
    ask(world, "a", by(name), SeatAction::Apply(wish(name, index)))
}

fn invite(world: &mut World, name: &str, index: Option<u64>) -> Result<Answer, Refusal> {
    ask(world, "a", By::Owner, SeatAction::Invite(wish(name, index)))
}

fn answer(world: &mut World, from: By, kind: SeatRequestKind, name: &str, reply: SeatReply) -> Result<Answer, Refusal> {
    ask(world, "a", from, SeatAction::Answer { kind, user: user(name), reply })
}

fn pending(world: &mut World) -> SeatRequests {
    match world.ask(Command::FindSeatRequests(live("a"))) {
        Ok(Answer::SeatRequests(requests)) => requests,
        other => panic!("{other:?}"),
    }
}

fn pending_count(world: &mut World) -> (usize, usize) {
    let all = pending(world);
    (all.applicants.len(), all.invitees.len())
}

fn seconds(name: &str, timeout: u64) -> SeatWish {
    SeatWish { timeout: Some(Duration::from_secs(timeout)), ..wish(name, None) }
}

#[test]
fn an_accepted_applicant_sits_on_the_first_free_seat() {
    let mut world = World::with(&["a"]);
    pick(&mut world, "a", 1, "first").unwrap();
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 2 }).unwrap();
    world.forget();
    apply(&mut world, "g", None).unwrap();
    let received = last(&world, "a");
    assert_eq!(received["type"], "onGuestApplicationReceived");
    assert_eq!(
        (&received["data"]["guest"]["userId"], &received["data"]["guest"]["seatIndex"]),
        (&json!("g"), &json!(-1))
    );
    assert_eq!(pending_count(&mut world), (1, 0));
    world.forget();
    let seat = answer(&mut world, By::Owner, APPLICATION, "g", SeatReply::Accept);
    assert!(matches!(&seat, Ok(Answer::Seat(seat)) if seat.index == 3), "{seat:?}");
    assert_eq!(world.told("a"), ["onGuestApplicationResponded", "onSeatListChanged", "onSeatLayoutChanged"]);
    let responded = serde_json::to_value(&world.events[0].1).unwrap();
    assert_eq!(
        (&responded["data"]["isAccept"], &responded["data"]["host"]["userId"]),
        (&json!(true), &json!("a-host"))
    );
    assert_eq!(pending_count(&mut world), (0, 0));
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a1:first", "a3:g"]);
}

#[test]
fn an_accepted_invitation_seats_the_guest_where_it_was_invited() {
    let mut world = World::with(&["a"]);
    invite(&mut world, "g", Some(5)).unwrap();
    let received = last(&world, "a");
    assert_eq!(received["type"], "onHostInvitationReceived");
    assert_eq!(
        (&received["data"]["guest"]["seatIndex"], &received["data"]["host"]["liveId"]),
        (&json!(5), &json!("a"))
    );
    world.forget();
    answer(&mut world, by("g"), INVITATION, "g", SeatReply::Accept).unwrap();
    assert_eq!(world.told("a"), ["onHostInvitationResponded", "onSeatListChanged", "onSeatLayoutChanged"]);
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a5:g"]);
}

#[test]
fn a_rejected_or_cancelled_request_is_over_and_says_so() {
    let mut world = World::with(&["a"]);
    let replies = [
        (APPLICATION, By::Owner, SeatReply::Reject, "onGuestApplicationResponded"),
        (APPLICATION, by("g"), SeatReply::Cancel, "onGuestApplicationCancelled"),
        (INVITATION, by("g"), SeatReply::Reject, "onHostInvitationResponded"),
        (INVITATION, By::Owner, SeatReply::Cancel, "onHostInvitationCancelled"),
    ];
    for (kind, from, reply, event) in replies {
        match kind {
            APPLICATION => apply(&mut world, "g", None).unwrap(),
            INVITATION => invite(&mut world, "g", None).unwrap(),
        };
        world.forget();
        assert_eq!(answer(&mut world, from.clone(), kind, "g", reply), Ok(Answer::Done));
        assert_eq!(world.told("a"), [event]);
        assert_ne!(last(&world, "a")["data"]["isAccept"], true);
        let again = answer(&mut world, from, kind, "g", reply);
        assert_eq!(again, Err(Refusal::NotQueued { user: user("g"), kind }), "100204");
    }
}

#[test]
fn a_second_request_of_either_kind_is_refused_with_100202() {
    let mut world = World::with(&["a"]);
    apply(&mut world, "g", None).unwrap();
    let queued = Refusal::AlreadyQueued { user: user("g"), kind: APPLICATION };
    assert_eq!(apply(&mut world, "g", Some(3)), Err(queued.clone()));
    assert_eq!(invite(&mut world, "g", None), Err(queued));
    invite(&mut world, "h", None).unwrap();
    assert_eq!(apply(&mut world, "h", None), Err(Refusal::AlreadyQueued { user: user("h"), kind: INVITATION }));
}

#[test]
fn who_asks_for_a_seat_that_is_not_free_is_refused_at_once() {
    let mut world = World::with(&["a"]);
    pick(&mut world, "a", 1, "first").unwrap();
    ask(&mut world, "a", By::Owner, SeatAction::Lock { index: 2 }).unwrap();
    assert_eq!(apply(&mut world, "g", Some(1)), Err(Refusal::SeatOccupied { index: 1, user: user("first") }));
    assert_eq!(invite(&mut world, "g", Some(2)), Err(Refusal::SeatLocked { index: 2 }));
    assert_eq!(apply(&mut world, "first", None), Err(Refusal::AlreadySeated { user: user("first"), index: 1 }));
    let beyond = apply(&mut world, "g", Some(9)).unwrap_err().to_string();
    assert_eq!(beyond, "seatIndex: must be 0 to 8, found 9; the live has 9 seats now");
}

#[test]
fn while_its_seat_is_taken_an_accepted_request_stays_pending() {
    let mut world = World::with(&["a"]);
    apply(&mut world, "g", Some(1)).unwrap();
    pick(&mut world, "a", 1, "first").unwrap();
    let accept = |world: &mut World| answer(world, By::Owner, APPLICATION, "g", SeatReply::Accept);
    assert_eq!(accept(&mut world), Err(Refusal::SeatOccupied { index: 1, user: user("first") }));
    ask(&mut world, "a", By::Owner, SeatAction::Kick { index: 1 }).unwrap();
    assert!(accept(&mut world).is_ok());
}

#[test]
fn only_whom_it_was_asked_of_answers_and_only_who_asked_cancels() {
    let mut world = World::with(&["a"]);
    apply(&mut world, "g", None).unwrap();
    invite(&mut world, "h", None).unwrap();
    for (from, kind, name, reply) in [
        (by("g"), APPLICATION, "g", SeatReply::Accept),
        (by("g"), APPLICATION, "g", SeatReply::Reject),
        (By::Owner, APPLICATION, "g", SeatReply::Cancel),
        (by("h"), APPLICATION, "g", SeatReply::Cancel),
        (By::Owner, INVITATION, "h", SeatReply::Accept),
        (by("g"), INVITATION, "h", SeatReply::Reject),
        (by("h"), INVITATION, "h", SeatReply::Cancel),
    ] {
        let answer = answer(&mut world, from.clone(), kind, name, reply);
        assert!(matches!(answer, Err(Refusal::SeatForbidden { .. })), "{from:?} {kind:?} {reply:?}: {answer:?}");
    }
}

#[test]
fn what_the_backend_answered_for_the_host_the_host_is_told() {
    let mut world = World::with(&["a"]);
    apply(&mut world, "g", None).unwrap();
    world.forget();
    answer(&mut world, By::Backend, APPLICATION, "g", SeatReply::Reject).unwrap();
    assert_eq!(world.told("a"), ["onGuestApplicationProcessedByOtherHost", "onGuestApplicationResponded"]);
}

#[test]
fn a_request_without_an_answer_times_out() {
    let mut world = World::with(&["a"]);
    ask(&mut world, "a", by("g"), SeatAction::Apply(seconds("g", 5))).unwrap();
    invite(&mut world, "h", None).unwrap();
    world.forget();
    world.wait(Duration::from_millis(4_999));
    assert_eq!(world.told("a"), [""; 0]);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.told("a"), ["onGuestApplicationNoResponse"]);
    assert_eq!(last(&world, "a")["data"]["reason"], "timeout");
    assert_eq!(last(&world, "a")["data"]["reasonCode"], 0);
    world.wait(Duration::from_secs(25));
    assert_eq!(world.told("a"), ["onGuestApplicationNoResponse", "onHostInvitationNoResponse"], "30 s by default");
    assert_eq!(pending_count(&mut world), (0, 0));
}

#[test]
fn a_timeout_of_0_never_comes() {
    let mut world = World::with(&["a"]);
    ask(&mut world, "a", by("g"), SeatAction::Apply(seconds("g", 0))).unwrap();
    world.wait(Duration::from_secs(400_000));
    assert_eq!(pending(&mut world).applicants[0].expire_time, None);
    let long = ask(&mut world, "a", by("h"), SeatAction::Apply(seconds("h", 86_401)));
    assert_eq!(long.unwrap_err().to_string(), "timeoutSeconds: must be 0 to 86400, found 86401");
}

#[test]
fn who_sits_down_meanwhile_ends_its_request_as_already_seated() {
    let mut world = World::with(&["a"]);
    apply(&mut world, "g", None).unwrap();
    invite(&mut world, "h", None).unwrap();
    world.forget();
    pick(&mut world, "a", 1, "g").unwrap();
    pick(&mut world, "a", 2, "h").unwrap();
    let told = |no_response| [no_response, "onSeatListChanged", "onSeatLayoutChanged"];
    let expected = [told("onGuestApplicationNoResponse"), told("onHostInvitationNoResponse")].concat();
    assert_eq!(world.told("a"), expected);
    let first = serde_json::to_value(&world.events[0].1).unwrap();
    assert_eq!((&first["data"]["reason"], &first["data"]["reasonCode"]), (&json!("alreadySeated"), &json!(1)));
    assert_eq!(pending_count(&mut world), (0, 0));
}

#[test]
fn pending_requests_of_a_live_have_a_limit() {
    let mut world = World::with(&["a"]);
    for number in 0..LIVE_SEAT_REQUESTS_MAX {
        apply(&mut world, &format!("g{number}"), None).unwrap();
    }
    assert_eq!(apply(&mut world, "late", None), Err(Refusal::TooManySeatRequests { live: live("a") }));
}

#[test]
fn a_text_that_is_too_long_is_refused_by_name() {
    let mut world = World::with(&["a"]);
    let mut long = wish("g", None);
    long.extension_info = "x".repeat(2_049);
    let refused = ask(&mut world, "a", by("g"), SeatAction::Apply(long));
    assert_eq!(refused.unwrap_err().to_string(), "extensionInfo: at most 2048 bytes, found 2049");
    let mut named = wish("g", None);
    named.user.user_name = "x".repeat(101);
    let refused = ask(&mut world, "a", by("g"), SeatAction::Apply(named));
    assert_eq!(refused.unwrap_err().to_string(), "userName: at most 100 bytes, found 101");
}

#[test]
fn seats_and_what_is_asked_about_them_are_in_a_snapshot() {
    let mut world = World::with(&["a"]);
    pick(&mut world, "a", 1, "g").unwrap();
    ask(&mut world, "a", by("h"), SeatAction::Apply(seconds("h", 60))).unwrap();
    world.wait(Duration::from_secs(20));
    let (snapshot, wall) = (world.machine.snapshot(), world.wall());
    world.now += Duration::from_secs(1_000);
    world.machine = Lives::seed(world.now, wall, Rules::default(), snapshot);
    assert_eq!(seated(&mut world, "a"), ["a0:a-host", "a1:g"]);
    world.forget();
    world.wait(Duration::from_millis(39_999));
    assert_eq!(pending_count(&mut world), (1, 0));
    world.wait(Duration::from_millis(1));
    assert_eq!(world.told("a"), ["onGuestApplicationNoResponse"]);
}
