//! Random commands and random waits; after each step everything that must always hold is checked.
//!
//! A failing case prints its shortest commands, and its seed is kept in `tests/proptest-regressions` and tried first
//! from then on: `cargo test --release --test live random`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use costage::live::answer::{BattleEndReason, BattleInfo, BattleStatus};
use costage::live::command::{BattleRequest, LiveChange, LiveEndReason, MediaState, ScoreOp, SocketState, TemplateRef};
use costage::live::{Answer, BattleId, Command, LiveId, Lives, Refusal, Rules, ScoreKey, UserId};
use costage_media::forward::FeedId;
use proptest::prelude::*;

use crate::random_seats;
use crate::world::{World, change, contest, host_of, invitation, live, new_live};

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    End(usize),
    Invite(usize, Vec<usize>),
    Accept(usize, usize),
    AcceptAny(usize),
    Reject(usize, usize),
    Cancel(usize, usize),
    Exit(usize),
    Media(usize, bool),
    Socket(usize, bool),
    Kick(usize),
    Layout(usize, bool),
    Hide(usize, bool),
    Restart(u64),
    Battle(usize, Vec<usize>, u64),
    BattleAll(usize, u64),
    /// Asked for, with its timeout, and whether there is an aftermath.
    Challenge(usize, u64, bool),
    /// What a host does with one of the last battles: which host and which battle.
    Answer(BattleStep, usize, usize),
    Score(usize, u8, bool, Vec<(usize, i64)>),
    Seat(usize, random_seats::SeatStep),
    Wait(u64),
}

#[derive(Debug, Clone, Copy)]
enum BattleStep {
    Accept,
    Reject,
    Cancel,
    CancelAll,
    Exit,
    Rematch,
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..NAMES.len();
    let some = proptest::collection::vec(0..NAMES.len(), 1..4);
    let scores = proptest::collection::vec((0..NAMES.len(), -20_i64..200), 1..3);
    prop_oneof![
        4 => one.clone().prop_map(Step::Create),
        1 => one.clone().prop_map(Step::End),
        6 => (one.clone(), some.clone()).prop_map(|(from, to)| Step::Invite(from, to)),
        1 => (one.clone(), one.clone()).prop_map(|(to, from)| Step::Accept(to, from)),
        8 => one.clone().prop_map(Step::AcceptAny),
        1 => (one.clone(), one.clone()).prop_map(|(to, from)| Step::Reject(to, from)),
        1 => (one.clone(), one.clone()).prop_map(|(from, to)| Step::Cancel(from, to)),
        2 => one.clone().prop_map(Step::Exit),
        4 => (one.clone(), any::<bool>()).prop_map(|(of, up)| Step::Media(of, up)),
        2 => (one.clone(), any::<bool>()).prop_map(|(of, open)| Step::Socket(of, open)),
        1 => one.clone().prop_map(Step::Kick),
        2 => (one.clone(), any::<bool>()).prop_map(|(of, voice)| Step::Layout(of, voice)),
        1 => (one.clone(), any::<bool>()).prop_map(|(of, public)| Step::Hide(of, public)),
        1 => (0..90_000_u64).prop_map(Step::Restart),
        6 => (one.clone(), some, 5..40_u64).prop_map(|(of, with, seconds)| Step::Battle(of, with, seconds)),
        6 => (one.clone(), 5..40_u64).prop_map(|(of, seconds)| Step::BattleAll(of, seconds)),
        4 => (one.clone(), 1..40_u64, any::<bool>()).prop_map(|(of, seconds, after)| Step::Challenge(of, seconds, after)),
        12 => (battle_step(), one.clone(), 0..3_usize).prop_map(|(what, who, which)| Step::Answer(what, who, which)),
        8 => (0..4_usize, 0..20_u8, any::<bool>(), scores).prop_map(|(which, key, set, scores)| {
            Step::Score(which, key, set, scores)
        }),
        8 => (one, random_seats::seat_step()).prop_map(|(of, step)| Step::Seat(of, step)),
        4 => prop_oneof![Just(0), 1..60_u64, 1_000..12_000_u64, Just(700_000)].prop_map(Step::Wait),
    ]
}

fn battle_step() -> impl Strategy<Value = BattleStep> {
    prop_oneof![
        6 => Just(BattleStep::Accept),
        2 => Just(BattleStep::Reject),
        1 => Just(BattleStep::Cancel),
        1 => Just(BattleStep::CancelAll),
        2 => Just(BattleStep::Exit),
        1 => Just(BattleStep::Rematch),
    ]
}

/// Whether it set, what it asked for, and the totals that it was answered with.
type Change = (bool, Vec<(usize, i64)>, BTreeMap<String, i64>);

/// The naive model of scores: what was acknowledged, added up.
#[derive(Default)]
struct Model {
    battles: Vec<BattleId>,
    totals: BTreeMap<BattleId, BTreeMap<String, i64>>,
    changes: BTreeMap<BattleId, u64>,
    answered: BTreeMap<(BattleId, u8), Change>,
}

fn apply(world: &mut World, model: &mut Model, step: Step) {
    if let Step::Wait(ms) = step {
        return world.wait(Duration::from_millis(ms));
    }
    if let Step::Restart(down_ms) = step {
        return world.restart(Duration::from_millis(down_ms));
    }
    if let Step::Score(back, key, set, scores) = step {
        return score(world, model, back, key, set, scores);
    }
    let Some(command) = command(world, model, step) else { return };
    // Refused or not: `World::ask` checks that a refusal changed nothing.
    if let Ok(Answer::BattleRequested(started)) = world.ask(command) {
        model.totals.insert(started.battle_id, BTreeMap::new());
        model.battles.push(started.battle_id);
    }
}

/// What a step asks for, as things stand; `None` when that is nothing.
fn command(world: &mut World, model: &Model, step: Step) -> Option<Command> {
    let name = |i: usize| NAMES[i];
    Some(match step {
        Step::Create(i) => Command::CreateLive(Box::new(new_live(name(i)))),
        Step::End(i) => Command::EndLive { live: live(name(i)), reason: LiveEndReason::EndedByHost },
        Step::Invite(from, to) => {
            Command::RequestConnection(invitation(name(from), &to.into_iter().map(name).collect::<Vec<_>>()))
        }
        Step::Accept(to, from) => Command::AcceptConnection { live: live(name(to)), from: live(name(from)) },
        Step::AcceptAny(to) => {
            let asked = world.ask(Command::FindCoHost(live(name(to))));
            let Ok(Answer::CoHost(co_host)) = asked else { return None };
            Command::AcceptConnection { live: live(name(to)), from: co_host.applicant?.live_id }
        }
        Step::Reject(to, from) => Command::RejectConnection { live: live(name(to)), from: live(name(from)) },
        Step::Cancel(from, to) => Command::CancelConnection { live: live(name(from)), to: live(name(to)) },
        Step::Exit(i) => Command::ExitConnection { live: live(name(i)) },
        Step::Media(i, up) => {
            let publish = world.ask(Command::Publish { live: live(name(i)), user: host_of(name(i)) });
            let Ok(Answer::Publish(publish)) = publish else { return None };
            Command::Media { source: publish.source, state: if up { MediaState::Up } else { MediaState::Down } }
        }
        Step::Socket(i, open) => {
            let publish = world.ask(Command::Publish { live: live(name(i)), user: host_of(name(i)) });
            let Ok(Answer::Publish(publish)) = publish else { return None };
            let state = if open { SocketState::Open } else { SocketState::Lost };
            Command::HostSocket { feed: FeedId(publish.source.0), state }
        }
        Step::Kick(i) => Command::KickFromConnection { live: live(name(i)) },
        Step::Layout(i, voice) => {
            Command::ChooseLayout { live: live(name(i)), template: TemplateRef::Id(if voice { 2 } else { 600 }) }
        }
        Step::Hide(i, public) => {
            let change = LiveChange { is_public_visible: Some(public), ..LiveChange::of(live(name(i))) };
            Command::UpdateLive(Box::new(change))
        }
        Step::Battle(of, with, seconds) => battle(name(of), &with.into_iter().map(name).collect::<Vec<_>>(), seconds),
        Step::BattleAll(of, seconds) => {
            let asked = world.ask(Command::FindCoHost(live(name(of))));
            let Ok(Answer::CoHost(co_host)) = asked else { return None };
            let others = co_host.connected.iter().filter(|other| other.as_str() != name(of));
            battle(name(of), &others.map(LiveId::as_str).collect::<Vec<_>>(), seconds)
        }
        Step::Challenge(of, seconds, after) => {
            let asked = world.ask(Command::FindCoHost(live(name(of))));
            let Ok(Answer::CoHost(co_host)) = asked else { return None };
            let others = co_host.connected.iter().map(LiveId::as_str).filter(|other| *other != name(of));
            Command::RequestBattle(BattleRequest {
                duration_seconds: Some(5 + seconds),
                need_response: Some(true),
                timeout_seconds: Some(seconds),
                punishment_seconds: if after { seconds } else { 0 },
                end_connection_after: after && seconds.is_multiple_of(2),
                ..contest(name(of), &others.collect::<Vec<_>>())
            })
        }
        Step::Answer(what, who, back) => {
            let &battle = model.battles.iter().rev().nth(back)?;
            // One of its hosts, and of all hosts now and then.
            let users = world.info(battle).users;
            let user = users.get(who).map_or_else(|| host_of(name(who)), |user| user.host.user.user_id.clone());
            match what {
                BattleStep::Accept => Command::AcceptBattle { battle, user },
                BattleStep::Reject => Command::RejectBattle { battle, user },
                BattleStep::Cancel => Command::CancelBattle { battle, users: Some(vec![user]) },
                BattleStep::CancelAll => Command::CancelBattle { battle, users: None },
                BattleStep::Exit => Command::ExitBattle { battle, user },
                BattleStep::Rematch => Command::RematchBattle { battle, user: Some(user) },
            }
        }
        Step::Score(back, key, set, scores) => {
            let &battle = model.battles.iter().rev().nth(back)?;
            let named: Vec<_> = scores.iter().map(|(i, value)| (NAMES[*i], *value)).collect();
            let key = ScoreKey::new(&key.to_string()).unwrap();
            Command::Score { battle, key, change: change(op(set), &named) }
        }
        Step::Seat(of, step) => random_seats::command(name(of), step),
        Step::Wait(_) | Step::Restart(_) => return None,
    })
}

fn battle(of: &str, with: &[&str], seconds: u64) -> Command {
    let mut request = contest(of, with);
    request.duration_seconds = Some(seconds);
    Command::RequestBattle(request)
}

fn op(set: bool) -> ScoreOp {
    if set { ScoreOp::Set } else { ScoreOp::Add }
}

fn score(world: &mut World, model: &mut Model, back: usize, key: u8, set: bool, scores: Vec<(usize, i64)>) {
    let Some(&battle) = model.battles.iter().rev().nth(back) else { return };
    let Some(asked) = command(world, model, Step::Score(back, key, set, scores.clone())) else { return };
    let answer = world.ask(asked);
    let mut content = scores;
    content.sort_by_key(|(i, _)| NAMES[*i]);
    let known = model.answered.get(&(battle, key));
    match answer {
        Ok(Answer::Scored(scored)) => {
            let got: BTreeMap<_, _> =
                scored.scores.iter().map(|(user, score)| (user.to_string(), i64::try_from(*score).unwrap())).collect();
            if let Some((was_set, was, stored)) = known {
                assert_eq!((was_set, was, stored), (&set, &content, &got), "the stored answer");
                return;
            }
            let totals = model.totals.get_mut(&battle).unwrap();
            got.keys().for_each(|user| *totals.entry(user.clone()).or_default() += 0);
            for (i, value) in &content {
                let total = totals.get_mut(host_of(NAMES[*i]).as_str()).unwrap();
                *total = if set { *value } else { *total + *value };
            }
            assert_eq!(&got, totals);
            let changes = model.changes.entry(battle).or_default();
            *changes += 1;
            assert_eq!(scored.ledger_seq, *changes);
            model.answered.insert((battle, key), (set, content, got));
        }
        Err(Refusal::KeyReused { .. }) => {
            let (was_set, was, _) = known.expect("only a known key is reused");
            assert_ne!((was_set, was), (&set, &content));
        }
        Err(_) => assert!(known.is_none_or(|(was_set, was, _)| (*was_set, was) != (set, &content))),
        Ok(other) => panic!("{other:?}"),
    }
}

/// What must hold after every step.
fn check(world: &mut World, model: &Model) {
    let present: Vec<_> = NAMES.into_iter().filter(|name| world.ask(Command::FindLive(live(name))).is_ok()).collect();
    for name in &present {
        check_connection(world, &present, name);
        random_seats::check(world, name);
    }
    let mut battling = BTreeSet::new();
    for &battle in &model.battles {
        let info = world.info(battle);
        let totals = &model.totals[&battle];
        let total = |user: &UserId| totals.get(user.as_str()).copied().unwrap_or_default();
        assert!(info.scores.iter().all(|(user, score)| total(user) == i64::try_from(*score).unwrap()));
        check_battle(world, &info, &mut battling);
    }
    // Every stage is somebody's, and every feed that has one has one that is there.
    let used: BTreeSet<_> = world.routes.values().copied().collect();
    assert_eq!(used, world.stages.keys().copied().collect(), "a stage without viewers, or viewers without a stage");
    check_round_trip(world);
}

fn check_connection(world: &mut World, present: &[&str], name: &str) {
    let co_host = world.co_host(name);
    let connected = co_host.connected;
    assert!(connected.is_empty() || (2..=9).contains(&connected.len()), "{connected:?}");
    assert!(connected.is_empty() || connected.contains(&live(name)));
    for other in &connected {
        assert!(present.contains(&other.as_str()), "connected with a live that has ended");
        assert_eq!(world.co_host(other.as_str()).connected, connected, "a live is in at most one connection");
        let (one, other) = (world.feed(name), world.feed(other.as_str()));
        assert_eq!(world.routes.get(&one), world.routes.get(&other), "one picture for all of a connection");
    }
    if let Some(applicant) = co_host.applicant {
        assert_eq!(connected, [], "a connected live is asked by nobody");
        assert!(world.co_host(applicant.live_id.as_str()).invitees.iter().any(|host| host.live_id == live(name)));
    }
    check_candidates(world, name);
    let feed = world.feed(name);
    if let Some(stage) = world.routes.get(&feed) {
        let tiles = world.stages[stage].tiles.len();
        assert_eq!(tiles, connected.len().max(1), "the picture shows whoever is connected");
    }
}

fn check_candidates(world: &mut World, name: &str) {
    let asked = Command::ListCandidates { live: live(name), cursor: String::new(), count: Some(100) };
    let Ok(Answer::Lives(page)) = world.ask(asked) else { panic!("whoever is there may ask") };
    for candidate in page.lives {
        let id = candidate.live.live_id;
        assert!(id.as_str() != name && candidate.is_publishing && candidate.live.is_public_visible);
        assert_eq!(world.connected_with(id.as_str()), [""; 0]);
    }
}

fn check_battle(world: &mut World, info: &BattleInfo, battling: &mut BTreeSet<LiveId>) {
    let present = info.users.iter().filter(|user| !user.left).map(|user| user.host.live_id.clone());
    let present: Vec<_> = present.collect();
    if info.status == BattleStatus::Ended {
        let never = info.reason == Some(BattleEndReason::NeverStarted);
        assert_eq!((info.result.is_none(), info.start_time.is_none()), (never, never));
        if let Some(until) = info.punishment_end_time {
            assert!(info.reason == Some(BattleEndReason::TimeOver) && until > world.wall());
            let own = present.into_iter().map(|live| world.ask(Command::FindBattleOf(live)));
            let still: Vec<_> = own.collect();
            assert!(still.iter().filter(|own| own.is_ok()).count() >= 2, "punished are two at least");
        }
        return;
    }
    let until = info.end_time.or(info.expire_time);
    assert!(
        !present.is_empty() && until.is_some_and(|end| end > world.wall()),
        "a battle without hosts or time has ended"
    );
    let waiting = info.users.iter().filter(|user| user.pending).count();
    assert_eq!(waiting > 0, info.status == BattleStatus::Pending, "it starts when all have answered");
    for live in present {
        assert!(battling.insert(live.clone()), "a live is in at most one battle");
        let own = world.ask(Command::FindBattleOf(live.clone()));
        assert!(matches!(own, Ok(Answer::Battle(own)) if own.battle_id == info.battle_id));
        assert_ne!(world.connected_with(live.as_str()), [""; 0], "a battle is inside a connection");
    }
}

fn check_round_trip(world: &World) {
    let snapshot = world.machine.snapshot();
    let later = world.now + Duration::from_secs(3);
    let again = Lives::seed(later, world.wall(), Rules::default(), snapshot.clone());
    assert_eq!(again.snapshot(), snapshot);
    let due = |machine: &Lives, now| machine.poll_timeout().map(|(at, wake)| (at.duration_since(now), wake));
    assert_eq!(due(&again, later), due(&world.machine, world.now), "deadlines are as far away as before");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_rules_hold(steps in proptest::collection::vec(step(), 1..120)) {
        let (mut world, mut model) = (World::with(&NAMES[..6]), Model::default());
        for step in steps {
            apply(&mut world, &mut model, step);
            check(&mut world, &model);
        }
    }

    #[test]
    fn what_is_undone_never_was(before in proptest::collection::vec(step(), 1..60), last in step(), wait in 0..20_000_u64) {
        let (mut world, mut model) = (World::with(&NAMES[..6]), Model::default());
        for step in before {
            apply(&mut world, &mut model, step);
        }
        let command = command(&mut world, &model, last);
        let snapshot = world.machine.snapshot();
        // Without what was done before: only the wait and the command are undone.
        world.machine = Lives::seed(world.now, world.wall(), Rules::default(), snapshot.clone());
        world.machine.handle_timeout(world.now + Duration::from_millis(wait));
        if let Some(command) = command {
            // Refused or not, it is undone.
            let _ = world.machine.handle(world.now + Duration::from_millis(wait), command);
        }
        world.machine.undo();
        prop_assert_eq!(world.machine.snapshot(), snapshot);
        prop_assert_eq!(world.machine.poll_effect(), None);
    }
}
