//! A tour through the whole interface: every documented success is reached, and every documented event is received.

use std::collections::BTreeSet;
use std::time::Duration;

use costage::api::auth::Role;
use costage::app::reload;
use costage::live::GiftTable;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::events::{Socket, open};
use super::super::house::{House, offer};
use super::super::whip::{CANDIDATE, FRAGMENT, fragment};
use super::Contract;

/// Longer than the shortest time a request may wait.
const EXPIRED: Duration = Duration::from_millis(1_300);
/// Longer than the shortest battle and punishment.
const OVER: Duration = Duration::from_millis(6_500);

/// Who is on the tour, and what it has seen: `GET /v1/lives/{liveId} 200`.
struct Tour {
    house: House,
    alice: String,
    bob: String,
    gil: String,
    admin: String,
    seen: BTreeSet<String>,
}

impl Contract {
    fn successes(&self) -> BTreeSet<String> {
        let operations =
            self.paths().flat_map(|(path, methods)| methods.iter().map(move |(method, it)| (path, method, it)));
        operations
            .flat_map(|(path, method, operation)| {
                let statuses =
                    operation["responses"].as_object().unwrap().keys().filter(|status| status.as_str() < "400");
                statuses.map(move |status| format!("{} {path} {status}", method.to_ascii_uppercase()))
            })
            .collect()
    }

    fn events(&self) -> BTreeSet<String> {
        let mapping = self.document["components"]["schemas"]["EventMessage"]["discriminator"]["mapping"].as_object();
        mapping.unwrap().keys().cloned().collect()
    }
}

impl Tour {
    async fn new() -> Self {
        let house = House::open().await;
        let (alice, bob) = (house.host("alice", "a"), house.host("bob", "b"));
        let (gil, admin) = (house.token(Role::Guest, "gil", "a"), house.admin());
        Self { house, alice, bob, gil, admin, seen: BTreeSet::new() }
    }

    async fn raw(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
        let reply = self.house.send(method, path, headers, body).await;
        assert!(reply.status < 400, "{method} {path} {body}: {}", reply.body);
        let (template, _) = self.house.contract().route(path.split('?').next().unwrap()).expect("it is documented");
        self.seen.insert(format!("{method} {template} {}", reply.status));
        let mut answer = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
        if answer.is_null() {
            answer = json!({"location": reply.header("location"), "etag": reply.header("etag")});
        }
        answer
    }

    async fn go(&mut self, who: &str, method: &str, path: &str, body: Value) -> Value {
        let token = match who {
            "alice" => &self.alice,
            "bob" => &self.bob,
            "gil" => &self.gil,
            _ => &self.admin,
        };
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", &*bearer), ("content-type", "application/json"), ("idempotency-key", path)];
        let has_key = path.ends_with("/scores") || path.ends_with("/gifts");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.raw(method, path, &headers[..if has_key { 3 } else { 2 }], &body).await
    }

    async fn post(&mut self, who: &str, path: &str, body: Value) -> Value {
        self.go(who, "POST", &format!("/v1/lives/{path}"), body).await
    }

    async fn look(&mut self, path: &str) {
        let bearer = format!("Bearer {}", self.admin);
        self.raw("GET", path, &[("authorization", &bearer)], "").await;
    }

    async fn lives(&mut self) {
        for path in
            ["/healthz", "/openapi.json", "/v1/time", "/v1/storage", "/v1/lives", "/v1/lives/a", "/v1/lives/a/seats"]
        {
            if path == "/v1/lives/a" {
                for (live, user) in [("a", "alice"), ("b", "bob")] {
                    self.go("admin", "POST", "/v1/lives", json!({"liveId": live, "owner": {"userId": user}})).await;
                    self.house.on_air(live, user).await;
                }
            }
            self.look(path).await;
        }
    }

    async fn seats(&mut self) {
        let (apply, invite, none) = ("a/seat-applications", "a/seat-invitations", json!({}));
        for (who, word) in [("alice", "reject"), ("gil", "cancel"), ("admin", "accept")] {
            self.post("gil", apply, none.clone()).await;
            self.look("/v1/lives/a/seat-applications").await;
            self.post(who, &format!("{apply}/gil/{word}"), none.clone()).await;
        }
        for word in ["mute", "unmute", "camera-off", "camera-on", "kick"] {
            self.post("alice", &format!("a/seats/1/{word}"), none.clone()).await;
        }
        for (who, word) in [("alice", "cancel"), ("gil", "reject"), ("gil", "accept")] {
            self.post("alice", invite, json!({"userId": "gil"})).await;
            self.look("/v1/lives/a/seat-invitations").await;
            self.post(who, &format!("{invite}/gil/{word}"), none.clone()).await;
        }
        self.post("alice", "a/seats/move", json!({"userId": "gil", "seatIndex": 2})).await;
        self.post("gil", "a/seats/2/leave", none.clone()).await;
        self.post("alice", "a/seats/3/lock", none.clone()).await;
        self.post("alice", "a/seats/3/unlock", none.clone()).await;
        self.post("admin", "a/seats/4/take", json!({"userId": "hal"})).await;
        self.post("gil", apply, json!({"timeoutSeconds": 1})).await;
        self.post("alice", invite, json!({"userId": "ida", "timeoutSeconds": 1})).await;
        self.go("alice", "PATCH", "/v1/lives/a", json!({"notice": "soon"})).await;
        self.templates().await;
    }

    /// Each of them, as the live's and as the layout's, until it is the first again.
    async fn templates(&mut self) {
        for (template, layout) in
            [("videoDynamicFloat7Seats", 200), ("videoFixedGrid9Seats", 801), ("audioSalon", 50), ("karaoke", 600)]
        {
            self.go("alice", "PATCH", "/v1/lives/a", json!({"seatTemplate": template})).await;
            self.look("/v1/lives/a/layout").await;
            self.look("/v1/lives/a/preview.png?hosts=3").await;
            self.go("alice", "PUT", "/v1/lives/a/layout", json!({"layoutTemplate": layout})).await;
        }
    }

    async fn connection(&mut self) {
        let (request, none) = ("a/co-host/requests", json!({}));
        self.post("alice", request, json!({"targetLiveIds": ["b"], "timeoutSeconds": 1})).await;
        sleep(EXPIRED).await;
        for (who, path) in [
            ("alice", "a/co-host/requests/b/cancel"),
            ("bob", "b/co-host/requests/a/reject"),
            ("bob", "b/co-host/requests/a/accept"),
        ] {
            self.look("/v1/lives/a/co-host/candidates").await;
            self.post("alice", request, json!({"targetLiveIds": ["b"]})).await;
            self.post(who, path, none.clone()).await;
        }
        self.look("/v1/lives/a/co-host").await;
        self.look("/v1/lives/a/layout").await;
        self.look("/v1/lives/a/preview.png?hosts=3").await;
        let photo = super::super::pictures::png_of(2, [1, 2, 3]);
        self.house.photo(&self.alice, "/v1/users/alice/avatar", "image/png", &photo).await.expect(204);
        self.seen.insert("PUT /v1/users/{userId}/avatar 204".to_owned());
        self.go("bob", "PUT", "/v1/lives/b/layout", json!({"layoutTemplate": 2})).await;
        let region =
            json!({"x": 0, "y": 0, "w": 720, "h": 640, "fit": "fill", "cornerRadius": 8, "source": {"liveId": "b"}});
        for path in ["/v1/layouts/validate", "/v1/layouts/preview.png"] {
            self.go("bob", "POST", path, json!({"liveId": "b", "regions": [region]})).await;
        }
    }

    async fn step(&mut self, who: &str, battle: &str, word: &str, body: Value) -> Value {
        self.go(who, "POST", &format!("/v1/battles/{battle}/{word}"), body).await
    }

    async fn battles(&mut self) {
        let (wish, none) = (json!({"userIds": ["bob"]}), json!({}));
        self.post("alice", "a/battles", json!({"userIds": ["bob"], "timeoutSeconds": 1})).await;
        sleep(EXPIRED).await;
        for (who, word) in [("alice", "cancel"), ("bob", "reject"), ("bob", "accept")] {
            let battle = self.post("alice", "a/battles", wish.clone()).await["battleId"].as_str().unwrap().to_owned();
            self.step(who, &battle, word, none.clone()).await;
            if word == "accept" {
                self.scores(&battle).await;
                for host in ["bob", "alice"] {
                    self.step(host, &battle, "exit", none.clone()).await;
                }
                let again = self.step("alice", &battle, "rematch", none.clone()).await;
                self.step("alice", again["battleId"].as_str().unwrap(), "cancel", none.clone()).await;
            }
        }
        let short = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 0, "durationSeconds": 5, "punishmentSeconds": 1});
        self.post("alice", "a/battles", short).await;
        sleep(OVER).await;
        self.go("bob", "DELETE", "/v1/lives/b/co-host", Value::Null).await;
    }

    async fn scores(&mut self, battle: &str) {
        let value = json!({"op": "add", "scores": [{"userId": "alice", "value": 5}]});
        self.step("admin", battle, "scores", value).await;
        reload::set(&self.house.state.control, GiftTable { tiers: [(0, 5)].into(), ..Default::default() });
        self.step("admin", battle, "gifts", json!({"receiver": "bob", "giftId": "rose", "value": 3, "senderId": "u9"}))
            .await;
        for path in
            [format!("/v1/battles/{battle}"), format!("/v1/battles/{battle}/ledger"), "/v1/lives/a/battle".to_owned()]
        {
            self.look(&path).await;
        }
    }

    async fn media(&mut self) {
        self.house.live("w", "wanda").await;
        self.post("admin", "w/seats/1/take", json!({"userId": "wim"})).await;
        let bearer = format!("Bearer {}", self.admin);
        let token = ("authorization", &*bearer);
        for (endpoint, direction) in [
            ("/whip/w", "sendonly"),
            ("/whip/w/seats/1", "sendonly"),
            ("/whep/a", "recvonly"),
            ("/whep/a/hosts/alice", "recvonly"),
            ("/whep/a/return", "recvonly"),
        ] {
            let sdp = ("content-type", "application/sdp");
            let opened = self.raw("POST", endpoint, &[token, sdp], &offer(direction)).await;
            let (session, etag) = (opened["location"].as_str().unwrap(), opened["etag"].as_str().unwrap());
            for method in ["GET", "HEAD", "OPTIONS"] {
                self.raw(method, endpoint, &[], "").await;
            }
            self.raw("GET", session, &[], "").await;
            self.raw("OPTIONS", session, &[], "").await;
            let restart = "a=ice-ufrag:efgh\r\na=ice-pwd:yzyzyzyzyzyzyzyzyzyzyzyz\r\n".to_owned();
            for body in [fragment(CANDIDATE), restart] {
                self.raw("PATCH", session, &[token, FRAGMENT, ("if-match", etag)], &body).await;
            }
            self.raw("DELETE", session, &[token], "").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn every_documented_success_is_reached_and_every_documented_event_is_received() {
    let mut tour = Tour::new().await;
    tour.lives().await;
    let socket = |live: &str, token: &str| open(&tour.house, &format!("/v1/lives/{live}/events?token={token}"));
    let mut sockets: [Socket; 3] = [socket("a", &tour.alice), socket("b", &tour.bob), socket("a", &tour.gil)];
    tour.seen.insert("GET /v1/lives/{liveId}/events 101".to_owned());
    tour.seats().await;
    tour.media().await;
    tour.connection().await;
    tour.battles().await;
    for live in ["a", "b"] {
        tour.go("admin", "DELETE", &format!("/v1/lives/{live}"), Value::Null).await;
    }
    let types = |socket: &mut Socket| -> BTreeSet<String> {
        socket.until("onLiveEnded").iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    let received: BTreeSet<String> = sockets.iter_mut().flat_map(types).collect();

    let contract = tour.house.contract();
    let missing: Vec<_> = contract.successes().difference(&tour.seen).cloned().collect();
    assert_eq!(missing, [""; 0], "documented, and not reached");
    let missing: Vec<_> = contract.events().difference(&received).cloned().collect();
    assert_eq!(missing, [""; 0], "documented, and not received");
}
