//! What every request meets: unknown routes, CORS, pages, dev mode.

use serde_json::{Value, json};

use super::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_route_takes_its_own_methods_and_words_only() {
    let house = House::open().await;
    for (method, path, allow) in
        [("POST", "/v1/lives/a/preview.png", "GET,HEAD"), ("GET", "/v1/battles/b/accept", "POST")]
    {
        let reply = house.json(&house.admin(), method, path, &Value::Null).await;
        reply.problem(405, "method-not-allowed");
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
    }
    for path in ["/v1/lives/a/seats/1/dance", "/v1/battles/b/dance", "/v1/lives/a/seat-invitations/u/dance"] {
        house.json("", "POST", path, &Value::Null).await.problem(404, "route-not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_methods_are_problems_too() {
    let house = House::open().await;
    house.json("", "GET", "/v2/lives", &Value::Null).await.problem(404, "route-not-found");
    house.json("", "GET", "/v1/lives/%ff", &Value::Null).await.problem(404, "route-not-found");
    let other = house.json("", "PUT", "/v1/lives", &Value::Null).await;
    other.problem(405, "method-not-allowed");
    assert!(other.header("allow").contains("POST"), "{}", other.header("allow"));
    house.json("", "POST", "/healthz", &Value::Null).await.problem(405, "method-not-allowed");
    house.json("", "POST", "/", &Value::Null).await.problem(405, "method-not-allowed");
    // Sent as it is: HTTP libraries take the dots away.
    for path in ["/web/../Cargo.toml", "/web/..%2fCargo.toml", "/web//etc/passwd"] {
        let said = house.raw(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
        assert!(said.starts_with("HTTP/1.1 404 ") && said.contains("route-not-found"), "{path}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_may_call_only_when_allowed() {
    let house = House::with(|settings| settings.allowed_origins = vec!["https://good.example".to_owned()]).await;
    let preflight = async |origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        house.send("OPTIONS", "/v1/lives", &headers, "").await
    };
    let good = preflight("https://good.example").await;
    assert_eq!((good.status, good.header("access-control-allow-origin")), (204, "https://good.example"));
    assert_eq!(good.header("vary"), "Origin");
    assert_eq!(preflight("https://bad.example").await.header("access-control-allow-origin"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_served_with_a_policy_and_an_etag() {
    let house = House::open().await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/publish/a", "text/html; charset=utf-8"),
        ("/play/a", "text/html; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/web/style.css", "text/css; charset=utf-8"),
        ("/web/index.js", "text/javascript; charset=utf-8"),
    ] {
        let page = house.send("GET", path, &[], "").await;
        assert_eq!((page.status, page.header("content-type")), (200, media_type), "{path}");
        assert!(page.header("content-security-policy").contains("script-src 'self'"));
        assert_eq!(page.header("cache-control"), "no-cache");
        let again = house.send("GET", path, &[("if-none-match", page.header("etag"))], "").await;
        assert_eq!((again.status, again.body.as_str()), (304, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feet_of_the_first_page_and_of_the_console_lead_to_the_interface() {
    let house = House::open().await;
    for path in ["/", "/console"] {
        let page = house.send("GET", path, &[], "").await;
        let foot = page.body.split_once("<footer").expect("a foot").1;
        assert!(foot.contains("href=\"/docs\""), "{path}: {foot}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn development_tokens_are_given_in_dev_mode_only_and_to_this_machine_only() {
    let house = House::open().await;
    let path = "/demo/tokens.json?live=a";
    house.send("GET", path, &[], "").await.problem(404, "route-not-found");
    house.send("GET", "/demo/figures.json", &[], "").await.problem(404, "route-not-found");

    let house = House::with(|settings| settings.dev = true).await;
    house.live("a", "alice").await;
    let tokens = house.send("GET", path, &[("origin", "https://evil.example")], "").await;
    assert_eq!(tokens.header("access-control-allow-origin"), "", "no other site's page may read them");
    let tokens = tokens.expect(200);
    let host = tokens["host"].as_str().unwrap();
    let request = json!({"targetLiveIds": ["a"]});
    let own = house.json(host, "POST", "/v1/lives/a/co-host/requests", &request).await;
    assert_ne!(own.status, 403, "the host's token is the live's owner's: {}", own.body);
    let admin = tokens["admin"].as_str().unwrap();
    assert_eq!(house.json(admin, "DELETE", "/v1/lives/a", &Value::Null).await.status, 204);
    house.send("GET", path, &[("host", "rebound.example")], "").await.problem(404, "route-not-found");
}
