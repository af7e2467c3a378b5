//! A backend that takes webhooks, and writes down what it was told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use crate::house::PATIENCE;

type Told = Arc<Mutex<Vec<(String, Value)>>>;

pub(crate) struct Receiver {
    address: SocketAddr,
    told: Told,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let told = Told::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/hook", post(take)).with_state(Arc::clone(&told));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, told }
    }

    /// The part of the server's configuration that names it.
    pub(crate) fn config(&self) -> String {
        format!(
            "[[webhooks]]\nname = \"crash\"\nurl = \"http://{}/hook\"\nsecrets = [\"whsec_{}\"]\nallow_private = true\n",
            self.address, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        )
    }

    /// The distinct ids of what was told, by kind and by whom or what it is about: the battle, or else the live.
    pub(crate) fn ids_by_subject(&self) -> BTreeMap<(String, String), Vec<String>> {
        let mut bodies: BTreeMap<String, Value> = BTreeMap::new();
        let mut ids: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (id, body) in &*self.told.lock().unwrap() {
            if let Some(before) = bodies.insert(id.clone(), body.clone()) {
                assert_eq!(before, *body, "one id, two events");
                continue;
            }
            let data = &body["data"];
            let subject = data["battleId"].as_str().or_else(|| data["liveId"].as_str());
            let subject = subject.or_else(|| data["live"]["liveId"].as_str()).unwrap_or_default();
            let kind = body["type"].as_str().unwrap().to_owned();
            ids.entry((kind, subject.to_owned())).or_default().push(id.clone());
        }
        ids
    }

    /// Waits until nothing new has come for a while, and all that must have come has.
    pub(crate) async fn wait_until(&self, enough: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !enough(self) {
            assert!(began.elapsed() < PATIENCE, "webhooks are missing");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn take(State(told): State<Told>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    assert!(headers.contains_key("webhook-signature") && headers.contains_key("webhook-timestamp"));
    told.lock().unwrap().push((id, serde_json::from_slice(&body).unwrap()));
    StatusCode::NO_CONTENT
}
