//! Counters and histograms: one recorder behind the `metrics` facade, read by `/metrics` and by the demo page's figures.

mod figures;
mod text;

use std::sync::Arc;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

pub use figures::LiveFigures;

use crate::api::cases::{Case, Row};

/// Upper bounds of the latency histograms, ms. Dense where the product lives (1 to 40 ms), so that a percentile read off
/// them is within a few per cent.
pub const LATENCY_BUCKETS_MS: [f64; 40] = [
    0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0,
    14.0, 16.0, 18.0, 20.0, 22.0, 25.0, 28.0, 32.0, 36.0, 40.0, 50.0, 65.0, 80.0, 100.0, 150.0, 200.0, 300.0, 500.0,
    1000.0,
];

/// The installed recorder; cheap to clone.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Installs the recorder of this process. Before anything takes a handle of a metric.
///
/// # Errors
/// When one is installed already.
pub fn install() -> anyhow::Result<Metrics> {
    let seconds: Vec<f64> = LATENCY_BUCKETS_MS.iter().map(|ms| ms / 1000.0).collect();
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .set_buckets_for_metric(Matcher::Full("costage_commit_facts".to_owned()), &COMMIT_FACTS_BUCKETS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)
        .map_err(|error| anyhow::anyhow!("metrics were installed already: {error}"))?;
    describe();
    begin();
    Ok(Metrics(handle))
}

impl Metrics {
    /// Everything in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// For `api::metrics_router`.
    pub fn renderer(&self) -> Arc<dyn Fn() -> String + Send + Sync> {
        let handle = self.0.clone();
        Arc::new(move || handle.render())
    }

    /// Folds raw samples into the histograms every few seconds, so that memory stays flat when nobody scrapes. Runs
    /// until dropped.
    pub async fn keep_up(self) {
        let mut tick = tokio::time::interval(UPKEEP_EVERY);
        loop {
            tick.tick().await;
            self.0.run_upkeep();
        }
    }
}

/// What is watched for its first change begins at 0: a counter that is not there before it is 1 has never risen, to Prometheus.
fn begin() {
    let watched = [
        "costage_commits_total",
        "costage_commit_failures_total",
        "costage_recall_failures_total",
        "costage_control_refused_total",
        "costage_control_panics_total",
        "costage_webhook_dropped_total",
    ];
    watched.into_iter().for_each(|name| metrics::counter!(name).increment(0));
    for case in [Case::NotStored, Case::NotRead, Case::Overloaded, Case::Internal] {
        let Row { slug, code, .. } = case.row();
        metrics::counter!("costage_refusals_total", "case" => slug, "code" => code.to_string()).increment(0);
    }
    metrics::gauge!("costage_control_queue").set(0.0);
}

fn describe() {
    describe_histogram!(
        "costage_mixing_seconds",
        Unit::Seconds,
        "Last packet of a source frame in to last packet of the first mixed frame that shows it out"
    );
    describe_histogram!(
        "costage_mixing_stage_seconds",
        Unit::Seconds,
        "The stages of costage_mixing_seconds; they add up"
    );
    describe_counter!("costage_mixed_frames_total", "Frames that all mixes together encoded");
    describe_counter!("costage_mixed_bytes_total", Unit::Bytes, "RTP payload of all mixes together, video and audio");
    describe_gauge!("costage_viewers", "Viewer sessions that are connected");
    describe_gauge!("costage_event_sockets", "Event sockets that are open");
    describe_counter!("costage_http_requests_total", "HTTP requests by route, method and status");
    describe_counter!("costage_http_connections_refused_total", "HTTP connections refused because there were too many");
    describe_counter!("costage_http_panics_total", "HTTP handlers that panicked");
    describe_counter!("costage_auth_refused_total", "Tokens that were refused");
    describe_counter!("costage_auth_throttled_total", "Failed requests answered with 429");
    describe_counter!("costage_auth_addresses_full_total", "Failed requests not counted because the table was full");
    describe_counter!(
        "costage_refusals_total",
        "Requests that were refused, by type and code of the problem document; not-stored: a commit failed"
    );
    describe_counter!("costage_control_refused_total", "Commands refused because the control queue was full");
    describe_counter!("costage_control_panics_total", "Commands taken back after a panic");
    describe_counter!("costage_commit_failures_total", "Commands taken back because they could not be stored");
    describe_counter!("costage_recall_failures_total", "Commands refused because the ledger on disk could not be read");
    describe_counter!("costage_commits_total", "Transactions that are on disk");
    describe_histogram!("costage_commit_facts", "Facts that were committed together");
    describe_histogram!("costage_commit_seconds", Unit::Seconds, "How long a commit took, failed ones too");
    describe_gauge!("costage_last_commit_timestamp_seconds", Unit::Seconds, "When the last commit was, since 1970 UTC");
    describe_gauge!("costage_ledger_head", "Number of the last row of the ledger");
    describe_gauge!("costage_control_queue", "Commands that wait for the control thread");
    describe_edges();
    describe_webhooks();
    describe_counter!("costage_event_readers_cut_total", "Event sockets cut because they did not keep up");
    describe_counter!("costage_event_readers_refused_total", "Event sockets refused because a live had too many");
    describe_counter!("costage_decode_errors_total", "Access units that could not be decoded");
    describe_counter!("costage_encode_errors_total", "Mixed pictures and blocks of sound that could not be encoded");
    describe_counter!("costage_video_packets_lost_total", "Video packets of hosts given up; a jump counts as one");
    describe_counter!(
        "costage_sound_packets_dropped_total",
        "Sound packets of hosts not played, by reason; empty: padding, with which browsers probe the path"
    );
    describe_counter!("costage_sound_breaks_total", "Times a host's sound was begun anew or jumped, by reason");
    describe_counter!(
        "costage_sound_concealed_samples_total",
        "Samples at 48 kHz of hosts' sound guessed for lost ones"
    );
    describe_counter!("costage_sound_blocks_skipped_total", "20 ms blocks of mixed sound left out by late threads");
    describe_counter!("costage_mix_packets_dropped_total", "Packets dropped because a mix thread did not keep up");
    describe_counter!("costage_shard_dropped_total", "Packets and frames dropped because a shard did not keep up");
    describe_counter!("costage_session_panics_total", "Media sessions ended by a panic");
    describe_counter!("costage_source_panics_total", "Hosts whose media was ended by a panic");
}

/// Upper bounds of the number of facts in a commit; 256 orders are decided together at most, and some cause several.
const COMMIT_FACTS_BUCKETS: [f64; 10] = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

fn describe_edges() {
    describe_counter!("costage_token_throttled_total", "Requests answered with 429: one token asked too often");
    describe_counter!("costage_token_quotas_full_total", "Requests of tokens not counted because the table was full");
    describe_counter!("costage_avatar_fetches_total", "Avatars looked for at users' avatarUrl, by outcome");
    describe_counter!("costage_udp_received_total", "Datagrams of media that came in");
    describe_counter!("costage_udp_unknown_total", "Datagrams that belong to no session");
    describe_counter!("costage_udp_send_failed_total", "Datagrams that the system did not take");
}

fn describe_webhooks() {
    describe_gauge!("costage_webhook_backlog", "Events that wait for an endpoint");
    describe_gauge!(
        "costage_webhook_oldest_seconds",
        Unit::Seconds,
        "Age of the oldest event that waits for an endpoint"
    );
    describe_gauge!("costage_webhook_dead_letters", "Events that could not be delivered to an endpoint, and are kept");
    describe_counter!("costage_webhook_deliveries_total", "Events that an endpoint took");
    describe_counter!("costage_webhook_failures_total", "Requests that an endpoint did not answer with 2xx");
    describe_counter!(
        "costage_webhook_dropped_total",
        "Events dropped because only a bounded number is kept in memory"
    );
}

/// Between two foldings; at 120 samples a second each holds 600.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
