//! What of battles is in the picture: who stands where, for how long still, and who won.

use std::time::Duration;

use costage::live::command::{BattleRequest, ScoreOp};
use costage::live::{BattleId, Command};
use costage_media::scene::{Battle, Countdown, Item, Outcome, ScoreBar, Span};

use crate::challenges::request;
use crate::updates::update;
use crate::world::{World, contest, host_of, live, new_live};

/// Rank, score and whether it has left, of each host that is in the battle.
fn standings(world: &mut World, of: &str) -> Vec<Option<(u32, u64, bool)>> {
    let sides = world.scene(of).battle.sides;
    sides.iter().map(|side| side.standing.map(|it| (it.rank, it.score, it.left))).collect()
}

/// In which battle each host is, by number.
fn battles(world: &mut World, of: &str) -> Vec<Option<u32>> {
    world.scene(of).battle.sides.iter().map(|side| side.standing.map(|it| it.battle)).collect()
}

/// For how long from now on the scores of a battle that is over are shown.
fn stays(world: &mut World, of: &str) -> Vec<Option<Duration>> {
    let (now, sides) = (world.now, world.scene(of).battle.sides);
    sides.iter().map(|side| Some(side.standing?.until?.saturating_duration_since(now))).collect()
}

/// What is said of each host's last battle, and for how long from now on.
fn verdicts(world: &mut World, of: &str) -> Vec<Option<(Outcome, Duration)>> {
    let (now, sides) = (world.now, world.scene(of).battle.sides);
    sides.iter().map(|side| side.verdict.map(|it| (it.outcome, it.until.saturating_duration_since(now)))).collect()
}

fn countdown(world: &mut World, of: &str) -> Option<(Span, Duration)> {
    let now = world.now;
    let left = |it: Countdown| (it.of, it.end.saturating_duration_since(now));
    world.scene(of).battle.countdown.map(left)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn of_a_minute(world: &mut World, of: &str, with: &[&str], punishment_seconds: u64) -> BattleId {
    let wish = BattleRequest { duration_seconds: Some(60), punishment_seconds, ..contest(of, with) };
    request(world, wish).battle_id
}

#[test]
fn ranks_and_scores_of_those_in_the_battle_are_shown_and_others_have_none() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    let battle = of_a_minute(&mut world, "b", &["a", "d"], 0);
    assert_eq!(standings(&mut world, "c"), [Some((1, 0, false)), Some((1, 0, false)), None, Some((1, 0, false))]);
    world.score(battle, "1", ScoreOp::Add, &[("a", 5), ("b", 5), ("d", 9)]).unwrap();
    assert_eq!(standings(&mut world, "c"), [Some((2, 5, false)), Some((2, 5, false)), None, Some((1, 9, false))]);
    world.ask(Command::ExitBattle { battle, user: host_of("d") }).unwrap();
    assert_eq!(standings(&mut world, "c"), [Some((1, 5, false)), Some((1, 5, false)), None, Some((3, 9, true))]);
    world.wait(seconds(60));
    let stood = [Some((1, 5, false)), Some((1, 5, false)), None, Some((3, 9, true))];
    assert_eq!(standings(&mut world, "c"), stood, "as it ended");
}

#[test]
fn the_last_scores_stay_as_long_as_the_result_is_shown_and_the_punishment_goes_on() {
    let mut world = World::connected(&["a", "b", "c"]);
    for (punishment_seconds, shown) in [(0, 5), (2, 5), (30, 30)] {
        let battle = of_a_minute(&mut world, "a", &["b"], punishment_seconds);
        assert_eq!(stays(&mut world, "c"), [None; 3], "it goes on");
        world.score(battle, "1", ScoreOp::Add, &[("b", 7)]).unwrap();
        world.wait(seconds(60));
        assert_eq!(standings(&mut world, "c"), [Some((2, 0, false)), Some((1, 7, false)), None]);
        assert_eq!(stays(&mut world, "c"), [Some(seconds(shown)), Some(seconds(shown)), None]);
        assert_eq!(world.scene("c").battle.opening, None);
        world.wait(seconds(shown));
        assert_eq!(stays(&mut world, "c"), [Some(Duration::ZERO), Some(Duration::ZERO), None]);
    }
}

#[test]
fn a_new_battle_takes_the_place_of_the_last_scores_of_its_hosts_and_of_no_others() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = of_a_minute(&mut world, "a", &["b"], 30);
    world.score(battle, "1", ScoreOp::Add, &[("a", 7)]).unwrap();
    world.wait(seconds(60));
    of_a_minute(&mut world, "c", &["b"], 0);
    assert_eq!(standings(&mut world, "a"), [Some((1, 7, false)), Some((1, 0, false)), Some((1, 0, false))]);
    assert_eq!(battles(&mut world, "a"), [Some(0), Some(1), Some(1)]);
    assert_eq!(stays(&mut world, "a"), [Some(seconds(5)), None, None], "the punishment is over, the result is not");
}

#[test]
fn the_bar_of_two_stays_with_the_last_scores_and_who_leaves_takes_none_along() {
    let mut world = World::connected(&["a", "b"]);
    let battle = of_a_minute(&mut world, "a", &["b"], 30);
    world.score(battle, "1", ScoreOp::Add, &[("a", 7)]).unwrap();
    world.wait(seconds(60));
    assert_eq!(world.scene("a").battle.score_bar(), Some(ScoreBar { left: 7, right: 0 }));
    world.leave("b");
    for name in ["a", "b"] {
        assert_eq!((standings(&mut world, name), verdicts(&mut world, name).len()), (vec![None], 1));
    }
}

#[test]
fn two_battles_of_one_connection_are_ranked_each_by_itself() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    of_a_minute(&mut world, "a", &["b"], 0);
    world.wait(seconds(10));
    let other = of_a_minute(&mut world, "c", &["d"], 0);
    world.score(other, "1", ScoreOp::Add, &[("c", 3)]).unwrap();
    assert_eq!(
        standings(&mut world, "a"),
        [Some((1, 0, false)), Some((1, 0, false)), Some((1, 3, false)), Some((2, 0, false))]
    );
    assert_eq!(countdown(&mut world, "d"), Some((Span::Battle, seconds(50))), "the battle of the first of them");
    world.wait(seconds(50));
    assert_eq!(countdown(&mut world, "a"), Some((Span::Battle, seconds(10))));
}

#[test]
fn two_hosts_of_two_battles_have_no_bar_between_them() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    of_a_minute(&mut world, "a", &["c"], 0);
    of_a_minute(&mut world, "b", &["d"], 0);
    assert_eq!(battles(&mut world, "a"), [Some(0), Some(1), Some(0), Some(1)]);
    world.leave("c");
    world.leave("d");
    assert_eq!(battles(&mut world, "a"), [Some(0), Some(1)]);
    assert_eq!(world.scene("a").battle.score_bar(), None, "they never fought each other");
}

#[test]
fn the_start_of_a_second_battle_is_shown_too() {
    let mut world = World::connected(&["a", "b", "c", "d"]);
    of_a_minute(&mut world, "a", &["b"], 0);
    world.wait(seconds(10));
    of_a_minute(&mut world, "c", &["d"], 0);
    let until = world.now + seconds(1);
    assert_eq!(world.scene("a").battle.opening, Some(until));
}

#[test]
fn a_live_that_another_user_has_created_since_is_in_no_battle_and_stays_where_it_is() {
    let mut world = World::connected(&["a", "b", "c"]);
    let wish = BattleRequest { duration_seconds: Some(60), end_connection_after: true, ..contest("a", &["b"]) };
    let battle = request(&mut world, wish).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("a", 70)]).unwrap();
    world.end("a");
    let mut again = new_live("a");
    again.owner.user_id = host_of("zed");
    world.ask(Command::CreateLive(Box::new(again))).unwrap();
    world.invite("c", &["a"]);
    world.ask(Command::AcceptConnection { live: live("a"), from: live("c") }).unwrap();
    let sides = standings(&mut world, "c");
    assert_eq!(sides, [Some((1, 0, false)), None, None], "b fights alone");
    world.wait(seconds(60));
    assert_eq!(world.connected_with("c"), ["c", "a"], "b parts; zed has agreed to nothing");
    assert_eq!(verdicts(&mut world, "c"), [None, None]);
}

#[test]
fn the_end_of_a_punishment_is_not_told_to_a_live_that_another_user_has_created_since() {
    let mut world = World::connected(&["a", "b", "c"]);
    of_a_minute(&mut world, "a", &["b", "c"], 30);
    world.wait(seconds(60));
    world.end("a");
    let mut again = new_live("a");
    again.owner.user_id = host_of("zed");
    world.ask(Command::CreateLive(Box::new(again))).unwrap();
    world.forget();
    world.wait(seconds(30));
    assert_eq!((world.told("a"), world.told("b")), (vec![], vec!["onBattlePunishmentEnded".to_owned()]));
}

#[test]
fn the_time_left_of_a_battle_is_shown_then_that_of_the_punishment() {
    let mut world = World::connected(&["a", "b"]);
    assert_eq!(countdown(&mut world, "a"), None);
    of_a_minute(&mut world, "a", &["b"], 30);
    assert_eq!(countdown(&mut world, "b"), Some((Span::Battle, seconds(60))));
    world.wait(seconds(60));
    assert_eq!(countdown(&mut world, "b"), Some((Span::Punishment, seconds(30))));
    world.wait(seconds(30));
    assert_eq!(countdown(&mut world, "b"), None);
}

#[test]
fn a_start_is_shown_for_a_second() {
    let mut world = World::connected(&["a", "b"]);
    of_a_minute(&mut world, "a", &["b"], 0);
    let until = world.now + seconds(1);
    assert_eq!(world.scene("a").battle.opening, Some(until));
    world.wait(seconds(60));
    assert_eq!(world.scene("a").battle.opening, None);
}

#[test]
fn a_result_is_shown_for_five_seconds_per_host_in_the_battle() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = of_a_minute(&mut world, "a", &["b"], 0);
    world.score(battle, "1", ScoreOp::Add, &[("b", 1)]).unwrap();
    world.wait(seconds(60));
    let five = seconds(5);
    assert_eq!(verdicts(&mut world, "c"), [Some((Outcome::Defeat, five)), Some((Outcome::Victory, five)), None]);
    of_a_minute(&mut world, "c", &["b"], 0);
    assert_eq!(verdicts(&mut world, "c"), [Some((Outcome::Defeat, five)), None, None], "a new battle ends it");
    world.wait(seconds(60));
    let draw = Some((Outcome::Draw, five));
    assert_eq!(verdicts(&mut world, "c"), [Some((Outcome::Defeat, Duration::ZERO)), draw, draw]);
}

#[test]
fn who_left_early_has_lost_and_where_all_left_nothing_is_said() {
    let mut world = World::connected(&["a", "b", "c"]);
    let battle = of_a_minute(&mut world, "a", &["b", "c"], 0);
    world.ask(Command::ExitBattle { battle, user: host_of("a") }).unwrap();
    world.wait(seconds(60));
    let said = |world: &mut World| verdicts(world, "a").iter().map(|it| it.map(|it| it.0)).collect::<Vec<_>>();
    assert_eq!(said(&mut world), [Some(Outcome::Defeat), Some(Outcome::Draw), Some(Outcome::Draw)]);
    let battle = of_a_minute(&mut world, "a", &["b", "c"], 0);
    for name in ["a", "b", "c"] {
        world.ask(Command::ExitBattle { battle, user: host_of(name) }).unwrap();
    }
    assert_eq!(said(&mut world), [None; 3]);
}

#[test]
fn a_result_goes_along_when_the_hosts_part() {
    let mut world = World::connected(&["a", "b"]);
    let wish = BattleRequest { duration_seconds: Some(60), end_connection_after: true, ..contest("a", &["b"]) };
    let battle = request(&mut world, wish).battle_id;
    world.score(battle, "1", ScoreOp::Add, &[("a", 1)]).unwrap();
    world.wait(seconds(60));
    assert_eq!(world.connected_with("a"), Vec::<String>::new());
    assert_eq!(verdicts(&mut world, "a"), [Some((Outcome::Victory, seconds(5)))]);
    assert_eq!(verdicts(&mut world, "b"), [Some((Outcome::Defeat, seconds(5)))]);
}

#[test]
fn after_a_restart_all_of_it_goes_on_and_what_is_over_is_not_shown_again() {
    let mut world = World::connected(&["a", "b"]);
    of_a_minute(&mut world, "a", &["b"], 30);
    let begun = world.scene("a").battle;
    world.wait(seconds(4));
    world.restart(Duration::ZERO);
    let mut later = begun.clone();
    later.opening = Some(world.now);
    assert_eq!(world.scene("a").battle, later, "VS is over by now");
    world.wait(seconds(57));
    assert_eq!(verdicts(&mut world, "a")[0], Some((Outcome::Draw, seconds(4))));
    world.restart(seconds(20));
    let now = world.now;
    assert!(world.scene("a").battle.sides.iter().all(|side| side.verdict.unwrap().until <= now));
    assert_eq!(countdown(&mut world, "a"), Some((Span::Punishment, seconds(9))));
}

#[test]
fn a_live_that_draws_the_container_itself_has_marks_and_results_on_tiles_alone() {
    let mut world = World::connected(&["a", "b", "c"]);
    of_a_minute(&mut world, "a", &["b"], 0);
    let whole = world.scene("a");
    assert!(!whole.battle.on_tiles_only);
    update(&mut world, "c", |change| change.overlays.container = Some(false)).unwrap();
    let own = world.scene("a");
    assert_eq!(own.battle, Battle { on_tiles_only: true, ..whole.battle.clone() });
    let over_all = |item: &Item| matches!(item, Item::Countdown { .. } | Item::Opening { .. } | Item::ScoreBar { .. });
    let [all, rest] = [&whole, &own].map(|scene| scene.draw_list().items);
    assert_eq!(all.iter().filter(|item| over_all(item)).count(), 2, "the countdown and the start");
    assert_eq!(rest, all.into_iter().filter(|item| !over_all(item)).collect::<Vec<_>>());
    assert!(rest.iter().any(|item| matches!(item, Item::Badge { .. })));
}

#[test]
fn a_live_that_wants_no_battle_drawn_has_none_for_all_who_see_it() {
    let mut world = World::connected(&["a", "b"]);
    update(&mut world, "b", |change| change.overlays.battle = Some(false)).unwrap();
    of_a_minute(&mut world, "a", &["b"], 0);
    assert_eq!(world.scene("a").battle, Battle::default());
}
