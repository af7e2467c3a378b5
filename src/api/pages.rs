//! The pages of `web/`, embedded in the binary: `/`, `/publish/{liveId}`, `/play/{liveId}`, and their parts under `/web/`.

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
        .route("/publish/{live}", get(|headers| page(headers, "publish.html")))
        .route("/play/{live}", get(|headers| page(headers, "play.html")))
        .route("/web/{*path}", get(part))
}

async fn page(headers: HeaderMap, name: &'static str) -> Result<Response, Problem> {
    serve(&headers, name)
}

async fn part(headers: HeaderMap, Segments(path): Segments<String>) -> Result<Response, Problem> {
    serve(&headers, &path)
}

/// Embedded names are exact, so `..` finds nothing.
fn serve(headers: &HeaderMap, name: &str) -> Result<Response, Problem> {
    let missing = || Problem::new(Case::RouteNotFound, format!("the server's pages have no {}", quoted(name)));
    let file = Web::get(name).ok_or_else(missing)?;
    let etag = etag(&file);
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type(name))], file.data).into_response()
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
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    Ok(response)
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
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

    #[test]
    fn every_embedded_file_has_a_known_media_type_and_a_policy() {
        for name in Web::iter().filter(|name| !name.starts_with('.')) {
            assert_ne!(media_type(&name), "application/octet-stream", "{name}");
            let response = serve(&HeaderMap::new(), &name).unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        }
    }

    #[test]
    fn known_etag_is_answered_without_the_file() {
        let name = Web::iter().next().unwrap();
        let first = serve(&HeaderMap::new(), &name).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(serve(&headers, &name).unwrap().status(), 304);
    }

    #[test]
    fn path_outside_the_folder_is_404() {
        for path in ["../Cargo.toml", "/etc/passwd", "", "..%2fCargo.toml"] {
            assert_eq!(serve(&HeaderMap::new(), path).unwrap_err().status(), 404, "{path}");
        }
    }
}
