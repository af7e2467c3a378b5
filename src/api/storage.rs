//! `GET /v1/storage`: what is kept and how far webhooks have got, for whoever runs the server.
//!
//! All of it is read from [`Books`](crate::engine::Books): no disk is asked, so a disk that hangs is told of too.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::Fresh;
use super::auth::Bearer;
use super::problem::Problem;
use super::query::StrictQuery;
use super::state::ApiState;
use crate::engine::books::{self, LedgerEnd, Look, Took};
use crate::engine::control::WAITING_MAX;
use crate::engine::outbox_log::{Backlog, Standing};
use crate::live::WallMs;

/// Nothing but the token's place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoQuery {
    #[serde(default, rename = "token")]
    #[schemars(skip)]
    _token: Option<String>,
}

/// What is kept, and what waits.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Storage {
    /// Now; other moments lie that long ago.
    server_time: WallMs,
    /// Where what was answered is kept.
    kept_in: KeptIn,
    /// What was written, since the start of the server.
    commits: Commits,
    /// Commands that wait to be decided and committed.
    queue: Waiting,
    /// Where the ledger of all changes of scores ends; null where none is kept.
    ledger: Option<Ledger>,
    /// What backends are told.
    webhooks: Webhooks,
}

/// Where what was answered is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum KeptIn {
    /// In the data directory: it outlives the process.
    Disk,
    /// In the process alone: nothing is committed, and no ledger kept.
    Memory,
}

/// What was written, since the start of the server. In memory nothing is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Commits {
    /// Transactions that are on disk.
    #[schemars(example = 815)]
    count: u64,
    /// When the last of them was, also one of the server before; null before the first.
    last_commit_time: Option<WallMs>,
    /// Transactions that could not be written: all that was decided with them was taken back, and answered 503 not-stored.
    #[schemars(example = 0)]
    failures: u64,
    /// The last of those; null: none.
    last_failure: Option<Failure>,
    /// How long the last ones took, at most 1024 of them, failed ones too; null before the first.
    took: Option<Seconds>,
}

/// A transaction that could not be written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CommitFailure")]
struct Failure {
    /// When it failed.
    failure_time: WallMs,
    /// What the disk or the database said.
    #[schemars(example = &"disk I/O error")]
    reason: String,
}

/// How long commits take.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CommitSeconds")]
struct Seconds {
    /// Half of them at most this.
    #[schemars(example = 0.0042)]
    p50_seconds: f64,
    /// Ninety-nine in a hundred at most this.
    #[schemars(example = 0.018)]
    p99_seconds: f64,
    /// All of them at most this.
    #[schemars(example = 0.031)]
    max_seconds: f64,
}

/// Commands that wait to be decided and committed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CommandQueue")]
struct Waiting {
    /// How many wait, beside those that are being committed.
    #[schemars(example = 0)]
    waiting: usize,
    /// How many may; one more is refused with 503 overloaded.
    #[schemars(example = 1024)]
    max: usize,
}

/// Where the ledger ends: what `costage ledger verify` prints as SEQ:HASH.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LedgerHead")]
struct Ledger {
    /// Number of its last row, and how many rows it has; 0: none.
    #[schemars(example = 4711)]
    seq: u64,
    /// That row's SHA-256, which covers all rows before it; zeros without rows.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"), example = &"59d54424d091758e2ff3786d8a0ac7dbde64430273202a17dc58bb667f7b0162")]
    hash: String,
}

/// What backends are told.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WebhookStandings")]
struct Webhooks {
    /// When the endpoints were last looked at, which is every 2 seconds while what is kept of them can be read; null before the first time.
    look_time: Option<WallMs>,
    /// Those that are configured.
    endpoints: Vec<Endpoint>,
}

/// How far an endpoint has got.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WebhookEndpoint")]
struct Endpoint {
    /// Its name in the configuration.
    #[schemars(example = &"backend")]
    name: String,
    /// Events that it took, ever.
    #[schemars(example = 1200)]
    delivered: u64,
    /// Events that wait for it.
    #[schemars(example = 3)]
    backlog: u64,
    /// How long ago the oldest of these happened, whole seconds; null: none waits.
    #[schemars(example = 42)]
    oldest_seconds: Option<u64>,
    /// Since when nothing has been delivered to it while it was tried; null: it takes what it is sent.
    failing_since_time: Option<WallMs>,
    /// The event that is tried again, and holds up those behind it; null: none.
    trouble: Option<Trouble>,
    /// Events that could not be delivered and are not tried any more: `costage webhooks list --dead`.
    #[schemars(example = 0)]
    dead_letters: u64,
    /// Those of them that wait to be sent again (`costage webhooks replay`).
    #[schemars(example = 0)]
    replaying: u64,
}

/// What an event has gone through.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WebhookTrouble")]
struct Trouble {
    /// How often it was tried.
    #[schemars(example = 7)]
    attempts: u32,
    /// What happened last.
    #[schemars(example = &"status 500")]
    last_error: String,
    /// When it is tried again.
    next_try_time: WallMs,
}

pub(super) async fn find(
    State(state): State<ApiState>,
    bearer: Bearer,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<Storage>, Problem> {
    bearer.principal.must_be_admin("reading what is kept")?;
    let commits = state.books.commits();
    let now = state.control.server_time();
    Ok(Fresh(Storage {
        server_time: now,
        kept_in: match state.books.kept_in() {
            books::KeptIn::Disk => KeptIn::Disk,
            books::KeptIn::Memory => KeptIn::Memory,
        },
        queue: Waiting { waiting: state.control.waiting(), max: WAITING_MAX },
        ledger: commits.ledger.map(Ledger::from),
        commits: Commits::from(commits),
        webhooks: Webhooks::of(&state.books.webhooks(), now),
    }))
}

impl From<books::Commits> for Commits {
    fn from(commits: books::Commits) -> Self {
        let failure = |books::CommitFailure { at, reason }| Failure { failure_time: at, reason };
        let seconds = |Took { p50, p99, max }| Seconds {
            p50_seconds: p50.as_secs_f64(),
            p99_seconds: p99.as_secs_f64(),
            max_seconds: max.as_secs_f64(),
        };
        Self {
            count: commits.made,
            last_commit_time: commits.last,
            failures: commits.failed,
            last_failure: commits.last_failure.map(failure),
            took: commits.took.map(seconds),
        }
    }
}

impl From<LedgerEnd> for Ledger {
    fn from(end: LedgerEnd) -> Self {
        Self { seq: end.seq, hash: end.hash.iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}

impl Webhooks {
    fn of(look: &Look, now: WallMs) -> Self {
        let endpoints = look.endpoints.iter().map(|(standing, backlog)| Endpoint::of(standing, *backlog, now));
        Self { look_time: look.at, endpoints: endpoints.collect() }
    }
}

impl Endpoint {
    fn of(standing: &Standing, backlog: Backlog, now: WallMs) -> Self {
        Self {
            name: standing.endpoint.clone(),
            delivered: standing.delivered,
            backlog: backlog.events,
            oldest_seconds: backlog.oldest.map(|oldest| now.since(oldest).as_secs()),
            failing_since_time: standing.failing_since,
            trouble: standing.trouble.as_ref().map(|trouble| Trouble {
                attempts: trouble.attempts,
                last_error: trouble.error.clone(),
                next_try_time: trouble.next_try,
            }),
            dead_letters: standing.dead,
            replaying: standing.wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::outbox_log;

    #[test]
    fn an_endpoint_that_is_down_says_what_waits_since_when_and_why() {
        let trouble = outbox_log::Trouble {
            seq: 9,
            attempts: 7,
            first_failure: WallMs(2_000),
            next_try: WallMs(65_000),
            error: "status 500".to_owned(),
        };
        let (trouble, failing_since) = (Some(trouble), Some(WallMs(2_000)));
        let standing =
            Standing { endpoint: "crm".to_owned(), dead: 2, wanted: 1, trouble, failing_since, ..Standing::default() };
        let down = (standing, Backlog { events: 3, oldest: Some(WallMs(1_000)) });
        let fine = (Standing { endpoint: "fine".to_owned(), delivered: 4, ..Standing::default() }, Backlog::default());
        let look = Look { at: Some(WallMs(60_000)), endpoints: vec![down, fine] };
        let told = serde_json::to_value(Webhooks::of(&look, WallMs(61_500))).unwrap();
        let wanted = serde_json::json!({"lookTime": 60_000, "endpoints": [
            {"name": "crm", "delivered": 0, "backlog": 3, "oldestSeconds": 60, "failingSinceTime": 2_000,
                "trouble": {"attempts": 7, "lastError": "status 500", "nextTryTime": 65_000}, "deadLetters": 2, "replaying": 1},
            {"name": "fine", "delivered": 4, "backlog": 0, "oldestSeconds": null, "failingSinceTime": null,
                "trouble": null, "deadLetters": 0, "replaying": 0},
        ]});
        assert_eq!(told, wanted);
    }

    #[test]
    fn the_head_is_written_as_the_command_line_writes_it() {
        let ledger = Ledger::from(LedgerEnd { seq: 12, hash: [0xa5; 32] });
        assert_eq!((ledger.seq, ledger.hash), (12, "a5".repeat(32)));
    }
}
