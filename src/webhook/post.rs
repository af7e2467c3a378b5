//! One request, and what became of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response};
use thiserror::Error;

use super::endpoint::Endpoint;
use super::queue::Outcome;
use super::sign::signatures;
use crate::engine::outbox_log::OutboxRow;
use crate::outgoing::{self, Guard, Resolver, chain};

/// How long a receiver may take to answer, name and connection among it. The specification recommends 15 to 30 s.
pub const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How much of an answer's body is read, so that its connection can be used again, and for how long.
const BODY_BYTES_MAX: usize = 64 * 1024;
const BODY_WAIT_MAX: Duration = Duration::from_secs(1);
/// Longest error that is kept, characters.
const ERROR_CHARS_MAX: usize = 300;

/// Why nothing can be sent to an endpoint at all.
#[derive(Debug, Error)]
#[error("no requests can be made to {url}: {reason} (for https the system's certificates are needed: ca-certificates)")]
pub struct PostFault {
    url: String,
    reason: String,
}

/// Posts events to one endpoint, over a connection that is kept open between them.
pub struct Post {
    http: Client,
    guard: Guard,
    answer_max: Duration,
}

impl Post {
    /// For requests to `endpoint`.
    ///
    /// # Errors
    /// When there is no TLS for an https address.
    pub fn new(endpoint: &Endpoint, resolver: Arc<dyn Resolver>) -> Result<Self, PostFault> {
        Self::through(Guard::new(resolver, endpoint.allow_private), endpoint, ANSWER_MAX)
    }

    /// With a guard and a patience of its own.
    pub(super) fn through(guard: Guard, endpoint: &Endpoint, answer_max: Duration) -> Result<Self, PostFault> {
        let tls = endpoint.url.scheme() == "https";
        let builder = outgoing::builder(&guard, answer_max, tls).pool_max_idle_per_host(1);
        let unfit = |error: reqwest::Error| PostFault { url: endpoint.url.to_string(), reason: chain(error) };
        Ok(Self { http: builder.build().map_err(unfit)?, guard, answer_max })
    }

    /// Sends `row`, signed at `wall_ms`. Any 2xx is a delivery; all else is a failure, also 3xx (no redirect is followed) and
    /// 410, after which the specification suggests to disable an endpoint: who answers so by mistake would lose events.
    pub async fn send(&self, endpoint: &Endpoint, row: &OutboxRow, wall_ms: u64) -> Outcome {
        if let Err(refused) = self.guard.check(&endpoint.url) {
            return failed(refused.to_string(), None);
        }
        let seconds = wall_ms / 1_000;
        let request = self.http.post(endpoint.url.clone());
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &row.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signatures(&endpoint.keys, &row.id, seconds, &row.body))
            .body(row.body.clone());
        match request.send().await {
            Ok(answer) => {
                let (status, retry_after) = (answer.status(), retry_after(answer.headers(), wall_ms));
                read(answer).await;
                if status.is_success() {
                    Outcome::Delivered
                } else {
                    failed(format!("status {}", status.as_u16()), retry_after)
                }
            }
            Err(error) if error.is_timeout() => {
                failed(format!("no answer within {} s", self.answer_max.as_secs_f64()), None)
            }
            Err(error) => failed(chain(error), None),
        }
    }
}

fn failed(error: String, retry_after: Option<Duration>) -> Outcome {
    Outcome::Failed { error: error.chars().take(ERROR_CHARS_MAX).collect(), retry_after }
}

/// Reads what comes after the head, within bounds; beyond them the connection is closed.
async fn read(mut answer: Response) {
    let whole = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            read += chunk.len();
            if read > BODY_BYTES_MAX {
                return;
            }
        }
    };
    // What it said is known by its status; the rest is only in the way.
    drop(tokio::time::timeout(BODY_WAIT_MAX, whole).await);
}

/// Seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, wall_ms: u64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now: SystemTime = UNIX_EPOCH + Duration::from_millis(wall_ms);
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let read = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
            retry_after(&headers, 784_111_770_000)
        };
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), None, "it is over");
        assert_eq!((read("soon"), read("-1"), read("99999999999999999999999")), (None, None, None));
    }
}
