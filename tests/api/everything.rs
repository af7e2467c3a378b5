//! All that can be seen of a server: every GET, and where each live's events stand.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::events::try_open;
use super::house::House;

/// What can be looked at of a live.
const OF_A_LIVE: [&str; 8] =
    ["", "/seats", "/seat-applications", "/seat-invitations", "/co-host", "/co-host/candidates", "/layout", "/battle"];

impl House {
    /// All of it, by address. Times of asking are left out.
    pub(crate) async fn everything(&self) -> BTreeMap<String, Value> {
        let admin = self.admin();
        let mut seen = BTreeMap::new();
        let lives = self.json(&admin, "GET", "/v1/lives?count=100", &Value::Null).await.expect(200);
        let hidden = ["private"].map(str::to_owned);
        let listed = lives["lives"].as_array().unwrap().iter().map(|live| live["liveId"].as_str().unwrap().to_owned());
        for live in listed.chain(hidden).collect::<Vec<_>>() {
            for part in OF_A_LIVE {
                let path = format!("/v1/lives/{live}{part}");
                seen.insert(path.clone(), self.looked(&admin, &path).await);
            }
            if seen[&format!("/v1/lives/{live}")]["status"] != 404 {
                seen.insert(format!("events of {live}"), self.stand_of_events(&admin, &live).await);
            }
        }
        let battles: Vec<String> =
            seen.values().filter_map(|value| value["battleId"].as_str().map(str::to_owned)).collect();
        for battle in battles {
            for path in [format!("/v1/battles/{battle}"), format!("/v1/battles/{battle}/ledger?count=100")] {
                seen.insert(path.clone(), self.looked(&admin, &path).await);
            }
        }
        seen.insert("/v1/lives".to_owned(), lives);
        seen
    }

    async fn looked(&self, token: &str, path: &str) -> Value {
        let reply = self.json(token, "GET", path, &Value::Null).await;
        serde_json::from_str(&reply.body).unwrap()
    }

    /// The snapshot that a new reader gets: all of the live, and the number of its last event.
    async fn stand_of_events(&self, token: &str, live: &str) -> Value {
        // The place of the socket before may not be free yet.
        loop {
            if let Some(mut socket) = try_open(self, &format!("/v1/lives/{live}/events?token={token}")) {
                let mut snapshot = socket.json();
                snapshot["serverTime"] = json!(0);
                return snapshot;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}
