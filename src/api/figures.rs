//! `GET /demo/figures.json`: what the demo page shows beside the picture. Only served in dev and demo mode.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::cases::Case;
use super::problem::Problem;
use super::state::ApiState;

/// Figures of the last few seconds, from the same metrics as `/metrics`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Bits a second that the encoders made, all mixes together.
    pub bitrate_bps: f64,
    /// Mixed frames a second, all mixes together.
    pub fps: f64,
    /// Media sessions that play.
    pub viewers: u64,
    /// Last packet of a source frame in → last packet of the mixed frame out, ms; `null` while nothing is mixed.
    pub mixing_ms: Option<Quantiles>,
    /// Its stages: means, so that they add up to the mean of the whole; `null` while nothing is mixed.
    pub stages_ms: Option<Stages>,
    /// `scalar`, `neon`, `avx2` or `avx512`.
    pub simd: String,
    /// Whether openh264 was built with its assembly.
    #[serde(rename = "openh264Assembly")]
    pub openh264_assembly: bool,
}

/// Half and nineteen in twenty of the samples are at most this, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// Mean time in each stage, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Stages {
    /// Until the frame is whole and in order.
    pub reorder: f64,
    /// In the decoder.
    pub decode: f64,
    /// Until the next mixed frame is begun.
    pub wait: f64,
    /// Painting and blending.
    pub compose: f64,
    /// In the encoder and packetiser.
    pub encode: f64,
    /// Until the send call has returned.
    pub send: f64,
}

/// Where the figures come from; `app` implements it on its metrics.
pub trait Figures: Send + Sync {
    /// The figures now. Cheap enough to be asked once a second by each page.
    fn snapshot(&self) -> Snapshot;
}

pub(super) async fn figures(State(state): State<ApiState>) -> Result<Response, Problem> {
    let figures = state.figures.as_ref().ok_or_else(|| {
        Problem::new(Case::RouteNotFound, "live figures are served in dev and demo mode only; read /metrics instead")
    })?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(figures.snapshot())).into_response())
}
