//! WHIP, RFC 9725, requirement by requirement.

use std::time::Duration;

use costage::api::auth::Role;
use costage::client::whip::Host;

use super::house::{House, Reply, offer};

pub(crate) fn fragment(candidate: &str) -> String {
    format!(
        "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n{candidate}"
    )
}

pub(crate) const CANDIDATE: &str = "a=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\n";
pub(crate) const FRAGMENT: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

async fn published() -> (House, Reply, String) {
    let house = House::open().await;
    house.live("a", "alice").await;
    let token = house.host("alice", "a");
    let created = house.sdp(&token, "/whip/a", &offer("sendonly")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    (house, created, format!("Bearer {token}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn offer_is_answered_201_with_everything_clients_need() {
    let (_house, created, _) = published().await;
    assert_eq!(created.header("content-type"), "application/sdp");
    assert_eq!(created.header("content-length"), created.body.len().to_string(), "ffmpeg fails on chunked answers");
    let location = created.header("location");
    assert!(location.starts_with("/whip/") && !location.contains('?'), "{location}");
    let secret = location.rsplit('/').next().unwrap();
    assert!(secret.len() >= 22, "at least 128 random bits in {secret}");
    assert!(created.header("etag").starts_with('"'), "strong: {}", created.header("etag"));
    assert!(created.body.starts_with("v=0") && created.body.len() < 8192 && created.body.contains("a=recvonly"));
    assert_eq!(created.headers.get_all("link").iter().count(), 0, "no ICE servers are configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_configured_ice_server_gets_its_own_link() {
    let links = ["<stun:s>; rel=\"ice-server\"", "<turn:t>; rel=\"ice-server\"; username=\"u\"; credential=\"p\""];
    let house = House::with(|settings| settings.ice_server_links = links.map(str::to_owned).to_vec()).await;
    house.live("a", "alice").await;
    let created = house.sdp(&house.host("alice", "a"), "/whip/a", &offer("sendonly")).await;
    let found: Vec<_> = created.headers.get_all("link").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(found, links);
    let preflight = house.send("OPTIONS", "/whip/a", &[("access-control-request-method", "POST")], "").await;
    assert_eq!(preflight.headers.get_all("link").iter().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_trickles_restarts_and_ends() {
    let (house, created, bearer) = published().await;
    let (path, etag) = (created.header("location"), created.header("etag"));
    let patch = async |if_match: Option<&str>, body: &str| {
        let mut headers = vec![FRAGMENT, ("authorization", &*bearer)];
        headers.extend(if_match.map(|tag| ("if-match", tag)));
        house.send("PATCH", path, &headers, body).await
    };
    let trickled = patch(Some(etag), &fragment(CANDIDATE)).await;
    assert_eq!((trickled.status, trickled.body.as_str(), trickled.header("etag")), (204, "", ""));
    patch(None, &fragment(CANDIDATE)).await.problem(428, "if-match-missing");
    patch(Some("\"other\""), &fragment(CANDIDATE)).await.problem(412, "etag-stale");

    let restart = "a=ice-ufrag:efgh\r\na=ice-pwd:yzyzyzyzyzyzyzyzyzyzyzyz\r\n";
    let restarted = patch(Some("*"), restart).await;
    assert_eq!(restarted.status, 200, "{}", restarted.body);
    assert_eq!(restarted.header("content-type"), FRAGMENT.1);
    assert!(restarted.header("etag") != etag && restarted.body.contains("a=ice-ufrag:"), "{}", restarted.body);

    assert_eq!(house.send("GET", path, &[], "").await.status, 204);
    let ended = house.send("DELETE", path, &[("authorization", &bearer), ("if-match", "\"stale\"")], "").await;
    assert_eq!(ended.status, 200, "OBS warns about 204: {}", ended.body);
    house.send("DELETE", path, &[("authorization", &bearer)], "").await.problem(404, "session-not-found");
    patch(Some("*"), restart).await.problem(404, "session-not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn session_obeys_only_its_owner_and_admin() {
    let (house, created, _) = published().await;
    let path = created.header("location").to_owned();
    let delete = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers: &[(&str, &str)] = if token.is_empty() { &[] } else { &[("authorization", &bearer)] };
        house.send("DELETE", &path, headers, "").await
    };
    delete("").await.problem(401, "unauthorized");
    delete("rubbish").await.problem(401, "unauthorized");
    delete(&house.host("mallory", "*")).await.problem(403, "forbidden");
    assert_eq!(delete(&house.admin()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_opened_by_a_token_in_the_address_is_ended_by_its_address() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let path = format!("/whip/a?token={}", house.host("alice", "a"));
    let created = house.sdp("", &path, &offer("sendonly")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let location = created.header("location");
    assert!(!location.contains("token"), "{location}");
    let foreign = format!("Bearer {}", house.host("mallory", "*"));
    house.send("DELETE", location, &[("authorization", &foreign)], "").await.problem(403, "forbidden");
    assert_eq!(house.send("DELETE", location, &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_the_status_that_says_why() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let host = house.host("alice", "a");
    let good = offer("sendonly");
    house.sdp(&host, "/whip/a", "v=0").await.problem(400, "malformed-offer");
    house.sdp(&host, "/whip/a", "").await.problem(400, "malformed-offer");
    house.sdp(&host, "/whip/a", &offer("recvonly")).await.problem(422, "unusable-offer");
    let vp8 = good.replace("H264/90000", "VP8/90000").replace("opus/48000/2", "PCMU/8000");
    house.sdp(&host, "/whip/a", &vp8).await.problem(422, "no-common-codec");
    house.sdp(&host, "/whip/a", &"x".repeat(70_000)).await.problem(413, "body-too-large");
    house.json(&host, "POST", "/whip/a", &serde_json::json!({})).await.problem(415, "unsupported-media-type");
    house.sdp("", "/whip/a", &good).await.problem(401, "unauthorized");
    house.sdp(&house.host("alice", "b"), "/whip/a", &good).await.problem(403, "forbidden");
    house.sdp(&house.token(Role::Audience, "alice", "a"), "/whip/a", &good).await.problem(403, "forbidden");
    house.sdp(&house.host("alice", "*"), "/whip/nobody", &good).await.problem(404, "live-not-found");
    house.sdp(&house.host("alice", "*"), "/whip/not%20an%20id", &good).await.problem(404, "live-not-found");
    house.sdp(&house.host("mallory", "*"), "/whip/a", &good).await.problem(409, "not-the-owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn same_users_second_offer_takes_over_and_a_bad_one_takes_nothing() {
    let (house, first, bearer) = published().await;
    let token = bearer.strip_prefix("Bearer ").unwrap();
    house.sdp(token, "/whip/a", "v=0").await.problem(400, "malformed-offer");
    assert_eq!(house.send("GET", first.header("location"), &[], "").await.status, 204, "the first session still is");
    let second = house.sdp(token, "/whip/a", &offer("sendonly")).await;
    assert_eq!(second.status, 201);
    assert_ne!(first.header("location"), second.header("location"));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_server_answers_503_with_retry_after() {
    let (house, _, _) = published().await;
    house.on_air("a", "alice").await;
    for _ in 0..2 {
        assert_eq!(house.sdp("", "/whep/a", &offer("recvonly")).await.status, 201);
    }
    let full = house.sdp("", "/whep/a", &offer("recvonly")).await;
    full.problem(503, "too-many-sessions");
    assert_ne!(full.header("retry-after"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_answer_looks_and_preflights_without_a_token() {
    let house = House::open().await;
    for path in ["/whip/a", "/whep/a"] {
        let options = house.send("OPTIONS", path, &[("origin", "https://x.example")], "").await;
        assert_eq!((options.status, options.header("accept-post")), (200, "application/sdp"));
        assert_eq!(options.header("access-control-allow-origin"), "*");
        for name in ["Authorization", "Content-Type", "If-Match"] {
            assert!(options.header("access-control-allow-headers").contains(name), "{name}");
        }
        for name in ["Location", "ETag", "Link", "Accept-Post", "Retry-After"] {
            assert!(options.header("access-control-expose-headers").contains(name), "{name}");
        }
        let look = house.send("GET", path, &[], "").await;
        assert_eq!((look.status, look.body.as_str()), (204, ""));
        let head = house.send("HEAD", path, &[], "").await;
        assert_eq!((head.status, head.header("content-type")), (200, "application/sdp"));
        for method in ["PUT", "PATCH", "DELETE"] {
            let other = house.send(method, path, &[], "").await;
            other.problem(405, "method-not-allowed");
            assert!(other.header("allow").contains("POST"));
        }
    }
    let session = house.send("OPTIONS", "/whip/sessions/x", &[], "").await;
    assert_eq!((session.status, session.header("accept-patch")), (200, FRAGMENT.1));
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_session_addresses_is_braked() {
    let house = House::open().await;
    let mut statuses = Vec::new();
    for guess in 0..21 {
        statuses.push(house.send("GET", &format!("/whip/sessions/{guess:032}"), &[], "").await.status);
    }
    assert_eq!(statuses[..20], [404; 20]);
    assert_eq!(statuses[20], 429);
}

/// Within this a host of ours must hear of its session's end. Long before the 30 s after which its consent expires, and
/// the 10 s after which the live has left its connection; the looks are a quarter of a second apart.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn our_own_host_hears_at_once_that_it_was_taken_over_or_its_live_ended() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let endpoint = format!("http://{}/whip/a", house.address);
    let token = house.host("alice", "a");
    let connect = async || Host::connect(&endpoint, Some(&token)).await.unwrap();

    let first = connect().await;
    assert!(tokio::time::timeout(Duration::from_secs(1), first.ended()).await.is_err(), "nobody has ended it yet");
    let second = connect().await;
    tokio::time::timeout(HEARD_WITHIN, first.ended()).await.expect("taken over");
    first.close().await;
    house.json(&house.admin(), "DELETE", "/v1/lives/a", &serde_json::Value::Null).await.expect(204);
    tokio::time::timeout(HEARD_WITHIN, second.ended()).await.expect("the live has ended");
    second.close().await;
}
