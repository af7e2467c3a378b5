//! Calls that are banned in some rooms: reading a clock anywhere but at the top, hash maps where order decides,
//! `unsafe` outside the kernels and the codec glue.

use crate::Finding;
use crate::source::Source;

/// The only readers of a clock; everybody else is told the time. Fuzz bodies lie beside what they drive, but play the
/// caller's part: only `tests/fuzz` and the replay of its corpus call them.
const CLOCK_ROOMS: &[&str] = &["src/app", "src/main", "media/src/jitter/fuzz"];
/// The only rooms with `unsafe`: SIMD and the C codecs.
const UNSAFE_ROOMS: &[&str] = &["media/src/kernel", "media/src/codec"];

const CLOCKS: &[&str] = &["Instant::now", "SystemTime::now"];
const UNORDERED: &[&str] = &["HashMap", "HashSet"];

/// All banned calls of one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |line: usize, message: String| findings.push(Finding::new(&source.file, line, message));

    if !CLOCK_ROOMS.iter().any(|room| source.is_under(room)) {
        for named in &source.named {
            let path = named.segments.join("::");
            if let Some(clock) = CLOCKS.iter().find(|clock| ends_with(&path, clock)) {
                add(named.line, format!("`{clock}`: only src/app reads a clock; take `now: Instant`"));
            }
        }
        for (_, line) in source.bare_calls.iter().filter(|(method, _)| method == "elapsed") {
            add(*line, "`.elapsed()` reads a clock; use `now.saturating_duration_since(…)`".to_owned());
        }
    }
    if source.is_under("src/live") {
        for named in &source.named {
            if let Some(map) = named.segments.iter().find(|segment| UNORDERED.contains(&segment.as_str())) {
                add(named.line, format!("`{map}` in src/live: its order decides outcomes; use a BTree one"));
            }
        }
    }
    if !UNSAFE_ROOMS.iter().any(|room| source.is_under(room)) {
        for line in &source.unsafe_lines {
            add(*line, format!("`unsafe` outside {}", UNSAFE_ROOMS.join(", ")));
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// Does the path end with these whole segments?
fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str) -> usize {
        check(&Source::parse(file, text).unwrap()).len()
    }

    #[test]
    fn a_read_clock_is_found() {
        assert_eq!(found("src/engine/shard.rs", "use std::time::Instant;\nfn f() { Instant::now(); }"), 1);
        assert_eq!(found("src/peer/a.rs", "fn f() { std::time::SystemTime::now(); }"), 1);
        assert_eq!(found("src/peer/a.rs", "use tokio::time::Instant as T; fn f() { let clock = T::now; }"), 1);
        assert_eq!(found("media/src/mix/a.rs", "fn f(t: Instant) { t.elapsed(); }"), 1);
        assert_eq!(found("src/api/a.rs", "fn f() { info!(took = ?start.elapsed()); }"), 1);
    }

    #[test]
    fn app_main_and_tests_may_read_a_clock() {
        let text = "fn f() { std::time::Instant::now().elapsed(); }";
        assert_eq!(found("src/app/clock.rs", text), 0);
        assert_eq!(found("src/app.rs", text), 0);
        assert_eq!(found("src/main.rs", text), 0);
        assert_eq!(found("src/api/a.rs", "#[cfg(test)] mod tests { fn f() { std::time::Instant::now(); } }"), 0);
        assert_eq!(found("src/application/a.rs", text), 2);
        assert_eq!(found("src/api/a.rs", "fn f() { clock.now(); NotInstant::now(); stage.elapsed(3); }"), 0);
    }

    #[test]
    fn a_hash_map_in_the_machines_is_found() {
        assert_eq!(found("src/live/a.rs", "use std::collections::HashMap;"), 1);
        assert_eq!(found("src/live/a.rs", "fn f() { let s = std::collections::hash_set::HashSet::<u8>::new(); }"), 1);
        assert_eq!(found("src/live/a.rs", "use std::collections::BTreeMap;"), 0);
        assert_eq!(found("src/engine/a.rs", "use std::collections::HashMap;"), 0);
    }

    #[test]
    fn unsafe_outside_its_rooms_is_found() {
        let text = "unsafe fn g() {}\nfn f() { unsafe { g() } }";
        assert_eq!(found("media/src/mix/a.rs", text), 2);
        assert_eq!(found("media/src/scene/a.rs", "struct S; unsafe impl Send for S {}"), 1);
        assert_eq!(found("media/src/scene/a.rs", "m! { unsafe { g() } }"), 1);
        assert_eq!(found("media/src/kernel/avx2.rs", text), 0);
        assert_eq!(found("media/src/codec/opus.rs", text), 0);
    }
}
