//! What every request passes on its way in and out: counting, CORS, panics made answers.

use std::any::Any;
use std::borrow::Cow;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::cases::Case;
use super::problem::Problem;
use super::state::ApiState;

/// A panic in a handler ends that request alone.
pub(super) fn on_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("(no text)"), "a request handler panicked");
    metrics::counter!("costage_http_panics_total").increment(1);
    Problem::new(Case::Internal, "an error inside the server; it was logged").into_response()
}

/// Counts requests by route and status. The route is the pattern, never the path: ids would make endless series.
pub(super) async fn count(matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let route = matched.map_or(Cow::Borrowed("none"), |matched| Cow::Owned(matched.as_str().to_owned()));
    let method = known(request.method());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(method, route = %route, status, "request");
    metrics::counter!("costage_http_requests_total", "method" => method, "route" => route.into_owned(),
        "status" => status.to_string())
    .increment(1);
    response
}

/// Methods are a caller's text too; only the usual ones become labels.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("other")
}

/// CORS for the routes that pages of other origins call: media and `/v1`.
///
/// Tokens travel in headers, cookies are not used, so any origin may be allowed without lending it anything.
pub(super) async fn cors(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if preflight && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response = StatusCode::NO_CONTENT.into_response();
    }
    let Some(allowed) = allowed(&state.settings.allowed_origins, origin.as_ref()) else { return response };
    let headers = response.headers_mut();
    if allowed != "*" {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, "Location, ETag, Link, Accept-Post, Retry-After");
    if preflight {
        set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        // `*` would not cover Authorization (Fetch, "CORS non-wildcard request-header name").
        set(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, If-Match, Idempotency-Key");
        set(headers, header::ACCESS_CONTROL_MAX_AGE, "7200");
    }
    response
}

fn allowed(origins: &[String], origin: Option<&HeaderValue>) -> Option<HeaderValue> {
    if origins.iter().any(|allowed| allowed == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    origin.filter(|origin| origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())).cloned()
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_origin_is_echoed_and_others_get_nothing() {
        let origins = ["https://a.example".to_owned()];
        let origin = |text: &'static str| Some(HeaderValue::from_static(text));
        assert_eq!(allowed(&origins, origin("https://a.example").as_ref()), origin("https://a.example"));
        assert_eq!(allowed(&origins, origin("https://b.example").as_ref()), None);
        assert_eq!(allowed(&["*".to_owned()], origin("https://b.example").as_ref()), origin("*"));
    }

    #[test]
    fn made_up_methods_make_no_series() {
        assert_eq!(known(&Method::from_bytes(b"BREW").unwrap()), "other");
        assert_eq!(known(&Method::PATCH), "PATCH");
    }
}
