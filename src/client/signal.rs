//! The HTTP half of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-04): offer out, answer in, DELETE at the end.

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};
use std::net::IpAddr;
use thiserror::Error;

/// The longest answer that is read, bytes: ours are under 4 KiB, and a server must not fill our memory.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How much of a problem document goes into an error text, characters.
const DETAIL_CHARS_MAX: usize = 400;

/// Why an offer was not answered.
#[derive(Debug, Error)]
pub enum SignalError {
    /// No connection, or the exchange broke.
    #[error("cannot reach {url}: {source}")]
    Unreachable {
        /// Where it was sent to.
        url: String,
        /// What the HTTP client says.
        source: reqwest::Error,
    },
    /// The endpoint is no URL.
    #[error("`{url}` is no http URL")]
    BadUrl {
        /// What was given.
        url: String,
    },
    /// The server said no.
    #[error("{url} answered {status}: {detail}")]
    Refused {
        /// Where it was sent to.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The body, shortened: a problem document as a rule.
        detail: String,
    },
    /// 201, but without what RFC 9725 §4.2 asks for.
    #[error("{url} answered 201 with {missing}")]
    Incomplete {
        /// Where it was sent to.
        url: String,
        /// What was missing or wrong.
        missing: &'static str,
    },
}

/// A session at the server: DELETE it at the end.
#[derive(Debug)]
pub(crate) struct Resource {
    http: Client,
    url: Url,
    token: Option<String>,
}

/// The answer to an offer, and the session that it opened.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) sdp: String,
    pub(crate) resource: Resource,
}

/// Posts `offer` to a WHIP or WHEP endpoint.
pub(crate) async fn offer(endpoint: &str, token: Option<&str>, offer: String) -> Result<Answered, SignalError> {
    let url = Url::parse(endpoint).map_err(|_| SignalError::BadUrl { url: endpoint.to_owned() })?;
    let unreachable = |source| SignalError::Unreachable { url: endpoint.to_owned(), source };
    let incomplete = |missing| SignalError::Incomplete { url: endpoint.to_owned(), missing };
    // Offer and DELETE lie a session apart: a connection kept meanwhile would cost the server a descriptor for nothing.
    let http = direct_if_local(Client::builder(), &url).pool_max_idle_per_host(0).build().map_err(unreachable)?;
    let mut request = http.post(url.clone()).header(CONTENT_TYPE, "application/sdp").body(offer);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let sdp = body(response).await.map_err(unreachable)?.ok_or_else(|| incomplete("an answer over 64 KiB"))?;
    if status != StatusCode::CREATED {
        let detail = sdp.chars().take(DETAIL_CHARS_MAX).collect();
        return Err(SignalError::Refused { url: endpoint.to_owned(), status: status.as_u16(), detail });
    }
    let location = location.ok_or_else(|| incomplete("no Location"))?;
    let session = url.join(&location).map_err(|_| incomplete("a Location that is no URL"))?;
    Ok(Answered { sdp, resource: Resource { http, url: session, token: token.map(str::to_owned) } })
}

/// The body as text; `None` when it is longer than [`ANSWER_BYTES_MAX`], whatever its head says.
async fn body(mut response: Response) -> Result<Option<String>, reqwest::Error> {
    let mut whole = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if whole.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Some(String::from_utf8_lossy(&whole).into_owned()))
}

/// A server on this machine is asked directly, whatever HTTP_PROXY says: a proxy elsewhere has another loopback. Where no TLS is
/// spoken no certificates are read either: a system may have none.
pub(super) fn direct_if_local(builder: ClientBuilder, url: &Url) -> ClientBuilder {
    let builder = if url.scheme() == "https" { builder } else { builder.tls_certs_only([]) };
    if is_local(url) { builder.no_proxy() } else { builder }
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

impl Resource {
    /// Ends the session (RFC 9725 §4.4). A server that is gone is no error: the session is gone with it.
    pub(crate) async fn delete(&self) {
        let mut request = self.http.delete(self.url.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Err(error) = request.send().await {
            tracing::debug!(%error, "session not deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_asked_without_a_proxy_and_nothing_else_is() {
        let local = |url: &str| is_local(&Url::parse(url).expect("a URL"));
        for url in ["http://localhost:8080/", "http://127.0.0.1/x", "http://127.9.9.9", "http://[::1]:8080"] {
            assert!(local(url), "{url}");
        }
        for url in ["http://192.0.2.1:8080", "http://localhost.example", "https://example.com", "http://[2001:db8::1]"]
        {
            assert!(!local(url), "{url}");
        }
    }
}
