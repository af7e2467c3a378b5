//! What is looked at beside deliveries: figures for `/metrics` and for operators, and how far the outbox may be pruned.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::endpoint::Endpoint;
use super::sender::Surroundings;
use crate::engine::books::Look;
use crate::engine::outbox_log::{Backlog, Configured, KEPT, LogFault, Standing};
use crate::live::WallMs;
use crate::live::time::Timeline;

/// Between looks. Counting a long backlog takes some milliseconds.
const LOOK: Duration = Duration::from_secs(2);

/// Looks for as long as it is polled.
pub(super) async fn run(
    surroundings: Surroundings,
    line: Timeline,
    mut configured: watch::Receiver<Vec<Arc<Endpoint>>>,
) {
    loop {
        let endpoints = configured.borrow_and_update().clone();
        let now = line.wall(surroundings.clock.now());
        if let Err(error) = surroundings.blocking(move |all| look(all, &endpoints, now)).await {
            tracing::warn!(%error, "no figures of webhooks");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            gone = configured.changed() => if gone.is_err() { return },
        }
    }
}

fn look(surroundings: &Surroundings, endpoints: &[Arc<Endpoint>], now: WallMs) -> Result<(), LogFault> {
    let configured: Vec<_> = endpoints
        .iter()
        .map(|endpoint| Configured { name: endpoint.name.clone(), kinds: endpoint.kinds.clone() })
        .collect();
    // Read first: an endpoint that begins meanwhile begins at this or later.
    let head = surroundings.outbox.head()?;
    surroundings.deliveries.configured(&configured, now)?;
    let standings = surroundings.deliveries.standings()?;
    let mut look = Look { at: Some(now), endpoints: Vec::with_capacity(endpoints.len()) };
    for endpoint in endpoints {
        let Some(standing) = standings.iter().find(|standing| standing.endpoint == endpoint.name) else { continue };
        let backlog = if standing.cursor < head {
            surroundings.outbox.backlog(standing.cursor, endpoint.kinds.as_deref())?
        } else {
            Backlog::default()
        };
        show(standing, backlog, now);
        look.endpoints.push((standing.clone(), backlog));
    }
    surroundings.books.looked(look);
    // One that is configured and has no cursor yet will begin at the head it finds.
    surroundings.bell.release(floor(&standings, head, now));
    Ok(())
}

fn show(standing: &Standing, backlog: Backlog, now: WallMs) {
    // There from the start, so that the first of each is seen to be one.
    for name in ["costage_webhook_deliveries_total", "costage_webhook_failures_total"] {
        metrics::counter!(name, "endpoint" => standing.endpoint.clone()).increment(0);
    }
    let gauge =
        |name: &'static str, value: f64| metrics::gauge!(name, "endpoint" => standing.endpoint.clone()).set(value);
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    let number = |value: u64| value as f64;
    gauge("costage_webhook_backlog", number(backlog.events));
    gauge("costage_webhook_oldest_seconds", backlog.oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64()));
    gauge("costage_webhook_dead_letters", number(standing.dead));
}

/// Up to which event nobody needs the outbox any more: an endpoint that is configured needs all after its cursor, one that is
/// not for three days more.
fn floor(standings: &[Standing], head: u64, now: WallMs) -> u64 {
    let needed = standings.iter().filter(|standing| standing.gone_since.is_none_or(|since| now.since(since) < KEPT));
    needed.map(|standing| standing.cursor).min().map_or(head, |cursor| cursor.min(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_gone_holds_back_pruning_for_three_days_and_no_longer() {
        let now = WallMs(10 * 86_400_000);
        let standing = |cursor, gone: Option<u64>| Standing {
            cursor,
            gone_since: gone.map(|days| WallMs(days * 86_400_000)),
            ..Standing::default()
        };
        assert_eq!(floor(&[], 9, now), 9);
        assert_eq!(floor(&[standing(5, None), standing(7, None)], 9, now), 5);
        assert_eq!(floor(&[standing(5, Some(8)), standing(7, None)], 9, now), 5);
        assert_eq!(floor(&[standing(5, Some(7)), standing(7, None)], 9, now), 7);
        assert_eq!(floor(&[standing(5, Some(1))], 9, now), 9);
    }
}
