//! The business backend's side of the REST API, as far as demo, bench and tests need it.

use super::signal::direct_if_local;
use costage_media::scene::Rect;
pub use reqwest::Method;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use std::time::Duration;
use thiserror::Error;

/// How long an answer may take. The server answers in milliseconds; a minute of silence would hide that it is stuck.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often [`Backend::until_publishing`] asks.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How much of an error's body goes into its text, characters.
const DETAIL_CHARS_MAX: usize = 400;

/// Why a request did not do what it was for.
#[derive(Debug, Error)]
pub enum BackendError {
    /// The server's address is no URL.
    #[error("`{0}` is no http URL")]
    BadUrl(String),
    /// No connection, no answer in time, or no JSON.
    #[error("{method} {path}: {source}")]
    Unreachable {
        /// What was asked.
        method: Method,
        /// Of which path.
        path: String,
        /// What the HTTP client says.
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("{method} {path} was answered {status}: {detail}")]
    Refused {
        /// What was asked.
        method: Method,
        /// Of which path.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The product's code, if the problem document has one.
        code: Option<u64>,
        /// The problem's detail, or the body.
        detail: String,
    },
    /// An answer without a field that it must have.
    #[error("{method} {path} was answered without `{field}`")]
    Incomplete {
        /// What was asked.
        method: Method,
        /// Of which path.
        path: String,
        /// What is missing.
        field: &'static str,
    },
    /// A host who is connected, and of whom the server says after a while that it is not.
    #[error("the server does not say within {0:?} that `{1}` publishes")]
    NotPublishing(Duration, String),
}

/// A backend with admin rights.
#[derive(Debug, Clone)]
pub struct Backend {
    http: Client,
    base: Url,
    token: String,
}

impl Backend {
    /// Talks to the server at `url` with an admin's `token`.
    ///
    /// # Errors
    /// When `url` is none.
    pub fn new(url: &str, token: &str) -> Result<Self, BackendError> {
        let bad = || BackendError::BadUrl(url.to_owned());
        let base = Url::parse(url).map_err(|_| bad())?;
        let http = direct_if_local(Client::builder(), &base).timeout(ANSWER_WITHIN).build().map_err(|_| bad())?;
        Ok(Self { http, base, token: token.to_owned() })
    }

    /// The WHIP endpoint of a live.
    #[must_use]
    pub fn whip(&self, live: &str) -> String {
        self.url(&format!("/whip/{live}"))
    }

    /// The WHEP endpoint of a live.
    #[must_use]
    pub fn whep(&self, live: &str) -> String {
        self.url(&format!("/whep/{live}"))
    }

    /// The address of a live's events, with the token.
    #[must_use]
    pub fn events(&self, live: &str) -> String {
        let url = self.url(&format!("/v1/lives/{live}/events?token={}", self.token));
        url.replacen("http", "ws", 1)
    }

    /// The admin's token: good for WHIP too, where an admin publishes for the owner.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether the server answers at all.
    pub async fn is_up(&self) -> bool {
        self.ask(Method::GET, "/healthz", None, None).await.is_ok()
    }

    /// Creates a live whose owner has the same id.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn create_live(&self, live: &str, name: &str) -> Result<(), BackendError> {
        let owner = json!({"userId": live, "userName": name, "avatarUrl": ""});
        let body = json!({"liveId": live, "liveName": format!("{name} live"), "owner": owner, "isPublicVisible": true});
        self.ask(Method::POST, "/v1/lives", Some(body), None).await.map(drop)
    }

    /// Ends a live.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn end_live(&self, live: &str) -> Result<(), BackendError> {
        self.ask(Method::DELETE, &format!("/v1/lives/{live}"), None, None).await.map(drop)
    }

    /// Whether anybody publishes a live.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn is_publishing(&self, live: &str) -> Result<bool, BackendError> {
        let path = format!("/v1/lives/{live}");
        let answer = self.ask(Method::GET, &path, None, None).await?;
        let publishing = answer.get("isPublishing").and_then(Value::as_bool);
        publishing.ok_or(BackendError::Incomplete { method: Method::GET, path, field: "isPublishing" })
    }

    /// Waits until somebody publishes a live, at most for `patience`.
    ///
    /// The last flight of a DTLS handshake is the host's own (RFC 6347 §4.2.4), who thus is connected a moment before the
    /// server is: who asks in between for its picture is told that it does not publish yet.
    ///
    /// # Errors
    /// When nobody publishes for so long, or the server is gone or refuses.
    pub async fn until_publishing(&self, live: &str, patience: Duration) -> Result<(), BackendError> {
        let publishes = async {
            while !self.is_publishing(live).await? {
                tokio::time::sleep(ASK_EVERY).await;
            }
            Ok(())
        };
        let waited = tokio::time::timeout(patience, publishes).await;
        waited.unwrap_or_else(|_| Err(BackendError::NotPublishing(patience, live.to_owned())))
    }

    /// Connects `guest` to `host`'s live in hostDynamicGrid: the request and its acceptance.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn connect(&self, host: &str, guest: &str) -> Result<(), BackendError> {
        let path = format!("/v1/lives/{host}/co-host/requests");
        let body = json!({"targetLiveIds": [guest], "layoutTemplate": "hostDynamicGrid", "timeoutSeconds": 30});
        self.ask(Method::POST, &path, Some(body), None).await?;
        let path = format!("/v1/lives/{guest}/co-host/requests/{host}/accept");
        self.ask(Method::POST, &path, Some(json!({})), None).await.map(drop)
    }

    /// Gives everybody of `live`'s connection a place of their own: lives, and where each one's host is to be.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn set_regions(
        &self,
        live: &str,
        regions: impl Iterator<Item = (&str, Rect)>,
    ) -> Result<(), BackendError> {
        let region = |(who, Rect { x, y, w, h }): (&str, Rect)| json!({"x": x, "y": y, "w": w, "h": h, "source": {"liveId": who}});
        let body = json!({"regions": regions.map(region).collect::<Vec<_>>()});
        self.ask(Method::PUT, &format!("/v1/lives/{live}/layout"), Some(body), None).await.map(drop)
    }

    /// Lets `live` leave its connection.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn part(&self, live: &str) -> Result<(), BackendError> {
        self.ask(Method::DELETE, &format!("/v1/lives/{live}/co-host"), None, None).await.map(drop)
    }

    /// Starts a battle of `live`'s owner against `rivals` at once and answers its id.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn start_battle(&self, live: &str, rivals: &[&str], duration: Duration) -> Result<String, BackendError> {
        let path = format!("/v1/lives/{live}/battles");
        let seconds = duration.as_secs();
        let body = json!({"userIds": rivals, "durationSeconds": seconds, "needResponse": false, "timeoutSeconds": 0});
        let answer = self.ask(Method::POST, &path, Some(body), None).await?;
        let battle = answer.get("battleId").and_then(Value::as_str).map(str::to_owned);
        battle.ok_or(BackendError::Incomplete { method: Method::POST, path, field: "battleId" })
    }

    /// The battle that a live is in.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn battle_of(&self, live: &str) -> Result<String, BackendError> {
        let path = format!("/v1/lives/{live}/battle");
        let answer = self.ask(Method::GET, &path, None, None).await?;
        let battle = answer.get("battleId").and_then(Value::as_str).map(str::to_owned);
        battle.ok_or(BackendError::Incomplete { method: Method::GET, path, field: "battleId" })
    }

    /// Adds points to `user`'s score; `gift` is the idempotency key. Answers all scores.
    ///
    /// # Errors
    /// When the server is gone or refuses; with code 100421 the battle has ended.
    pub async fn add_score(&self, battle: &str, user: &str, points: u64, gift: &str) -> Result<Value, BackendError> {
        let path = format!("/v1/battles/{battle}/scores");
        let source = json!({"giftId": "rose", "senderId": "fan", "reference": gift});
        let body = json!({"op": "add", "scores": [{"userId": user, "value": points}], "source": source});
        let answer = self.ask(Method::POST, &path, Some(body), Some(gift)).await?;
        Ok(answer.get("scores").cloned().unwrap_or_default())
    }

    /// Sets the scores of a battle's hosts; `key` is the idempotency key.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn set_scores(&self, battle: &str, scores: &[(&str, u64)], key: &str) -> Result<(), BackendError> {
        let scores: Vec<_> = scores.iter().map(|(user, value)| json!({"userId": user, "value": value})).collect();
        let body = json!({"op": "set", "scores": scores, "source": {"reference": key}});
        self.ask(Method::POST, &format!("/v1/battles/{battle}/scores"), Some(body), Some(key)).await.map(drop)
    }

    /// The same backend over HTTP connections of its own.
    ///
    /// # Errors
    /// When there is no second HTTP client.
    pub fn apart(&self) -> Result<Self, BackendError> {
        Self::new(self.base.as_str(), &self.token)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Any request; the body of its answer as JSON, null where there is none. `key` is an idempotency key.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Result<Value, BackendError> {
        let unreachable = |source| BackendError::Unreachable { method: method.clone(), path: path.to_owned(), source };
        let mut request = self.http.request(method.clone(), self.url(path)).bearer_auth(&self.token);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(json);
        }
        let detail = json.get("detail").and_then(Value::as_str).unwrap_or(&text);
        Err(BackendError::Refused {
            method: method.clone(),
            path: path.to_owned(),
            status: status.as_u16(),
            code: json.get("code").and_then(Value::as_u64),
            detail: detail.chars().take(DETAIL_CHARS_MAX).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_stand_under_the_servers_address_with_or_without_its_slash() {
        for url in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            let backend = Backend::new(url, "t").expect("a URL");
            assert_eq!(backend.whip("a"), "http://127.0.0.1:8080/whip/a");
            assert_eq!(backend.whep("a"), "http://127.0.0.1:8080/whep/a");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_its_text() {
        let error = Backend::new("localhost", "t").expect_err("no scheme").to_string();
        assert!(error.contains("localhost"), "{error}");
    }
}
