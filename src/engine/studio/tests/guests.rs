//! Guests: sources of a live beside its host's, which a connection hears and does not show.

use super::*;
use costage_media::scene::Voice;

const GIL: SourceId = SourceId(9);

/// A scene that shows some and lets others be heard.
fn with_voices(shown: &[SourceId], heard: &[SourceId]) -> Scene {
    let voices = heard.iter().map(|source| Voice { source: *source, camera: true, muted: false }).collect();
    Scene { voices, ..scene(shown) }
}

impl Room {
    fn stage_as(&mut self, stage: u64, scene: Scene, awaited: &[SourceId]) {
        let awaited = awaited.iter().copied().collect();
        self.studio.obey(self.now(), Order::Stage { stage: StageId(stage), scene, awaited });
    }
}

#[test]
fn pictures_of_who_is_heard_only_are_not_decoded_and_come_with_the_next_keyframe_when_it_has_a_tile_again() {
    let mut room = Room::new(&hand());
    [ALICE, GIL].into_iter().for_each(|source| room.publish(source));
    room.stage_as(1, with_voices(&[ALICE], &[GIL]), &[]);
    room.feed(ALICE, LIGHT);
    room.feed(GIL, DARK);
    room.pass(100);
    assert!(room.studio.sources[&GIL].last().is_none(), "for nobody");
    room.stage(1, &[ALICE, GIL], &[]);
    room.feed(GIL, DARK);
    room.pass(400);
    let last = room.seen(1).pop().expect("it goes on");
    assert!(about(last, [LIGHT, DARK]), "{last:?}");
}

/// A host of a voice layout, or beside a custom one, which has gone on publishing all the while.
#[test]
fn who_was_heard_only_is_seen_again_by_the_last_picture_and_does_not_seem_to_have_been_silent() {
    for away_ms in [3_000, 9_000] {
        let mut room = Room::new(&hand());
        [ALICE, GIL].into_iter().for_each(|source| room.publish(source));
        room.stage(1, &[ALICE, GIL], &[]);
        [(ALICE, LIGHT), (GIL, DARK)].into_iter().for_each(|(source, luma)| room.feed(source, luma));
        room.pass(400);
        room.stage_as(1, with_voices(&[ALICE], &[GIL]), &[]);
        for _ in 0..away_ms / 500 {
            [(ALICE, LIGHT), (GIL, DARK)].into_iter().for_each(|(source, luma)| room.feed(source, luma));
            room.pass(500);
        }
        room.pictures(1);
        room.stage(1, &[ALICE, GIL], &[]);
        room.pass(1_400);
        let seen = room.seen(1);
        assert!(seen.last().is_some_and(|last| about(*last, [LIGHT, DARK])), "{away_ms} ms: {seen:?}");
        // Silent from here on: then it is said, as of anybody.
        room.pass(1_000);
        let last = room.seen(1).pop().expect("it goes on");
        assert!(!about(last, [LIGHT, DARK]), "{away_ms} ms: {last:?}");
    }
}

#[test]
fn a_live_with_a_guest_turns_into_a_connection_and_has_its_guest_back_after_it() {
    let mut room = Room::new(&hand());
    for (source, luma) in [(ALICE, LIGHT), (GIL, LIGHT), (BOB, DARK)] {
        room.publish(source);
        room.feed(source, luma);
    }
    room.stage(1, &[ALICE, GIL], &[]);
    room.stage(2, &[BOB], &[]);
    room.pass(100);
    room.stage_as(3, with_voices(&[ALICE, BOB], &[GIL]), &[]);
    [1, 2].into_iter().for_each(|stage| room.studio.obey(room.hand.now(), Order::EndStage(StageId(stage))));
    assert!(room.studio.programs.contains_key(&StageId(1)), "its viewers see it turn");
    room.feed(GIL, LIGHT);
    room.pass(340);
    let seen = room.seen(3);
    assert!(seen.first().is_some_and(|first| about(*first, [LIGHT, DARK])), "{seen:?}");
    assert!(room.studio.programs.keys().eq([&StageId(3)]), "programs that have turned end");
    room.stage(4, &[ALICE, GIL], &[]);
    room.stage(5, &[BOB], &[]);
    room.studio.obey(room.now(), Order::EndStage(StageId(3)));
    room.feed(GIL, DARK);
    room.pass(400);
    let last = room.seen(4).pop().expect("it goes on");
    assert!(about(last, [LIGHT, DARK]), "{last:?}");
    let by: Vec<_> = [ALICE, BOB, GIL].map(|source| room.studio.shown_by[&source].0).to_vec();
    assert_eq!(by, [4, 5, 4]);
}

#[test]
fn host_and_guest_go_to_another_thread_one_after_the_other_and_the_last_takes_their_program_along() {
    let hand = hand();
    let (mut here, mut there) = (Room::new(&hand), Room::new(&hand));
    here.publish(ALICE);
    here.stage(1, &[ALICE], &[]);
    here.feed(ALICE, LIGHT);
    for source in [BOB, GIL] {
        there.publish(source);
        there.feed(source, DARK);
    }
    there.stage(2, &[BOB, GIL], &[]);
    there.pass(50);
    here.stage_as(3, with_voices(&[ALICE, BOB], &[GIL]), &[BOB, GIL]);
    let (to_here, orders, _) = MixHandle::unattended();
    for source in [BOB, GIL] {
        assert!(there.studio.programs.contains_key(&StageId(2)), "while one of them is there");
        there.studio.obey(hand.now(), Order::Move { source, to: to_here.clone(), number: 1 });
    }
    there.studio.obey(hand.now(), Order::EndStage(StageId(2)));
    assert!(there.studio.programs.is_empty() && there.studio.sources.is_empty(), "nothing is stranded");
    arrive(&mut here, &orders);
    assert_eq!(here.studio.programs[&StageId(2)].phase, Phase::Turning(StageId(3)));
    here.pass(340);
    let seen = here.seen(3);
    assert!(seen.first().is_some_and(|first| about(*first, [LIGHT, DARK])), "{seen:?}");
}

#[test]
fn a_connection_does_not_wait_for_a_guest_who_leaves_on_the_way() {
    let hand = hand();
    let mut room = Room::new(&hand);
    for (source, luma) in [(ALICE, LIGHT), (BOB, DARK)] {
        room.publish(source);
        room.feed(source, luma);
    }
    room.stage_as(3, with_voices(&[ALICE, BOB], &[GIL]), &[GIL]);
    room.pass(50);
    assert!(room.seen(3).is_empty(), "it is awaited");
    room.stage(3, &[ALICE, BOB], &[]);
    room.studio.obey(room.now(), Order::EndSource(GIL));
    room.pass(400);
    assert!(!room.seen(3).is_empty(), "the others are here");
}
