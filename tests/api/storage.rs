//! `GET /v1/storage`: who may read it, and that it says what is so, of a whole server with a data directory too.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use costage::api::auth::{Claims, Role};
use costage::app::config::{Config, Secret, WebhookConfig};
use costage::app::metrics::{self, Metrics};
use costage::app::server::{self, Running};
use costage::engine::outbox_log::{DeadLetter, DeliveryLog, OutboxLog};
use costage::live::WallMs;
use costage::store::{Deliveries, OutboxReader};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::contract::Exchange;
use super::house::{House, PATIENCE};

const PATH: &str = "/v1/storage";
const README: &str = include_str!("../../README.md");

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_reads_it_and_only_so() {
    let house = House::open().await;
    let told = house.json(&house.admin(), "GET", PATH, &Value::Null).await.expect(200);
    assert_eq!((&told["keptIn"], &told["ledger"]), (&json!("memory"), &Value::Null));
    assert_eq!((&told["commits"]["count"], &told["commits"]["lastCommitTime"]), (&json!(0), &Value::Null));
    assert_eq!(told["webhooks"], json!({"lookTime": null, "endpoints": []}));
    assert_eq!(told["queue"], json!({"waiting": 0, "max": 1024}));
    for role in [Role::Host, Role::Guest, Role::Audience] {
        let reply = house.json(&house.token(role, "alice", "*"), "GET", PATH, &Value::Null).await;
        reply.problem(403, "forbidden");
    }
    house.json("", "GET", PATH, &Value::Null).await.problem(401, "unauthorized");
    house.json("x.y.z", "GET", PATH, &Value::Null).await.problem(401, "unauthorized");
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let reply = house.json(&house.admin(), method, PATH, &Value::Null).await;
        reply.problem(405, "method-not-allowed");
        assert_eq!(reply.header("allow"), "GET,HEAD");
    }
    let asked = house.send("GET", &format!("{PATH}?token={}", house.admin()), &[], "").await;
    asked.expect(200);
    assert_eq!(asked.header("cache-control"), "no-store");
    let strange = house.json(&house.admin(), "GET", &format!("{PATH}?verbose=1"), &Value::Null).await;
    let problem = strange.problem(400, "bad-request");
    assert!(problem["detail"].as_str().unwrap().contains("verbose"), "{problem}");
}

/// A whole server on disk, with an endpoint that nobody listens at.
struct Whole {
    server: Running,
    metrics: Metrics,
    http: reqwest::Client,
    token: String,
}

impl Whole {
    async fn start(metrics: &Metrics, data_dir: PathBuf, hook: &str) -> Self {
        let webhook = WebhookConfig {
            name: "crm".to_owned(),
            url: format!("http://{hook}/"),
            secrets: vec![Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
            events: Vec::new(),
            allow_private: true,
        };
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            media_udp_port: 0,
            media_loopback: true,
            metrics_listen: String::new(),
            drain_seconds: 0,
            webhooks: vec![webhook],
            data_dir,
            ..Config::default()
        };
        let server = server::start(&config, true, metrics).await.unwrap();
        let exp = server.clock().wall_ms() / 1_000 + 600;
        let (sub, live) = ("backend".into(), "*".into());
        let token = server.keys().mint(&Claims { sub, name: None, role: Role::Admin, live, exp, nbf: None, aud: None });
        Self { server, metrics: metrics.clone(), http: reqwest::Client::new(), token: token.unwrap() }
    }

    async fn ask(&self, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.server.url().replace("localhost", "127.0.0.1"));
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        let request = request.header("idempotency-key", key);
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask("POST", path, path, &body).await;
        assert!(status < 300, "{path}: {answer}");
        answer
    }

    async fn told(&self) -> Value {
        let (status, answer) = self.ask("GET", PATH, "", &Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Asks until `holds`.
    async fn tells(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let told = self.told().await;
            if holds(&told) {
                return told;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {told}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// A battle between the lives `a` and `b`.
    async fn battle(&self) -> String {
        for (live, user) in [("a", "alice"), ("b", "bob")] {
            self.post("/v1/lives", json!({"liveId": live, "owner": {"userId": user}})).await;
            self.on_air(live, user).await;
        }
        self.post("/v1/lives/a/co-host/requests", json!({"targetLiveIds": ["b"]})).await;
        self.post("/v1/lives/b/co-host/requests/a/accept", json!({})).await;
        let wish = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 0});
        self.post("/v1/lives/a/battles", wish).await["battleId"].as_str().unwrap().to_owned()
    }

    async fn on_air(&self, live: &str, user: &str) {
        use costage::live::command::MediaState;
        use costage::live::{LiveId, UserId};
        let (reply, publish) = tokio::sync::oneshot::channel();
        let (live, user) = (LiveId::new(live).unwrap(), UserId::new(user).unwrap());
        let control = self.server.control();
        control.publish(live, user, Box::new(move |publish| reply.send(publish).unwrap()));
        control.host_media(publish.await.unwrap().unwrap().source, MediaState::Up);
    }
}

fn endpoint(told: &Value) -> &Value {
    &told["webhooks"]["endpoints"][0]
}

/// Names of metrics in a text of ours, as `/metrics` writes them.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '_'));
    words.filter(|word| word.starts_with("costage_")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_score_moves_the_head_a_receiver_that_is_down_shows_and_a_restart_goes_on() {
    let folder = std::env::temp_dir().join(format!("costage-storage-{}", std::process::id()));
    let metrics = metrics::install().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let whole = Whole::start(&metrics, folder.clone(), &hook).await;
    let battle = whole.battle().await;
    let before = whole.told().await;
    assert_eq!((&before["keptIn"], &before["ledger"]), (&json!("disk"), &json!({"seq": 0, "hash": "0".repeat(64)})));

    let points = json!({"op": "add", "scores": [{"userId": "alice", "value": 5}]});
    whole.post(&format!("/v1/battles/{battle}/scores"), points).await;
    let after = whole.told().await;
    let time = |told: &Value| told["commits"]["lastCommitTime"].as_u64().unwrap();
    assert_eq!(after["ledger"]["seq"], 1);
    assert_ne!(after["ledger"]["hash"], before["ledger"]["hash"]);
    // Journal and control thread round the same time apart.
    let now = after["serverTime"].as_u64().unwrap() + 2;
    assert!(time(&after) >= time(&before) && time(&after) <= now, "{after}");
    assert!(after["commits"]["count"].as_u64() > before["commits"]["count"].as_u64(), "{after}");
    assert_eq!((&after["commits"]["failures"], &after["commits"]["lastFailure"]), (&json!(0), &Value::Null));
    assert!(after["commits"]["took"]["p99Seconds"].as_f64().unwrap() > 0.0, "{after}");

    let down = whole.tells("the endpoint is down", |told| endpoint(told)["trouble"].is_object()).await;
    let crm = endpoint(&down);
    assert_eq!((&crm["name"], &crm["delivered"], &crm["deadLetters"]), (&json!("crm"), &json!(0), &json!(0)));
    assert!(crm["backlog"].as_u64().unwrap() >= 2 && crm["oldestSeconds"].is_u64(), "{crm}");
    assert!(crm["trouble"]["lastError"].as_str().unwrap().contains("onnect"), "{crm}");
    assert!(crm["trouble"]["attempts"].as_u64() >= Some(1) && crm["failingSinceTime"].is_u64(), "{crm}");

    // A dead letter, as three days of this would leave it.
    let outbox = OutboxReader::open(&folder.join("costage.db")).unwrap();
    let deliveries = Deliveries::open(&folder.join("webhooks.db")).unwrap();
    let row = outbox.after(0, 1).unwrap().remove(0);
    let (error, died) = ("status 500".to_owned(), WallMs(1));
    let letter = DeadLetter { endpoint: "crm".to_owned(), row, attempts: 9, died, error, wanted: false };
    deliveries.bury("crm", 1, &[letter]).unwrap();
    let dead = whole.tells("the letter is dead", |told| endpoint(told)["deadLetters"] == 1).await;

    let house = House::open().await;
    let exchange = Exchange {
        method: "GET".to_owned(),
        path: PATH.to_owned(),
        sent_headers: [("authorization".to_owned(), String::new())].into(),
        status: 200,
        headers: [
            ("cache-control".parse().unwrap(), "no-store".parse().unwrap()),
            ("content-type".parse().unwrap(), "application/json".parse().unwrap()),
        ]
        .into_iter()
        .collect(),
        body: Some(dead.to_string()),
        ..Exchange::default()
    };
    assert_eq!(house.contract().faults(&exchange), [""; 0], "not as /openapi.json says");
    let refused = whole.ask("GET", "/v1/lives/nowhere", "", &Value::Null).await;
    assert_eq!(refused.0, 404);
    assert_metrics(&whole.metrics.render());

    whole.server.shut_down().await;
    let again = Whole::start(&metrics, folder.clone(), &hook).await;
    let told = again.told().await;
    assert_eq!(told["ledger"], dead["ledger"], "the head of the server before");
    assert!(time(&told) >= time(&dead));
    again.server.shut_down().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Commits, queue, refusals and webhooks are counted; what README names is there.
fn assert_metrics(text: &str) {
    let value = |series: &str| -> f64 {
        let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
    };
    assert!(value("costage_commits_total") > 0.0 && value("costage_commit_seconds_count") > 0.0);
    assert_eq!((value("costage_commit_failures_total"), value("costage_ledger_head")), (0.0, 1.0));
    // Other tests of this process are refused too.
    assert!(value("costage_refusals_total{case=\"live-not-found\",code=\"100004\"}") >= 1.0);
    assert_eq!(value("costage_refusals_total{case=\"not-stored\",code=\"900503\"}"), 0.0);
    assert_eq!(value("costage_webhook_dead_letters{endpoint=\"crm\"}"), 1.0);
    assert!(value("costage_webhook_backlog{endpoint=\"crm\"}") >= 1.0);
    let named = metrics_in(README);
    assert!(named.len() >= 10, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !text.contains(&format!("\n{name}"))).collect();
    assert_eq!(missing, Vec::<&&str>::new(), "README names them, /metrics does not");
    let undescribed: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|name| !text.contains(&format!("# HELP {name} ")))
        .collect();
    assert_eq!(undescribed, Vec::<&str>::new(), "described in src/app/metrics");
}
