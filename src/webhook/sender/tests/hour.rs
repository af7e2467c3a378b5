//! The number, with all that a real sender does: a receiver that is down for an hour loses nothing, and is drained in
//! order within five minutes. The hour passes on a clock that the test moves; each request, its signature and its commit to a
//! file on disk are real. What they take, and what the receiver would take to answer, the clock moves on by, too.

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);
const DRAINED_WITHIN: Duration = Duration::from_secs(300);
/// Two events a second: a server with hundreds of hosts who come, connect and battle.
const EVERY: Duration = Duration::from_millis(500);
/// One look of the sender at the clock.
const STEP: Duration = Duration::from_secs(10);
/// What the receiver takes for each answer once it is back, on the test's clock.
const ANSWER: Duration = Duration::from_millis(20);

/// A receiver at work again: each answer takes [`ANSWER`].
async fn take_slowly(State((receiver, clock)): State<(Receiver, Hand)>, headers: HeaderMap, body: Bytes) -> Response {
    clock.forward(ANSWER);
    take(State(receiver), headers, body).await
}

/// A directory of its own, gone with the test.
struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

struct Scene {
    clock: Hand,
    outbox: Arc<MemoryOutbox>,
    deliveries: Arc<Deliveries>,
    webhooks: Webhooks,
    endpoints: Vec<Endpoint>,
    /// Ids of all that has happened.
    told: Vec<String>,
}

impl Scene {
    fn new(folder: &Folder, address: SocketAddr) -> Self {
        std::fs::create_dir_all(&folder.0).unwrap();
        let outbox = MemoryOutbox::new(StoreId([9; 16]));
        let deliveries = Arc::new(Deliveries::open(&folder.0.join("webhooks.db")).unwrap());
        let clock = Hand(Arc::default(), Instant::now());
        let surroundings = Surroundings {
            bell: outbox.bell(),
            outbox: Arc::clone(&outbox) as Arc<dyn OutboxLog>,
            deliveries: Arc::clone(&deliveries) as Arc<dyn DeliveryLog>,
            books: Arc::new(Books::in_memory()),
            clock: Arc::new(clock.clone()),
            system: Arc::new(clock.clone()),
            resolver: Arc::new(Loopback),
            chance: 1,
        };
        let endpoints = vec![endpoint("crm", &format!("http://{address}/"), &[SECRET])];
        let webhooks = Webhooks::start(surroundings, endpoints.clone()).unwrap();
        Self { clock, outbox, deliveries, webhooks, endpoints, told: Vec::new() }
    }

    /// Time goes on by a step, with the events of it; the sender looks at the clock at once, not after a second.
    fn step(&mut self) {
        for _ in 0..STEP.as_millis() / EVERY.as_millis() {
            self.clock.forward(EVERY);
            let (live, data) = (LiveId::new("a").unwrap(), serde_json::json!({"n": self.told.len()}));
            let event = Callback { kind: CallbackKind::HostOnline, live, at: WallMs(self.clock.wall_ms()), data };
            self.told.push(OutboxRow::of(self.outbox.store(), self.told.len() as u64 + 1, &event).id);
            self.outbox.append([event]);
        }
        self.webhooks.set(self.endpoints.clone());
    }

    fn standing(&self) -> Standing {
        self.deliveries.standings().unwrap().remove(0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_hour_without_its_receiver_a_sender_drains_all_of_it_in_order_within_five_minutes() {
    let folder = Folder(std::env::temp_dir().join(format!("costage-hour-{}", std::process::id())));
    // A port that nobody listens on, until somebody does.
    let receiver = Receiver::default();
    let (address, down) = receiver.serve("127.0.0.1:0").await;
    down.abort();
    assert!(down.await.unwrap_err().is_cancelled());
    let mut scene = Scene::new(&folder, address);
    let begun = scene.clock.now();
    while scene.clock.now() - begun < HOUR {
        scene.step();
        // For a request that is refused, and its commit.
        tokio::time::sleep(Duration::from_millis(8)).await;
    }
    let trouble = scene.standing().trouble.expect("it has failed for an hour");
    assert_eq!((trouble.seq, receiver.got().len()), (1, 0), "the first holds up all");
    assert!((50..=80).contains(&trouble.attempts), "a minute apart in the end, not {} times", trouble.attempts);
    assert!(scene.told.len() >= 7_200);

    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = Router::new().fallback(take_slowly).with_state((receiver.clone(), scene.clock.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (back, real) = (scene.clock.now(), Instant::now());
    // It is waited for as long as the last failure said; events go on meanwhile.
    while receiver.got().is_empty() {
        scene.step();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while scene.standing().cursor < scene.told.len() as u64 {
        assert!(real.elapsed() < DRAINED_WITHIN, "{:?}", scene.standing());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let drained = (scene.clock.now() - back) + real.elapsed();
    assert_eq!(receiver.ids(), scene.told, "each once, in order");
    assert_eq!(scene.standing().dead, 0);
    println!(
        "{} events in {drained:?}, of it {:?} real: {:?} for each beside what the receiver takes",
        scene.told.len(),
        real.elapsed(),
        real.elapsed() / u32::try_from(scene.told.len()).unwrap()
    );
    assert!(drained <= DRAINED_WITHIN, "{drained:?}");
    scene.webhooks.stop().await;
}
