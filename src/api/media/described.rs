//! What media requests carry and how they are answered, as types that describe themselves.

use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::cases::Case;
use super::super::openapi::{Answers, Sketch, Takes, Token};
use super::super::state::ApiState;
use super::endpoint::SDP;
use super::session::{FRAGMENT, Known, Mine};

/// The refusals of a body that is read as text.
const READING: [Case; 3] = [Case::RequestTimeout, Case::BodyTooLarge, Case::UnsupportedMediaType];

/// A request that carries an offer. It is read after it is known that the caller may ask at all.
pub(super) struct Offer(pub(super) Request);

/// A request that carries a trickle fragment.
pub(super) struct Fragment(pub(super) Request);

macro_rules! taken_whole {
    ($($name:ident)*) => {
        $(impl FromRequest<ApiState> for $name {
            type Rejection = Infallible;

            async fn from_request(request: Request, _: &ApiState) -> Result<Self, Infallible> {
                Ok(Self(request))
            }
        })*
    };
}

taken_whole! { Offer Fragment }

impl Takes for Offer {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.text_body(SDP, "The offer, RFC 8866.", "v=0\r\n…");
        sketch.may(&READING);
    }
}

impl Takes for Fragment {
    fn describe(sketch: &mut Sketch<'_>) {
        let etag = serde_json::json!({"type": "string", "examples": ["\"1f4a\""]});
        let description = "The ETag of the ICE session, or * to restart whichever it is.";
        // Missing, it is refused with a case of its own (428).
        sketch.header("If-Match", false, &etag, description);
        sketch.text_body(FRAGMENT, "Candidates, or new credentials, RFC 8840 §9.", "a=ice-ufrag:abcd\r\n…");
        sketch.may(&READING);
    }
}

impl Takes for Mine {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.token(Token::Optional);
        sketch.may(&[Case::Unauthorized, Case::TooManyRequests]);
    }
}

impl Takes for Known {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.may(&[Case::TooManyRequests]);
    }
}

/// 201: the offer has become a session.
pub(super) struct Begun(pub(super) Response);

impl Answers for Begun {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.text_answer(201, "The answer; the session is open.", SDP, "v=0\r\n…");
        let location = ("The session: PATCH trickles, DELETE ends.", "/whip/sessions/mYrQ0p3rJw1cJ8nq9sUe6g");
        sketch.answer_header(201, "Location", true, location);
        sketch.answer_header(201, "ETag", true, ("Names the ICE session.", "\"1f4a\""));
        sketch.answer_header(
            201,
            "Link",
            false,
            ("An ICE server; one header each.", "<stun:stun.example>; rel=\"ice-server\""),
        );
    }
}

/// The answer to a fragment.
pub(super) struct Patched(pub(super) Response);

impl Answers for Patched {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answer(204, "The candidates are taken.");
        sketch.text_answer(200, "ICE has been restarted.", FRAGMENT, "a=ice-ufrag:efgh\r\n…");
        sketch.answer_header(200, "ETag", true, ("Names the new ICE session.", "\"2b7c\""));
    }
}

/// 200 without a body.
pub(super) struct Closed;

impl Answers for Closed {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answer(200, "The session has ended.");
    }
}

/// To HEAD: this is an endpoint of SDP.
pub(super) struct Endpoint;

impl Answers for Endpoint {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answer(200, "It is.");
        sketch.answer_header(200, "Content-Type", true, ("What it takes.", SDP));
    }
}

/// To OPTIONS: what may be sent, under this header.
pub(super) struct Accepts<const PATCH: bool> {
    pub(super) allow: &'static str,
}

/// Name and value of the header that names the body's media type.
const fn accepted(patch: bool) -> (&'static str, &'static str) {
    if patch { ("Accept-Patch", FRAGMENT) } else { ("Accept-Post", SDP) }
}

impl<const PATCH: bool> Answers for Accepts<PATCH> {
    fn describe(sketch: &mut Sketch<'_>) {
        let (name, value) = accepted(PATCH);
        sketch.answer(200, "What may be sent.");
        sketch.answer_header(200, name, true, ("The media type of a body.", value));
        sketch.answer_header(200, "Allow", true, ("The methods.", "POST, GET, HEAD, OPTIONS"));
    }
}

impl<const PATCH: bool> IntoResponse for Accepts<PATCH> {
    fn into_response(self) -> Response {
        let (name, value) = accepted(PATCH);
        (StatusCode::OK, [(name, value), ("allow", self.allow)]).into_response()
    }
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        self.0
    }
}

impl IntoResponse for Patched {
    fn into_response(self) -> Response {
        self.0
    }
}

impl IntoResponse for Closed {
    fn into_response(self) -> Response {
        StatusCode::OK.into_response()
    }
}

impl IntoResponse for Endpoint {
    fn into_response(self) -> Response {
        (StatusCode::OK, [(header::CONTENT_TYPE, SDP)]).into_response()
    }
}
