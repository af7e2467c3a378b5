//! One endpoint on virtual time.

use super::*;

const DAWN: u64 = 1_790_000_000_000;
const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

fn row(seq: u64, at: u64) -> OutboxRow {
    let kind = if seq.is_multiple_of(2) { "host.online" } else { "host.offline" };
    let (id, kind, live) = (format!("msg_{seq}"), kind.to_owned(), "a".to_owned());
    OutboxRow { seq, id, kind, live, at: WallMs(at), body: "{}".to_owned() }
}

/// An endpoint, its outbox and what was kept of it.
struct Bench {
    now: u64,
    queue: Queue,
    outbox: Vec<OutboxRow>,
    delivered: Vec<u64>,
    dead: Vec<DeadLetter>,
    cursor: u64,
    kept: Option<(WallMs, Trouble)>,
}

impl Bench {
    fn new() -> Self {
        Self::of(None)
    }

    fn of(kinds: Option<&[&str]>) -> Self {
        let kinds = kinds.map(|kinds| Arc::new(kinds.iter().map(|kind| (*kind).to_owned()).collect()));
        let standing = Standing { endpoint: "crm".to_owned(), ..Standing::default() };
        Self {
            now: DAWN,
            queue: Queue::new(standing, kinds, 7),
            outbox: Vec::new(),
            delivered: Vec::new(),
            dead: Vec::new(),
            cursor: 0,
            kept: None,
        }
    }

    fn happens(&mut self) {
        let seq = self.outbox.len() as u64 + 1;
        self.outbox.push(row(seq, self.now));
        self.queue.head_is(seq);
    }

    /// The next event to send, or until when to wait.
    fn next(&mut self) -> Result<Arc<OutboxRow>, Option<u64>> {
        loop {
            match self.queue.poll(WallMs(self.now)) {
                Poll::Fetch(after) => {
                    let rows = self.outbox.iter().filter(|row| row.seq > after).take(WINDOW).cloned().collect();
                    let change = self.queue.fetched(rows);
                    self.keep(change);
                }
                Poll::Send(row) => return Ok(row),
                Poll::Wait(until) => return Err(until.map(|until| until.0)),
            }
        }
    }

    fn done(&mut self, outcome: Outcome) -> Change {
        let change = self.queue.done(WallMs(self.now), outcome);
        self.keep(change.clone());
        change
    }

    fn keep(&mut self, change: Change) {
        match change {
            Change::None | Change::Revived { .. } | Change::GivenUp { .. } => {}
            Change::Settled { cursor, .. } => {
                assert!(cursor >= self.cursor);
                self.cursor = cursor;
            }
            Change::Troubled { failing_since, trouble } => self.kept = Some((failing_since, trouble)),
            Change::Buried { cursor, letters } => {
                self.cursor = cursor;
                self.dead.extend(letters);
            }
        }
    }

    /// One attempt, after whatever wait.
    fn attempt(&mut self, outcome: Outcome) -> (u64, Change) {
        loop {
            match self.next() {
                Ok(row) => {
                    if outcome == Outcome::Delivered {
                        self.delivered.push(row.seq);
                    }
                    return (row.seq, self.done(outcome));
                }
                Err(Some(until)) => self.now = until,
                Err(None) => panic!("nothing to send"),
            }
        }
    }
}

fn failed() -> Outcome {
    Outcome::Failed { error: "status 500".to_owned(), retry_after: None }
}

fn asks_for(seconds: u64) -> Outcome {
    Outcome::Failed { error: "status 503".to_owned(), retry_after: Some(Duration::from_secs(seconds)) }
}

#[test]
fn events_go_in_order_and_one_at_a_time() {
    let mut bench = Bench::new();
    assert_eq!(bench.next(), Err(None));
    for _ in 0..200 {
        bench.happens();
    }
    let first = bench.next().unwrap();
    assert_eq!((first.seq, bench.next()), (1, Err(None)), "the next waits for the first's answer");
    bench.done(Outcome::Delivered);
    for seq in 2..=200 {
        assert_eq!(bench.attempt(Outcome::Delivered).0, seq);
        assert_eq!(bench.cursor, seq);
    }
    assert_eq!(bench.next(), Err(None));
}

#[test]
fn waits_double_from_a_second_to_a_minute_and_differ() {
    let mut bench = Bench::new();
    bench.happens();
    let mut waits = Vec::new();
    for _ in 0..12 {
        assert_eq!(bench.attempt(failed()).0, 1);
        let until = bench.next().unwrap_err().unwrap();
        waits.push(until - bench.now);
    }
    for (wait, full) in waits.iter().zip([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]) {
        let full = full * SECOND;
        assert!((full * 4 / 5..=full).contains(wait), "{waits:?}");
    }
    assert!(waits[6..].iter().any(|wait| *wait != waits[6]), "{waits:?}");
    bench.attempt(Outcome::Delivered);
    bench.happens();
    bench.attempt(failed());
    assert!(bench.next().unwrap_err().unwrap() - bench.now <= SECOND, "a delivery begins anew");
}

#[test]
fn a_receiver_may_ask_to_be_left_alone_for_up_to_a_minute() {
    let mut bench = Bench::new();
    bench.happens();
    for (asked, wanted) in [(20, 20..=20), (0, 1..=2), (3_600, 60..=60)] {
        bench.attempt(asks_for(asked));
        let wait = bench.next().unwrap_err().unwrap() - bench.now;
        assert!(wanted.contains(&wait.div_ceil(SECOND)), "{asked}: {wait}");
    }
}

#[test]
fn types_that_are_not_wanted_are_passed_over() {
    let mut bench = Bench::of(Some(&["host.online"]));
    for _ in 0..131 {
        bench.happens();
    }
    for seq in 1..=65 {
        assert_eq!(bench.attempt(Outcome::Delivered).0, seq * 2);
    }
    assert_eq!((bench.next(), bench.cursor), (Err(None), 131));
    bench.happens();
    bench.queue.want_kinds(None);
    bench.happens();
    assert_eq!((bench.attempt(Outcome::Delivered).0, bench.attempt(Outcome::Delivered).0), (132, 133));
}

#[test]
fn after_three_days_an_event_is_dead_and_the_next_one_is_tried_at_once() {
    let mut bench = Bench::new();
    bench.happens();
    bench.attempt(failed());
    let since = bench.now;
    bench.now += HOUR;
    bench.happens();
    let mut attempts = 1;
    loop {
        attempts += 1;
        if let (1, Change::Buried { cursor, letters }) = bench.attempt(failed()) {
            assert_eq!((cursor, letters.len(), letters[0].attempts), (1, 1, attempts));
            break;
        }
    }
    assert!((since + 3 * DAY..since + 3 * DAY + 61 * SECOND).contains(&bench.now));
    let died = bench.now;
    // The second is an hour younger, and the receiver takes it.
    assert_eq!((bench.attempt(Outcome::Delivered).0, bench.now), (2, died));
    assert_eq!(bench.dead.len(), 1);
}

#[test]
fn each_event_is_tried_for_three_days_and_the_outbox_never_holds_more() {
    let mut bench = Bench::new();
    for _ in 0..24 * 5 {
        bench.happens();
        let until = bench.now + HOUR;
        while bench.now < until {
            match bench.next() {
                Ok(_) => drop(bench.done(failed())),
                Err(wait) => bench.now = wait.unwrap_or(until).min(until),
            }
        }
        let oldest = &bench.outbox[usize::try_from(bench.cursor).unwrap()];
        assert!(bench.now - oldest.at.0 <= 3 * DAY + 2 * HOUR, "the outbox is kept for three days");
    }
    // Each at its own time, and all within a minute or two of it.
    for letter in &bench.dead {
        let age = letter.died.since(letter.row.at);
        assert!(age >= KEPT && age < KEPT + Duration::from_secs(130), "{age:?}");
    }
    assert_eq!(bench.dead.len(), 24 * 2, "of five days the first two are dead");
    let left = 24 * 3;
    for seq in 49..=120 {
        assert_eq!(bench.attempt(Outcome::Delivered).0, seq);
    }
    assert_eq!(bench.delivered.len(), left);
}

#[test]
fn when_two_in_a_row_die_all_whose_time_is_over_go_with_them() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.happens();
    }
    bench.attempt(failed());
    bench.now += 3 * DAY;
    assert!(matches!(bench.attempt(failed()), (1, Change::Buried { cursor: 1, .. })));
    let (seq, change) = bench.attempt(failed());
    let Change::Buried { cursor, letters } = change else { panic!("{change:?}") };
    assert_eq!((seq, cursor, letters.len()), (2, 64, 63));
    assert!(letters[1].error.starts_with("not tried: ") && letters[1].attempts == 0);
    assert_eq!(bench.attempt(Outcome::Delivered).0, 65, "whoever is left is tried");
}

#[test]
fn after_a_restart_it_is_tried_at_once_and_its_attempts_and_days_go_on() {
    let mut bench = Bench::new();
    bench.happens();
    for _ in 0..8 {
        bench.attempt(failed());
    }
    let (failing_since, trouble) = bench.kept.clone().unwrap();
    assert_eq!((failing_since.0, trouble.attempts, trouble.first_failure.0), (DAWN, 8, DAWN));
    let standing = Standing {
        endpoint: "crm".to_owned(),
        failing_since: Some(failing_since),
        trouble: Some(trouble),
        ..Standing::default()
    };
    bench.queue = Queue::new(standing, None, 7);
    bench.queue.head_is(1);
    let before = bench.now;
    let (_, change) = bench.attempt(failed());
    let Change::Troubled { failing_since, trouble } = change else { panic!("{change:?}") };
    assert_eq!((bench.now, failing_since.0, trouble.attempts), (before, DAWN, 9));
    assert!(trouble.next_try.0 - before > 40 * SECOND, "nor does the wait begin anew");
}

fn letter(seq: u64) -> DeadLetter {
    let (endpoint, error) = ("crm".to_owned(), "status 500".to_owned());
    DeadLetter { endpoint, row: row(seq, DAWN), attempts: 9, died: WallMs(DAWN), error, wanted: true }
}

#[test]
fn letters_that_are_wanted_again_go_before_all_else_and_without_waiting() {
    let mut bench = Bench::new();
    for _ in 0..12 {
        bench.happens();
    }
    for _ in 0..9 {
        bench.attempt(Outcome::Delivered);
    }
    bench.attempt(failed());
    bench.queue.wanted(vec![letter(3), letter(5)]);
    assert_eq!(bench.next().unwrap().seq, 3);
    bench.queue.wanted(vec![letter(3), letter(5)]);
    assert_eq!(bench.done(Outcome::Delivered), Change::Revived { id: "msg_3".to_owned() });
    // What is looked up meanwhile may still name it; what is looked up now does not.
    bench.queue.wanted(vec![letter(5)]);
    let order = [(); 4].map(|()| bench.attempt(Outcome::Delivered).0);
    assert_eq!(order, [5, 10, 11, 12]);
}

#[test]
fn a_letter_that_fails_for_a_minute_stays_dead_with_all_that_were_wanted() {
    let mut bench = Bench::new();
    bench.happens();
    bench.queue.wanted(vec![letter(3), letter(5)]);
    let begun = bench.now;
    let mut attempts = 0;
    let given_up = loop {
        attempts += 1;
        match bench.attempt(failed()) {
            (3, Change::None) => {}
            (3, change) => break change,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(given_up, Change::GivenUp { id: "msg_3".to_owned(), attempts, error: "status 500".to_owned() });
    assert!(bench.now - begun <= 120 * SECOND, "what is behind them is not held up for long");
    assert_eq!(bench.attempt(Outcome::Delivered).0, 1);
}

/// The number: a receiver that is down for an hour loses nothing, and is drained in order within 5 minutes. At two
/// events a second (a server with hundreds of hosts who come, connect and battle), and a receiver that takes 20 ms for each.
#[test]
fn a_receiver_that_is_down_for_an_hour_loses_nothing_and_is_drained_in_order_within_five_minutes() {
    const EVERY: u64 = 500;
    const ANSWER: u64 = 20;
    let mut bench = Bench::new();
    let back = DAWN + HOUR;
    let mut happened = DAWN;
    let mut drained = None;
    while drained.is_none() {
        while happened <= bench.now {
            let now = std::mem::replace(&mut bench.now, happened);
            bench.happens();
            bench.now = now;
            happened += EVERY;
        }
        match bench.next() {
            Ok(row) if bench.now < back => {
                bench.now += 1;
                assert_eq!(row.seq, 1);
                bench.done(failed());
            }
            Ok(row) => {
                bench.now += ANSWER;
                bench.delivered.push(row.seq);
                bench.done(Outcome::Delivered);
            }
            Err(until) => {
                if bench.now > back && until.is_none() {
                    drained = Some(bench.now - back);
                }
                bench.now = until.unwrap_or(happened).min(happened);
            }
        }
    }
    let drained = drained.unwrap();
    assert!(drained <= 300 * SECOND, "{} s", drained / SECOND);
    assert!(bench.delivered.len() >= 7_200);
    assert!(bench.delivered.iter().copied().eq(1..=bench.outbox.len() as u64), "each once, in order");
    assert_eq!(bench.dead.len(), 0);
    println!("{} events in {:.1} s", bench.delivered.len(), drained as f64 / 1000.0);
}
