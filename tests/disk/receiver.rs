//! A backend that takes webhooks, and an event socket that is read: both write down what came, and when.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use costage::client::event_socket::EventSocket;
use serde_json::{Value, json};

use crate::disk::now_us;
use crate::house::{House, PATIENCE};

/// Something that was told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// When it came.
    pub(crate) at: u64,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// All that was told, in its order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Told>>>);

impl Heard {
    fn note(&self, mut message: Value) {
        let (at, data) = (now_us(), message["data"].take());
        let kind = message["type"].as_str().unwrap().to_owned();
        self.0.lock().unwrap().push(Told { at, kind, data });
    }

    /// What came from then on.
    pub(crate) fn since(&self, from: u64) -> Vec<Told> {
        self.0.lock().unwrap().iter().filter(|told| told.at >= from).cloned().collect()
    }

    /// The first of this kind that came from then on, and is as wanted.
    pub(crate) async fn first(&self, from: u64, kind: &str, wanted: impl Fn(&Value) -> bool) -> Told {
        let began = Instant::now();
        loop {
            let is = |told: &Told| told.kind == kind && wanted(&told.data);
            if let Some(told) = self.since(from).into_iter().find(is) {
                return told;
            }
            assert!(began.elapsed() < PATIENCE, "no {kind}; there were {:?}", self.since(from));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How often this kind came with this in its data.
    pub(crate) fn count(&self, kind: &str, field: &str, value: &str) -> usize {
        self.since(0).iter().filter(|told| told.kind == kind && told.data[field] == json!(value)).count()
    }
}

/// Reads the events of a live from now on.
pub(crate) async fn read_events(house: &House, live: &str) -> Heard {
    let mut socket = EventSocket::open(&house.backend.events(live)).await.unwrap();
    let heard = Heard::default();
    let told = heard.clone();
    tokio::spawn(async move {
        while let Ok(text) = socket.next().await {
            told.note(serde_json::from_str(&text).unwrap());
        }
    });
    heard.first(0, "snapshot", |_| true).await;
    heard
}

pub(crate) struct Receiver {
    address: SocketAddr,
    pub(crate) heard: Heard,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let heard = Heard::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(heard.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, heard }
    }

    /// The part of the server's configuration that names it.
    pub(crate) fn config(&self) -> String {
        format!(
            "[[webhooks]]\nname = \"disk\"\nurl = \"http://{}/hook\"\nsecrets = [\"whsec_{}\"]\nallow_private = true\n",
            self.address, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        )
    }
}

async fn take(State(heard): State<Heard>, body: String) -> StatusCode {
    heard.note(serde_json::from_str(&body).unwrap());
    StatusCode::NO_CONTENT
}
