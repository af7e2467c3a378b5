//! Tokens that are wrong in each known way are 401, wherever they stand.

use base64ish::encode_json;
use costage::api::auth::{Keys, Refused, Role, Verifying};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::house::{CLIENT_REQUESTS, House, SECRET};

/// Base64url of JSON, for headers that no library would sign.
mod base64ish {
    use serde_json::Value;

    pub(super) fn encode_json(value: &Value) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let text = value.to_string();
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for letter in 0..=chunk.len() {
                out.push(char::from(LETTERS[(bits >> (18 - 6 * letter) & 63) as usize]));
            }
        }
        out
    }
}

fn signed(header: &Header, claims: &Value, secret: &[u8]) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_token_is_401() {
    let house = House::open().await;
    let now = house.state.clock.wall_ms() / 1000;
    let claims = |change: Value| {
        let mut claims = json!({"sub": "backend", "role": "admin", "live": "*", "exp": now + 60});
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    };
    let good = claims(json!({}));
    let hs256 = Header::default();
    let kid = |id: &str| Header { kid: Some(id.to_owned()), ..Header::default() };
    let payload = encode_json(&good);
    let wrong = [
        ("none", format!("{}.{payload}.", encode_json(&json!({"alg": "none", "typ": "JWT"})))),
        ("RS256 header, HMAC signature", {
            let real = signed(&hs256, &good, SECRET);
            let signature = real.rsplit('.').next().unwrap();
            format!("{}.{payload}.{signature}", encode_json(&json!({"alg": "RS256"})))
        }),
        ("HS512", signed(&Header::new(Algorithm::HS512), &good, SECRET)),
        ("kid with a path", signed(&kid("../../dev/null"), &good, SECRET)),
        ("kid with SQL", signed(&kid("' OR 1=1 --"), &good, SECRET)),
        ("empty secret", signed(&hs256, &good, b"")),
        ("other secret", signed(&hs256, &good, b"another secret of thirty-two bytes")),
        ("expired", signed(&hs256, &claims(json!({"exp": now - 60})), SECRET)),
        ("exp as text", signed(&hs256, &claims(json!({"exp": (now + 60).to_string()})), SECRET)),
        ("without exp", signed(&hs256, &json!({"sub": "backend", "role": "admin", "live": "*"}), SECRET)),
        ("not yet", signed(&hs256, &claims(json!({"nbf": now + 60})), SECRET)),
        ("other audience", signed(&hs256, &claims(json!({"aud": "others"})), SECRET)),
        ("made-up role", signed(&hs256, &claims(json!({"role": "root"})), SECRET)),
        ("sub that is no userId", signed(&hs256, &claims(json!({"sub": "?"})), SECRET)),
        ("100 kB", "x".repeat(100_000)),
        ("rubbish", "a.b.c".to_owned()),
    ];
    for (what, token) in &wrong {
        let reply = house.json(token, "GET", "/v1/lives", &Value::Null).await;
        assert_eq!(reply.status, 401, "{what}: {}", reply.body);
        assert!(reply.header("www-authenticate").starts_with("Bearer"), "{what}");
    }
    // Sixteen failures so far; a good token is never shut out by them, and the wrong ones are braked in the end.
    let mut last = 0;
    for _ in 0..5 {
        last = house.json("wrong", "GET", "/v1/lives", &Value::Null).await.status;
    }
    assert_eq!(last, 429);
    house.json(&signed(&hs256, &good, SECRET), "GET", "/v1/lives", &Value::Null).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_may_be_bearer_raw_or_in_the_address() {
    let house = House::open().await;
    let token = house.host("alice", "*");
    let body = |live: &str| json!({"liveId": live}).to_string();
    let json_type = ("content-type", "application/json");
    let raw = house.send("POST", "/v1/lives", &[json_type, ("authorization", &token)], &body("a")).await;
    assert_eq!(raw.expect(201)["owner"]["userId"], "alice");
    let path = format!("/v1/lives?token={token}");
    assert_eq!(house.send("POST", &path, &[json_type], &body("b")).await.expect(201)["liveId"], "b");
    let basic = house.send("POST", "/v1/lives", &[json_type, ("authorization", "Basic YTpi")], &body("c")).await;
    basic.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_asks_too_often_is_told_429_and_when_and_others_go_on() {
    let house = House::open().await;
    let (alice, bob) = (house.host("alice", "*"), house.host("bob", "*"));
    let mut refused = None;
    // More than the burst, faster than it fills up again.
    for _ in 0..20 * CLIENT_REQUESTS {
        let reply = house.json(&alice, "GET", "/v1/lives", &Value::Null).await;
        if reply.status != 200 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("some time it is too often");
    refused.problem(429, "too-many-requests");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    house.json(&bob, "GET", "/v1/lives", &Value::Null).await.expect(200);
    house.json("", "GET", "/v1/lives", &Value::Null).await.expect(200);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    house.json(&alice, "GET", "/v1/lives", &Value::Null).await.expect(200);
}

#[test]
fn an_eddsa_token_is_verified_by_the_public_key_of_its_key_id() {
    // The key of RFC 8037 appendix A, in the private form of RFC 8410 §7.
    const HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    const D: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
        0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];
    let signing = EncodingKey::from_ed_der(&[&HEAD[..], &D].concat());
    let public = Verifying::EdDsa("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned());
    let keys = vec![("ed".to_owned(), public), ("hs".to_owned(), Verifying::Hs256(SECRET.to_vec()))];
    let keys = Keys::new(keys, None).unwrap();
    let claims = json!({"sub": "backend", "role": "admin", "live": "*", "exp": 1_790_000_060_u64});
    let token = |kid: &str, claims: &Value| {
        encode(&Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) }, claims, &signing).unwrap()
    };
    let verify = |token: &str| keys.verify(1_790_000_000_000, token);
    assert_eq!(verify(&token("ed", &claims)).unwrap().role, Role::Admin);
    assert_eq!(verify(&token("hs", &claims)), Err(Refused::Algorithm), "the key decides the algorithm");
    assert_eq!(verify(&token("no", &claims)), Err(Refused::UnknownKey));
    let (good, other) =
        (token("ed", &claims), token("ed", &json!({"sub": "mallory", "role": "admin", "exp": 1_790_000_060_u64})));
    let [head, _, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let forged = format!("{head}.{}.{signature}", other.split('.').nth(1).unwrap());
    assert_eq!(verify(&forged), Err(Refused::Signature));
}
