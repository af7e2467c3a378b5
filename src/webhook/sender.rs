//! One task per endpoint that drives its [`Queue`], and all of them together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::endpoint::Endpoint;
use super::post::Post;
use super::queue::{Change, Outcome, Poll, Queue, RETRY_MAX, WINDOW};
use super::upkeep;
use crate::engine::outbox_log::{DeliveryLog, LogFault, OutboxBell, OutboxLog, OutboxRow, Standing};
use crate::engine::{Books, Clock};
use crate::live::WallMs;
use crate::live::time::Timeline;
use crate::outgoing::Resolver;

/// Between looks at whether an operator wants dead letters sent again.
const WISHES_LOOK: Duration = Duration::from_secs(1);
/// Dead letters that are in memory to be sent again.
const WISHES_MAX: usize = 64;
/// Between attempts to read or write what is kept.
const LOG_RETRY: Duration = Duration::from_secs(1);
/// How long requests that are under way may take once the server ends.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// What senders stand on; cheap to clone.
#[derive(Clone)]
pub struct Surroundings {
    /// The events.
    pub outbox: Arc<dyn OutboxLog>,
    /// How far endpoints have got.
    pub deliveries: Arc<dyn DeliveryLog>,
    /// Says that there are more.
    pub bell: Arc<OutboxBell>,
    /// What operators are told.
    pub books: Arc<Books>,
    /// The server's time, as events and all that is kept of deliveries have it.
    pub clock: Arc<dyn Clock>,
    /// The system's time: receivers hold a signature's against their own, and the server's stands still when a clock is set.
    pub system: Arc<dyn Clock>,
    /// Resolves names.
    pub resolver: Arc<dyn Resolver>,
    /// Any number, another at each start.
    pub chance: u64,
}

impl Surroundings {
    /// Reads or writes what is kept, away from the threads of the runtime.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, LogFault> + Send + 'static,
    ) -> Result<T, LogFault> {
        let own = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&own)).await;
        done.unwrap_or_else(|error| {
            Err(LogFault { what: "a look at what is kept of webhooks".to_owned(), reason: error.to_string() })
        })
    }

    /// The same until it succeeds: nothing may be done before.
    async fn surely<T: Send + 'static>(
        &self,
        endpoint: &str,
        work: impl Fn(&Self) -> Result<T, LogFault> + Clone + Send + 'static,
    ) -> T {
        loop {
            match self.blocking(work.clone()).await {
                Ok(done) => return done,
                Err(error) => tracing::error!(endpoint, %error, "webhooks wait for it"),
            }
            tokio::time::sleep(LOG_RETRY).await;
        }
    }
}

/// All senders.
pub struct Webhooks {
    surroundings: Surroundings,
    line: Timeline,
    ending: watch::Sender<bool>,
    senders: Mutex<BTreeMap<String, Running>>,
    names: watch::Sender<Vec<Arc<Endpoint>>>,
    upkeep: JoinHandle<()>,
}

struct Running {
    endpoint: watch::Sender<Arc<Endpoint>>,
    task: JoinHandle<()>,
}

impl Webhooks {
    /// Starts a sender for each of `endpoints`. In a runtime of tokio; before the outbox is written to, so that an endpoint
    /// that is new misses nothing. Where they begin: [`DeliveryLog::begin_all`]. May wait for a disk.
    ///
    /// # Errors
    /// When what is kept of webhooks cannot be read or written.
    pub fn start(surroundings: Surroundings, endpoints: Vec<Endpoint>) -> Result<Self, LogFault> {
        let names: Vec<_> = endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
        let outbox = &surroundings.outbox;
        surroundings.deliveries.begin_all(&names, outbox.store(), outbox.ends()?)?;
        let line = Timeline::new(surroundings.clock.now(), WallMs(surroundings.clock.wall_ms()));
        let names = watch::Sender::new(endpoints.iter().cloned().map(Arc::new).collect());
        let upkeep = tokio::spawn(upkeep::run(surroundings.clone(), line, names.subscribe()));
        let (ending, senders) = (watch::Sender::new(false), Mutex::default());
        let webhooks = Self { surroundings, line, ending, senders, names, upkeep };
        webhooks.set(endpoints);
        Ok(webhooks)
    }

    /// These are the endpoints from now on: those that are known go on where they are, with the new address and keys from the
    /// next request on.
    pub fn set(&self, endpoints: Vec<Endpoint>) {
        // Nothing under this lock can panic half-way.
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoints: Vec<_> = endpoints.into_iter().map(Arc::new).collect();
        senders.retain(|name, running| {
            let stays = endpoints.iter().any(|endpoint| endpoint.name == *name);
            if !stays {
                running.task.abort();
            }
            stays
        });
        for endpoint in &endpoints {
            match senders.get(&endpoint.name) {
                Some(running) => drop(running.endpoint.send_replace(Arc::clone(endpoint))),
                None => drop(senders.insert(endpoint.name.clone(), self.spawn(Arc::clone(endpoint)))),
            }
        }
        drop(senders);
        self.names.send_replace(endpoints);
    }

    fn spawn(&self, endpoint: Arc<Endpoint>) -> Running {
        let (given, taken) = watch::channel(endpoint);
        let head = self.surroundings.bell.listen();
        let sender = Sender {
            surroundings: self.surroundings.clone(),
            line: self.line,
            endpoint: taken,
            head,
            ending: self.ending.subscribe(),
        };
        Running { endpoint: given, task: tokio::spawn(sender.run()) }
    }

    /// Ends all senders; what is under way gets a moment. What was sent but not written down is sent again after the next start.
    pub async fn stop(&self) {
        self.ending.send_replace(true);
        self.upkeep.abort();
        let senders = std::mem::take(&mut *self.senders.lock().unwrap_or_else(PoisonError::into_inner));
        let mut tasks: Vec<_> = senders.into_values().map(|running| running.task).collect();
        let all = async {
            for task in &mut tasks {
                // One that panicked has ended as well.
                drop(task.await);
            }
        };
        drop(tokio::time::timeout(GOODBYE_MAX, all).await);
        tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Where an endpoint goes on.
fn begin(all: &Surroundings, endpoint: &str) -> Result<Standing, LogFault> {
    let (store, head) = (all.outbox.store(), all.outbox.head()?);
    all.deliveries.begin(endpoint, store, head)
}

/// The loop of one endpoint.
#[derive(Clone)]
struct Sender {
    surroundings: Surroundings,
    line: Timeline,
    endpoint: watch::Receiver<Arc<Endpoint>>,
    head: watch::Receiver<u64>,
    ending: watch::Receiver<bool>,
}

impl Sender {
    /// A defect in it ends one run, and the next goes on from what was written down.
    async fn run(self) {
        loop {
            // Not a task of its own: it ends with this one.
            let mut drive = JoinSet::new();
            drive.spawn(self.clone().drive());
            match drive.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    tracing::error!(endpoint = self.endpoint.borrow().name, "its sender has panicked: begun anew");
                }
                Some(_) | None => return,
            }
            tokio::time::sleep(LOG_RETRY).await;
        }
    }

    async fn drive(mut self) {
        let mut endpoint = Arc::clone(&self.endpoint.borrow_and_update());
        let mut queue = self.begin(&endpoint).await;
        let mut post = self.post(&endpoint).await;
        let mut looked = None;
        loop {
            if *self.ending.borrow() || self.ending.has_changed().is_err() {
                return;
            }
            if self.endpoint.has_changed().unwrap_or(false) {
                endpoint = Arc::clone(&self.endpoint.borrow_and_update());
                queue.want_kinds(endpoint.kinds.clone());
                post = self.post(&endpoint).await;
            }
            queue.head_is(*self.head.borrow_and_update());
            let now = self.surroundings.clock.now();
            if looked.is_none_or(|at| now.saturating_duration_since(at) >= WISHES_LOOK) {
                looked = Some(now);
                self.look_for_wishes(&endpoint, &mut queue).await;
            }
            match queue.poll(self.now()) {
                Poll::Fetch(after) => {
                    let name = &endpoint.name;
                    let rows = self.surroundings.surely(name, move |all| all.outbox.after(after, WINDOW)).await;
                    let change = queue.fetched(rows);
                    self.keep(&endpoint, change).await;
                }
                Poll::Send(row) => {
                    let outcome = self.send(&post, &endpoint, &row).await;
                    let change = queue.done(self.now(), outcome);
                    // The last of those that were read: there may be more.
                    let look_again = matches!(change, Change::Revived { .. }) && !queue.revives();
                    looked = looked.filter(|_| !look_again);
                    self.keep(&endpoint, change).await;
                }
                Poll::Wait(until) => self.wait(until).await,
            }
        }
    }

    fn now(&self) -> WallMs {
        self.line.wall(self.surroundings.clock.now())
    }

    async fn begin(&self, endpoint: &Endpoint) -> Queue {
        let name = endpoint.name.clone();
        let standing = self.surroundings.surely(&endpoint.name, move |all| begin(all, &name)).await;
        tracing::info!(endpoint = endpoint.name, cursor = standing.cursor, dead = standing.dead, "webhooks begin");
        // Each endpoint its own chance: those of one receiver do not come together.
        let mix = |chance: u64, byte: u8| chance.wrapping_mul(31).wrapping_add(byte.into());
        let chance = endpoint.name.bytes().fold(self.surroundings.chance, mix);
        Queue::new(standing, endpoint.kinds.clone(), chance)
    }

    async fn post(&self, endpoint: &Endpoint) -> Post {
        loop {
            match Post::new(endpoint, Arc::clone(&self.surroundings.resolver)) {
                Ok(post) => return post,
                Err(error) => tracing::error!(endpoint = endpoint.name, %error, "webhooks wait for it"),
            }
            tokio::time::sleep(RETRY_MAX).await;
        }
    }

    async fn look_for_wishes(&self, endpoint: &Endpoint, queue: &mut Queue) {
        let name = endpoint.name.clone();
        match self.surroundings.blocking(move |all| all.deliveries.wanted(&name, WISHES_MAX)).await {
            Ok(letters) => queue.wanted(letters),
            Err(error) => tracing::warn!(endpoint = endpoint.name, %error, "nobody knows what is to be sent again"),
        }
    }

    async fn send(&self, post: &Post, endpoint: &Endpoint, row: &OutboxRow) -> Outcome {
        let outcome = post.send(endpoint, row, self.surroundings.system.wall_ms()).await;
        let name = endpoint.name.clone();
        match &outcome {
            Outcome::Delivered => {
                metrics::counter!("costage_webhook_deliveries_total", "endpoint" => name).increment(1);
                tracing::debug!(endpoint = endpoint.name, id = row.id, kind = row.kind, "webhook delivered");
            }
            Outcome::Failed { error, .. } => {
                metrics::counter!("costage_webhook_failures_total", "endpoint" => name).increment(1);
                tracing::warn!(endpoint = endpoint.name, id = row.id, kind = row.kind, error, "webhook not delivered");
            }
        }
        outcome
    }

    async fn keep(&self, endpoint: &Endpoint, change: Change) {
        if let Change::Buried { letters, .. } = &change {
            let letters = letters.len();
            tracing::error!(endpoint = endpoint.name, letters, "dead letters: costage webhooks list --dead");
        }
        let name = endpoint.name.clone();
        let work = move |all: &Surroundings| match &change {
            Change::None => Ok(()),
            Change::Settled { cursor, delivered } => all.deliveries.settle(&name, *cursor, *delivered),
            Change::Troubled { failing_since, trouble } => all.deliveries.trouble(&name, *failing_since, trouble),
            Change::Buried { cursor, letters } => all.deliveries.bury(&name, *cursor, letters),
            Change::Revived { id } => all.deliveries.revived(&name, id),
            Change::GivenUp { id, attempts, error } => all.deliveries.give_up(&name, id, *attempts, error),
        };
        self.surroundings.surely(&endpoint.name, work).await;
    }

    /// Until there may be something to do: a time, an event, another configuration, a wish, the end.
    async fn wait(&mut self, until: Option<WallMs>) {
        let now = self.now();
        let left = until.map_or(WISHES_LOOK, |until| until.since(now).min(WISHES_LOOK));
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            rose = self.head.changed(), if until.is_none() => {
                if rose.is_err() {
                    // Nobody will ever ring again: the server ends.
                    tokio::time::sleep(left).await;
                }
            }
            _ = self.endpoint.changed() => self.endpoint.mark_changed(),
            _ = self.ending.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests;
