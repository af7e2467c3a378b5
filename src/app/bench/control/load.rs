//! Workers that send commands at an even rate, whether the server keeps up or not.

use super::ControlArgs;
use crate::client::{Backend, Method};
use crate::engine::Clock;
use anyhow::Context;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Scores in each battle. So of 48 commands 40 are scores, the rest makes and ends the connection, the battle and a lock.
const SCORES: u32 = 40;
/// A battle lasts longer than the slowest round of a worker.
const BATTLE_SECONDS: u32 = 3_600;

/// Workers at work.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<anyhow::Result<Vec<Answered>>>>,
}

/// One command that was answered as it should be.
#[derive(Debug, Clone, Copy)]
struct Answered {
    /// When the clock for it started.
    due: Instant,
    at: Instant,
}

/// Creates the lives and sets the workers going, evenly spread over one interval.
///
/// # Errors
/// When a live is refused.
pub(super) async fn start(args: &ControlArgs, clock: &Arc<dyn Clock>, backend: &Backend) -> anyhow::Result<Load> {
    let stop = Arc::new(AtomicBool::new(false));
    let each = Duration::from_secs(1) * args.workers / args.rate;
    let mut workers = Vec::new();
    for number in 0..args.workers {
        let lives = [format!("load{number}a"), format!("load{number}b")];
        for live in &lives {
            backend.create_live(live, live).await?;
        }
        let due = clock.now() + each * number / args.workers;
        let (clock, stop) = (Arc::clone(clock), Arc::clone(&stop));
        let backend = backend.apart().context("an HTTP client for each worker")?;
        let worker = Worker { backend, clock, stop, lives, each, due, answered: Vec::new(), gifts: 0 };
        workers.push(tokio::spawn(worker.run()));
    }
    Ok(Load { stop, workers })
}

impl Load {
    /// Ends the workers; milliseconds of each command that was due between the two moments.
    ///
    /// # Errors
    /// When a command was refused or not answered.
    pub(super) async fn finish(self, from: Instant, until: Instant) -> anyhow::Result<Vec<f64>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut samples = Vec::new();
        for worker in self.workers {
            let answered = worker.await.context("a worker has ended early")??;
            let inside = answered.iter().filter(|it| (from..until).contains(&it.due));
            samples.extend(inside.map(|it| it.at.saturating_duration_since(it.due).as_secs_f64() * 1_000.0));
        }
        Ok(samples)
    }
}

struct Worker {
    backend: Backend,
    clock: Arc<dyn Clock>,
    stop: Arc<AtomicBool>,
    lives: [String; 2],
    /// From one command to the next.
    each: Duration,
    due: Instant,
    answered: Vec<Answered>,
    gifts: u64,
}

impl Worker {
    async fn run(mut self) -> anyhow::Result<Vec<Answered>> {
        while !self.stop.load(Ordering::Relaxed) {
            self.round().await?;
        }
        Ok(self.answered)
    }

    /// The life of a connection: made, a battle, scores, parted.
    async fn round(&mut self) -> anyhow::Result<()> {
        let [a, b] = self.lives.clone();
        let lives = |path: &str| format!("/v1/lives/{path}");
        self.send(Method::PATCH, &lives(&a), json!({"notice": format!("round {}", self.gifts)})).await?;
        self.send(Method::POST, &lives(&format!("{a}/seats/3/lock")), json!({})).await?;
        let request = json!({"targetLiveIds": [&b], "layoutTemplate": "hostDynamicGrid", "timeoutSeconds": 30});
        self.send(Method::POST, &lives(&format!("{a}/co-host/requests")), request).await?;
        self.send(Method::POST, &lives(&format!("{b}/co-host/requests/{a}/accept")), json!({})).await?;
        let battle = json!({"userIds": [&b], "durationSeconds": BATTLE_SECONDS, "needResponse": false});
        let battle = self.send(Method::POST, &lives(&format!("{a}/battles")), battle).await?;
        let battle = battle.get("battleId").and_then(Value::as_str).context("a battle has no battleId")?.to_owned();
        for _ in 0..SCORES {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            self.score(&battle).await?;
        }
        self.send(Method::POST, &format!("/v1/battles/{battle}/exit"), json!({"userId": &a})).await?;
        self.send(Method::DELETE, &lives(&format!("{a}/co-host")), Value::Null).await?;
        self.send(Method::POST, &lives(&format!("{a}/seats/3/unlock")), json!({})).await.map(drop)
    }

    async fn score(&mut self, battle: &str) -> anyhow::Result<()> {
        self.gifts += 1;
        let user = &self.lives[usize::from(self.gifts.is_multiple_of(3))];
        let key = format!("{}-{}", self.lives[0], self.gifts);
        let source = json!({"giftId": "rose", "senderId": format!("fan{}", self.gifts % 50), "reference": key});
        let body = json!({"op": "add", "scores": [{"userId": user, "value": 5}], "source": source});
        self.send_once(Method::POST, &format!("/v1/battles/{battle}/scores"), body, Some(&key)).await.map(drop)
    }

    async fn send(&mut self, method: Method, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send_once(method, path, body, None).await
    }

    /// Sends when it is due. The clock starts at that moment when the answer before it was late, else with the sending:
    /// the timer's own lateness is not the server's.
    async fn send_once(&mut self, method: Method, path: &str, body: Value, key: Option<&str>) -> anyhow::Result<Value> {
        let free = self.clock.now();
        if free < self.due {
            tokio::time::sleep_until(self.due.into()).await;
        }
        let due = if free < self.due { self.clock.now() } else { self.due };
        self.due += self.each;
        let body = if body.is_null() { None } else { Some(body) };
        let answer = self.backend.ask(method, path, body, key).await?;
        self.answered.push(Answered { due, at: self.clock.now() });
        Ok(answer)
    }
}
