//! The pages of `web/`, embedded in the binary: `/`, `/console`, `/docs`, `/publish/{liveId}`, `/play/{liveId}`, and their
//! parts under `/web/`.

use std::borrow::Cow;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::cases::Case;
use super::problem::{Problem, quoted};
use super::query::Segments;
use super::state::ApiState;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// Scripts, styles and calls from this server only; a page of ours may not be framed by others.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'self'";

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/", get(|headers| page(headers, "index.html")))
        .route("/docs", get(|headers| page(headers, "docs.html")))
        .route("/console", get(|headers| page(headers, "console.html")))
        .route("/publish/{live}", get(|headers| page(headers, "publish.html")))
        .route("/play/{live}", get(|headers| page(headers, "play.html")))
        .route("/web/{*path}", get(part))
}

/// A page: what all begin with, then its own part.
async fn page(headers: HeaderMap, name: &'static str) -> Result<Response, Problem> {
    let (head, own) = (file("head.html")?, file(name)?);
    let body = [&*head.data, &*own.data].concat();
    Ok(answer(&headers, name, &etag(&[head, own]), || Cow::Owned(body)))
}

async fn part(headers: HeaderMap, Segments(path): Segments<String>) -> Result<Response, Problem> {
    let file = file(&path)?;
    let etag = etag(std::slice::from_ref(&file));
    Ok(answer(&headers, &path, &etag, || file.data))
}

/// Embedded names are exact, so `..` finds nothing.
fn file(name: &str) -> Result<EmbeddedFile, Problem> {
    let missing = || Problem::new(Case::RouteNotFound, format!("the server's pages have no {}", quoted(name)));
    Web::get(name).ok_or_else(missing)
}

fn answer(headers: &HeaderMap, name: &str, etag: &str, body: impl FnOnce() -> Cow<'static, [u8]>) -> Response {
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type(name))], body()).into_response()
    };
    // no-cache: keep it, but ask each time; a new binary then shows its new pages at once.
    let fixed = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let out = response.headers_mut();
    fixed.into_iter().for_each(|(name, value)| drop(out.insert(name, HeaderValue::from_static(value))));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        out.insert(header::ETAG, etag);
    }
    response
}

/// From the content of all parts.
fn etag(files: &[EmbeddedFile]) -> String {
    let half = |file: &EmbeddedFile| file.metadata.sha256_hash().iter().take(16).map(hex).collect::<String>();
    format!("\"{}\"", files.iter().map(half).collect::<String>())
}

fn hex(byte: &u8) -> String {
    format!("{byte:02x}")
}

/// The media types of what `web/` may hold; others are bytes.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some(_) | None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_embedded_file_has_a_known_media_type_and_a_policy() {
        for name in Web::iter().filter(|name| !name.starts_with('.')) {
            assert_ne!(media_type(&name), "application/octet-stream", "{name}");
            let response = part(HeaderMap::new(), Segments(name.to_string())).await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        }
    }

    #[tokio::test]
    async fn a_page_is_the_common_head_and_its_own_part() {
        for name in ["console.html", "docs.html", "index.html", "play.html", "publish.html"] {
            let response = page(HeaderMap::new(), name).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(text.starts_with("<!doctype html>") && text.trim_end().ends_with("</html>"), "{name}: {text}");
            assert_eq!(text.matches("<head>").count(), 1, "{name}");
        }
    }

    #[tokio::test]
    async fn path_outside_the_folder_is_404() {
        for path in ["../Cargo.toml", "/etc/passwd", "", "..%2fCargo.toml"] {
            let found = part(HeaderMap::new(), Segments(path.to_owned())).await;
            assert_eq!(found.unwrap_err().status(), 404, "{path}");
        }
    }
}
